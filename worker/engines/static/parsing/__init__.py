"""Parses source files: one module a language."""
