"""What does the thinking: one port, and its adapters."""
