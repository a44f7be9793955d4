import pytest

from tfrepair.target.project.folder import asking, files_with_others, read_pins

LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "python_version": "3.10",
    "python_full_version": "3.10.13",
}


def pins(folder, markers=None):
    return [(pin.requirement, pin.source) for pin in asking(read_pins(folder), markers)]


def notes(folder):
    return {pin.source: pin.note for pin in asking(read_pins(folder)) if pin.note}


def write(folder, name, text):
    (folder / name).write_text(text)


def test_requirements_files_give_the_line(tmp_path):
    write(
        tmp_path,
        "requirements.txt",
        "numpy\n# tensorflow==1.0\n-r other.txt\nTensorFlow == 2.10.0  # pinned\ntensorboard==2.10\n",
    )
    write(tmp_path, "requirements-gpu.txt", "tensorflow-gpu>=2.8,<2.11 \\\n    --hash=sha256:aa\n")
    write(tmp_path, "constraints.txt", "tensorflow<2.12\n")
    assert pins(tmp_path) == [
        ("TensorFlow==2.10.0", "requirements.txt:4"),
        ("tensorflow-gpu<2.11,>=2.8", "requirements-gpu.txt:1"),
        ("tensorflow<2.12", "constraints.txt:1"),
    ]


def test_names_without_a_version_ask_for_nothing(tmp_path):
    write(tmp_path, "requirements.txt", "tensorflow\ntensorflow[and-cuda]\n")
    assert pins(tmp_path) == []


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ("tensorflow-cpu\n", ["tensorflow-cpu"]),
        ("tensorflow-cpu\ntensorflow\n", ["tensorflow-cpu"]),
        ("tensorflow\ntensorflow-cpu\n", []),
        ("tensorflow-gpu\n", []),
        ("tensorflow[and-cuda]\n", ["tensorflow[and-cuda]"]),
        ("tensorflow-cpu\ntensorflow[and-cuda]\n", ["tensorflow-cpu", "tensorflow[and-cuda]"]),
        ("tensorflow; sys_platform == 'darwin'\ntensorflow-cpu; sys_platform == 'linux'\n", ["tensorflow-cpu"]),
        ("tensorflow-cpu\ntensorflow>=2.10\n", ["tensorflow>=2.10", "tensorflow-cpu"]),
    ],
)
def test_the_name_of_an_unusual_distribution_asks_for_it_last_of_all(tmp_path, lines, asked):
    write(tmp_path, "requirements.txt", lines)
    found = [requirement for requirement, _ in pins(tmp_path, LINUX)]
    assert [each for each in found if each != "tensorflow"] == asked


def test_a_name_in_an_extra_does_not_choose_for_everybody(tmp_path):
    write(tmp_path, "pyproject.toml", '[project.optional-dependencies]\ncpu = ["tensorflow-cpu"]\n')
    assert pins(tmp_path) == []


WHEEL = "tensorflow-2.15.1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


def test_the_wheel_behind_a_url_tells_the_version(tmp_path):
    write(
        tmp_path,
        "requirements.txt",
        f"tensorflow[and-cuda] @ https://example.org/wheels/{WHEEL}#sha256=aa ; sys_platform == 'linux'\n"
        "tensorflow-cpu @ git+https://example.org/tensorflow.git\n",
    )
    write(tmp_path, "pyproject.toml", f'[tool.poetry.dependencies]\ntensorflow = {{url = "file:///w/{WHEEL}"}}\n')
    assert pins(tmp_path, LINUX) == [
        ("tensorflow[and-cuda]==2.15.1", "requirements.txt:1"),
        ("tensorflow==2.15.1", "pyproject.toml:tool.poetry.dependencies"),
        ("", "requirements.txt:2"),
    ]
    assert "is no wheel" in notes(tmp_path)["requirements.txt:2"]


def test_of_several_entries_of_poetry_the_one_for_this_target_counts(tmp_path):
    write(
        tmp_path,
        "pyproject.toml",
        """
[tool.poetry.dependencies]
tensorflow = [
    {version = "2.10.1", markers = "sys_platform == 'win32' or sys_platform == 'darwin'"},
    {version = "2.11.1", platform = "darwin"},
    {version = "2.12.1", python = "^3.11"},
    {version = "2.13.1", python = ">=3.9.2,<3.11", platform = "linux"},
]
""",
    )
    assert [requirement for requirement, _ in pins(tmp_path, LINUX)] == ["tensorflow==2.13.1"]
    assert len(pins(tmp_path)) == 4


