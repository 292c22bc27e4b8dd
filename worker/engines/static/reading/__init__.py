"""Reads a repository: its files, their languages, roles and documents."""
