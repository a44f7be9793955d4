"""Each valid way to write a wish for TensorFlow is read, or a note says that it was not."""

import pytest

from tfrepair.target.project.conda import conda_environment
from tfrepair.target.project.folder import asking, read_pins
from tfrepair.target.project.pin import pin_of
from tfrepair.target.project.pyproject import pyproject
from tfrepair.target.project.requirements import asks_for_others, requirement_lines

WHEEL = "tensorflow_cpu-2.15.1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        (f"./wheels/{WHEEL}", "tensorflow-cpu==2.15.1"),
        (WHEEL, "tensorflow-cpu==2.15.1"),
        (f"file:///wheels/{WHEEL}#sha256=aa", "tensorflow-cpu==2.15.1"),
        (f"https://example.org/{WHEEL} ; sys_platform == 'linux'", 'tensorflow-cpu==2.15.1; sys_platform == "linux"'),
        (f"https://example.org/w/{WHEEL.replace('2.15.1', '2.15.1%2Bours')}", "tensorflow-cpu==2.15.1+ours"),
        (f"C:\\wheels\\{WHEEL}", "tensorflow-cpu==2.15.1"),
    ],
)
def test_the_name_of_a_wheel_tells_the_version(line, requirement):
    assert pin_of(line, "x").requirement == requirement


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tensorflow==${TF_VERSION}", "variables are not filled in"),
        ("tensorflow${KIND}==2.15.1", "variables are not filled in"),
        ("tensorflow=2.15", "not understood"),
        ("tensorflow==2.15.1 ; python ??", "not understood"),
        ("tensorflow-2.15.whl", "not the name of a wheel"),
        ("https://example.org/tensorflow-2.15.1.tar.gz", "no wheel"),
        ("git+https://github.com/tensorflow/tensorflow.git@v2.15.1", "no wheel"),
        ("git+https://github.com/tensorflow/tensorflow@v2.15.1", "no wheel"),
        ("-e git+ssh://example.org/ours.git#egg=tensorflow", "no wheel"),
        ("tensorflow @ git+https://example.org/tf", "no wheel"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line, said):
    (pin,) = requirement_lines(f"numpy\n{line}\n", "requirements.txt")
    assert (pin.requirement, pin.source) == ("", "requirements.txt:2")
    assert said in pin.note
    assert line in pin.note


@pytest.mark.parametrize(
    "line",
    [
        "numpy==${NUMPY}",
        "./tensorflow",
        "./numpy-1.26.4-cp310-cp310-win_amd64.whl",
        "-e .",
        "--index-url https://example.org/tensorflow",
        "git+https://example.org/tensorflow-models.git",
        "tensorflow-hub==0.16",
    ],
)
def test_lines_about_something_else_are_passed_over(line):
    assert list(requirement_lines(line, "requirements.txt")) == []


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("tensorflow==2.15.1\n# numpy\n--no-binary :all:\n-r more.txt\n", False),
        (f"{WHEEL}\ntensorflow==${{X}}\n", False),
        ("tensorflow\nnumpy\n", True),
        ("-e .\n", True),
        ("./numpy-1.26.4-cp310-cp310-win_amd64.whl", True),
    ],
)
def test_whether_a_file_asks_for_others_too(text, others):
    assert asks_for_others(text) is others


def test_a_line_that_ends_with_the_file_is_read_although_it_says_that_it_goes_on():
    (pin,) = requirement_lines("tensorflow==2.15.1 \\", "requirements.txt")
    assert pin.requirement == "tensorflow==2.15.1"


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        ("tensorflow-cpu >= 2.14, <2.16", "tensorflow-cpu<2.16,>=2.14"),
        ("tensorflow-cpu >=2.14 , < 2.16", "tensorflow-cpu<2.16,>=2.14"),
        ("tensorflow[version='>=2.10']", "tensorflow>=2.10"),
        ('conda-forge/linux-64::tensorflow[version=">=2.10,<2.16", build="cuda*"]', "tensorflow<2.16,>=2.10"),
        ("tensorflow[build=cuda*, version=2.10.*]", "tensorflow==2.10.*"),
        ("tensorflow = 2.15", "tensorflow==2.15.*"),
        ("tensorflow=2.10.*=mkl_*", "tensorflow==2.10.*"),
        ("tensorflow 2.10.0 gpu_py310h1", "tensorflow==2.10.0.*"),
        ("tensorflow=*=mkl*", "tensorflow"),
        ("tensorflow", "tensorflow"),
    ],
)
def test_what_conda_writes_is_read(line, requirement):
    (pin,) = conda_environment(f"dependencies:\n  - {line!r}\n", "environment.yml")
    assert pin.requirement == requirement


@pytest.mark.parametrize("line", ["tensorflow 2.14.*|2.15.*", "tensorflow[version='2.14|>=2.16']", "tensorflow >=two"])
def test_what_is_not_read_of_conda_is_named(line):
    (pin,) = conda_environment(f"dependencies:\n  - python\n  - {line!r}\n", "environment.yml")
    assert pin.requirement == ""
    assert line in pin.note


