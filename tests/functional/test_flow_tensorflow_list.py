"""`tensorflow list`: the table of releases."""

import pytest
from functional_support import MINOR, NEW, NEWEST, site
from packaging.version import Version

from tfrepair.target.release_data import load_releases


def test_every_release_is_listed_with_the_reason_where_it_does_not_fit(world):
    env = world.venv()
    done = world.tfrepair("tensorflow", "list", "--env", env, "--json")
    assert done.code == 0, done
    rows = {row["version"]: row for row in done.json["releases"]}
    assert set(rows) == set(load_releases().by_name["tensorflow"])
    assert done.json["target"]["prefix"] == str(env)
    assert rows[NEW]["fits"]
    old = rows["1.13.1"]
    assert not old["fits"]
    assert f"no wheel for Python {MINOR}" in old["reason"]
    candidate = rows["2.22.0rc0"]
    assert not candidate["fits"] or "asked for" in candidate["reason"]
    assert rows[done.json["newest"]] == {
        "name": "tensorflow", "version": done.json["newest"], "date": rows[done.json["newest"]]["date"], "fits": True,
    }  # fmt: skip


@pytest.mark.skipif(NEWEST, reason="for this Python the index has every release")
def test_what_the_table_calls_newest_is_what_fix_asks_for_first(world):
    env = world.venv()
    table = world.tfrepair("tensorflow", "list", "--env", env, "--json").json
    plan = world.tfrepair("fix", "--dry-run", "--env", env, "--json").json["plan"]["tensorflow"]
    fitting = [Version(row["version"]) for row in table["releases"] if row["fits"]]
    newer = [version for version in fitting if version > Version(plan["version"]) and not version.is_prerelease]
    assert max(newer) == Version(table["newest"])
    assert plan["reason"].endswith(f"; the index has none of the {len(newer)} newer ones")


def test_the_table_reads_well_and_can_be_cut_to_what_fits(world):
    env = world.venv()
    whole = world.tfrepair("tensorflow", "list", "--env", env)
    fitting = world.tfrepair("tensorflow", "list", "--env", env, "--fitting")
    assert whole.code == fitting.code == 0
    assert "is taken where no release is asked for" in whole.out
    assert len(fitting.out.splitlines()) < len(whole.out.splitlines())
    assert all("  -  " not in line for line in fitting.out.splitlines())
    assert not list(site(env).iterdir())


def test_the_age_of_the_environments_own_pip_counts(world):
    env = world.venv()
    info = site(env) / "pip-19.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pip\nVersion: 19.2.3\n")
    rows = {
        row["version"]: row for row in world.tfrepair("tensorflow", "list", "--env", env, "--json").json["releases"]
    }
    assert rows[NEW]["fits"]
    floor = "20.3" if NEW == "2.21.0" else "19.3"
    assert f"pip 19.2.3 of this environment is not offered it, pip {floor} is" in rows[NEW]["note"]
    assert "note" not in rows["1.13.1"], "no wheel of it is for this Python, whatever the pip"
    said = world.tfrepair("tensorflow", "list", "--env", env, "--fitting")
    assert f"pip {floor} is" in said.out


def test_an_unknown_name_is_refused_with_the_known_ones(world):
    done = world.tfrepair("tensorflow", "list", "--name", "pytorch", "--env", world.venv(), "--json")
    assert done.code == 2
    assert "tensorflow-cpu" in done.json["error"]["hint"]


def test_another_name(world):
    done = world.tfrepair("tensorflow", "list", "--name", "tensorflow_gpu", "--env", world.venv(), "--json")
    assert done.code == 0, done
    assert {row["name"] for row in done.json["releases"]} == {"tensorflow-gpu"}
