"""The data that the stages hand to each other. Pure: no input, no output."""
