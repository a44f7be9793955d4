import json
import os

import pytest
from fake_site import Site
from other_user import without_rights

from tfrepair.target.inventory import Overlap, read_inventory


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "venv")


def only(inventory):
    (found,) = inventory.distributions
    return found


def test_a_healthy_distribution_has_its_metadata_and_no_damage(site):
    folder = site.install(
        "My.Thing", "1.2", {"thing/__init__.py": "x", "six.py": "y"}, requires=["numpy<2 ; python_version > '3'"]
    )
    (folder / "REQUESTED").write_text("")
    (folder / "direct_url.json").write_text(json.dumps({"url": "file:///src/thing", "dir_info": {"editable": True}}))
    inventory = read_inventory(site.environment)
    found = only(inventory)
    assert (found.name, found.canonical_name, found.version) == ("My.Thing", "my-thing", "1.2")
    assert found.requires == ("numpy<2 ; python_version > '3'",)
    assert (found.installer, found.requested, found.editable, found.direct_url) == (
        "pip",
        True,
        True,
        "file:///src/thing",
    )
    assert found.top_level == ("thing", "six.py")
    assert (found.healthy, found.total, found.missing, found.altered) == (True, 3, 0, 0)
    assert (inventory.leftovers, inventory.unreadable, inventory.orphans, inventory.overlaps) == ((), (), (), ())


def test_a_hostile_file_of_one_distribution_hides_no_other(site):
    (site.install("evil", "1.0", {"evil.py": "x"}) / "direct_url.json").write_text("[" * 100_000)
    site.install("tensorflow", "2.15.1", {"tensorflow/__init__.py": "x"})
    assert [each.name for each in read_inventory(site.environment).distributions] == ["evil", "tensorflow"]


def test_the_textbook_overlap_is_seen_from_both_records(site):
    site.install(
        "tensorflow", "2.9.0", {"tensorflow/__init__.py": "2.9", "tensorflow/a.so": "old", "tensorflow/same.py": "s"}
    )
    site.install(
        "tensorflow-gpu",
        "2.10.0",
        {"tensorflow/__init__.py": "2.10.0", "tensorflow/a.so": "newer", "tensorflow/same.py": "s"},
    )
    inventory = read_inventory(site.environment)
    old, new = inventory.distributions
    assert (old.name, old.altered, old.missing) == ("tensorflow", 2, 0)
    assert new.healthy
    assert inventory.overlaps == (Overlap(names=("tensorflow", "tensorflow-gpu"), folder="tensorflow", files=3),)
    assert inventory.overlaps[0].family
    assert inventory.damage[old.metadata_path].native
    assert old.examples[0] == "tensorflow/a.so"


def test_shared_namespace_folders_and_scripts_are_no_overlap(site):
    site.install("nvidia-a", "1", {"nvidia/__init__.py": "", "nvidia/a/x.py": "1", "../../../bin/tool": "t"})
    site.install("nvidia-b", "1", {"nvidia/__init__.py": "", "nvidia/b/x.py": "1", "../../../bin/tool": "t"})
    site.install("protobuf", "3", {"google/protobuf/x.py": "1"})
    site.install("google-auth", "3", {"google/auth/x.py": "1"})
    assert read_inventory(site.environment).overlaps == ()


def test_one_differing_init_file_of_an_old_release_is_an_overlap(site):
    site.install("tensorflow", "2.10.0", {"tensorflow/__init__.py": "new", "tensorflow/x.py": "x"})
    site.install("tensorflow-gpu", "1.15.5", {"tensorflow/__init__.py": "old!", "tensorflow_core/x.py": "x"})
    assert [each.files for each in read_inventory(site.environment).overlaps] == [1]


def test_leftovers_of_a_broken_off_uninstall_are_listed_and_are_no_distributions(site):
    for name in ("~ensorflow", "~ensorflow-2.9.0.dist-info", "-umpy"):
        (site.path / name).mkdir()
    inventory = read_inventory(site.environment)
    assert inventory.distributions == ()
    assert sorted(inventory.leftovers) == sorted(
        str(site.path / n) for n in ("~ensorflow", "~ensorflow-2.9.0.dist-info", "-umpy")
    )


