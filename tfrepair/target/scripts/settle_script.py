"""Runs inside a target: puts bytecode that lies in another folder beside the files that it was compiled from, too.

Standard library of Python 3.8 only. Argument: one JSON document with `bytecode`, the folder as PYTHONPYCACHEPREFIX
names it, `folders`, those of the environment's packages, and `kept`, the folder for what the next repair need not
compile. Bytecode that an import wrote holds the path of its source, which may be that in a stage: it is taken out, as
whoever imports the bytecode puts in the right one. What cannot be put in place is left out: it is only a cache.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from store_script import BYTECODE, HEADER, OPTIMIZED, digest_of, give, header, make, opened, unname  # noqa: E402


def main():
    """Settle what was compiled of the environment's own files, and keep what no repair before this one has kept."""
    order = json.loads(sys.argv[1])
    bytecode, folders = order["bytecode"], order["folders"]
    store = opened(order["kept"])
    modules, others = {}, set()
    drive = os.path.splitdrive(folders[0])[0] if folders else ""
    packages = [os.path.realpath(each) for each in folders]
    for folder, _, names in os.walk(bytecode):
        inside = drive + folder[len(bytecode) :]
        real, cache = os.path.realpath(inside), os.path.join(inside, "__pycache__")
        package = next((each for each in packages if is_within(real, each)), None)
        for name in names:
            path, module = os.path.join(folder, name), name.partition(".")[0] + ".py"
            source = os.path.join(inside, module)
            if not name.endswith(BYTECODE) or not os.path.isfile(source):
                continue
            try:
                data = unname(path)
                if store is not None and "." + OPTIMIZED not in name:
                    kept = keep(store, path, data, source)
                    if package is None:
                        others.add(kept)
                    else:
                        modules[os.path.relpath(os.path.join(real, module), package).replace(os.sep, "/")] = kept
                if package is not None and not os.path.islink(cache):
                    settle(path, source, os.path.join(cache, name))
            except Exception:
                pass
    if modules:
        store.note(modules, others)


def is_within(folder, package):
    """No link leads from the folder of packages to this folder outside it; both as they really are."""
    return os.path.commonpath([folder, package]) == package


def keep(store, path, data, source):
    """The name in the store of a file of bytecode, which is kept unless it is already. Raises ValueError if it is old."""
    found = os.stat(path)
    if found.st_ino in store.by_inode:
        return store.by_inode[found.st_ino]
    with open(source, "rb") as stream:
        text, stats = stream.read(), os.fstat(stream.fileno())
    if data[: HEADER.size] != header(stats) or len(text) != stats.st_size:
        raise ValueError(path)
    return store.keep(path, data, digest_of(text), stats)


def settle(path, source, cached):
    """Give one file of bytecode a second name beside its source; nothing is written into what is there."""
    owner = os.stat(source)
    make(os.path.dirname(cached), owner)
    give(path, owner)
    if os.path.lexists(cached):
        os.unlink(cached)
    os.link(path, cached)


if __name__ == "__main__":
    main()
