"""What `--with` can name."""

import pytest

from tfrepair.errors import UsageError
from tfrepair.target.discover import describe_environment
from tfrepair.target.extras import MODULES, Extra, extras_of
from tfrepair.target.scripts.extras_script import CHECKS


@pytest.fixture
def environment(venv, environ):
    return describe_environment(venv, environ).environment


def test_every_check_is_of_a_name_that_is_known():
    assert set(CHECKS) == set(MODULES) - {"tensorflow-io"}


@pytest.mark.parametrize("text", ["tensorflow-text", "text", "Tensorflow_Text"])
def test_a_companion_is_known_by_its_name_and_by_what_comes_after_tensorflow(text, environment):
    assert extras_of([text, text], environment) == (Extra(name="tensorflow-text", modules=("tensorflow_text",)),)


def test_what_is_installed_is_known_too(environment, site):
    info = site / "pillow-11.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pillow\nVersion: 11.0\n")
    (info / "RECORD").write_text(
        "PIL/__init__.py,,\npillow.libs/libtiff.so.6,,\n_hidden.so,,\npillow-11.0.dist-info/RECORD,,\n"
    )
    assert extras_of(["Pillow"], environment) == (Extra(name="pillow", modules=("PIL",)),)


@pytest.mark.parametrize(
    ("text", "near"), [("tensorbord", "tensorboard"), ("tensorflow-txt", "tensorflow-text"), ("hup", "hub")]
)
def test_another_name_is_refused_with_the_nearest(text, near, environment):
    with pytest.raises(UsageError, match="is not known") as refused:
        extras_of([text], environment)
    assert f"did you mean `{near}`?" in refused.value.hint


def test_a_name_like_no_other_gets_the_list(environment):
    with pytest.raises(UsageError) as refused:
        extras_of(["zzz"], environment)
    assert refused.value.hint.startswith("known are keras, tensorboard")
