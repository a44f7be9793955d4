"""Runs inside a target without its site module and processes one startup file; the mark at the end says that it survived.

Arguments: the mark, the file (a `.pth`, `sitecustomize` or `usercustomize`), and the folders of the search path.
"""
import importlib
import importlib.util
import os
import site
import sys


def main():
    """Process the startup file as the site module would."""
    mark, name = sys.argv[1:3]
    folders = sys.argv[3:]
    sys.path.extend(folders)
    origin = name
    if name.endswith(".pth"):
        site.addpackage(os.path.dirname(name), os.path.basename(name), set(folders))
    else:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            origin = spec.origin
            sys.stdout.write("\n" + mark + "origin:" + origin + mark + "\n")
            sys.stdout.flush()
            try:
                importlib.import_module(name)
            except Exception as error:
                sys.stderr.write("{}: {}\n".format(type(error).__name__, error))
    sys.stdout.write("\n" + mark + "survived" + mark + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
