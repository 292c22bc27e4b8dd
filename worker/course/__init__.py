"""The course's files: formats, artifacts, export."""
