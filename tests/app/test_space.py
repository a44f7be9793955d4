"""Room on the disk, before anything is staged."""

import os
from pathlib import Path

import pytest

from tfrepair.app.space import RESERVE, check_space, copied_of, needed, not_writable
from tfrepair.app.subject import Subject
from tfrepair.errors import SurroundingsError
from tfrepair.model.plan import Choice, Install, Lock, Pin, Plan


def plan(*sizes, **named):
    sizes = {f"p{n}": size for n, size in enumerate(sizes)} | named
    pins = tuple(Pin(name=name.replace("_", "-"), version="1", hashes=(), size=size) for name, size in sizes.items())
    return Plan(
        round=1, strategy="in-place", prefix="/env", fingerprint="f", causes=(),
        tensorflow=Choice(name="tensorflow", version="2.10.0", reason="test"),
        operations=(Install(names=("p0", "p1", "nvidia-cublas-cu12"), summary_text="install"),), lock=Lock(pins=pins, pylock=""),
    )  # fmt: skip


def test_only_what_is_installed_counts_and_unknown_sizes_do_not():
    assert needed(plan(1000, None, 5000)) == RESERVE + 3000


def test_libraries_of_nvidia_are_less_packed():
    assert needed(plan(1000, nvidia_cublas_cu12=10000)) == RESERVE + 23000


def test_a_disk_with_room_is_said(tmp_path):
    assert "2000 MB are free" in check_space(plan(1000, 1), tmp_path / "new" / "env", free=lambda _: 2_000_000_000)


def test_a_disk_without_is_refused_with_both_numbers(tmp_path):
    with pytest.raises(SurroundingsError, match=r"128 MB .* 10 MB are free") as error:
        check_space(plan(1000, 1), tmp_path / "env", free=lambda _: 10_000_000)
    assert error.value.exit_code == 6
    assert "nothing was changed" in error.value.message


def test_what_is_copied_of_the_environment_counts():
    assert needed(plan(1000), 300_000) == needed(plan(1000)) + 300_000
    assert copied_of(Subject(prefix=Path("new"), target=None), everything=True) == 0


def test_the_disk_of_the_stage_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("tfrepair.execute.paths.can_be_renamed", lambda _: False)  # a mount point
    prefix = tmp_path / "env"
    prefix.mkdir()
    asked = []
    check_space(plan(1000), prefix, free=lambda folder: asked.append(folder) or 2_000_000_000)
    assert asked == [prefix]


def test_what_cannot_be_written_is_said_with_the_reason(tmp_path, monkeypatch):
    env = tmp_path / "env"
    env.mkdir()
    assert not_writable(env) is None
    assert not_writable(tmp_path / "more" / "new") is None
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not_writable(env) == f"`{env}`, where a repair is staged, cannot be written: this user lacks the permission"
    read_only = os.statvfs_result((*os.statvfs(env)[:8], os.ST_RDONLY, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: read_only)
    assert "its file system is read-only" in not_writable(env)