def test_markers_leave_out_what_is_for_other_targets(tmp_path):
    write(
        tmp_path,
        "requirements.txt",
        "tensorflow-macos==2.12.0; sys_platform == 'darwin'\ntensorflow==2.12.0; sys_platform == 'linux'\n",
    )
    assert [requirement for requirement, _ in pins(tmp_path, LINUX)] == ["tensorflow==2.12.0"]
    assert len(pins(tmp_path)) == 2


def test_pyproject_tables_are_read(tmp_path):
    write(
        tmp_path,
        "pyproject.toml",
        """
[project]
dependencies = ["numpy", "tensorflow~=2.15.0"]
[project.optional-dependencies]
gpu = ["tensorflow[and-cuda]>=2.16"]
[dependency-groups]
dev = ["tensorflow-cpu<2.18", {include-group = "other"}]
[tool.poetry.dependencies]
tensorflow = "^2.10"
[tool.poetry.group.old.dependencies]
tensorflow-gpu = {version = "~2.8.1", optional = true}
tensorflow-cpu = "2.9.0"
""",
    )
    assert pins(tmp_path) == [
        ("tensorflow-cpu==2.9.0", "pyproject.toml:tool.poetry.group.old.dependencies"),
        ("tensorflow~=2.15.0", "pyproject.toml:project.dependencies"),
        ("tensorflow[and-cuda]>=2.16", "pyproject.toml:project.optional-dependencies.gpu"),
        ("tensorflow-cpu<2.18", "pyproject.toml:dependency-groups.dev"),
        ("tensorflow<3,>=2.10", "pyproject.toml:tool.poetry.dependencies"),
        ("tensorflow-gpu<2.9,>=2.8.1", "pyproject.toml:tool.poetry.group.old.dependencies"),
    ]


@pytest.mark.parametrize(
    ("name", "table"), [("uv.lock", "package"), ("poetry.lock", "package"), ("pylock.toml", "packages")]
)
def test_lock_files_give_exact_versions(tmp_path, name, table):
    write(
        tmp_path,
        name,
        f'[[{table}]]\nname = "tensorflow"\nversion = "2.15.1"\n[[{table}]]\nname = "numpy"\nversion = "1.26.4"\n',
    )
    (pin,) = asking(read_pins(tmp_path))
    assert (pin.requirement, pin.source, pin.locked) == ("tensorflow==2.15.1", name, True)


def test_an_exact_wish_counts_before_a_lock_and_a_lock_before_a_range(tmp_path):
    write(tmp_path, "pyproject.toml", '[project]\ndependencies = ["tensorflow>=2.10"]\n')
    write(tmp_path, "uv.lock", '[[package]]\nname = "tensorflow"\nversion = "2.15.1"\n')
    assert [requirement for requirement, _ in pins(tmp_path)] == ["tensorflow==2.15.1", "tensorflow>=2.10"]
    write(tmp_path, "requirements.txt", "tensorflow==2.12.0\n")
    assert pins(tmp_path)[0] == ("tensorflow==2.12.0", "requirements.txt:1")


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        ("tensorflow=2.10", "tensorflow==2.10.*"),
        ("tensorflow=2.10.0=gpu_py310h1", "tensorflow==2.10.0.*"),
        ("conda-forge::tensorflow==2.11.0", "tensorflow==2.11.0"),
        ("tensorflow>=2.9,<2.12", "tensorflow<2.12,>=2.9"),
        ("tensorflow-gpu 2.8.*", "tensorflow-gpu==2.8.*"),
    ],
)
def test_conda_environments_are_read(tmp_path, line, requirement):
    write(tmp_path, "environment.yml", f"name: x\ndependencies:\n  - python=3.10\n  - '{line}'\n")
    assert pins(tmp_path) == [(requirement, "environment.yml")]


