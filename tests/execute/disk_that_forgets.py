"""A disk as a power cut may leave it: what was not synced is there, or is not, in any combination.

A repair runs for real while this layer watches. A name is durable when its folder, or the file system, was synced
after it came or went; the contents of a file when the file or the file system was. A rename is one step, of which
either all or nothing is there. From the rest an adversary picks, and the disk is laid out anew as it picked.
"""

import contextlib
import itertools
import json
import os
import random
import shutil
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tfrepair.execute import files, pieces, swap, transaction

ROOT = 0
_SYNCING = ((transaction, "sync_file_system"), (pieces, "sync_file_system"), (files, "sync_file_system"))
_watching = []


def _audit(event, arguments):
    if _watching and event == "os.rename":
        _watching[-1].renaming(os.fspath(arguments[0]), os.fspath(arguments[1]))


sys.addaudithook(_audit)


@dataclass(frozen=True)
class Change:
    """One step that a disk may have done or not: names that come (an id) or go (None), all together."""

    names: tuple
    """((folder, name, id or None), ...)"""
    rename: bool = False


@dataclass
class Moment:
    """What may be on the disk when the power fails now."""

    what: str
    durable: tuple
    pending: tuple
    synced: dict
    written: dict


@dataclass
class Node:
    """A file, folder or link: the same one under each of its names."""

    kind: str
    mode: int
    handle: int
    """Held open, so that the system does not give its number to another file."""
    seen: tuple = ()
    target: str = ""


@dataclass
class Disk:
    """Watches a folder."""

    root: Path
    nodes: dict = field(default_factory=dict)
    folders: dict = field(default_factory=dict)
    """What programs see: the names in each folder."""
    durable: dict = field(default_factory=dict)
    pending: list = field(default_factory=list)
    synced: dict = field(default_factory=dict)
    """The contents that are durable, by id."""
    written: dict = field(default_factory=dict)
    moments: list = field(default_factory=list)
    ids: dict = field(default_factory=dict)
    """Inode to id."""
    counter: itertools.count = field(default_factory=lambda: itertools.count(1))

    def start(self):
        self.ids[self.root.stat().st_ino] = ROOT
        self.nodes[ROOT] = Node("folder", self.root.stat().st_mode, -1)
        self.folders[ROOT] = {}
        self.look()
        self.sync_everything()
        self.moments.clear()

    def look(self):
        """What came and went since the last look is pending, each name by itself."""
        todo = [(ROOT, self.root)]
        reached = {ROOT}
        while todo:
            folder, path = todo.pop()
            found = {}
            for entry in os.scandir(path):
                node = self._node(entry)
                found[entry.name] = node
                if self.nodes[node].kind == "folder" and node not in reached:
                    reached.add(node)
                    todo.append((node, Path(entry.path)))
            before = self.folders.setdefault(folder, {})
            for name in sorted(before.keys() | found.keys()):
                if before.get(name) != found.get(name):
                    self.pending.append(Change(((folder, name, found.get(name)),)))
            self.folders[folder] = found

    def _node(self, entry):
        about = entry.stat(follow_symlinks=False)
        node = self.ids.get(about.st_ino)
        if node is None:
            node = self.ids[about.st_ino] = next(self.counter)
            kind = "folder" if entry.is_dir(follow_symlinks=False) else "link" if entry.is_symlink() else "file"
            handle = os.open(entry.path, os.O_PATH | os.O_NOFOLLOW)
            target = os.readlink(entry.path) if kind == "link" else ""
            self.nodes[node] = Node(kind, about.st_mode, handle, target=target)
        self.nodes[node].mode = about.st_mode
        seen = (about.st_mtime_ns, about.st_size)
        if self.nodes[node].kind == "file" and self.nodes[node].seen != seen:
            self.nodes[node].seen = seen
            self.written[node] = Path(entry.path).read_bytes()
        return node

    def moment(self, what):
        self.look()
        durable = tuple((folder, tuple(names.items())) for folder, names in self.durable.items())
        self.moments.append(Moment(what, durable, tuple(self.pending), dict(self.synced), dict(self.written)))

    def sync(self, descriptor):
        """A file or a folder was synced."""
        self.moment("before a sync")
        node = self.ids.get(os.fstat(descriptor).st_ino)
        if node is None:
            return
        if self.nodes[node].kind == "folder":
            self._settle(lambda change: any(folder == node for folder, _, _ in change.names))
        else:
            self.synced[node] = self.written.get(node, b"")
        self.moment("after a sync")

    def sync_everything(self):
        self.moment("before everything is synced")
        self._settle(lambda _change: True)
        self.synced = dict(self.written)
        self.moment("after everything is synced")

    def _settle(self, chosen):
        left = []
        for change in self.pending:
            if chosen(change):
                apply(self.durable, change)
            else:
                left.append(change)
        self.pending = left

    def renaming(self, source, goal):
        """A name is about to move over another, in one step."""
        if not (source.startswith(str(self.root)) and goal.startswith(str(self.root))):
            return
        self.look()
        (here, old), (there, new) = self._place(source), self._place(goal)
        moved = self.folders[here].get(old)
        self._renamed((here, old, None), (there, new, moved))

    def exchanging(self, left, right, done):
        """Two names change places in one step, if `done` says so."""
        self.look()
        (here, old), (there, new) = self._place(str(left)), self._place(str(right))
        one, other = self.folders[here].get(old), self.folders[there].get(new)
        if done():
            self._renamed((here, old, other), (there, new, one))
            return True
        return False

    def _renamed(self, *names):
        for folder, name, node in names:
            if node is None:
                self.folders[folder].pop(name, None)
            else:
                self.folders[folder][name] = node
        self.pending.append(Change(names, rename=True))

    def _place(self, path):
        node = ROOT
        *parents, name = Path(os.path.relpath(path, self.root)).parts
        for part in parents:
            node = self.folders[node][part]
        return node, name

    @contextlib.contextmanager
    def watching(self, monkeypatch):
        """See every sync and rename of this process."""
        self.start()
        fsync, renameat2 = os.fsync, swap._renameat2

        def synced(descriptor):
            fsync(descriptor)
            self.sync(descriptor)

        def renamed(source, goal, flags):
            exchange = flags == swap._EXCHANGE
            if exchange:
                done = self.exchanging(source, goal, lambda: renameat2(source, goal, flags))
            else:
                self.renaming(str(source), str(goal))
                done = renameat2(source, goal, flags)
            self.moment("after a rename")
            return done

        with monkeypatch.context() as patches:
            patches.setattr(os, "fsync", synced)
            patches.setattr(swap, "_renameat2", renamed)
            for module, name in _SYNCING:
                patches.setattr(module, name, lambda _folder: self.sync_everything())
            _watching.append(self)
            try:
                yield
            finally:
                _watching.remove(self)
                self.moment("the end")

    def close(self):
        for node in self.nodes.values():
            if node.handle >= 0:
                os.close(node.handle)

    def lay_out(self, folders, contents):
        """Make the folder anew with these names and contents; numbers in journals follow the new inodes."""
        shutil.rmtree(self.root)
        self.root.mkdir()
        places, modes, todo = {}, [], [(ROOT, self.root)]
        while todo:
            folder, path = todo.pop()
            for name, node in folders.get(folder, {}).items():
                kind, there = self.nodes[node].kind, path / name
                if kind == "folder":
                    if node in places:
                        continue  # a folder has one name: an adversary who leaves it two is no disk
                    there.mkdir()
                    todo.append((node, there))
                elif node in places:
                    os.link(places[node], there, follow_symlinks=False)
                elif kind == "link":
                    there.symlink_to(self.nodes[node].target)
                else:
                    there.write_bytes(contents.get(node, b""))
                if kind != "link":
                    modes.append((there, stat.S_IMODE(self.nodes[node].mode)))
                places.setdefault(node, there)
        self._renumber(places)
        for path, mode in reversed(modes):
            path.chmod(mode)

    def _renumber(self, places):
        new = {number: places[node].lstat().st_ino for number, node in self.ids.items() if node in places}

        def number(value):
            return None if value is None else new.get(value, -value)

        for path in self.root.rglob("journal.jsonl"):
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(_renumbered(line, number) for line in lines))
        for path in self.root.rglob("pieces.json"):
            with contextlib.suppress(ValueError):
                document = json.loads(path.read_text())
                document["files"] = [[name, number(b), number(a)] for name, b, a in document["files"]]
                path.write_text(json.dumps(document))


