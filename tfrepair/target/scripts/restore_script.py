"""Runs inside a target: puts bytecode that an earlier repair kept beside its files, if that is all an import needs.

Standard library of Python 3.8 only. Argument: one JSON document with `folders`, those of the environment's packages,
`kept`, where `settle_script.py` keeps bytecode, and `scratch`, a folder on the file system of the environment. The files
are taken to be as their RECORDs say: who installed them compares them. It ends with 0 when everything is in place, with
1 when it is to be compiled, wholly or in part.
"""
import json
import os
import sys
from importlib.util import cache_from_source

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from store_script import Store, recorded  # noqa: E402


def main():
    """The exit code."""
    order = json.loads(sys.argv[1])
    store = Store(order["kept"], order["scratch"])
    for folder in order["folders"]:
        modules = store.complete(recorded(folder)) if store.wholes else {}
        if modules:
            return 0 if all([put(store, name, folder, module) for module, name in modules.items()]) else 1
    return 1


def put(store, name, folder, module):
    """Put the bytecode of one module in place; False when that cannot be."""
    source = os.path.join(folder, *module.split("/"))
    try:
        store.place(name, source, cache_from_source(source))
    except (OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
