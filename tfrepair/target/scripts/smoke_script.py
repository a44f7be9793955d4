"""Runs inside a target: tries TensorFlow rung by rung, and says after each how it went.

Standard library of Python 3.6 only. Every rung is announced before it starts and reported after it ended, so that a
crash shows the rung that it happened in. Arguments: one JSON document with `mark`, `extras`, `gpu`, `site_folders`
and, if it is to end with it, `parent`, the process that starts it.
With `modules` these are imported instead, a rung each.
"""
import gc
import json
import os
import struct
import sys
import traceback

from extras_script import CHECKS

OWNERS = ("tensorflow", "tf-nightly", "intel-tensorflow")
LONGEST = 2000


class Failure(Exception):
    """A rung failed without an exception of somebody else's."""


class Ladder(object):
    """Prints one marked line when a rung begins and one when it ends, and remembers the first that failed."""

    def __init__(self, mark):
        self.mark = mark
        self.failed = None

    def say(self, **event):
        """One marked line, written at once and in one piece."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass
        os.write(1, ("\n" + self.mark + json.dumps(event) + self.mark + "\n").encode("ascii"))

    def climb(self, rung, action, *arguments):
        """Try one rung; True when it held."""
        self.say(rung=rung, state="begin")
        try:
            detail = action(*arguments)
        except BaseException as error:
            if not isinstance(error, Failure):
                traceback.print_exc()
            else:
                sys.stderr.write("{}\n".format(error))
            self.failed = self.failed or rung
            self.say(rung=rung, state="failed", exceptions=chain(error))
            return False
        self.say(rung=rung, state="passed", detail=detail)
        return True


def chain(error):
    """An exception and what it came from, the innermost cause first, as Python would head them."""
    found = []
    seen = set()
    while error is not None and id(error) not in seen and len(found) < 20:
        seen.add(id(error))
        if not isinstance(error, Failure):
            text = "".join(traceback.format_exception_only(type(error), error)).strip()
            found.append(text[:LONGEST])
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found[::-1]


def canonical(name):
    """A distribution's name as PEP 503 normalises it."""
    return name.lower().replace("_", "-").replace(".", "-")


def owned():
    """The distributions on the search path that own `tensorflow/`, as `name version`."""
    found = []
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            stem, ending = os.path.splitext(name)
            if ending not in (".dist-info", ".egg-info") or not canonical(stem).startswith(OWNERS):
                continue
            if writes_tensorflow(os.path.join(folder, name)):
                found.append(stem.replace("-", " ", 1))
    return found


def writes_tensorflow(metadata):
    """The distribution says that `tensorflow/` is its own."""
    for name in ("RECORD", "installed-files.txt", "top_level.txt"):
        try:
            with open(os.path.join(metadata, name), encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if line.strip() == "tensorflow" or line.startswith(("tensorflow/", "../tensorflow/")):
                        return True
        except OSError:
            pass
    return False


def folder_of_tensorflow():
    """The `tensorflow` folder or module that the search path leads to first; None when there is none."""
    husk = None
    for folder in sys.path:
        path = os.path.join(folder or ".", "tensorflow")
        if os.path.isfile(os.path.join(path, "__init__.py")):
            return path
        if os.path.isfile(path + ".py"):
            return path + ".py"
        if husk is None and os.path.isdir(path):
            husk = path
    return husk


def check_metadata():
    """A distribution that owns TensorFlow is installed."""
    found = owned()
    if not found:
        raise Failure("no TensorFlow distribution is installed on the search path")
    return found


def check_files():
    """There is a package to import, and not only a folder that looks like one."""
    path = folder_of_tensorflow()
    if path is None:
        raise Failure("there is no `tensorflow` folder on the search path")
    if os.path.isdir(path) and not os.path.isfile(os.path.join(path, "__init__.py")):
        raise Failure("`{}` has no `__init__.py`: it imports as an empty namespace".format(path))
    return path


def check_libraries():
    """Every native library is as long as its own headers say; none is loaded for that."""
    path = folder_of_tensorflow()
    roots = [path, os.path.join(os.path.dirname(path), "tensorflow_core")] if path else []
    count = 0
    bad = []
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name != "include"]  # two thirds of the files, all headers
            for name in names:
                if name.endswith((".so", ".pyd", ".dll", ".dylib")) or ".so." in name:
                    count += 1
                    problem = cut_short(os.path.join(folder, name))
                    if problem:
                        bad.append("`{}` {}".format(os.path.join(folder, name), problem))
    if bad:
        raise Failure("damaged native libraries: " + "; ".join(bad[:5]))
    return count


def cut_short(path):
    """What is wrong with a library's length, or None."""
    try:
        size = os.stat(path).st_size
        with open(path, "rb") as library:
            head = library.read(64)
            if not size:
                return "is empty"
            if head[:4] == b"\x7fELF":
                need = elf_length(head)
            elif head[:2] == b"MZ":
                need = pe_length(head, library)
            else:
                return None if head[:4] in MACH_O else "is not a native library"
    except (OSError, struct.error) as error:
        return "cannot be read: {}".format(error)
    return None if size >= need else "is cut short: {} of {} bytes".format(size, need)


MACH_O = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf", b"!<ar")


