import dataclasses

import pytest
from fake_site import Site, tags

from tfrepair.model.facts import Absent, Fact, Known, Unknown
from tfrepair.probes import bounds, inventory, releases, tensorflow
from tfrepair.probes.collector import Probe, ProbeOptions, collect


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "venv")


def host(*flags):
    fact = Fact(path="host.cpu_flags", state=Known(list(flags)), source="host")
    return Probe(name="host", provides={"host.cpu_flags": "list"}, collect=lambda context: [fact])


def facts(site, flags=("avx",), target=None):
    probes = (host(*flags), inventory.PROBE, tensorflow.PROBE, bounds.PROBE, releases.PROBE)
    return collect(target or site.target, ProbeOptions(imports=False), {}, probes=probes)


def names(found, path):
    return [each["name"] for each in found.value(path)]


def tensorflow_with(site, version, requires, **others):
    site.install("tensorflow", version, {"tensorflow/__init__.py": version}, requires=requires)
    for name, number in others.items():
        site.install(name.replace("_", "-"), number, {f"{name}/x.py": "x"})


def test_a_measured_bound_is_broken_although_the_release_allows_it(site):
    tensorflow_with(site, "2.10.0", ["numpy>=1.20", "h5py>=2.9.0"], numpy="2.2.6", h5py="3.9")
    found = facts(site)
    assert found.value("bounds.numpy.holds") is False
    assert found.value("bounds.numpy.specifier") == "<2,>=1.20"
    assert found.value("bounds.numpy.installed") == "2.2.6"
    assert found.value("bounds.h5py.holds") is True
    assert names(found, "bounds.broken") == names(found, "bounds.proven") == ["numpy"]
    assert found.value("bounds.broken")[0]["source"] == "measured"


def test_a_declared_bound_that_nobody_measured_is_broken_but_not_proven(site):
    tensorflow_with(site, "2.10.0", ["flatbuffers>=2.0", "keras<2.11,>=2.10.0"], flatbuffers="1.12", keras="2.10.0")
    found = facts(site)
    assert names(found, "bounds.broken") == ["flatbuffers"]
    assert found.value("bounds.proven") == []
    assert found.value("bounds.keras.holds") is True


@pytest.mark.parametrize(("version", "proven"), [("3.19.6", []), ("3.20.3", []), ("4.21.0", ["protobuf"])])
def test_the_last_protobuf_that_reads_old_generated_code_is_not_the_one_before(site, version, proven):
    tensorflow_with(site, "1.15.0", ["protobuf>=3.6.1"], protobuf=version)
    found = facts(site)
    assert names(found, "bounds.broken") == names(found, "bounds.proven") == proven


@pytest.mark.parametrize(
    ("version", "requires", "broken"),
    [
        ("2.4.4", ["tensorboard~=2.4"], []),  # as pip installs it on the day of the release
        ("2.4.4", ["tensorboard<2.5,>=2.4"], ["tensorboard"]),
        ("2.21.0", [], ["tensorboard"]),  # it asks for none: the one of the same minor version is the one to have
    ],
)
def test_a_companion_that_the_release_itself_allows_pairs_with_it(site, version, requires, broken):
    tensorflow_with(site, version, requires, tensorboard="2.7.0")
    assert names(facts(site), "bounds.companions") == broken


@pytest.mark.parametrize(
    ("version", "broken"), [("1.15.0", ["h5py", "keras", "numpy"]), ("2.4.4", ["keras"]), ("2.6.0", [])]
)
def test_parts_of_old_releases_that_fail_although_the_import_does_not(site, version, broken):
    tensorflow_with(site, version, [], keras="2.6.0", h5py="3.8.0", numpy="1.21.6")
    found = facts(site)
    assert names(found, "bounds.companions") == broken
    assert found.value("bounds.broken") == []


def test_setuptools_matters_only_beside_a_tensorboard_that_needs_it(site):
    tensorflow_with(site, "2.18.0", [], setuptools="82.0.0")
    assert facts(site).value("bounds.companions") == []
    site.install("tensorboard", "2.18.0", {"tensorboard/x.py": "x"})
    found = facts(site)
    assert names(found, "bounds.companions") == ["setuptools"]
    assert found.value("bounds.broken") == []
    assert found.value("bounds.setuptools.holds") is False


