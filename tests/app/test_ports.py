"""What a command of a playbook is given."""

from pathlib import Path

import pytest

from tfrepair.app.ports import in_the_copy


@pytest.mark.parametrize(
    ("word", "given"),
    [
        ("/home/ada/env/bin/python", "/stage/bin/python"),
        ("/home/ada/env", "/stage"),
        ("--prefix=/home/ada/env", "--prefix=/stage"),
        ("-I/home/ada/env/include", "-I/stage/include"),
        ("/usr/bin:/home/ada/env/bin", "/usr/bin:/stage/bin"),
        ("open('/home/ada/env/x')", "open('/stage/x')"),
        ("/home/ada/env2/bin", "/home/ada/env2/bin"),
        ("/home/ada/env.old", "/home/ada/env.old"),
        ("/mnt/home/ada/env/bin", "/mnt/home/ada/env/bin"),
    ],
)
def test_paths_in_the_environment_are_those_in_the_copy(word, given):
    assert in_the_copy(word, Path("/home/ada/env"), Path("/stage")) == given
