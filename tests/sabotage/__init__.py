"""Removes one guard at a time; a test must notice: see `python -m tests.sabotage --help`."""
