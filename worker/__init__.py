"""The imperative shell around `states`: commands, the runner, and adapters to store, webhook, engine and platform."""

__version__ = "1.0.0"
