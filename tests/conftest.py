"""Puts this folder on the path, for the helpers that lie in it."""
