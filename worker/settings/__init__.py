"""What the environment says: read once, and checked as a whole."""
