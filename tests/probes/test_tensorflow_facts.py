from dataclasses import replace

import pytest
from fake_site import Site

from tfrepair.model.facts import Absent, Unknown
from tfrepair.probes import inventory, tensorflow
from tfrepair.probes.collector import Probe, ProbeOptions, collect

HEADER = "tensorflow/include/tensorflow/core/public/version.h"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "venv")


def look(site):
    facts = collect(site.target, ProbeOptions(imports=False), {}, probes=(inventory.PROBE, tensorflow.PROBE))
    return lambda name: facts.value(f"tensorflow.{name}")


def header(version, suffix=""):
    major, minor, patch = version.split(".")
    return (
        f"#define TF_MAJOR_VERSION {major}\n#define TF_MINOR_VERSION {minor}\n#define TF_PATCH_VERSION {patch}\n"
        f'#define TF_VERSION_SUFFIX "{suffix}"\n'
    )


def files(version, count=20):
    plain = {f"tensorflow/module{number}.py": f"{number} of {version}" for number in range(count)}
    return {**plain, "tensorflow/__init__.py": f"# {version}", HEADER: header(version)}


def uninstall(site, folder):
    for line in (folder / "RECORD").read_text().splitlines():
        (site.path / line.split(",")[0]).unlink(missing_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
    folder.rmdir()


def test_the_release_installed_last_is_the_one_on_disk(site):
    site.install("tensorflow", "2.9.0", files("2.9.0"))
    site.install("tensorflow-gpu", "2.10.0", files("2.10.0"))
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == ("tensorflow-gpu", "2.10.0", "record")
    assert fact("distributions") == ["tensorflow", "tensorflow-gpu"]
    assert (fact("count"), fact("husk"), fact("missing")) == (2, False, 0)
    assert fact("altered") > 0
    assert fact("folder") == str(site.path / "tensorflow")


def test_after_the_second_is_uninstalled_hardly_a_file_of_the_first_is_left(site):
    only_old = {"tensorflow/only_in_2_9.py": "x"}
    site.install("tensorflow", "2.9.0", {**files("2.9.0"), **only_old})
    gpu = site.install("tensorflow-gpu", "2.10.0", files("2.10.0"))
    uninstall(site, gpu)
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == ("tensorflow", "2.9.0", "metadata")
    assert (fact("husk"), fact("count"), fact("missing")) == (True, 1, 22)
    (site.path / "tensorflow").mkdir(exist_ok=True)
    (site.path / "tensorflow" / "__init__.py").touch()
    assert look(site)("husk") is True


def test_a_folder_without_any_distribution_is_named_by_its_header(site):
    folder = site.install("tensorflow", "2.11.0", files("2.11.0"))
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source"), fact("count")) == ("tensorflow", "2.11.0", "headers", 0)


def test_the_header_counts_when_the_metadata_of_the_files_on_disk_was_removed(site):
    same = {f"tensorflow/same{number}.py": "same" for number in range(40)}
    site.install("tensorflow", "2.9.0", {**files("2.9.0"), **same})
    newer = site.install("tensorflow-gpu", "2.10.0", {**files("2.10.0"), **same})
    for file in newer.iterdir():
        file.unlink()
    newer.rmdir()
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == ("tensorflow", "2.10.0", "headers")


def test_old_releases_keep_their_header_in_tensorflow_core(site):
    path = site.path / "tensorflow_core/include/tensorflow/core/public"
    path.mkdir(parents=True)
    (path / "version.h").write_text(header("2.1.0", "-rc2"))
    assert look(site)("version") == "2.1.0rc2"


def test_two_builds_of_one_release_are_told_apart_by_the_hash_of_telling_files(site):
    same = {f"tensorflow/module{number}.py": "x" for number in range(20)}
    site.install("tensorflow", "2.10.1", {**same, "tensorflow/python/platform/build_info.py": "gpu=1"})
    site.install("tensorflow-cpu", "2.10.1", {**same, "tensorflow/python/platform/build_info.py": "gpu=0"})
    assert look(site)("name") == "tensorflow-cpu"


def test_identical_builds_keep_the_plain_name(site):
    same = {f"tensorflow/module{number}.py": "x" for number in range(20)}
    site.install("tensorflow", "2.10.1", same)
    site.install("tensorflow-gpu", "2.10.1", same)
    assert look(site)("name") == "tensorflow"


def test_a_stub_names_the_distribution_with_the_code(site):
    site.install("tensorflow", "2.12.0", {}, requires=["tensorflow-intel==2.12.0; sys_platform == 'linux'"])
    fact = look(site)
    assert (fact("stub"), fact("partner"), fact("count")) == (True, "tensorflow-intel", 0)
    assert (fact("version"), fact("source"), fact("folder")) == ("2.12.0", "metadata", None)


def test_a_lost_record_leaves_the_owner_an_owner(site):
    site.install("tensorflow", "2.10.0", files("2.10.0"), record=False)
    fact = look(site)
    assert (fact("distributions"), fact("version"), fact("source")) == (["tensorflow"], "2.10.0", "headers")
    assert fact("stub") is False


def test_vendor_builds_append_to_the_version_of_the_header(site):
    damaged = files("2.14.0")
    site.install("tensorflow-rocm", "2.14.0.600", damaged)
    for number in range(4):
        (site.path / f"tensorflow/module{number}.py").unlink()
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == ("tensorflow-rocm", "2.14.0.600", "record")


def test_without_tensorflow_everything_is_absent(site):
    site.install("tensorboard", "2.10.0", {"tensorboard/__init__.py": "x"})
    facts = collect(site.target, ProbeOptions(imports=False), {}, probes=(inventory.PROBE, tensorflow.PROBE))
    for name in ("name", "version", "source", "folder", "partner"):
        assert facts.get(f"tensorflow.{name}") == Absent()
    assert (facts.value("tensorflow.count"), facts.value("tensorflow.husk")) == (0, False)


def test_without_an_inventory_nothing_is_claimed(site):
    def fail(context):
        raise OSError("no")

    broken = Probe(name="inventory", provides=inventory.PROBE.provides, collect=fail)
    facts = collect(site.target, ProbeOptions(imports=False), {}, probes=(broken, tensorflow.PROBE))
    assert isinstance(facts.get("tensorflow.version"), Unknown)


def test_a_stub_beside_its_partner_is_one_tensorflow(site):
    """On aarch64, Windows and Apple's processors `tensorflow` was such a stub for years."""
    site.install("tensorflow", "2.15.1", {}, requires=["tensorflow-cpu-aws==2.15.1"])
    site.install("tensorflow-cpu-aws", "2.15.1", files("2.15.1"))
    fact = look(site)
    assert fact("distributions") == ["tensorflow-cpu-aws"]
    assert (fact("count"), fact("stub"), fact("name"), fact("version")) == (1, False, "tensorflow-cpu-aws", "2.15.1")


def renamed(site, *names):
    """As pip does before it removes: the first letter gives way to a tilde."""
    for name in names:
        (site.path / name).rename(site.path / f"~{name[1:]}")


def test_what_an_interrupted_pip_has_renamed_says_which_release_it_was(site):
    site.install("tensorflow-cpu", "2.19.1", files("2.19.1"))
    renamed(site, "tensorflow", "tensorflow_cpu-2.19.1.dist-info")
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == ("tensorflow-cpu", "2.19.1", "leftover")
    assert (fact("count"), fact("distributions"), fact("folder")) == (0, [], None)


def test_a_renamed_folder_alone_says_the_release_by_its_header(site):
    folder = site.install("tensorflow-cpu", "2.19.1", files("2.19.1"))
    renamed(site, "tensorflow")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == ("tensorflow", "2.19.1", "leftover")


def test_what_is_installed_counts_more_than_what_was_left(site):
    site.install("tensorflow-cpu", "2.19.1", files("2.19.1"))
    renamed(site, "tensorflow", "tensorflow_cpu-2.19.1.dist-info")
    site.install("tensorflow", "2.20.0", files("2.20.0"))
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == ("tensorflow", "2.20.0", "record")


def test_what_is_left_of_another_distribution_says_nothing(site):
    site.install("numpy", "1.26.4", {"numpy/__init__.py": "x"})
    renamed(site, "numpy", "numpy-1.26.4.dist-info")
    fact = look(site)
    assert (fact("name"), fact("version"), fact("source")) == (None, None, None)


def below(site, tmp_path):
    """A Python below, which the environment sees."""
    base = Site(tmp_path / "usr")
    environment = replace(site.environment, system_site_packages=True, sys_path=(str(site.path), str(base.path)))
    return base, replace(site.target, environment=environment)


def test_the_release_that_the_python_below_has_is_told_as_inherited(site, tmp_path):
    base, target = below(site, tmp_path)
    path = base.install("tensorflow-cpu", "2.15.1", files("2.15.1"), requires=["numpy<2", "six"])
    base.install("six", "1.16.0", {"six.py": "x"})
    site.install("keras", "2.15.0", {"keras/__init__.py": "x"}, requires=["six", "rich"])
    facts = collect(target, ProbeOptions(imports=False), {}, probes=(inventory.PROBE, tensorflow.PROBE))
    told = [facts.value(f"tensorflow.{name}") for name in ("name", "version", "source", "count", "folder")]
    assert told == ["tensorflow-cpu", "2.15.1", "inherited", 0, None]
    assert facts.value("inventory.names") == ["keras"]
    assert facts.value("inventory.inherited")[1] == {"name": "tensorflow-cpu", "version": "2.15.1", "path": str(path)}
    assert [each["name"] for each in facts.value("inventory.unsatisfied")] == ["rich"]


def test_its_own_release_counts_more_than_an_inherited_one(site, tmp_path):
    base, target = below(site, tmp_path)
    base.install("tensorflow", "2.9.0", files("2.9.0"))
    site.install("tensorflow-cpu", "2.15.1", files("2.15.1"))
    facts = collect(target, ProbeOptions(imports=False), {}, probes=(inventory.PROBE, tensorflow.PROBE))
    assert (facts.value("tensorflow.version"), facts.value("tensorflow.source")) == ("2.15.1", "record")
