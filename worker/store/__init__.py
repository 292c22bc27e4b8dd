"""Where objects live: one port, and its adapters."""
