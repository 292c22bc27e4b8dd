"""The shell around `states`: commands, runs, and adapters to the world outside."""

__version__ = "1.0.0"
