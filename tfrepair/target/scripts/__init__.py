"""Scripts that run inside the target: standard library only, and they parse on Python 3.6."""
