"""Runs inside a target: compiles what an import will need, the last first: so it meets the import, which compiles too.

Standard library of Python 3.8 only, the first that keeps bytecode in another folder (PYTHONPYCACHEPREFIX). Nothing is
executed: each module's text says what it imports next. Only the imports at the left margin are followed; a module
that is found in no other way is compiled when it is imported. The bytecode is as of no file, which an import does not
mind. Arguments: one JSON document with `modules`, to begin with, `share`, the number of this process and how many there
are: each compiles every so manieth module, `kept`: the folder of what was compiled before, which need not be compiled
again, and `scratch`, a folder beside the bytecode.
"""
import json
import marshal
import os
import re
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import cache_from_source

# The folder of this script is no part of the environment's search path; PYTHONSAFEPATH keeps it out anyway.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from store_script import NAMELESS, Store, digest_of, header  # noqa: E402

IMPORT = re.compile(  # after a line's end: a pattern that begins with `^` is four times slower
    rb"\n(?:import[ \t]+(?P<modules>[\w., \t]+)|from[ \t]+(?P<source>[.\w]+)[ \t]+import[ \t]*(?P<names>\([^)]*\)|[^\n]+))"
)
NAME = re.compile(rb"(\w+)[ \t]*(?:as[ \t]+\w+[ \t]*)?(?:,|\)|#|$)", re.MULTILINE)
DEEPEST = 5000


class Walk(object):
    """Goes from module to module as an import does; `meet` is told each that has a text, and its number."""

    def __init__(self, search, meet=lambda loader, number, text: None):
        self.search = search
        self.meet = meet
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
            text = spec.loader.get_data(spec.origin)
            self.meet(spec.loader, len(self.order), text)
            self.order.append(spec.loader)
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


class Share(object):
    """What one process compiles of an environment."""

    def __init__(self, order):
        self.number, self.count = order["share"]
        # what PYTHONOPTIMIZE leaves out is not left out of what is kept
        self.store = Store(None if sys.flags.optimize else order["kept"], order["scratch"])

    def meet(self, loader, number, text):
        """What was compiled before is there at once: an import goes the same way, but more slowly."""
        if number % self.count != self.number:
            return
        try:
            name, cached = self.store.find(digest_of(text), os.stat(loader.path)), cache_from_source(loader.path)
            if name is not None and not os.path.exists(cached):
                self.store.place(name, loader.path, cached)
        except (OSError, ValueError):  # it is compiled
            pass

    def compile(self, loaders):
        """The rest."""
        for loader in loaders[::-1][self.number :: self.count]:
            try:
                write(loader)
            except Exception:  # a matter for who imports it
                pass


def write(loader):
    """Write a module's bytecode unless it is there."""
    bytecode = cache_from_source(loader.path)
    if not os.path.exists(bytecode):
        stats = os.stat(loader.path)
        code = loader.source_to_code(loader.get_data(loader.path), NAMELESS)
        loader.set_data(bytecode, header(stats) + marshal.dumps(code))


def main():
    """Walk from each module, then compile what is left on the way back."""
    order = json.loads(sys.argv[1])
    sys.setrecursionlimit(DEEPEST)
    here = os.path.realpath(HERE)
    share = Share(order)
    walk = Walk([entry for entry in sys.path if os.path.realpath(entry) != here], share.meet)
    for module in order["modules"]:
        walk.visit(module)
    share.compile(walk.order)


if __name__ == "__main__":
    main()