def test_two_copies_of_one_name_are_duplicates(site):
    site.install("Num_Py", "1.26.4", {"numpy/a.py": "a"})
    site.install("num-py", "2.2.6", {"numpy/b.py": "b"})
    ((name, copies),) = read_inventory(site.environment).duplicates
    assert name == "num-py"
    assert {copy.version for copy in copies} == {"1.26.4", "2.2.6"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "is missing"),
        ("", "is empty"),
        ("Version: 1\n", "has no Name"),
        ("Name: x\n", "has no Version"),
        ("\0", "cannot be read"),
    ],
)
def test_unusable_metadata_is_reported_and_the_folder_names_the_distribution(site, text, what):
    folder = site.install("tf-keras", "2.15.0", {"tf_keras/x.py": "x"})
    (folder / "METADATA").unlink() if text is None else (folder / "METADATA").write_text(text)
    inventory = read_inventory(site.environment)
    assert (only(inventory).canonical_name, only(inventory).version) == ("tf-keras", "2.15.0")
    assert not only(inventory).metadata_readable
    assert inventory.unreadable == ((str(folder / "METADATA"), what),)


def test_a_lost_record_is_missing_but_the_folder_still_belongs_to_somebody(site):
    folder = site.install("tensorflow-cpu", "2.10.0", {"tensorflow/__init__.py": "x"}, record=False)
    inventory = read_inventory(site.environment)
    assert only(inventory).record == "missing"
    assert only(inventory).top_level == ("tensorflow",)
    assert inventory.orphans == ()
    assert not only(inventory).healthy
    assert only(inventory).metadata_path == str(folder)


def test_import_folders_that_nobody_owns_are_orphans(site):
    (site.path / "tensorflow" / "python").mkdir(parents=True)
    (site.path / "google" / "protobuf").mkdir(parents=True)
    (site.path / "google" / "mine").mkdir(parents=True)
    (site.path / "my_own_folder").mkdir()
    site.install("google-auth", "2", {"google/auth/x.py": "1"})
    orphans = read_inventory(site.environment).orphans
    assert orphans == (str(site.path / "google" / "protobuf"), str(site.path / "tensorflow"))


def test_egg_infos_and_egg_links_are_read(site, tmp_path):
    (site.path / "old-1.0-py3.10.egg-info").write_text("Metadata-Version: 1.0\nName: old\nVersion: 1.0\n")
    folder = site.path / "legacy-2.0-py3.10.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Name: legacy\nVersion: 2.0\n")
    (folder / "top_level.txt").write_text("legacy\n")
    (folder / "requires.txt").write_text(
        "six\n\n[extra:python_version < '3']\nfoo\n\n[:sys_platform == 'win32']\nbar>=1\n"
    )
    (site.path / "legacy").mkdir()
    project = tmp_path / "project"
    (project / "mine.egg-info").mkdir(parents=True)
    (project / "mine.egg-info" / "PKG-INFO").write_text("Name: mine\nVersion: 0.1\n")
    (site.path / "mine.egg-link").write_text(f"{project}\n.\n")
    (site.path / "gone.egg-link").write_text("/no/such/project\n.\n")
    inventory = read_inventory(site.environment)
    found = {each.name: each for each in inventory.distributions}
    assert {name: each.version for name, each in found.items()} == {
        "old": "1.0",
        "legacy": "2.0",
        "mine": "0.1",
        "gone": "",
    }
    assert found["legacy"].requires == (
        "six", "foo; extra == \"extra\" and (python_version < '3')", "bar>=1; (sys_platform == 'win32')",
    )  # fmt: skip
    assert found["legacy"].top_level == ("legacy",)
    assert found["mine"].editable
    assert [path for path, _ in inventory.unreadable] == [str(site.path / "gone.egg-link")]


def test_a_site_folder_that_is_reached_twice_is_read_once(site):
    from dataclasses import replace

    site.install("x", "1", {"x.py": "x"})
    (site.prefix / "lib64").symlink_to("lib")
    both = replace(site.environment, platlib=str(site.prefix / "lib64" / "python3.10" / "site-packages"))
    assert len(read_inventory(both).distributions) == 1


