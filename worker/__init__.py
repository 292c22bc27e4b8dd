"""The shell around `states`: commands, runs, and adapters to other systems."""

__version__ = "1.0.0"
