import os

import pytest
from fake_site import Site
from other_user import without_rights

from tfrepair.model.facts import Absent
from tfrepair.probes import bounds, inventory, releases, tensorflow
from tfrepair.probes.collector import ProbeOptions, all_probes, collect


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "venv")


def facts(site, *probes, **options):
    return collect(site.target, ProbeOptions(imports=False, **options), {}, probes=probes or (inventory.PROBE,))


def test_a_healthy_environment_has_nothing_in_any_list(site):
    site.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "x"}, requires=["numpy>=1.20"])
    site.install("numpy", "1.26.4", {"numpy/__init__.py": "x"})
    found = facts(site)
    for name in (
        "duplicates", "leftovers", "orphans", "unreadable", "overlaps", "conflicts", "damaged", "damaged_tree",
        "no_record", "no_record_tree", "unsatisfied", "closed", "lost_scripts", "inherited",
    ):  # fmt: skip
        assert found.value(f"inventory.{name}") == [], name
    assert found.value("inventory.names") == ["numpy", "tensorflow"]
    assert found.value("distribution.numpy.version") == "1.26.4"
    assert found.value("distribution.numpy.installer") == "pip"
    assert found.get("distribution.pandas.version") == Absent()


def test_damage_says_whether_tensorflow_needs_it_and_whether_a_native_library_is_hit(site):
    site.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "x", "tensorflow/a.so": "long"}, requires=["keras"])
    site.install("keras", "2.10.0", {"keras/__init__.py": "x"})
    site.install("pandas", "2.0.0", {"pandas/__init__.py": "x"})
    (site.path / "tensorflow" / "a.so").write_text("cut")
    (site.path / "keras" / "__init__.py").unlink()
    (site.path / "pandas" / "__init__.py").write_text("edited")
    found = facts(site)
    damaged = {
        each["name"]: (each["missing"], each["altered"], each["native"], each["family"])
        for each in found.value("inventory.damaged")
    }
    assert damaged == {"tensorflow": (0, 1, True, True), "keras": (1, 0, False, True), "pandas": (0, 1, False, False)}
    assert [each["name"] for each in found.value("inventory.damaged_tree")] == ["keras", "tensorflow"]


def test_only_native_libraries_of_what_tensorflow_needs_are_hashed(site):
    cuda = ["keras", "nvidia-cudnn-cu12==9.3.0.75; extra == 'and-cuda'"]
    site.install("tensorflow", "2.19.1", {"tensorflow/a.so": "good", "tensorflow/a.py": "good"}, requires=cuda)
    for name in ("keras", "nvidia-cudnn-cu12", "torch"):
        site.install(name, "1.0", {f"{name}/a.so": "good", f"{name}/a.py": "good"})
    for path in site.path.glob("*/a.*"):
        path.write_text("evil")
    assert facts(site).value("inventory.damaged") == []
    found = facts(site, hash_native=True)
    damaged = {each["name"]: each["altered"] for each in found.value("inventory.damaged")}
    assert damaged == {"keras": 1, "nvidia-cudnn-cu12": 1, "tensorflow": 1}
    found = facts(site, deep=True)
    damaged = {each["name"]: each["altered"] for each in found.value("inventory.damaged")}
    assert damaged == {"keras": 2, "nvidia-cudnn-cu12": 2, "tensorflow": 2, "torch": 2}


def test_who_lacks_console_scripts_and_nothing_else_is_not_damaged(site):
    script = "../../../bin/tool"
    site.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "x", script: "t"}, requires=["keras", "h5py"])
    site.install("keras", "2.10.0", {"keras/__init__.py": "x", f"{script}2": "t"})
    site.install("h5py", "3.1.0", {"h5py/__init__.py": "x", f"{script}3": "t"})
    for name in ("tool", "tool2"):
        (site.prefix / "bin" / name).unlink()
    (site.path / "keras" / "__init__.py").unlink()
    found = facts(site, inventory.PROBE, tensorflow.PROBE)
    assert [(each["name"], each["missing"]) for each in found.value("inventory.damaged")] == [("keras", 2)]
    assert [(each["name"], each["examples"]) for each in found.value("inventory.lost_scripts")] == [
        ("tensorflow", [script])
    ]
    assert (found.value("tensorflow.missing"), found.value("distribution.tensorflow.missing")) == (0, 1)


