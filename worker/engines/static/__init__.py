"""The static engine: a course from nothing but the source code, without an account, a key or the network."""
