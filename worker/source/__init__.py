"""Where a repository's files come from."""
