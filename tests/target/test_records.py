import os

import pytest
from fake_site import Site

from tfrepair.target.records import RecordEntry, check, load_record, locate, read_record
from tfrepair.target.tree import Tree


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "venv")


def checked(site, folder, **options):
    return check(read_record(folder), site.path, site.prefix, hash_native=options.pop("hash_native", False), **options)


def test_a_record_is_read_with_quoted_names_and_entries_without_a_hash(tmp_path):
    folder = tmp_path / "x-1.dist-info"
    folder.mkdir()
    (folder / "RECORD").write_text('"x/a,b.py",sha256=AA,3\r\nx/c.py,,\r\n\r\nx-1.dist-info/RECORD,,\r\n', newline="")
    assert read_record(folder) == (
        RecordEntry("x/a,b.py", "sha256=AA", 3),
        RecordEntry("x/c.py"),
        RecordEntry("x-1.dist-info/RECORD"),
    )


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0", b"x/\xff\xfe.py,,\n"])
def test_a_damaged_record_is_unreadable(tmp_path, data):
    folder = tmp_path / "x-1.dist-info"
    folder.mkdir()
    (folder / "RECORD").write_bytes(data)
    assert load_record(folder) == ("unreadable", ())
    assert read_record(folder) is None


def test_a_missing_record_is_missing(tmp_path):
    assert load_record(tmp_path) == ("missing", ())
    single = tmp_path / "x-1.egg-info"
    single.write_text("Name: x\n")
    assert load_record(single) == ("missing", ())


def test_installed_files_of_an_egg_info_are_relative_to_the_site_folder(tmp_path):
    folder = tmp_path / "six-1.0.egg-info"
    folder.mkdir()
    (folder / "installed-files.txt").write_text("../six.py\nPKG-INFO\n../../../../bin/six\n")
    paths = [entry.path for entry in read_record(folder)]
    assert paths == ["six.py", "six-1.0.egg-info/PKG-INFO", "../../../bin/six"]


def test_scripts_inside_the_prefix_are_located(site):
    assert locate("../../../bin/tensorboard", site.path, site.prefix) == site.prefix / "bin" / "tensorboard"
    assert locate("tensorflow/x.py", site.path, site.prefix) == site.path / "tensorflow" / "x.py"


@pytest.mark.parametrize("path", ["../../../../outside.py", "/etc/passwd", "/top.py", "..", "a/..", ""])
def test_paths_out_of_the_prefix_are_not_located(site, path):
    assert locate(path, site.path, site.prefix) is None


def test_a_path_through_a_linked_folder_out_of_the_prefix_is_not_located(site, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "deep").mkdir()
    (site.path / "linked").symlink_to(tmp_path / "precious")
    assert locate("linked/x.py", site.path, site.prefix) is None
    assert locate("linked/deep/x.py", site.path, site.prefix) is None


def test_a_link_within_the_prefix_and_a_linked_prefix_are_fine(site, tmp_path):
    (site.prefix / "lib64").symlink_to("lib")
    alias = tmp_path / "alias"
    alias.symlink_to(site.prefix)
    through = alias / "lib64" / "python3.10" / "site-packages"
    assert locate("x/y.py", through, alias) == through / "x" / "y.py"


def test_a_site_folder_that_is_linked_out_of_the_prefix_locates_nothing(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "site").symlink_to(tmp_path / "elsewhere")
    assert locate("x.py", tmp_path / "venv" / "site", tmp_path / "venv") is None


def test_a_user_site_beside_the_prefix_is_its_own_border(tmp_path):
    user = tmp_path / "home" / "site"
    user.mkdir(parents=True)
    assert locate("x.py", user, tmp_path / "usr") == user / "x.py"
    assert locate("../../x.py", user, tmp_path / "usr") is None


def test_missing_and_altered_files_are_told_apart(site):
    folder = site.install("x", "1", {"x/a.py": "aaa", "x/b.py": "bbb", "x/c.py": "ccc", "x/d.pyc": "ddd"})
    (site.path / "x/a.py").unlink()
    (site.path / "x/b.py").write_text("longer")
    (site.path / "x/d.pyc").unlink()
    damage = checked(site, folder)
    assert (damage.total, damage.missing, damage.altered) == (4, ("x/a.py",), ("x/b.py",))
    assert not damage.native


