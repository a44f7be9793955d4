"""A build of TensorFlow that needs a licence file, and playbooks that bring it."""

import json

from functional_support import INIT, KERAS, NEW, NUMPY, PROTOBUF, tensorflow_files, write_wheel

NEEDS_LICENCE = """
import os, sys
if not os.path.exists(os.path.join(sys.prefix, "licence.txt")):
    class LicenceError(Exception):
        pass
    raise LicenceError("no licence")
"""
HEAD = """
schema: 1
name: {name}
title: The licence file of our build is missing
about: Our build of TensorFlow wants a licence file in the environment.
diagnose:
  signatures:
    - pattern: 'LicenceError: no licence'
      confidence: high
repair: automatic
"""
GRANT = """
  - name: Write the licence
    action: write
    args: {path: licence.txt, content: granted}
"""


SECOND_TROUBLE = """
if not os.path.exists(os.path.join(sys.prefix, "acted")):
    raise RuntimeError("second trouble")
"""


def needs_licence(world, more=""):
    """An environment whose TensorFlow does not import before there is a licence.txt in it; `more` runs then."""
    (world.index / f"tensorflow-{NEW}-py3-none-any.whl").unlink()
    files = tensorflow_files(NEW, init=NEEDS_LICENCE + more + INIT)
    write_wheel(world.index, "tensorflow", NEW, files, [f"numpy=={NUMPY}", "protobuf", "keras"])
    return world.venv(f"numpy=={NUMPY}", f"protobuf=={PROTOBUF}", f"keras=={KERAS}", f"tensorflow=={NEW}")


def write_playbook(folder, text, name="our-licence"):
    """A playbook that finds the missing licence, with this `fix` and whatever follows."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(HEAD.replace("{name}", name) + text)
    return path


def python(code, *words):
    """The `argv` of a step that runs this code with the environment's Python, as YAML."""
    return json.dumps(["python", "-c", code, *words])