def _renumbered(line, number):
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    detail = entry["detail"]
    for key in ("before", "after"):
        if key in detail:
            detail[key] = number(detail[key])
    return json.dumps(entry) + "\n"


def apply(folders, change):
    for folder, name, node in change.names:
        names = folders.setdefault(folder, {})
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def outcomes(moment, chance):
    """The disks that a power cut at this moment may leave: folders and contents."""
    pending = moment.pending
    choices = [(), pending, tuple(c for c in pending if c.rename), tuple(c for c in pending if not c.rename)]
    choices += [tuple(c for c in pending if chance.random() < 0.5) for _ in range(4)]
    choices += [(change,) for change in pending if change.rename]
    choices += [pending[::-1], choices[2][::-1]]
    both = {**moment.synced, **moment.written}
    torn = {node: _torn(moment.synced.get(node, b""), text) for node, text in both.items()}
    for chosen in dict.fromkeys(choices):
        folders = {folder: dict(names) for folder, names in moment.durable}
        for change in chosen:
            apply(folders, change)
        for contents in (both, moment.synced, torn):
            yield folders, contents


def _torn(synced, written):
    """Half of what was added, or half of all: what was synced is not lost by adding to it."""
    start = len(synced) if written.startswith(synced) else 0
    return written[: (start + len(written) + 1) // 2]


def every_outcome(disk, seed=7):
    """Each different disk once, with what happened last."""
    chance, seen = random.Random(seed), set()
    for moment in disk.moments:
        for folders, contents in outcomes(moment, chance):
            reachable = _signature(folders, contents)
            if reachable not in seen:
                seen.add(reachable)
                yield moment.what, folders, contents


def _signature(folders, contents):
    found, todo, done = [], [ROOT], {ROOT}
    while todo:
        folder = todo.pop()
        for name, node in sorted(folders.get(folder, {}).items()):
            found.append((folder, name, node, contents.get(node)))
            if node in folders and node not in done:
                done.add(node)
                todo.append(node)
    return hash(tuple(found))