def test_hashes_are_compared_only_on_request(site):
    folder = site.install("x", "1", {"x/a.py": "aaa", "x/lib.so.2": "one"})
    (site.path / "x/a.py").write_text("bbb")
    (site.path / "x/lib.so.2").write_text("two")
    assert checked(site, folder).altered == ()
    native = checked(site, folder, hash_native=True)
    assert native.altered == ("x/lib.so.2",)
    assert native.native
    assert sorted(checked(site, folder, hash_all=True).altered) == ["x/a.py", "x/lib.so.2"]


def test_scripts_are_only_looked_for(site):
    folder = site.install("x", "1", {"../../../bin/x": "#!python\n", "x.py": "x"})
    (site.prefix / "bin" / "x").write_text("another installer wrote this\n")
    assert checked(site, folder, hash_all=True).altered == ()
    (site.prefix / "bin" / "x").unlink()
    assert checked(site, folder).missing == ("../../../bin/x",)


def test_a_folder_or_a_dangling_link_in_place_of_a_file_is_damage(site, tmp_path):
    folder = site.install("x", "1", {"x/a.py": "aaa", "x/b.py": "bbb"})
    (site.path / "x/a.py").unlink()
    (site.path / "x/a.py").mkdir()
    (site.path / "x/b.py").unlink()
    (site.path / "x/b.py").symlink_to(tmp_path / "nowhere")
    damage = checked(site, folder)
    assert (damage.missing, damage.altered) == (("x/b.py",), ("x/a.py",))


def test_files_that_are_links_are_compared_by_what_they_point_to(site, tmp_path):
    folder = site.install("x", "1", {"x/a.py": "aaa"})
    (tmp_path / "cached").write_text("aaa")
    (site.path / "x/a.py").unlink()
    (site.path / "x/a.py").symlink_to(tmp_path / "cached")
    assert checked(site, folder, hash_all=True).altered == ()


def test_entries_outside_the_prefix_are_not_judged(site):
    entries = (RecordEntry("/opt/elsewhere/x.py", None, 3), RecordEntry("../../../../x.py"))
    assert check(entries, site.path, site.prefix, hash_native=True).total == 0


def test_what_is_behind_a_link_to_nowhere_is_missing(site, tmp_path):
    folder = site.install("x", "1.0", {"x/a.py": "a", "x/deep/b.py": "b", "y/c.py": "c"})
    (site.path / "x").rename(tmp_path / "moved")
    (site.path / "x").symlink_to(tmp_path / "moved")
    assert checked(site, folder).missing == ()
    (tmp_path / "moved").rename(tmp_path / "moved again")
    damage = checked(site, folder)
    assert damage.missing == ("x/a.py", "x/deep/b.py")
    assert damage.altered == ()


def test_an_unknown_hash_algorithm_is_not_taken_for_damage(site):
    (site.path / "x.so").write_text("x")
    assert check((RecordEntry("x.so", "nosuch=AA", 1),), site.path, site.prefix, hash_native=True).altered == ()


def test_each_folder_is_listed_once(site, monkeypatch):
    folder = site.install("x", "1", {f"x/{number}.py": "x" for number in range(50)})
    seen = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: seen.append(str(path)) or real(path))
    check(read_record(folder), site.path, site.prefix, hash_native=False, tree=Tree(str(site.prefix), str(site.path)))
    assert sorted(seen) == [str(site.path), str(site.path / "x"), str(folder)]


def test_metadata_that_the_wheel_itself_has_otherwise_than_its_record_are_no_damage(site):
    folder = site.install("tensorflow", "1.15.0", {"tensorflow/__init__.py": "x = 1\n"})
    with (folder / "RECORD").open("a") as record:
        record.write(f"{folder.name}/METADATA,sha256=AA,2573\n")
    assert checked(site, folder, hash_all=True).altered == ()
    (folder / "METADATA").unlink()
    assert checked(site, folder).missing == (f"{folder.name}/METADATA",)
    other = site.install("keras", "2.2.4", {"keras/__init__.py": "x = 1\n"})
    with (other / "RECORD").open("a") as record:
        record.write(f"{other.name}/METADATA,sha256=AA,2573\n")
    assert checked(site, other).altered == (f"{other.name}/METADATA",)
