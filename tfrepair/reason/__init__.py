"""Facts to findings to plans. Pure: same input, same answer."""
