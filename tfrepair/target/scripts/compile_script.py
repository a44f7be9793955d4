"""Runs inside a target: compiles what an import will need, in the order in which it will need it.

Standard library of Python 3.8 only, the first that keeps bytecode in another folder (PYTHONPYCACHEPREFIX). Nothing is
executed: each module's text says what it imports next. Only the imports at the left margin are followed; a module
that is found in no other way is compiled when it is imported. Arguments: one JSON document with `modules`, to begin
with, and `share`, the number of this process and how many there are: each compiles every so manieth module.
"""
import json
import re
import sys
from importlib.machinery import PathFinder, SourceFileLoader

IMPORT = re.compile(
    rb"^(?:import[ \t]+(?P<modules>[\w., \t]+)|from[ \t]+(?P<source>[.\w]+)[ \t]+import[ \t]*(?P<names>\([^)]*\)|[^\n]+))",
    re.MULTILINE,
)
NAME = re.compile(rb"(\w+)[ \t]*(?:as[ \t]+\w+[ \t]*)?(?:,|\)|#|$)", re.MULTILINE)
DEEPEST = 5000


class Walk(object):
    """Goes from module to module as an import does."""

    def __init__(self, search, number, count):
        self.search = search
        self.number = number
        self.count = count
        self.seen = {}
        self.met = 0

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
            text = spec.loader.get_data(spec.origin)
            self.compile(spec.loader, module)
            for following in imports(text, module if spec.submodule_search_locations else parent):
                self.visit(following)
        return self.seen[module]

    def compile(self, loader, module):
        """This process's share; what cannot be compiled is a matter for who imports it."""
        self.met += 1
        if self.met % self.count != self.number:
            return
        try:
            loader.get_code(module)
        except Exception:
            pass


def imports(text, package):
    """The full names of what a text may import: of `from a import b` both `a` and `a.b`, in order."""
    for match in IMPORT.finditer(text):
        if match["modules"]:
            for part in match["modules"].decode().split(","):
                yield part.partition(" as ")[0].strip()
            continue
        source = match["source"].decode()
        name = source.lstrip(".")
        if name != source:  # one dot is the package itself
            above = package.split(".")[: -(len(source) - len(name) - 1) or None]
            source = ".".join(above + ([name] if name else []))
        yield source
        for found in NAME.finditer(match["names"]):
            yield "{}.{}".format(source, found[1].decode())


def main():
    """Walk from each module."""
    order = json.loads(sys.argv[1])
    sys.setrecursionlimit(DEEPEST)
    number, count = order["share"]
    walk = Walk(sys.path[1:], number, count)  # the folder of this script is no part of the environment's search path
    for module in order["modules"]:
        walk.visit(module)


if __name__ == "__main__":
    main()
