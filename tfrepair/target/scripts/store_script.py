"""Runs inside a target: bytecode kept from one repair to the next, each by the digest of the text it was compiled from.

Standard library of Python 3.8 only. A folder holds files of bytecode as an interpreter writes them, but as of the file
NAMELESS: whoever imports it puts in the name of the file that it lies beside. Their names tell the Python that can use
them, the digest of the text, its time, and the CRC-32 of the file. They get second names in environments, like files of
an installer's cache. A `*.whole` file is a JSON document: `modules`, all that TensorFlow's import took from an
environment, as names in this folder by their paths below the packages, and `others`, names of what it took from
elsewhere. What is damaged, of another format or another user's counts as absent; beyond BOUND bytes the longest unused
goes.
"""
import base64
import csv
import hashlib
import json
import marshal
import os
import re
import stat
import struct
import sys
import time
import zlib
from importlib.util import MAGIC_NUMBER

OURS = re.compile(r"[a-z]+-?\d+t?-[0-9a-f]{8}-")
"""How every name in the folder begins, of whatever Python; nothing else in it is touched."""
KIND = "{}-{}-".format(sys.implementation.cache_tag, MAGIC_NUMBER.hex())
BYTECODE, WHOLE = ".pyc", ".whole"
BOUND = 128000000
WRITING = 3600
HEADER = struct.Struct("<4sIII")
LONG = 0xFFFFFFFF
NAMELESS = "<a file that tfrepair keeps bytecode of>"
OPTIMIZED = "opt-"
"""In the name of bytecode from which assertions were left out."""
REFERRED = 0x80
"""Set in the type of what marshal refers to again."""
LENGTH = struct.Struct("<I")


class Store(object):
    """What earlier repairs kept for this Python. Nothing without a folder.

    What is put in place is made in the folder `scratch`, on the same file system.
    """

    def __init__(self, folder, scratch=None):
        self.folder = folder
        self.scratch = scratch
        self.by_text = {}
        self.by_inode = {}
        self.wholes = []
        if folder is None or not is_private(folder):
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(KIND):
                    continue
                if entry.name.endswith(BYTECODE):
                    self.by_text.setdefault(text_of(entry.name), []).append(entry.name)
                    self.by_inode[entry.inode()] = entry.name
                elif entry.name.endswith(WHOLE):
                    self.wholes.append(entry.name)

    def find(self, digest, stats):
        """The name of the bytecode of a text, at best of a file with the same time; None when there is none."""
        names = self.by_text.get(digest, ())
        same = (name for name in names if time_of(name) == int(stats.st_mtime) & LONG)
        return next(same, names[0] if names else None)

    def place(self, name, source, cached):
        """Give a source file bytecode from here, where `cached` says, in one step.

        Raises OSError, ValueError when it is damaged or not ours alone, or the file has another text: who says which text
        a file has may have read that in a RECORD, and the user may have changed the file.
        """
        path, new = os.path.join(self.folder, name), os.path.join(self.scratch, "{}-{}".format(name, os.getpid()))
        with open(path, "rb") as stream:
            data, kept = stream.read(), os.fstat(stream.fileno())
        if not is_own(kept) or zlib.crc32(data) != check_of(name):
            raise ValueError(path)
        stats = os.stat(source)
        start = header(stats)
        if data[: HEADER.size] != start and text_in(source) != text_of(name):
            raise ValueError(source)
        make(os.path.dirname(cached), stats)
        try:
            if data[: HEADER.size] != start or not alike(kept, stats) or not linked(path, new):
                with open(new, "xb") as stream:  # never into a second name of what is kept
                    stream.write(start + data[HEADER.size :])
                os.chmod(new, mode_of(stats))
                give(new, stats)
            os.replace(new, cached)
        finally:
            if os.path.lexists(new):  # a second name of what is there already is not moved
                os.unlink(new)

    def keep(self, path, data, digest, stats):
        """Keep a file of bytecode with this data, as of NAMELESS, by the digest and the state of its source; its name here.

        Raises OSError.
        """
        name = "{}{}-{:08x}-{:08x}{}".format(KIND, digest, int(stats.st_mtime) & LONG, zlib.crc32(data), BYTECODE)
        kept = os.path.join(self.folder, name)
        if not os.path.exists(kept) and not (is_own(stats) and linked(path, kept)):
            with open(kept + ".new", "wb") as stream:
                stream.write(data)
            os.replace(kept + ".new", kept)
        return name

    def complete(self, recorded):
        """All that TensorFlow's import takes from an environment whose files have these digests, by path.

        Empty when no repair before this one had the same; what was of use is the last to go. An import that takes more,
        because more is there, compiles that itself.
        """
        best, place = {}, None
        for whole in self.wholes:
            path = os.path.join(self.folder, whole)
            modules, _ = told(path)
            if len(modules) > len(best) and all(recorded.get(each) == text_of(n) for each, n in modules.items()):
                best, place = modules, path
        if place is not None:
            os.utime(place)
        return best

    def note(self, modules, others):
        """Write down, as a whole or not at all, what the import of an environment took; drop what is too much."""
        document = json.dumps({"modules": modules, "others": sorted(others)}, sort_keys=True)
        path = os.path.join(self.folder, KIND + hashlib.sha256(document.encode("utf-8")).hexdigest() + WHOLE)
        with open(path + ".new", "w", encoding="utf-8") as stream:
            stream.write(document)
        os.replace(path + ".new", path)
        prune(self.folder)


