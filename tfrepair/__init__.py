"""tfrepair: find out why TensorFlow does not load, and repair it without risk."""

__version__ = "0.1.0"