def test_a_lost_record_counts_unless_the_system_installer_leaves_it_out(site):
    site.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "x"}, record=False)
    debian = site.install("six", "1.16.0", {"six.py": "x"}, record=False)
    (debian / "INSTALLER").write_text("debian\n")
    found = facts(site)
    assert [(each["name"], each["family"]) for each in found.value("inventory.no_record")] == [("tensorflow", True)]
    assert found.value("distribution.six.record") == "missing"


def test_unsatisfied_requirements_say_whether_tensorflow_asks(site):
    site.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "x"}, requires=["keras<2.11,>=2.10", "h5py"])
    site.install("keras", "2.9.0", {"keras/__init__.py": "x"})
    site.install("pandas", "2.0.0", {"pandas/__init__.py": "x"}, requires=["pytz"])
    found = facts(site).value("inventory.unsatisfied")
    assert [(each["distribution"], each["name"], each["installed"], each["family"]) for each in found] == [
        ("pandas", "pytz", None, False),
        ("tensorflow", "keras", "2.9.0", True),
        ("tensorflow", "h5py", None, True),
    ]


def test_of_a_duplicate_the_copy_whose_files_are_there_is_told(site):
    site.install("numpy", "1.26.4", {"numpy/__init__.py": "one", "numpy/old.py": "x"})
    site.install("Numpy", "2.2.6", {"numpy/__init__.py": "longer"})
    (site.path / "numpy" / "old.py").unlink()
    found = facts(site)
    assert (found.value("distribution.numpy.version"), found.value("distribution.numpy.count")) == ("2.2.6", 2)
    assert found.value("inventory.duplicates")[0]["versions"] == ["2.2.6", "1.26.4"]


def test_every_fact_of_these_probes_is_announced_and_every_announced_fact_is_given(site):
    site.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "x"}, requires=["numpy>=1.20"])
    site.install("numpy", "2.2.6", {"numpy/__init__.py": "x"})
    chosen = [inventory.PROBE, tensorflow.PROBE, bounds.PROBE]
    found = facts(site, *chosen)
    announced = {path for probe in chosen for path in probe.provides}
    given = {
        path if path in announced else f"{path.split('.')[0]}.*.{path.rsplit('.', 1)[1]}" for path in found.by_path
    }
    assert given == announced


def test_all_probes_can_be_ordered():
    names = [probe.name for probe in all_probes()]
    assert names.index("inventory") < names.index("tensorflow") < names.index("bounds")
    assert names.index("tensorflow") < names.index(releases.PROBE.name)


@pytest.mark.skipif(os.name == "nt", reason="Windows knows other permissions")
def test_a_closed_folder_says_whether_tensorflow_needs_it(site, tmp_path):
    site.install(
        "tensorflow", "2.10.0", {"tensorflow/__init__.py": "x", "tensorflow/core/a.py": "x"}, requires=["keras"]
    )
    site.install("keras", "2.10.0", {"keras/__init__.py": "x"})
    site.install("pandas", "2.0.0", {"pandas/__init__.py": "x"})
    closed = [site.path / name for name in ("keras", "pandas", "tensorflow/core")]
    for folder in closed:
        folder.chmod(0)
    with without_rights(tmp_path):
        found = facts(site).value("inventory.closed")
    for folder in closed:
        folder.chmod(0o755)
    assert found == [
        {"path": str(closed[0]), "site": False, "family": True},
        {"path": str(closed[1]), "site": False, "family": False},
        {"path": str(closed[2]), "site": False, "family": True},
    ]