def test_prereleases_hold(site):
    tensorflow_with(site, "2.10.0", ["keras<2.11,>=2.10.0rc0"], keras="2.10.0rc1", numpy="1.26.0rc1")
    found = facts(site)
    assert found.value("bounds.keras.holds") is True
    assert found.value("bounds.numpy.holds") is True


def test_markers_are_those_of_the_target(site):
    tensorflow_with(
        site,
        "2.16.2",
        ["numpy<2,>=1.23.5; python_version <= '3.11'", "numpy<2,>=1.26; python_version >= '3.12'"],
        numpy="1.24.0",
    )
    assert facts(site).value("bounds.numpy.holds") is True


def test_what_is_not_installed_and_what_has_no_bound_is_absent(site):
    tensorflow_with(site, "2.10.0", ["numpy>=1.20"], pandas="2.0")
    found = facts(site)
    assert found.get("bounds.numpy.holds") == Absent()
    assert found.get("bounds.pandas.holds") == Absent()


def test_the_data_speaks_where_the_metadata_of_the_files_on_disk_is_gone(site):
    tensorflow_with(site, "2.10.0", [], keras="2.9.0")
    folder = site.path / "tensorflow-2.10.0.dist-info"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    public = site.path / "tensorflow/include/tensorflow/core/public"
    public.mkdir(parents=True)
    (public / "version.h").write_text(
        "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 10\n#define TF_PATCH_VERSION 1\n"
    )
    found = facts(site)
    assert found.value("tensorflow.version") == "2.10.1"
    assert names(found, "bounds.broken") == ["keras"]


def test_without_tensorflow_there_are_no_bounds_but_the_newest_release_is_known(site):
    found = facts(site)
    assert found.get("bounds.broken") == Absent()
    assert found.get("release.known") == Absent()
    assert found.value("release.newest") == "2.21.0"
    assert found.value("release.newest_elsewhere")["3.9"] == "2.20.0"


def test_the_release_on_disk_is_described(site):
    tensorflow_with(site, "2.10.0", [])
    found = facts(site)
    assert (found.value("release.known"), found.value("release.date"), found.value("release.fits")) == (
        True,
        "2022-09-06",
        True,
    )
    assert found.value("release.pythons") == ["3.7", "3.8", "3.9", "3.10"]
    assert found.get("release.why_not") == Absent()
    assert found.value("release.needs") == ["avx"]


def test_a_release_for_other_pythons_does_not_fit(site):
    tensorflow_with(site, "2.10.0", [])
    interpreter = dataclasses.replace(site.target.interpreter, version=(3, 12, 1), tags=tags((3, 12)))
    found = facts(site, target=dataclasses.replace(site.target, interpreter=interpreter))
    assert found.value("release.fits") is False
    assert "no wheel for Python 3.12" in found.value("release.why_not")


def test_a_processor_without_avx_is_told_and_no_release_is_offered(site):
    tensorflow_with(site, "2.10.0", [])
    found = facts(site, flags=("sse4_2",))
    assert "AVX" in found.value("release.why_not")
    assert found.get("release.newest") == Absent()


def test_a_release_newer_than_the_data_is_unknown_to_it_and_no_error(site):
    tensorflow_with(site, "99.1.0", ["numpy>=3"], numpy="3.1")
    found = facts(site)
    assert found.value("release.known") is False
    assert found.get("release.fits") == Absent()
    assert found.value("bounds.numpy.holds") is True


def test_when_the_release_on_disk_is_unknown_so_are_its_bounds(site):
    def fail(context):
        raise OSError("no")

    broken = Probe(name="inventory", provides=inventory.PROBE.provides, collect=fail)
    probes = (host("avx"), broken, tensorflow.PROBE, bounds.PROBE, releases.PROBE)
    found = collect(site.target, ProbeOptions(imports=False), {}, probes=probes)
    assert isinstance(found.get("bounds.broken"), Unknown)
    assert isinstance(found.get("release.fits"), Unknown)