def test_a_site_folder_that_does_not_exist_is_empty(tmp_path):
    from dataclasses import replace

    environment = replace(Site(tmp_path / "venv").environment, purelib="/no/such", platlib="/no/such")
    assert read_inventory(environment).distributions == ()


def test_folded_and_localised_metadata_is_read(site):
    folder = site.install("x", "1", {"x.py": "x"})
    text = "Name: x\nVersion: 1\nAuthor: J\xf6rg\nRequires-Dist: numpy\n <2\n\nRequires-Dist: not-this\n"
    (folder / "METADATA").write_bytes(text.encode("latin-1"))
    assert only(read_inventory(site.environment)).requires == ("numpy <2",)


@pytest.mark.skipif(os.name == "nt", reason="Windows knows other permissions")
def test_what_may_not_be_looked_into_is_named_and_is_not_missing(site, tmp_path):
    site.install("tensorflow", "2.15.1", {"tensorflow/__init__.py": "x", "tensorflow/python/a.py": "y"})
    site.install("numpy", "1.26.4", {"numpy/__init__.py": "x", "numpy/core/b.py": "y"})
    secret = site.install("secret", "1.0", {"secret.py": "x"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.py").write_text("z")
    site.install("linked", "1.0", {"linked/c.py": "z"})
    (site.path / "linked" / "c.py").unlink()
    (site.path / "linked" / "c.py").symlink_to(tmp_path / "elsewhere" / "c.py")
    closed = [tmp_path / "elsewhere", site.path / "numpy", secret, site.path / "tensorflow" / "python"]
    for folder in closed:
        folder.chmod(0)
    with without_rights(tmp_path):
        found = read_inventory(site.environment)
    for folder in closed:
        folder.chmod(0o755)
    assert found.closed == tuple(map(str, (site.path / "linked", *closed[1:])))
    assert {each.name: each.missing for each in found.distributions} == dict.fromkeys(
        ("linked", "numpy", "secret", "tensorflow"), 0
    )
    assert found.unreadable == ()
    assert read_inventory(site.environment).closed == ()


@pytest.mark.skipif(os.name == "nt", reason="Windows knows other permissions")
def test_of_closed_folders_only_the_outermost_are_named_whatever_is_beside_them(site, tmp_path):
    metadata = site.install("numpy", "1.26.4", {"numpy/__init__.py": "x", "numpy/core/b.py": "y"})
    closed = [site.path / "numpy" / "core", site.path / "numpy", metadata]
    record = (metadata / "RECORD").read_text()
    other = site.install("other", "1.0", {"other.py": "x"})
    (other / "RECORD").write_text(record)
    for folder in closed:
        folder.chmod(0)
    with without_rights(tmp_path):
        found = read_inventory(site.environment)
    for folder in reversed(closed):
        folder.chmod(0o755)
    assert found.closed == (str(site.path / "numpy"), str(metadata))


@pytest.mark.skipif(os.name == "nt", reason="Windows knows other permissions")
def test_a_site_folder_that_may_not_be_listed_is_closed_and_not_empty(site, tmp_path):
    site.install("tensorflow", "2.15.1", {"tensorflow/__init__.py": "x"})
    site.path.chmod(0)
    with without_rights(tmp_path):
        found = read_inventory(site.environment)
    site.path.chmod(0o755)
    assert (found.distributions, found.closed) == ((), (str(site.path),))


@pytest.mark.skipif(os.name == "nt", reason="Windows knows other permissions")
def test_a_file_that_may_not_be_read_is_not_altered(site, tmp_path):
    site.install("tensorflow", "2.15.1", {"tensorflow/__init__.py": "x", "tensorflow/a.py": "y"})
    (site.path / "tensorflow" / "a.py").chmod(0)
    with without_rights(tmp_path):
        found = read_inventory(site.environment, hash_all=True)
    assert (only(found).altered, found.closed) == (0, (str(site.path / "tensorflow" / "a.py"),))
