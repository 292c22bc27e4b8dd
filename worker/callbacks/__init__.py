"""Telling the web app how it goes."""
