"""Prose: sentences from docstrings, phrases from facts."""
