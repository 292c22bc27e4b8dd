"""Words: sentences out of docstrings, and phrases out of facts."""
