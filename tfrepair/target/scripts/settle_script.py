"""Runs inside a target: puts bytecode that lies in another folder beside the files that it was compiled from, too.

Standard library of Python 3.8 only. Argument: one JSON document with `bytecode`, the folder as PYTHONPYCACHEPREFIX
names it, `folders`, those of the environment's packages, `kept`, the folder for what the next repair need not compile,
and `taken`, files with JSON lists of the sources whose bytecode comes from there: it is not to be kept again. Bytecode
holds the path of its source: where that is another one, as that of the stage, it is replaced. What cannot be put in place
is left out: it is only a cache.
"""
import json
import marshal
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from store_script import HEADER, NAMELESS, Store, digest_of, header, renamed, write  # noqa: E402

OPTIMIZED = "opt-"
"""In the name of bytecode from which assertions were left out."""


def main():
    """Settle what was compiled of the environment's own files, and keep what no repair before this one has kept."""
    order = json.loads(sys.argv[1])
    bytecode, folders = order["bytecode"], order["folders"]
    store = Store(order["kept"])
    taken = told(order["taken"])
    new = {}
    drive = os.path.splitdrive(folders[0])[0] if folders else ""
    packages = [os.path.realpath(each) for each in folders]
    for folder, _, names in os.walk(bytecode):
        inside = drive + folder[len(bytecode) :]
        cache = os.path.join(inside, "__pycache__")
        own = is_within(os.path.realpath(inside), packages) and not os.path.islink(cache)
        for name in names:
            path, source = os.path.join(folder, name), os.path.join(inside, name.partition(".")[0] + ".py")
            if name.endswith(".pyc") and os.path.isfile(source):
                try:
                    data = named(path, source)
                    if own:
                        settle(path, source, cache)
                    if source not in taken and "." + OPTIMIZED not in name:
                        new.update(unknown(store, data, source))
                except Exception:
                    pass
    write(order["kept"], new)


def told(files):
    """The sources whose bytecode an earlier repair has kept."""
    found = set()
    for path in files:
        with open(path, encoding="ascii") as stream:
            found.update(json.load(stream))
    return found


def is_within(folder, packages):
    """No link leads from the folders of packages to this folder outside them; all as they really are."""
    return any(os.path.commonpath([folder, each]) == each for each in packages)


def named(path, source):
    """What a file of bytecode holds once it names its source. Raises ValueError where it cannot be made to."""
    with open(path, "rb") as stream:
        data = stream.read()
    if os.fsencode(source) not in data:
        code = data[HEADER.size :]
        data = data[: HEADER.size] + renamed(code, marshal.loads(code).co_filename, source)
        with open(path + ".new", "wb") as stream:
            stream.write(data)
        os.replace(path + ".new", path)
    return data


def settle(path, source, cache):
    """Give one file of bytecode a second name in a cache; nothing is written into what is there."""
    owner = os.stat(source)
    if not os.path.isdir(cache):
        os.mkdir(cache)
        belong(cache, owner)
    belong(path, owner)
    name = os.path.join(cache, os.path.basename(path))
    if os.path.lexists(name):
        os.unlink(name)
    os.link(path, name)


def unknown(store, data, source):
    """The code of a module, of no file, by the digest of its text, if it is of that text and not kept yet."""
    with open(source, "rb") as stream:
        text = stream.read()
        stats = os.fstat(stream.fileno())
    digest = digest_of(text)
    if digest in store.found or data[: HEADER.size] != header(stats.st_mtime, len(text)):
        return {}
    return {digest: renamed(data[HEADER.size :], source, NAMELESS)}


def belong(path, owner):
    """What root makes for a user's file is the user's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 != owner.st_uid:
        os.chown(path, owner.st_uid, owner.st_gid)


if __name__ == "__main__":
    main()
