from tfrepair.model.dependencies import Unsatisfied, tree, unsatisfied
from tfrepair.model.distribution import Distribution

MARKERS = {"python_version": "3.10", "sys_platform": "linux", "platform_system": "Linux"}


def installed(name, version, *requires):
    return Distribution(name=name, version=version, metadata_path=f"/{name}", requires=requires)


def test_missing_and_wrong_versions_are_named():
    found = unsatisfied(
        [
            installed("tensorflow", "2.10.0", "numpy<2", "Keras>=2.10,<2.11", "six"),
            installed("numpy", "2.2.6"),
            installed("six", "1"),
        ],
        MARKERS,
    )
    assert found == (
        Unsatisfied(
            distribution="tensorflow", version="2.10.0", requirement="numpy<2", name="numpy", installed="2.2.6"
        ),
        Unsatisfied(
            distribution="tensorflow", version="2.10.0", requirement="Keras<2.11,>=2.10", name="keras", installed=None
        ),
    )


def test_names_that_are_alike_stand_for_each_other_and_a_name_that_is_there_for_itself():
    alike = ("tensorflow", "tensorflow-cpu")
    keras = installed("tf-keras", "2.16.0", "tensorflow<2.17,>=2.16")
    assert unsatisfied([keras, installed("tensorflow-cpu", "2.16.2")], MARKERS, alike) == ()
    (broken,) = unsatisfied([keras, installed("tensorflow-cpu", "2.18.0")], MARKERS, alike)
    assert (broken.name, broken.installed) == ("tensorflow", "2.18.0")
    both = [keras, installed("tensorflow", "2.15.0"), installed("tensorflow-cpu", "2.16.2")]
    assert unsatisfied(both, MARKERS, alike)[0].installed == "2.15.0"
    assert unsatisfied([keras], MARKERS, alike)[0].installed is None


def test_extras_other_platforms_and_unreadable_lines_ask_for_nothing():
    lines = (
        "a; extra == 'x'",
        "b; sys_platform == 'win32'",
        "c; sys_platform == 'win32' or extra == 'x'",
        "? ? ?",
        "d; nonsense == '1'",
    )
    assert unsatisfied([installed("x", "1", *lines)], MARKERS) == ()


def test_prereleases_satisfy_and_so_does_either_copy_of_a_duplicate():
    found = [installed("x", "1", "keras>=3", "numpy<2"), installed("keras", "3.0.0rc1"), installed("keras", "3.1.dev0")]
    assert [
        each.name for each in unsatisfied([*found, installed("numpy", "2.0"), installed("numpy", "1.26")], MARKERS)
    ] == []


def test_the_tree_of_a_root_holds_what_it_needs_however_indirectly():
    found = [
        installed("tensorflow", "2", "keras"),
        installed("keras", "3", "rich", "tensorflow"),
        installed("rich", "1"),
        installed("pandas", "2"),
    ]
    assert tree(found, ("tensorflow", "tensorflow-gpu"), MARKERS) == {"tensorflow", "keras", "rich"}
