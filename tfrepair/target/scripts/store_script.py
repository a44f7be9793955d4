"""Runs inside a target: bytecode kept from one repair to the next, each by the digest of the text it was compiled from.

Standard library of Python 3.8 only. A folder holds packs, each written once and as a whole by one repair: the first
line FORMAT, the digest of the index, its length, the index (of each module the digest of its source, the place, the
length and the CRC-32 of its data), and the data: marshalled code as of the file NAMELESS, as it is: unpacking it would
take a fifth of the time that it saves. A pack's name begins with the Python that can use it.
What is damaged, of another format or another user's counts as absent; beyond BOUND bytes the longest unused pack goes.
"""
import hashlib
import mmap
import os
import struct
import sys
import time
import zlib
from importlib.util import MAGIC_NUMBER

FORMAT = b"tfrepair bytecode 2\n"
KIND = "{}-{}-".format(sys.implementation.cache_tag, MAGIC_NUMBER.hex())
HEAD = struct.Struct("<32sQ")
ENTRY = struct.Struct("<32sQQI")
BOUND = 128000000
WRITING = 3600
HEADER = struct.Struct("<4sIII")
LONG = 0xFFFFFFFF
NAMELESS = "<a file that tfrepair keeps bytecode of>"
REFERRED = 0x80
"""Set in the type of what marshal refers to again."""
LENGTH = struct.Struct("<I")


class Store(object):
    """What earlier repairs kept for this Python; read only as far as it is asked for. Nothing without a folder."""

    def __init__(self, folder):
        self.found = {}
        self.used = set()
        if folder is not None and is_private(folder):
            for name in os.listdir(folder):
                if name.startswith(KIND) and name.endswith(".pack"):
                    try:
                        self.open(os.path.join(folder, name))
                    except (OSError, ValueError, struct.error):
                        pass

    def open(self, path):
        """Learn what a pack has."""
        with open(path, "rb") as stream:
            pack = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        start = len(FORMAT) + HEAD.size
        if pack[: len(FORMAT)] != FORMAT:
            raise ValueError(path)
        digest, length = HEAD.unpack(pack[len(FORMAT) : start])
        index = pack[start : start + length]
        if hashlib.sha256(index).digest() != digest:
            raise ValueError(path)
        for source, place, size, check in ENTRY.iter_unpack(index):
            self.found[source] = path, pack, start + length + place, size, check

    def code(self, source, named):
        """The marshalled code of a module with this text, as of a file; None when there is none, or it is damaged."""
        try:
            path, pack, place, size, check = self.found[digest_of(source)]
            data = pack[place : place + size]
            if zlib.crc32(data) != check:
                return None
            data = renamed(data, NAMELESS, named)
        except (KeyError, ValueError):
            return None
        self.used.add(path)
        return data

    def note_use(self):
        """The packs that were of use are the last to go."""
        for path in self.used:
            try:
                os.utime(path)
            except OSError:
                pass


def header(mtime, size):
    """What bytecode begins with, as PEP 552 describes it: by the time and the size of the source."""
    return HEADER.pack(MAGIC_NUMBER, 0, int(mtime) & LONG, size & LONG)


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


def digest_of(source):
    """What a module's text is known by."""
    return hashlib.sha256(source).digest()


def is_private(folder):
    """Nobody else could have put code there."""
    try:
        found = os.stat(folder)
    except OSError:
        return False
    return not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)


def write(folder, codes):
    """Keep marshalled code, as of NAMELESS, by the digest of its source. Raises OSError."""
    os.makedirs(folder, 0o700, exist_ok=True)
    if not codes or not is_private(folder):
        return
    index, data, place = [], [], 0
    for source, code in codes.items():
        index.append(ENTRY.pack(source, place, len(code), zlib.crc32(code)))
        data.append(code)
        place += len(code)
    index = b"".join(index)
    path = os.path.join(folder, KIND + os.urandom(8).hex())
    with open(path, "wb") as stream:
        stream.write(FORMAT + HEAD.pack(hashlib.sha256(index).digest(), len(index)) + index)
        stream.writelines(data)
    os.replace(path, path + ".pack")
    prune(folder)


def prune(folder):
    """Remove what lies beyond the bound, and what a repair that was killed had only begun to write."""
    found = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            stats = os.stat(path)
        except OSError:  # another repair has removed it
            continue
        found.append((stats.st_mtime, stats.st_size, path))
    left = BOUND
    for moment, size, path in sorted(found, reverse=True):
        left -= size
        begun = not path.endswith(".pack") and moment < time.time() - WRITING
        if left < 0 or begun:
            try:
                os.unlink(path)
            except OSError:
                pass
