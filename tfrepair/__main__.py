"""`python -m tfrepair`."""

import os
import sys


def _leave_current_folder() -> None:
    """Take off the search path what `-m` put first: a module that lies in the current folder is never ours."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  # pathlib is slower
    first = sys.path[0] if sys.path else ""
    try:
        current = os.getcwd()  # noqa: PTH109
    except OSError:  # it is gone: nothing can be loaded from there
        return
    if os.path.abspath(first) == current != here:  # noqa: PTH100
        del sys.path[0]


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        _leave_current_folder()
    from tfrepair.cli.app import main

    main()
