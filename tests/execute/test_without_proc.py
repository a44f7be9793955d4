"""Where the system says nothing of processes and mounts, as in a chroot without `/proc`."""

import psutil

from tfrepair.execute import paths
from tfrepair.target.processes import using


def refusing(*_, **__):
    raise FileNotFoundError(2, "No such file or directory", "/proc/self/mounts")


def gone(*_, **__):
    raise psutil.NoSuchProcess(1)


def test_without_a_list_of_mounts_a_folder_can_be_renamed_and_nobody_is_seen_to_use_it(tmp_path, monkeypatch):
    monkeypatch.setattr(paths.Path, "read_bytes", refusing)
    monkeypatch.setattr(psutil, "disk_partitions", refusing)
    monkeypatch.setattr(psutil, "Process", gone)
    assert paths.can_be_renamed(tmp_path)
    assert using(tmp_path, {"bin/python"}) == ()