def opened(folder):
    """The store in a folder that is made where it is missing; None where others may write into it. Raises OSError."""
    os.makedirs(folder, 0o700, exist_ok=True)
    return Store(folder) if is_private(folder) else None


def text_of(name):
    """The digest of the text that kept bytecode was compiled from, as its name has it."""
    return name[len(KIND) : len(KIND) + 64]


def time_of(name):
    """The time of the file that it was compiled from. Raises ValueError."""
    return int(name[len(KIND) + 65 : len(KIND) + 73], 16)


def check_of(name):
    """The CRC-32 of the file. Raises ValueError."""
    return int(name[len(KIND) + 74 : len(KIND) + 82], 16)


def header(stats):
    """What the bytecode of a source file begins with, as PEP 552 describes it: by its time and size."""
    return HEADER.pack(MAGIC_NUMBER, 0, int(stats.st_mtime) & LONG, stats.st_size & LONG)


def unname(path):
    """Make a file of bytecode name no source; what it holds then. Raises OSError, ValueError where it cannot be made to."""
    with open(path, "rb") as stream:
        data, stats = stream.read(), os.fstat(stream.fileno())
    if os.fsencode(NAMELESS) in data:
        return data
    code = data[HEADER.size :]
    data = data[: HEADER.size] + renamed(code, marshal.loads(code).co_filename, NAMELESS)
    with open(path + ".new", "wb") as stream:
        stream.write(data)
    os.chmod(path + ".new", stats.st_mode)
    os.replace(path + ".new", path)
    return data


def renamed(data, before, after):
    """Marshalled code as of another file. Its name stands there once, all code in it refers to that.

    Raises ValueError where that is not so. To load the code and to change all of it takes twenty times as long.
    """
    old, new = before.encode("utf-8", "surrogatepass"), after.encode("utf-8", "surrogatepass")
    start = data.find(old)
    if start < 0 or data.find(old, start + 1) >= 0:
        raise ValueError(before)
    if data[start - 1] == len(old) and data[start - 2] & ~REFERRED in b"zZ":
        head = start - 2
    elif data[start - LENGTH.size : start] == LENGTH.pack(len(old)) and data[start - 5] & ~REFERRED in b"aAut":
        head = start - 5
    else:
        raise ValueError(before)
    interned, referred = data[head] & ~REFERRED in b"ZAt", data[head] & REFERRED
    if new.isascii() and len(new) < 256:
        kind, length = b"zZ"[interned], bytes((len(new),))
    else:
        kind, length = (b"aA" if new.isascii() else b"ut")[interned], LENGTH.pack(len(new))
    return b"".join((data[:head], bytes((kind | referred,)), length, new, data[start + len(old) :]))


