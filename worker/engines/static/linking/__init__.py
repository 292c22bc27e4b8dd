"""Resolves names: imports, scopes, references, and the graph of uses."""
