"""A case that could never come out otherwise is told so."""

import pytest

from tfrepair.app.case_run import differences
from tfrepair.app.cases import read_case
from tfrepair.app.playbooks import known_facts
from tfrepair.errors import PlaybookError
from tfrepair.playbook.loader import load_builtin


def test_a_fact_of_a_kind_that_no_probe_tells_is_refused(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("facts:\n  import.ok: yes\n  host.system: macos\n  host.libc:\nfindings: []\n")
    with pytest.raises(PlaybookError) as caught:
        read_case(path, known_facts())
    assert caught.value.problems == (
        f"{path}:2:14: `import.ok` is true or false and never `yes`: write `true`",
        f"{path}:3:16: `host.system` is `linux` or `darwin` or `windows`, never `macos`",
    )


def test_a_word_that_no_finding_has_is_refused(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(
        "findings:\n  - {id: a, severity: eror, confidence: sure, repair: manual}\n  - {id: b, repair: [x]}\n"
    )
    with pytest.raises(PlaybookError) as caught:
        read_case(path, known_facts())
    assert caught.value.problems == (
        f"{path}:2:23: `severity` must be `error` or `warning` or `info`, not the text `eror`, did you mean `error`?",
        f"{path}:2:41: `confidence` must be `high` or `medium` or `low`, not the text `sure`",
        f"{path}:3:21: `repair` must be `automatic` or `manual`, not a list",
    )


def test_a_near_miss_names_a_playbook_that_is_there(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("facts: {host.system: linux}\nfindings: []\nabsent: [numpy-abl, no-avx]\n")
    (said,) = differences(read_case(path, known_facts()), load_builtin())
    assert said == f"{path}:3:1: there is no playbook `numpy-abl`, did you mean `numpy-abi`?"