def elf_length(head):
    """The bytes up to the end of the section headers, which linkers write last."""
    order = "<" if head[5:6] == b"\x01" else ">"
    if head[4:5] == b"\x02":
        offset = struct.unpack_from(order + "Q", head, 40)[0]
        size, count = struct.unpack_from(order + "HH", head, 58)
    else:
        offset = struct.unpack_from(order + "I", head, 32)[0]
        size, count = struct.unpack_from(order + "HH", head, 46)
    return offset + size * count


def pe_length(head, library):
    """The bytes up to the end of the last section."""
    start = struct.unpack_from("<I", head, 60)[0]
    library.seek(start)
    coff = library.read(24)
    sections = struct.unpack_from("<H", coff, 6)[0]
    library.seek(start + 24 + struct.unpack_from("<H", coff, 20)[0])
    end = 0
    for _ in range(sections):
        length, offset = struct.unpack_from("<II", library.read(40), 16)
        end = max(end, offset + length)
    return end


def check_import(found):
    """TensorFlow can be imported."""
    import tensorflow

    found.append(tensorflow)
    return getattr(tensorflow, "__version__", None)


def check_attributes(tensorflow):
    """What was imported is TensorFlow."""
    if getattr(tensorflow, "__file__", None) is None:
        sys.stderr.write("`tensorflow` was imported as an empty namespace from {}\n".format(list(tensorflow.__path__)))
    version = tensorflow.__version__
    tensorflow.constant
    tensorflow.matmul
    return version


def check_operation(tensorflow):
    """A product of two matrices is right."""
    left, right = [[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]
    product = tensorflow.matmul(tensorflow.constant(left), tensorflow.constant(right))
    if is_first(tensorflow):
        with tensorflow.Session() as session:
            result = session.run(product)
    else:
        result = product.numpy()
    if result.tolist() != [[19.0, 22.0], [43.0, 50.0]]:
        raise Failure("a product of two matrices is wrong: {}".format(result.tolist()))


def check_keras(tensorflow):
    """A layer of Keras can be built and called."""
    layer = tensorflow.keras.layers.Dense(2)
    shape = tuple(layer(tensorflow.ones((1, 3))).shape)
    if shape != (1, 2):
        raise Failure("a Keras layer gave the shape {}".format(shape))


def check_gpu(tensorflow):
    """A product of two matrices on the first GPU."""
    config = tensorflow.config
    devices = getattr(config, "list_physical_devices", None) or config.experimental.list_physical_devices
    gpus = devices("GPU")
    if not gpus:
        raise Failure("TensorFlow sees no GPU")
    for gpu in gpus:
        config.experimental.set_memory_growth(gpu, True)
    with tensorflow.device("/GPU:0"):
        tensorflow.matmul(tensorflow.ones((2, 2)), tensorflow.ones((2, 2))).numpy()
    return [gpu.name for gpu in gpus]


def check_extra(name, modules, tensorflow):
    """What the user named beside TensorFlow can be imported, and does something."""
    if name in CHECKS:
        CHECKS[name](tensorflow)
        return
    for module in modules:
        check_module(module)


def check_module(name):
    """A module can be imported."""
    import importlib

    importlib.import_module(name)


def is_first(tensorflow):
    """It is TensorFlow 1."""
    return tensorflow.__version__.startswith("1.")


def climb_all(ladder, order):
    """The whole ladder. What is found before the import does not stop it, because its text tells more."""
    ladder.climb("metadata", check_metadata)
    ladder.climb("files", check_files)
    ladder.climb("libraries", check_libraries)
    found = []
    if not ladder.climb("import", check_import, found) or not ladder.climb("attributes", check_attributes, found[0]):
        return
    tensorflow = found[0]
    if order["gpu"] and not is_first(tensorflow):
        ladder.climb("gpu", check_gpu, tensorflow)
    if not ladder.climb("operation", check_operation, tensorflow):
        return
    if not is_first(tensorflow) and not ladder.climb("keras", check_keras, tensorflow):
        return
    for name, modules in order["extras"]:
        ladder.climb("with " + name, check_extra, name, modules, tensorflow)


def end_with(parent):
    """On Linux, end when the process that started this one is killed: nobody else would end an import that hangs."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes  # NumPy imports it anyway

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    except Exception:
        return
    if os.getppid() != parent:
        os._exit(1)


def main():
    """Climb, and end at once: what libraries do on the way out is not the question.

    Garbage is not looked for: nearly all that an import makes stays, and the search takes a quarter of the time.
    """
    gc.disable()
    order = json.loads(sys.argv[1])
    if "parent" in order:
        end_with(order["parent"])
    here = os.path.realpath(os.path.dirname(os.path.abspath(__file__)))
    # The folder of this script is no part of the environment's search path.
    sys.path[:] = [entry for entry in sys.path if entry and os.path.realpath(entry) != here]
    sys.path[:0] = order["site_folders"]
    ladder = Ladder(order["mark"])
    if order["modules"]:
        for name in order["modules"]:
            ladder.climb(name, check_module, name)
    else:
        climb_all(ladder, order)
    ladder.say(rung=ladder.failed, state="end")
    os._exit(1 if ladder.failed else 0)


if __name__ == "__main__":
    main()
