from dataclasses import replace

import pytest
from fake_site import Site

from tfrepair.target.inherited import read_inherited


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "venv")


@pytest.fixture
def base(tmp_path):
    return Site(tmp_path / "usr")


def sees(site, *folders):
    return replace(site.environment, system_site_packages=True, sys_path=tuple(map(str, (site.path, *folders))))


def test_what_the_python_below_has_is_inherited_in_the_order_of_the_search_path(site, base, tmp_path):
    local = Site(tmp_path / "local")
    local.install("numpy", "1.26.4", {"numpy/__init__.py": "x"})
    base.install("numpy", "1.21.0", {"numpy/__init__.py": "x"})
    path = base.install("TensorFlow", "2.15.1", {"tensorflow/__init__.py": "x"}, requires=["numpy<2"])
    (base.path / "~eras-2.15.0.dist-info").mkdir()
    numpy, tensorflow = read_inherited(sees(site, local.path, base.path, tmp_path / "gone" / "site-packages"), ())
    assert (numpy.name, numpy.version, numpy.on_target) == ("numpy", "1.26.4", False)
    assert (tensorflow.canonical_name, tensorflow.metadata_path) == ("tensorflow", str(path))
    assert (tensorflow.requires, tensorflow.on_target) == (("numpy<2",), False)


def test_its_own_hide_those_below_and_are_not_inherited(site, base):
    site.install("keras", "3.0.0", {"keras/__init__.py": "x"})
    base.install("numpy", "1.21.0", {"numpy/__init__.py": "x"})
    assert read_inherited(sees(site, base.path), {"keras", "numpy"}) == ()


def test_an_environment_that_sees_only_itself_inherits_nothing(site, base):
    base.install("tensorflow", "2.15.1", {"tensorflow/__init__.py": "x"})
    assert read_inherited(replace(sees(site, base.path), system_site_packages=False), ()) == ()


def test_folders_that_are_no_site_folders_are_not_looked_into(site, base):
    folder = base.path.parent
    (folder / "tensorflow-2.15.1.dist-info").mkdir()
    assert read_inherited(sees(site, folder), ()) == ()
