"""Resolving and installing for a target: uv and pip behind one protocol."""
