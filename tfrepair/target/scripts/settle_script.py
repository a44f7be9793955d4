"""Runs inside a target: puts bytecode that lies in another folder beside the files that it was compiled from, too.

Standard library of Python 3.8 only. Argument: one JSON document with `bytecode`, the folder as PYTHONPYCACHEPREFIX
names it, `final`, the environment, and `staged`, the path that it had when they were compiled. Bytecode holds the path
of its source: where that is the old one it is made anew. What cannot be put in place is left out: it is only a cache.
"""
import json
import marshal
import os
import sys
from importlib.util import cache_from_source

HEADER = 16


def main():
    """Settle what was compiled of the environment's own files."""
    order = json.loads(sys.argv[1])
    staged, final = order["staged"], order["final"]
    sys.pycache_prefix = order["bytecode"]
    root = os.path.dirname(cache_from_source(os.path.join(final, "any.py")))
    for folder, _, names in os.walk(root):
        inside = os.path.normpath(final + folder[len(root) :])
        cache = os.path.join(inside, "__pycache__")
        if os.path.islink(cache) or not is_within(inside, final):
            continue
        for name in names:
            source = os.path.join(inside, name.partition(".")[0] + ".py")
            if name.endswith(".pyc") and os.path.isfile(source):
                try:
                    settle(os.path.join(folder, name), source, cache, staged, final)
                except Exception:
                    pass


def is_within(folder, environment):
    """No link leads from the environment to this folder outside it."""
    real = os.path.realpath(environment)
    return os.path.commonpath([os.path.realpath(folder), real]) == real


def settle(path, source, cache, staged, final):
    """Give one file of bytecode a second name in a cache; nothing is written into what is there."""
    with open(path, "rb") as stream:
        data = stream.read()
    if os.fsencode(staged) in data:
        code = renamed(marshal.loads(data[HEADER:]), staged, final)
        with open(path + ".new", "wb") as stream:
            stream.write(data[:HEADER] + marshal.dumps(code))
        os.replace(path + ".new", path)
    owner = os.stat(source)
    if not os.path.isdir(cache):
        os.mkdir(cache)
        belong(cache, owner)
    belong(path, owner)
    name = os.path.join(cache, os.path.basename(path))
    if os.path.lexists(name):
        os.unlink(name)
    os.link(path, name)


def belong(path, owner):
    """What root makes for a user's file is the user's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 != owner.st_uid:
        os.chown(path, owner.st_uid, owner.st_gid)


def renamed(code, staged, final):
    """The code, and all code in it, as of a file below the final path."""
    consts = tuple(renamed(item, staged, final) if isinstance(item, type(code)) else item for item in code.co_consts)
    name = code.co_filename
    if name.startswith(staged):
        name = final + name[len(staged) :]
    return code.replace(co_consts=consts, co_filename=name)


if __name__ == "__main__":
    main()