def test_a_requirements_file_that_the_pip_part_names_is_followed(tmp_path):
    (tmp_path / "environment.yml").write_text("dependencies:\n  - pip:\n    - -r deep/more.txt\n    - -r ${X}.txt\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "more.txt").write_text("numpy\ntensorflow==2.15.1\n")
    pin, note = asking(read_pins(tmp_path))
    assert (pin.requirement, pin.source) == ("tensorflow==2.15.1", "deep/more.txt:2")
    assert (note.source, note.note) == ("environment.yml:pip", "names `${X}.txt`, and variables are not filled in")


TABLES = """
[project]
dependencies = ["tensorflow>=2.1"]
optional-dependencies.gpu = ["tensorflow>=2.2"]
[dependency-groups]
test = ["tensorflow>=2.3"]
dev = ["pytest", {include-group = "test"}]
[tool.uv]
constraint-dependencies = ["tensorflow<2.16"]
override-dependencies = ["tensorflow<2.17"]
dev-dependencies = ["tensorflow>=2.4"]
[tool.pdm.dev-dependencies]
lint = ["tensorflow>=2.5", "-e file:///${PROJECT_ROOT}/x#egg=x"]
[tool.hatch.envs.default]
dependencies = ["tensorflow>=2.6"]
extra-dependencies = ["tensorflow>=2.7"]
[tool.poetry.dependencies]
tensorflow = {version = "^2.8", extras = ["and-cuda"]}
[tool.poetry.dev-dependencies]
tensorflow = "^2.9"
[tool.poetry.group.x.dependencies]
tensorflow = "^2.10"
"""


def test_the_tables_of_tools_are_read_and_extras_and_groups_are_optional():
    found = {pin.source.partition(":")[2]: (pin.requirement, pin.optional) for pin in pyproject(TABLES, "x")}
    assert found == {
        "tool.uv.override-dependencies": ("tensorflow<2.17", False),
        "project.dependencies": ("tensorflow>=2.1", False),
        "tool.uv.constraint-dependencies": ("tensorflow<2.16", False),
        "project.optional-dependencies.gpu": ("tensorflow>=2.2", True),
        "dependency-groups.test": ("tensorflow>=2.3", True),
        "tool.uv.dev-dependencies": ("tensorflow>=2.4", True),
        "tool.pdm.dev-dependencies.lint": ("tensorflow>=2.5", True),
        "tool.hatch.envs.default.dependencies": ("tensorflow>=2.6", True),
        "tool.hatch.envs.default.extra-dependencies": ("tensorflow>=2.7", True),
        "tool.poetry.dependencies": ("tensorflow[and-cuda]<3,>=2.8", False),
        "tool.poetry.dev-dependencies": ("tensorflow<3,>=2.9", True),
        "tool.poetry.group.x.dependencies": ("tensorflow<3,>=2.10", True),
    }


@pytest.mark.parametrize("wish", ["'^2.10 || ^3.0'", "'^newest'", "{git = 'https://example.org/tf.git'}"])
def test_an_entry_of_poetry_that_is_not_read_is_named_and_the_others_count(wish):
    text = f"[project]\ndependencies = ['tensorflow>=2.9']\n[tool.poetry.dependencies]\ntensorflow = {wish}\n"
    pin, note = pyproject(text, "pyproject.toml")
    assert (pin.requirement, note.requirement) == ("tensorflow>=2.9", "")
    assert note.source == "pyproject.toml:tool.poetry.dependencies"
    assert note.note.startswith("is `tensorflow ")


def test_where_uv_takes_a_wheel_from_tells_the_version():
    text = f"[tool.uv.sources]\ntensorflow-cpu = [{{url = 'https://x/{WHEEL}', marker = 'os_name == \"nt\"'}}]\n"
    text += "tensorflow = {git = 'https://example.org/tf.git'}\ntf-nightly = {index = 'ours'}\n"
    pin, note = pyproject(text, "pyproject.toml")
    assert pin.requirement == 'tensorflow-cpu==2.15.1; os_name == "nt"'
    assert "no wheel" in note.note


def test_the_files_that_setuptools_reads_dependencies_from_are_followed(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.setuptools.dynamic]\ndependencies = {file = ['deps.in']}\n"
        "optional-dependencies.gpu = {file = 'gpu.in'}\nversion = {attr = 'x.y'}\n"
    )
    (tmp_path / "deps.in").write_text("tensorflow>=2.10\n")
    (tmp_path / "gpu.in").write_text("tensorflow[and-cuda]>=2.15\n")
    assert [(pin.requirement, pin.source, pin.optional) for pin in asking(read_pins(tmp_path))] == [
        ("tensorflow>=2.10", "deps.in:1", False),
        ("tensorflow[and-cuda]>=2.15", "gpu.in:1", True),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", f"./{WHEEL} ; what ?\n"),
        ("uv.lock", '[[package]]\nname = "tensorflow"\nversion = "new est"\n'),
        ("pylock.toml", '[[packages]]\nname = "tensorflow"\nversion = "new est"\nmarker = "??"\n'),
    ],
)
def test_what_looks_like_a_version_and_is_none_is_a_note(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    (note,) = asking(read_pins(tmp_path), {"sys_platform": "linux"})
    assert not note.requirement
    assert note.note
