"""Distributions with entry points of tfrepair, written into a folder that is put on `sys.path`."""

import sys
import textwrap

import pytest

PROBE = """
    from tfrepair.model.facts import Fact, Known
    from tfrepair.probes.collector import Probe

    def collect(context):
        yield Fact(path="{name}", state=Known({value}), source="{name}")

    PROBE = Probe(name="{name}", provides={{"{name}": "Number: how many."}}, collect=collect)
"""
PLAYBOOK = """
schema: 1
name: {name}
title: Too many of them
about: One sentence. Another.
diagnose:
  rules:
    - when: {{fact: {fact}, at_least: 3}}
      severity: {severity}
      evidence: [{{kind: host, text: '{{{fact}}} of them'}}]
repair: {repair}
"""
MANUAL = PLAYBOOK.replace("{repair}", "manual\nmanual: [Take some away.]")


class Shelf:
    """A folder of distributions, as `pip install --target` lays them out."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        folder.mkdir(exist_ok=True)
        monkeypatch.syspath_prepend(str(folder))

    def add(self, distribution, entry_points, files):
        """A distribution; the modules it holds are forgotten again after the test."""
        info = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(textwrap.dedent(entry_points))
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return self

    def forget(self):
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", "") or "").startswith(str(self.folder)):
                del sys.modules[name]


@pytest.fixture
def shelf(tmp_path_factory, monkeypatch):
    made = Shelf(tmp_path_factory.mktemp("shelf"), monkeypatch)
    yield made
    made.forget()
