"""To be somebody who may not do everything."""

import os
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def without_rights(reachable):
    """What runs here is refused what modes refuse, also in tests that root runs; `reachable` and what is above it is not."""
    for folder in (reachable, *list(reachable.parents)[:3]):
        folder.chmod(folder.stat().st_mode | 0o755)
    me = os.geteuid()
    if me == 0:  # root may do everything
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(me)
