"""Sources of a repository's files."""
