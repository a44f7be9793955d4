"""TensorBoard comes in the release of its TensorFlow."""

from tfrepair.reason.companions import paired, pairs


def test_a_final_release_is_paired_with_its_minor_version():
    assert pairs("2.21.0") == ("tensorboard>=2.21,<2.22",)
    assert pairs("1.15.5") == ("tensorboard>=1.15,<1.16",)


def test_what_is_older_not_final_or_no_version_is_not_paired():
    assert pairs("1.13.2") == pairs("2.22.0rc0") == pairs("2.23.0.dev20261026") == pairs("somebody's") == ()


def test_only_what_is_installed_comes_along():
    assert paired(pairs("2.21.0"), {"numpy"}) == ()
    assert paired(pairs("2.21.0"), {"numpy", "tensorboard"}) == ("tensorboard>=2.21,<2.22",)
