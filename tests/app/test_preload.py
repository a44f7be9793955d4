"""Modules that are loaded while something else is waited for."""

import sys
import threading

from tfrepair.app import preload


def loaded(monkeypatch, names):
    monkeypatch.setattr(preload, "_ALWAYS", names)
    preload.preload(base=None)
    for thread in threading.enumerate():
        if thread.name == "loading":
            thread.join(30)


def test_what_is_named_is_loaded_and_a_broken_module_is_left_to_whoever_needs_it(monkeypatch, tmp_path):
    (tmp_path / "loads_badly.py").write_text("raise RuntimeError('not here')\n")
    (tmp_path / "loads_well.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    loaded(monkeypatch, ("loads_badly", "loads_well"))
    assert "loads_well" in sys.modules
    assert "loads_badly" not in sys.modules


def test_every_module_that_is_named_is_there():
    for name in (*preload._ALWAYS, *preload._FOR_A_VENV):
        __import__(name)
