"""The transaction: stage, apply, verify, swap, and the way back."""
