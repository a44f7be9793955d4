"""Runs inside a target: compiles what an import will need, the last first: so it meets the import, which compiles too.

Standard library of Python 3.8 only, the first that keeps bytecode in another folder (PYTHONPYCACHEPREFIX). Nothing is
executed: each module's text says what it imports next. Only the imports at the left margin are followed; a module
that is found in no other way is compiled when it is imported. Arguments: one JSON document with `modules`, to begin
with, `share`, the number of this process and how many there are: each compiles every so manieth module, and `stage` and
`final`: what lies below the one is compiled as if it lay below the other, which an import does not mind.
"""
import json
import marshal
import os
import re
import struct
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source

IMPORT = re.compile(  # after a line's end: a pattern that begins with `^` is four times slower
    rb"\n(?:import[ \t]+(?P<modules>[\w., \t]+)|from[ \t]+(?P<source>[.\w]+)[ \t]+import[ \t]*(?P<names>\([^)]*\)|[^\n]+))"
)
NAME = re.compile(rb"(\w+)[ \t]*(?:as[ \t]+\w+[ \t]*)?(?:,|\)|#|$)", re.MULTILINE)
DEEPEST = 5000
LONG = 0xFFFFFFFF


class Walk(object):
    """Goes from module to module as an import does."""

    def __init__(self, search):
        self.search = search
        self.seen = {}
        self.order = []

    def visit(self, module):
        """A module, those above it before, and those that it imports; where its own submodules lie."""
        if module in self.seen:
            return self.seen[module]
        self.seen[module] = None
        parent, _, _ = module.rpartition(".")
        search = self.visit(parent) if parent else self.search
        if search is None:
            return None
        spec = PathFinder.find_spec(module, search)
        if spec is None:
            return None
        self.seen[module] = spec.submodule_search_locations
        if isinstance(spec.loader, SourceFileLoader):
            self.order.append(spec.loader)
            text = spec.loader.get_data(spec.origin)
            for source, names in imports(text, module if spec.submodule_search_locations else parent):
                if self.visit(source) is not None:  # a package: what is taken from it may be a module
                    for name in NAME.findall(names):
                        self.visit("{}.{}".format(source, name.decode()))
        return self.seen[module]


def imports(text, package):
    """The full names of the modules that a text imports from, in order, and the text of what it takes from each."""
    for match in IMPORT.finditer(b"\n" + text):
        if match["modules"]:
            for part in match["modules"].decode().split(","):
                yield part.partition(" as ")[0].strip(), b""
            continue
        source = match["source"].decode()
        name = source.lstrip(".")
        if name != source:  # one dot is the package itself
            above = package.split(".")[: -(len(source) - len(name) - 1) or None]
            source = ".".join(above + ([name] if name else []))
        yield source, match["names"]


def compile_module(loader, stage, final):
    """Compile a module that is not compiled yet; what cannot be is a matter for who imports it."""
    try:
        path = loader.path
        bytecode = cache_from_source(path)
        if os.path.exists(bytecode):
            return
        stats = loader.path_stats(path)
        named = final + path[len(stage) :] if path.startswith(stage + os.sep) else path
        code = loader.source_to_code(loader.get_data(path), named)
        # as PEP 552 describes it: by the time and the size of the source
        header = struct.pack("<4sIII", MAGIC_NUMBER, 0, int(stats["mtime"]) & LONG, stats["size"] & LONG)
        loader.set_data(bytecode, header + marshal.dumps(code))
    except Exception:
        pass


def main():
    """Walk from each module, then compile this process's share on the way back."""
    order = json.loads(sys.argv[1])
    sys.setrecursionlimit(DEEPEST)
    number, count = order["share"]
    here = os.path.realpath(os.path.dirname(os.path.abspath(__file__)))
    # The folder of this script is no part of the environment's search path; PYTHONSAFEPATH keeps it out anyway.
    walk = Walk([entry for entry in sys.path if os.path.realpath(entry) != here])
    for module in order["modules"]:
        walk.visit(module)
    for loader in walk.order[::-1][number::count]:
        compile_module(loader, order["stage"], order["final"])


if __name__ == "__main__":
    main()
