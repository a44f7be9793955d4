"""Everything that touches another interpreter: finding it, running it, installing for it."""
