"""Environments of processes."""

from collections.abc import Mapping

Environment = Mapping[str, str]
"""Environment variables by their names."""
