"""Chooses what a course is about, names it, and orders it."""
