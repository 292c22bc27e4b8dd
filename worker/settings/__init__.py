"""The settings in the environment: read once, and checked as a whole."""
