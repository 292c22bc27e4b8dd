"""Checks what a page says against the source: every claim that a program can check."""