def text_in(path):
    """What the text of a file is known by. Raises OSError."""
    with open(path, "rb") as stream:
        return digest_of(stream.read())


def digest_of(source):
    """What a module's text is known by."""
    return hashlib.sha256(source).hexdigest()


def recorded(folder):
    """The digests of the modules of a folder of packages as its RECORDs have them, by path. Raises OSError."""
    found = {}
    for name in os.listdir(folder):
        if not name.endswith(".dist-info"):
            continue
        try:
            with open(os.path.join(folder, name, "RECORD"), encoding="utf-8", newline="") as stream:
                for row in csv.reader(stream):
                    if len(row) > 1 and row[0].endswith(".py") and row[1].startswith("sha256="):
                        found[row[0]] = base64.urlsafe_b64decode(row[1][7:] + "==").hex()
        except (OSError, ValueError, csv.Error):
            pass
    return found


def is_private(folder):
    """Nobody else could have put code there."""
    try:
        return is_own(os.lstat(folder))
    except OSError:
        return False


def is_own(stats):
    """It belongs to this user, and nobody else may write there."""
    if stat.S_ISLNK(stats.st_mode):
        return False
    return not hasattr(os, "geteuid") or (stats.st_uid == os.geteuid() and not stats.st_mode & 0o022)


def mode_of(source):
    """The mode of the bytecode of a file, as an interpreter gives it."""
    return (source.st_mode | 0o200) & 0o666


def alike(bytecode, source):
    """Bytecode has the owner and the mode that it would get beside this file."""
    owners = bytecode.st_uid == source.st_uid and bytecode.st_gid == source.st_gid
    return owners and bytecode.st_mode & 0o777 == mode_of(source)


def linked(path, name):
    """Whether a file could be given another name; not on another file system, or on one without links."""
    try:
        os.link(path, name)
    except OSError:
        return False
    return True


def make(cache, owner):
    """A folder for bytecode, with those above it."""
    if not os.path.isdir(cache):
        os.makedirs(cache, exist_ok=True)
        give(cache, owner)


def give(path, owner):
    """What root makes for a user's file is the user's; the other names of the same file stay root's."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or owner.st_uid == 0:
        return
    stats = os.stat(path)
    if stat.S_ISREG(stats.st_mode) and stats.st_nlink > 1:
        with open(path, "rb") as stream:
            data = stream.read()
        os.unlink(path)
        with open(path, "xb") as stream:
            stream.write(data)
        os.chmod(path, stats.st_mode)
    os.chown(path, owner.st_uid, owner.st_gid)


def prune(folder):
    """Remove what lies beyond the bound, and what a repair that was killed had only begun to write."""
    sizes, moments, wholes = {}, {}, []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not OURS.match(entry.name):
                continue
            try:
                stats = entry.stat(follow_symlinks=False)
            except OSError:  # another repair has removed it
                continue
            sizes[entry.name], moments[entry.name] = stats.st_size, stats.st_mtime
            if entry.name.endswith(WHOLE):
                wholes.append((stats.st_mtime, entry.name))
    needed, going, left = set(), set(), BOUND
    for _, whole in sorted(wholes, reverse=True):
        modules, others = told(os.path.join(folder, whole))
        names = {whole, *modules.values(), *others}
        left -= sum(sizes.get(name, 0) for name in names - needed)
        (going if left < 0 else needed).update(names)
    young = time.time() - WRITING
    for name in sizes.keys() - needed:
        if name in going or moments[name] < young:
            try:
                os.unlink(os.path.join(folder, name))
            except OSError:
                pass


def told(whole):
    """What a `*.whole` file says: the names by the paths of modules, and the other names; nothing when it is damaged."""
    try:
        with open(whole, encoding="utf-8") as stream:
            document = json.load(stream)
        modules, others = dict(document["modules"]), set(document["others"])
        if all(isinstance(name, str) for name in (*modules.values(), *others)):
            return modules, others
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}, set()
