"""Where playbooks come from, and which of two with one name counts."""

import json

import pytest
from fake_plugin import MANUAL, shelf  # noqa: F401

from tfrepair.cli.app import run


@pytest.fixture
def listed(tmp_path, monkeypatch, capsys):
    """The playbooks that `playbook list` shows, by name."""
    monkeypatch.setenv("TFREPAIR_CONFIG_DIR", str(tmp_path / "config"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def check(*arguments, code=0):
        found = run(["playbook", "list", "--json", *map(str, arguments)])
        out, err = capsys.readouterr()
        body = json.loads(out)
        assert found == code, body
        assert "Traceback" not in err
        return {row["name"]: row for row in body["playbooks"]} if code == 0 else body["error"]

    return check


def write(path, name="ours", title="Ours"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MANUAL.format(name=name, fact="disk.free", severity="info").replace("Too many of them", title))
    return path


def test_the_users_folder_counts_and_may_take_the_place_of_a_builtin_one(listed, tmp_path):
    path = write(tmp_path / "config" / "playbooks" / "numpy-abi.yaml", "numpy-abi")
    row = listed()["numpy-abi"]
    assert (row["origin"], row["path"], row["trusted"]) == ("user", str(path), True)
    assert [old["origin"] for old in row["replaces"]] == ["built-in"]


def test_every_source_in_its_order(listed, tmp_path, shelf):  # noqa: F811
    folder = {"acme_list/__init__.py": ""}
    shelf.add("acme-list", "[tfrepair.playbooks]\na = acme_list\n", folder)
    named = [
        ("plug-in", write(shelf.folder / "acme_list" / "a.yaml", "acme.a")),
        ("user", write(tmp_path / "config" / "playbooks" / "b.yaml", "acme.a")),
        ("project", write(tmp_path / "work" / ".tfrepair" / "c.yaml", "acme.a")),
        ("option", write(tmp_path / "d.yaml", "acme.a")),
    ]
    row = listed("--playbook", named[-1][1], "--trust")["acme.a"]
    assert [(row["origin"], row["path"])] == [(kind, str(path)) for kind, path in named[-1:]]
    assert [(old["origin"], old["path"]) for old in row["replaces"]] == [
        (kind, str(path)) for kind, path in reversed(named[:-1])
    ]


def test_one_of_the_project_takes_no_place_without_trust(listed, tmp_path):
    path = write(tmp_path / "work" / ".tfrepair" / "numpy-abi.yaml", "numpy-abi")
    error = listed(code=2)
    assert str(path) in error["message"]
    assert "--trust" in error["hint"]
    assert listed("--trust")["numpy-abi"]["origin"] == "project"


def test_pyproject_names_files_and_folders(listed, tmp_path):
    work = tmp_path / "work"
    write(work / "ops" / "one.yaml", "one")
    write(work / "two.yaml", "two")
    (work / "pyproject.toml").write_text('[tool.tfrepair]\nplaybooks = ["ops", "two.yaml"]\n')
    found = listed()
    assert [(found[name]["origin"], found[name]["trusted"]) for name in ("one", "two")] == [("project", False)] * 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('playbooks = ["nowhere.yaml"]', "nowhere.yaml:1:1: the file cannot be read"),
        ('playbooks = "ops"', "`playbooks` in `[tool.tfrepair]` must be a list of files and folders"),
        ("playbook = []", "unknown key `playbook` in `[tool.tfrepair]`: it has only `playbooks`"),
        ('playbooks = ["../outside.yaml"]', "leads out of the current folder"),
        ('playbooks = ["/etc"]\n[', "this is not TOML"),
        ("a = " + "[" * 50_000, "this is not TOML"),
    ],
)
def test_a_table_that_is_wrong_is_one_message(listed, tmp_path, table, message):
    write(tmp_path / "outside.yaml")
    (tmp_path / "work" / "pyproject.toml").write_text(f"[tool.tfrepair]\n{table}\n")
    assert message in listed(code=2)["message"]


