"""Variables in activation scripts of every kind; what real shells make of them is in the functional tests."""

import pytest

from tfrepair.errors import StepError
from tfrepair.execute.activation import blocks_of, carry_variables, set_variables, with_variables

VALUE = 'it\'s 100% "so" \\ $HOME !'
LINES = {
    "activate": "export OURS='it'\\''s 100% \"so\" \\ $HOME !'",
    "activate.fish": "set -gx OURS 'it\\'s 100% \"so\" \\\\ $HOME !'",
    "activate.csh": "setenv OURS 'it'\\''s 100% \"so\" \\ $HOME \\!'",
    "Activate.ps1": "$env:OURS = 'it''s 100% \"so\" \\ $HOME !'",
    "activate.bat": '@set "OURS=it\'s 100%% "so" \\ $HOME !"',
    "activate.nu": '    $env.OURS = "it\'s 100% \\"so\\" \\\\ $HOME !"',
    "activate_this.py": f"__import__(\"os\").environ['OURS'] = {VALUE!r}",
}


@pytest.mark.parametrize("script", LINES)
def test_a_value_is_quoted_as_the_shell_wants_it(script):
    lines = with_variables(b"first\n", script, [("OURS", VALUE)]).decode().splitlines()
    assert lines[0] == "first"
    assert LINES[script] in lines
    assert blocks_of("\n".join(lines).encode()) == ("OURS",)


@pytest.mark.parametrize("script", LINES)
def test_writing_twice_changes_nothing_and_another_value_replaces_the_first(script):
    once = with_variables(b"first\n", script, [("A", "1"), ("B", "2")])
    assert with_variables(once, script, [("B", "2")]) == once
    changed = with_variables(once, script, [("A", "3")])
    assert blocks_of(changed) in {("B", "A"), ("A", "B")}
    assert changed.replace(b"3", b"1").count(b"1") == once.count(b"1")
    assert b"1" not in changed.replace(b"3", b"")


def test_python_runs_what_is_written_for_it(monkeypatch):
    monkeypatch.setenv("UNWANTED", "x")
    monkeypatch.setenv("OURS", "before")
    import os

    exec(with_variables(b"", "activate_this.py", [("OURS", VALUE), ("UNWANTED", None)]))
    assert os.environ["OURS"] == VALUE
    assert "UNWANTED" not in os.environ


def test_in_a_batch_file_the_block_comes_before_the_end_of_what_runs():
    text = '@echo off\r\n@set "VIRTUAL_ENV=C:\\env"\r\n@exit /b\r\n:assign\r\n'
    lines = with_variables(text.encode(), "activate.bat", [("OURS", "x")]).decode().split("\r\n")
    assert lines[2:6] == ["@rem >>> tfrepair sets OURS", '@set "OURS=x"', "@rem <<< tfrepair sets OURS", "@exit /b"]


def test_in_a_nushell_module_the_block_comes_into_the_block_that_exports():
    text = "module warning {\n    export-env {\n    }\n}\nexport-env {\n    let x = 1\n}\n"
    lines = with_variables(text.encode(), "activate.nu", [("OURS", "x")]).decode().splitlines()
    assert lines.index('    $env.OURS = "x"') == lines.index("export-env {") + 2


def test_in_a_signed_script_the_block_comes_before_the_signature():
    text = b"code\r\n# SIG # Begin signature block\r\n# MIIx\r\n"
    data = with_variables(text, "Activate.ps1", [("OURS", "x")])
    assert data.index(b"$env:OURS") < data.index(b"# SIG #")


def test_only_activation_scripts_are_changed_and_without_one_it_is_an_error(tmp_path):
    (tmp_path / "python").write_text("#!")
    with pytest.raises(StepError, match="no activation script"):
        set_variables(tmp_path, [("A", "1")])
    (tmp_path / "activate").write_text("x\n")
    (tmp_path / "activate").chmod(0o640)
    assert [path.name for path in set_variables(tmp_path, [("A", "1")])] == ["activate"]
    assert (tmp_path / "activate").stat().st_mode & 0o777 == 0o640
    assert set_variables(tmp_path, [("A", "1")]) == ()
    assert (tmp_path / "python").read_text() == "#!"


def test_a_fresh_environment_takes_the_blocks_over_and_nothing_else(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, text in ((old, "old\n"), (new, "new\n")):
        folder.mkdir()
        (folder / "activate").write_text(text)
        (folder / "activate.fish").write_text(text)
    set_variables(old, [("A", "1"), ("B", None)])
    (old / "activate.fish").write_text("old\n")
    carry_variables(old, new)
    assert (new / "activate").read_text() == (old / "activate").read_text().replace("old", "new")
    assert (new / "activate.fish").read_text() == "new\n"
