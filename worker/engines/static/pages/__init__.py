"""Writes the pages of a course."""
