"""Checks a page against the source: every claim that a program can check."""
