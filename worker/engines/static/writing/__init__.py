"""What the chapters, their reviews and the tutorials are put together from."""
