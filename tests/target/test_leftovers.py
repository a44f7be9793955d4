import pytest

from tfrepair.target.leftovers import left_release

FAMILY = frozenset({"tensorflow", "tensorflow-cpu", "tf-nightly"})


def left(folder, name, metadata=None):
    path = folder / name
    path.mkdir()
    if metadata is not None:
        (path / "METADATA").write_text(metadata)
    return str(path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("~ensorflow_cpu-2.19.1.dist-info", ("tensorflow-cpu", "2.19.1")),
        ("~~nsorflow-2.9.0.dist-info", ("tensorflow", "2.9.0")),
        ("-ensorflow-1.15.0.egg-info", ("tensorflow", "1.15.0")),
        ("~f_nightly-2.21.0.dev20250101.dist-info", ("tf-nightly", "2.21.0.dev20250101")),
        ("~umpy-1.26.4.dist-info", None),
        ("~ensorflow_text-2.19.1.dist-info", None),
        ("~ensorflow-unknown.dist-info", None),
        ("~ensorflow", None),
    ],
)
def test_the_name_of_the_folder_says_what_it_was(tmp_path, name, told):
    assert left_release([left(tmp_path, name)], FAMILY) == told


def test_its_metadata_count_more_than_its_name_and_the_newest_of_several_is_told(tmp_path):
    paths = [
        left(tmp_path, "~ensorflow-2.9.0.dist-info"),
        left(tmp_path, "~~nsorflow-2.10.0.dist-info", "Name: tensorflow-cpu\nVersion: 2.10.1\n"),
    ]
    assert left_release(paths, FAMILY) == ("tensorflow-cpu", "2.10.1")
