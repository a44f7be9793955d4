"""Runs inside a target: puts bytecode that lies in another folder beside the files that it was compiled from.

Standard library of Python 3.8 only. Argument: one JSON document with `bytecode`, the folder as PYTHONPYCACHEPREFIX
names it, `stage`, the environment, `final`, the path that it is to have, and `share`, the number of this process and how
many there are. Bytecode holds the path of its source: where that is below the stage it is written anew. What cannot be
put in place stays where it is: it is only a cache.
"""
import json
import marshal
import os
import sys
from importlib.util import cache_from_source

HEADER = 16


def main():
    """Settle what was compiled of the stage's own files."""
    order = json.loads(sys.argv[1])
    stage, final = order["stage"], order["final"]
    sys.pycache_prefix = order["bytecode"]
    root = os.path.dirname(cache_from_source(os.path.join(stage, "any.py")))
    number, count = order["share"]
    for folder, _, names in sorted(os.walk(root))[number::count]:
        inside = os.path.normpath(stage + folder[len(root) :])
        cache = os.path.join(inside, "__pycache__")
        if os.path.islink(cache) or not is_within(inside, stage):
            continue
        for name in names:
            source = os.path.join(inside, name.partition(".")[0] + ".py")
            if name.endswith(".pyc") and os.path.isfile(source):
                try:
                    settle(os.path.join(folder, name), cache, stage, final)
                except Exception:
                    pass


def is_within(folder, stage):
    """No link leads from the stage to this folder outside it."""
    real = os.path.realpath(stage)
    return os.path.commonpath([os.path.realpath(folder), real]) == real


def settle(path, cache, stage, final):
    """Move one file of bytecode into a cache; it is never written into what is there."""
    with open(path, "rb") as stream:
        data = stream.read()
    if os.fsencode(stage) in data:
        code = marshal.loads(data[HEADER:])
        with open(path, "wb") as stream:
            stream.write(data[:HEADER] + marshal.dumps(renamed(code, stage, final)))
    os.makedirs(cache, exist_ok=True)
    os.replace(path, os.path.join(cache, os.path.basename(path)))


def renamed(code, stage, final):
    """The code, and all code in it, as of a file below the final path."""
    consts = tuple(renamed(item, stage, final) if isinstance(item, type(code)) else item for item in code.co_consts)
    name = code.co_filename
    if name.startswith(stage):
        name = final + name[len(stage) :]
    return code.replace(co_consts=consts, co_filename=name)


if __name__ == "__main__":
    main()
