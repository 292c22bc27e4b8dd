"""The static engine: a course from the source code alone, without key or network."""
