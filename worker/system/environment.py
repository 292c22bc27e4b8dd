"""What environments of processes have in common."""

from collections.abc import Mapping

Environment = Mapping[str, str]
"""Environment variables by their names."""