@pytest.mark.parametrize(
    "text",
    [
        '[ tool . tfrepair ]\nplaybooks = ["ops"]\n',
        'tool.tfrepair.playbooks = ["ops"]\n',
        '[tool]\ntfrepair = {playbooks = ["ops"]}\n',
    ],
)
def test_the_table_counts_however_it_is_written(listed, tmp_path, text):
    write(tmp_path / "work" / "ops" / "one.yaml", "one")
    (tmp_path / "work" / "pyproject.toml").write_text(text)
    assert listed()["one"]["origin"] == "project"


def test_what_is_passed_over_is_told_and_stops_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TFREPAIR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    mine = write(tmp_path / "config" / "playbooks" / "x.yml")
    theirs = write(tmp_path / ".tfrepair" / "y.yml")
    write(tmp_path / ".tfrepair" / "z.yml")
    (tmp_path / "pyproject.toml").write_text('[tool.tfrepair\nplaybooks = ["a"]\n')
    assert run(["playbook", "list", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["command"] == "playbook list"
    one, two, three = err.splitlines()
    assert one == f"warning: `{mine}` is passed over: the names of playbooks end with `.yaml`"
    assert two == f"warning: `{theirs}` (and 1 more) is passed over: the names of playbooks end with `.yaml`"
    assert three.startswith(
        f"warning: what `[tool.tfrepair]` says may be passed over: {tmp_path}/pyproject.toml:1:1: this is"
    )


def test_every_wrong_variable_is_named_at_once(capsys):
    assert run(["diagnose", "--json", "--var", "a", "--var", "b=1", "--var", "1c=2"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["message"] == "`--var a` is not NAME=VALUE; `--var 1c=2` is not NAME=VALUE"


def test_a_link_that_leads_out_of_the_project_is_not_read(listed, tmp_path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: 12345\n")
    (tmp_path / "work" / ".tfrepair").mkdir()
    (tmp_path / "work" / ".tfrepair" / "link.yaml").symlink_to(secret)
    error = listed(code=2)
    assert "leads out of the current folder" in error["message"]
    assert "password" not in json.dumps(error)


def test_a_folder_with_very_many_playbooks_is_refused(listed, tmp_path):
    folder = tmp_path / "work" / ".tfrepair"
    folder.mkdir()
    for number in range(501):
        (folder / f"{number}.yaml").touch()
    assert "holds 501 playbooks, more than 500" in listed(code=2)["message"]


def test_two_files_of_one_folder_do_not_bear_one_name(listed, tmp_path, capsys):
    folder = tmp_path / "work" / ".tfrepair"
    first, second = write(folder / "a.yaml", "acme.a"), write(folder / "b.yaml", "acme.a")
    said = (
        f"{second}:3:7: `{first}` of the same folder is the playbook `acme.a` already: only one of the two would count"
    )
    assert listed(code=2)["message"] == said
    assert run(["playbook", "validate", str(folder)]) == 2
    assert capsys.readouterr().out.strip() == said
    assert run(["playbook", "validate", str(first), str(first)]) == 0
    capsys.readouterr()
    first.unlink()
    second.write_text("schema: 1\nextends: numpy-abi\n")
    again = folder / "c.yaml"
    again.write_text("schema: 1\nname: numpy-abi\nextends: numpy-abi\n")
    assert f"{again}:2:7: `{second}` of the same folder" in listed("--trust", code=2)["message"]


def test_the_text_shows_what_takes_whose_place(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TFREPAIR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "config" / "playbooks" / "numpy-abi.yaml", "numpy-abi")
    assert run(["playbook", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("numpy-abi "))
    assert lines[at].endswith(f"Ours (user: {path})")
    assert lines[at + 1].split() == ["takes", "the", "place", "of", "built-in:", *lines[at + 1].split()[5:]]
