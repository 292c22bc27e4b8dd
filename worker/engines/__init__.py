"""Engines write courses: the port, and its adapters."""