def test_the_pip_part_of_a_conda_environment_is_read(tmp_path):
    write(
        tmp_path, "environment.yml", "dependencies:\n  - pip\n  - pip:\n    - tensorflow==2.12.0\n    - -r more.txt\n"
    )
    assert pins(tmp_path) == [("tensorflow==2.12.0", "environment.yml:pip")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "not [ toml"),
        ("pyproject.toml", "project = 3"),
        ("environment.yml", "a: [unclosed"),
        ("environment.yml", "a: &a [x, x]\nb: &b [*a, *a]\ndependencies: [*b, *b]\n"),
        ("environment.yml", "- just\n- a list\n"),
        ("environment.yml", "dependencies: !!python/object/apply:os.system ['true']"),
        ("uv.lock", "package = 'text'"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_note_and_no_error(tmp_path, name, text):
    write(tmp_path, name, text)
    (note,) = asking(read_pins(tmp_path))
    assert (note.requirement, note.source) == ("", name)
    assert note.note.startswith("could not be read: ")


def test_a_powershell_freeze_in_utf_16_is_read(tmp_path):
    (tmp_path / "requirements.txt").write_bytes("tensorflow==2.10.0\r\n".encode("utf-16"))
    assert pins(tmp_path) == [("tensorflow==2.10.0", "requirements.txt:1")]


def test_a_huge_file_is_not_read(tmp_path):
    (tmp_path / "requirements.txt").write_bytes(b"tensorflow==2.10.0\n" * 300_000)
    (note,) = asking(read_pins(tmp_path))
    assert "larger than 4 MiB" in note.note


def test_requirements_files_that_ask_for_others_are_known(tmp_path):
    write(tmp_path, "requirements.txt", "tensorflow\nnumpy\n")
    write(tmp_path, "requirements-tf.txt", "tensorflow==2.15.1\n-r more.txt\n")
    write(tmp_path, "constraints.txt", "numpy<2\n")
    (tmp_path / "requirements-big.txt").write_bytes(b"numpy==1.26.4\n" * 400_000)
    (tmp_path / "requirements-dir.txt").mkdir()
    assert files_with_others(tmp_path) == ("requirements.txt",)
    assert files_with_others(tmp_path / "nowhere") == ()


def test_a_folder_that_is_not_there_has_no_pins(tmp_path):
    assert asking(read_pins(tmp_path / "nowhere")) == ()


def test_included_files_count_where_they_lie_in_the_folder(tmp_path):
    (tmp_path / "requirements").mkdir()
    write(
        tmp_path,
        "requirements.txt",
        "-r requirements/base.txt\n--constraint=requirements/pins.txt\n-r ../outside.txt\n",
    )
    write(
        tmp_path / "requirements", "base.txt", "tensorflow>=2.10\n-rmore.txt\n-r base.txt\n-r https://example/x.txt\n"
    )
    write(tmp_path / "requirements", "more.txt", "flask\n")
    write(tmp_path / "requirements", "pins.txt", "tensorflow==2.15.1\n")
    assert pins(tmp_path) == [
        ("tensorflow==2.15.1", "requirements/pins.txt:1"),
        ("tensorflow>=2.10", "requirements/base.txt:1"),
        ("", "requirements/base.txt:4"),
        ("", "requirements.txt:3"),
    ]
    assert notes(tmp_path) == {
        "requirements/base.txt:4": "names `https://example/x.txt`, and nothing is fetched for this",
        "requirements.txt:3": "names `../outside.txt`, which lies outside of this folder",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "uv.lock",
            ('[[package]]\nname = "tensorflow"\nversion = "2.16.2"\nresolution-markers = ["sys_platform == \'darwin\'"]\n'
            '[[package]]\nname = "tensorflow"\nversion = "2.19.0"\n'
            'resolution-markers = ["sys_platform == \'linux\'", "sys_platform == \'win32\'"]\n'),
        ),
        (
            "poetry.lock",
            ('[[package]]\nname = "tensorflow"\nversion = "2.16.2"\nmarkers = "sys_platform == \'darwin\'"\n'
            '[[package]]\nname = "tensorflow"\nversion = "2.19.0"\n'
            'markers = {main = "sys_platform == \'linux\'", dev = "sys_platform == \'win32\'"}\n'),
        ),
        (
            "pylock.cpu.toml",
            ('[[packages]]\nname = "tensorflow"\nversion = "2.16.2"\nmarker = "sys_platform == \'darwin\'"\n'
            '[[packages]]\nname = "tensorflow"\nversion = "2.19.0"\nmarker = "sys_platform == \'linux\'"\n'),
        ),
    ],
)  # fmt: skip
def test_of_a_lock_for_many_platforms_the_version_of_this_one_counts(tmp_path, name, text):
    write(tmp_path, name, text)
    assert pins(tmp_path, LINUX) == [("tensorflow==2.19.0", name)]


def test_a_lock_with_a_marker_that_cannot_be_read_still_counts(tmp_path):
    write(tmp_path, "uv.lock", '[[package]]\nname = "tensorflow"\nversion = "2.16.2"\nresolution-markers = ["??"]\n')
    assert pins(tmp_path, LINUX) == [("tensorflow==2.16.2", "uv.lock")]
