"""`explain`: from a pasted text to ranked causes, also where somebody means harm."""

import io
import json
import os
import sys
import threading
import time

import pytest

from tfrepair.cli.app import run
from tfrepair.model.facts import Fact, Facts, Known
from tfrepair.model.wire import facts_to_json

NUMPY = """Traceback (most recent call last):
  File "C:\\Users\\ada\\env\\lib\\site-packages\\tensorflow\\python\\client\\pywrap_tf_session.py", line 19, in <module>
    from tensorflow.python.client._pywrap_tf_session import *
AttributeError: _ARRAY_API not found
"""
NOT_THERE = "ModuleNotFoundError: No module named 'tensorflow'\n"
LIMIT = 20  # seconds of the processor


@pytest.fixture
def explained(tmp_path, monkeypatch, capsys):
    """Explain a text; returns the exit code, the JSON document and what was printed on standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)

    def check(text, *options):
        path = tmp_path / "log.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        code = run(["explain", str(path), "--json", *options])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, json.loads(out), err

    return check


def ids(document):
    return [finding["id"] for finding in document["findings"]]


def test_the_cause_and_the_line_that_decides(explained):
    code, document, _ = explained(NUMPY)
    assert code == 1
    assert document["status"] == "broken"
    first = document["findings"][0]
    assert (first["id"], first["confidence"], first["repair"]) == ("numpy-abi", "high", "automatic")
    assert first["decided_by"] == "AttributeError: _ARRAY_API not found"
    assert "AttributeError: _ARRAY_API not found" in first["evidence"][0]["text"]
    assert any("tfrepair fix" in sentence for sentence in document["messages"])


NOT_OFFERED = (
    "ERROR: Could not find a version that satisfies the requirement tensorflow==1.15 (from versions: 2.8.0, 2.9.0)\n"
)


def test_steps_by_hand_hold_nothing_that_is_not_known_and_no_python_that_does_not_fit(explained):
    _, document, _ = explained(NOT_OFFERED, "--python-version", "3.13")
    assert (ids(document)[0], document["status"]) == ("unsupported-python", "manual")
    assert any("`tfrepair tensorflow list`" in step for step in document["manual"])
    assert [step for step in document["manual"] if "<" in step or "release." in step or "3.12" in step] == []


def test_a_text_about_something_else_is_said_to_be(explained):
    _, document, _ = explained("acme.errors.LinkError: [WinError 112] There is not enough space on the disk\n")
    assert [(one["id"], one["confidence"]) for one in document["findings"]] == [("disk-or-memory", "low")]
    assert any("names `acme` and TensorFlow nowhere" in sentence for sentence in document["messages"])
    assert not any("TensorFlow nowhere" in sentence for sentence in explained(NUMPY)[1]["messages"])


@pytest.mark.parametrize(
    ("release", "whose"), [("2.8.0", "generated for TensorFlow"), ("2.20.0", "beside this TensorFlow")]
)
def test_whose_code_it_is_that_protobuf_refuses(explained, release, whose):
    _, document, _ = explained("TypeError: Descriptors cannot be created directly.\n", "--tensorflow", release)
    first = document["findings"][0]
    assert (first["id"], first["confidence"]) == ("protobuf-mismatch", "high")
    assert whose in first["evidence"][0]["text"]


def test_nothing_known_is_no_cause(explained):
    code, document, _ = explained("everything went well\n")
    assert (code, document["status"], document["findings"]) == (0, "healthy", [])


def test_an_empty_text_is_no_cause(explained):
    assert explained("")[0] == 0


def test_a_manual_cause_has_its_steps_and_no_command(explained):
    code, document, _ = explained("DLL load failed with error code -1073741795", "--tensorflow", "2.3.0")
    assert (code, document["status"], ids(document)[0]) == (1, "manual", "no-avx")
    assert document["manual"]
    assert not any("tfrepair fix" in sentence for sentence in document["messages"])


def test_an_environment_at_hand_is_named_with_the_repair(explained, monkeypatch):
    assert any(
        "tfrepair fix --dry-run --env mine`" in sentence
        for sentence in explained(NUMPY, "--env", "mine")[1]["messages"]
    )
    monkeypatch.setenv("VIRTUAL_ENV", "/home/ada/env")
    assert any("tfrepair fix --dry-run` " in sentence for sentence in explained(NUMPY)[1]["messages"])


def test_one_that_is_here_is_said_not_to_have_been_looked_at(explained, tmp_path):
    messages = explained(NUMPY, "--env", str(tmp_path))[1]["messages"]
    assert any(sentence.startswith("only the text was read; `tfrepair diagnose") for sentence in messages)
    assert not any(sentence.startswith("only the text was read") for sentence in explained(NUMPY)[1]["messages"])


def test_quiet_is_the_causes_and_what_to_do(tmp_path, capsys):
    (tmp_path / "log.txt").write_text(NUMPY)
    assert run(["explain", "-q", str(tmp_path / "log.txt")]) == 1
    out, _ = capsys.readouterr()
    assert "[numpy-abi]" in out


def test_a_variable_that_says_what_fix_installs_is_no_version_of_the_text(explained, monkeypatch):
    monkeypatch.setenv("TFREPAIR_TENSORFLOW", "~=2.15.0")
    assert ids(explained(NUMPY)[1])[0] == "numpy-abi"
    assert explained(NUMPY, "--tensorflow", "~=2.14.0")[0] == 2


def test_the_end_of_what_is_typed_is_met_once(monkeypatch, capsys):
    class Typed(io.BytesIO):
        """A terminal: whoever reads on after the end waits for another one."""

        ended = False

        def read(self, size=-1):
            assert not self.ended
            found = super().read(size)
            self.ended = len(found) < size
            return found

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Typed(NOT_THERE.encode())))
    assert run(["explain", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"]


def test_an_environment_that_is_not_here_is_said_to_be_elsewhere(explained, tmp_path):
    for env, here in ((tmp_path, True), (tmp_path / "mine", False)):
        messages = explained(NUMPY, "--env", str(env))[1]["messages"]
        assert any(f"`{env}` is not on this machine" in sentence for sentence in messages) is not here


@pytest.mark.parametrize(
    "text",
    [
        "Could not find a version that satisfies the requirement nvidia-cudnn-cu12==8.9.4 (from tensorflow[and-cuda])",
        "Loaded runtime CuDNN library: 8.0.5 but source was compiled with: 8.1.0.",
    ],
)
def test_the_repair_of_a_gpu_is_asked_for_because_it_is_only_a_warning(explained, text):
    document = explained(text, "--env", "mine", "--os", "linux")[1]
    assert any("tfrepair fix --dry-run --gpu require --env mine`" in sentence for sentence in document["messages"]), (
        document["messages"]
    )


CUDA_NOISE = (
    "2021-05-01 10:00:00.1: W tensorflow/stream_executor/platform/default/dso_loader.cc:60] "
    "Could not load dynamic library 'cudart64_110.dll'; dlerror: cudart64_110.dll not found\n"
    "2021-05-01 10:00:00.2: W tensorflow/stream_executor/cuda/cuda_driver.cc:326] failed call to cuInit: UNKNOWN ERROR (303)\n"
)


def test_what_a_healthy_import_logs_about_gpus_is_not_the_cause_of_the_exception_after_it(explained):
    raised = CUDA_NOISE + "AttributeError: module 'numpy' has no attribute 'object'\n"
    assert ids(explained(raised)[1])[0] == "numpy-abi"
    unknown = CUDA_NOISE + "AttributeError: 'Ragged' object has no attribute 'shear'\n"
    assert not [one for one in explained(unknown)[1]["findings"] if one["confidence"] == "high"]
    alone = explained(CUDA_NOISE.split("\n", maxsplit=1)[0])[1]
    assert ids(alone)[0] == "missing-cuda-library"


def test_an_exception_counts_more_than_a_warning_above_it(explained):
    text = "UserWarning: Protobuf gencode version 5.28.3 is exactly one major version older than the runtime version 6.31.1\n"
    assert ids(explained(text)[1])[0] == "protobuf-mismatch"
    both = text + "NotImplementedError: Cannot convert a symbolic Tensor (lstm/strided_slice:0) to a numpy array.\n"
    assert ids(explained(both)[1])[:2] == ["numpy-abi", "protobuf-mismatch"]


def test_what_is_known_of_the_machine_rules_a_cause_out(explained):
    text = "DLL load failed while importing _pywrap_tensorflow_internal: A dynamic link library (DLL) initialization routine failed."
    assert "no-avx" in ids(explained(text, "--tensorflow", "2.3.0")[1])
    assert "no-avx" not in ids(explained(text, "--tensorflow", "2.3.0", "--cpu", "fpu sse2 avx avx2")[1])


@pytest.mark.parametrize("version", ["3", "3.11", "3.11.4", "3.13.0rc1", "3.12+"])
def test_the_python_there_may_be_told_in_any_detail(explained, version):
    code, document, _ = explained(NUMPY, "--python-version", version)
    assert (code, ids(document)[0]) == (1, "numpy-abi")


@pytest.mark.parametrize(
    "name", ["libopenblas64_p-r0-0cf96a72.3.23.dev.so", "libgfortran-040039e1.so.5.0.0", "libhdf5-f3b6b0c1.so.310.5.1"]
)
def test_a_library_under_the_name_that_one_wheel_gave_it_is_gone(explained, name):
    text = f"ImportError: {name}: cannot open shared object file: No such file or directory"
    frame = '  File "/home/ada/env/lib/python3.11/site-packages/numpy/core/__init__.py", line 24, in <module>'
    text = f"{frame}\n{text}\nImportError: Importing the numpy C-extensions failed. Original error was: {text}\n"
    assert ids(explained(text)[1])[0] == "corrupt-install"


def test_the_fact_that_would_tell_two_candidates_apart_is_named(explained):
    _, document, _ = explained("Illegal instruction (core dumped)\nzsh: illegal hardware instruction  python\n")
    first = document["findings"][0]
    assert first["confidence"] != "high"


def test_a_fact_that_decides_between_causes_is_named_once(explained):
    _, document, _ = explained(
        "Could not find a version that satisfies the requirement tensorflow==1.15 (from versions: none)\n"
    )
    facts = [sentence.split("`")[1] for sentence in document["messages"] if " would decide " in sentence]
    assert len(facts) == len(set(facts)) > 0
    assert any("would decide between wrong-architecture and network-or-index (" in one for one in document["messages"])


def test_recorded_facts_are_heeded_and_options_come_before_them(explained, tmp_path):
    recorded = Facts.of([Fact(path="host.has_avx", state=Known(True), source="host")])
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts_to_json(recorded)))
    assert "no-avx" not in ids(explained("Illegal instruction", "--facts", str(path))[1])
    assert "no-avx" in ids(explained("Illegal instruction", "--facts", str(path), "--cpu", "Intel Celeron N3060")[1])


def test_what_an_import_said_elsewhere_does_not_explain_this_text(explained, tmp_path):
    recorded = Facts.of([Fact(path="import.output", state=Known(NUMPY), source="import")])
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts_to_json(recorded)))
    assert ids(explained("all is well", "--facts", str(path))[1]) == []


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NUMPY.encode())))
    assert run(["explain"]) == 1
    assert "[numpy-abi]" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes among its files")
@pytest.mark.parametrize(("text", "found"), [(NUMPY, ["numpy-abi"]), (None, [])])
def test_what_a_command_prints_into_a_pipe_and_one_that_nobody_writes_to(tmp_path, capsys, text, found):
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDWR)  # both ends, so that writing waits for nobody
    if text is not None:
        os.write(end, text.encode())
    writing = threading.Timer(0.3 if text is not None else 0, os.close, (end,))
    writing.start()
    if text is None:
        writing.join()
    run(["explain", str(tmp_path / "pipe"), "--json"])
    assert ids(json.loads(capsys.readouterr().out))[:1] == found
    writing.join()


def test_text_of_powershell(explained):
    assert ids(explained(NUMPY.encode("utf-16"))[1])[0] == "numpy-abi"


@pytest.mark.parametrize(
    "content",
    [
        NUMPY.encode("utf-16-le"),
        NUMPY.encode("utf-16-be"),
        b"pip install tensorflow\r\n" + NUMPY.encode("utf-16-le"),
        b"".join(line.encode() + b"\0" * 40 + b"\n" for line in NUMPY.splitlines()),
    ],
    ids=["little-endian without a mark", "big-endian without a mark", "put below UTF-8", "NULs at the ends of lines"],
)
def test_NULs_between_characters(explained, content):  # noqa: N802
    assert ids(explained(content)[1])[0] == "numpy-abi"


def test_characters_that_are_no_utf_8(explained):
    assert ids(explained("über straße\n".encode("latin-1") + NUMPY.encode())[1])[0] == "numpy-abi"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.txt"], "gone.txt"),
        (["."], "`.`"),
        (["/dev/zero"], "/dev/zero"),
        (["log.txt", "--os", "plan9"], "plan9"),
        (["log.txt", "--python-version", "three"], "`--python-version three` is no version"),
        (["log.txt", "--facts", "log.txt"], "log.txt"),
        (["log.txt", "--facts", "list.json"], "list.json"),
        (["log.txt", "--only", "numpy-abbi"], "numpy-abi"),
    ],
)
def test_a_wrong_command_line(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.txt").write_text(NUMPY)
    (tmp_path / "list.json").write_text('{"format": "tfrepair.facts/1", "facts": []}')
    assert run(["explain", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", [b"\0" * 5_000_000, bytes(range(256)) * 4000, b"\x89PNG\r\n\x1a\n" + b"\x01\x02\xfe" * 10000]
)
def test_what_is_no_text_is_refused(tmp_path, monkeypatch, capsys, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture").write_bytes(content)
    assert run(["explain", "picture"]) == 2
    assert "is no text" in capsys.readouterr().err


HOSTILE = {
    "one line of 50 MB": b"ImportError: " + b"a" * 50_000_000,
    "a million lines": b'  File "/home/a/lib/python3.10/site-packages/tensorflow/python/x.py", line 5\n' * 1_000_000,
    "tags that never end": b"<a " * 2_000_000,
    "quotes in quotes": b"> " * 2_000_000,
    "escapes that never end": b"\x1b]" * 2_000_000,
    "carriage returns": b"\r" * 5_000_000,
    "beginnings of tracebacks": b"Traceback (most recent call last):\\n" * 200_000,
    "lines that all differ": b"".join(
        b'  File "/home/a/tensorflow/%d.py", line %d, Could not load lib%d.so.1: DLL load failed cuda %d\n' % ((n,) * 4)
        for n in range(100_000)
    ),
    "rubbish between words": b"\x1b[31;1m<b>ImportError</b>: \xff\xfe DLL load failed \0&lt;\x08\x07\n" * 200_000,
    "almost a signature": b"cannot open shared object file tensorflow Could not load dynamic library 'lib\n" * 100_000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_cost_bounded_time(explained, content):
    begun = time.process_time()
    code, document, _ = explained(content)
    assert time.process_time() - begun < LIMIT
    assert code in {0, 1}
    assert any("were not" in sentence for sentence in document["messages"])


def test_the_end_of_a_long_text_counts(explained):
    _, document, _ = explained(b"epoch 1: loss 0.5\n" * 1_000_000 + NUMPY.encode())
    assert ids(document)[0] == "numpy-abi"
    assert any("bytes were read" in sentence for sentence in document["messages"])


@pytest.mark.parametrize(
    ("cpu", "first"),
    [
        ("i5 650", "no-avx"),
        ("Intel(R) Core(TM) i7 CPU 920 @ 2.67GHz", "no-avx"),
        ("nehalem", "no-avx"),
        ("Intel(R) Core(TM) i7-9700K", "msvc-redistributable"),
        ("skylake", "msvc-redistributable"),
        ("AMD Ryzen 7 3700X", "msvc-redistributable"),
    ],
)
def test_a_processor_that_is_named_decides(explained, cpu, first):
    text = "ImportError: DLL load failed: A dynamic link library (DLL) initialization routine failed."
    _, found, _ = explained(text, "--os", "windows", "--tensorflow", "2.10.0", "--cpu", cpu)
    assert ids(found)[0] == first


def test_a_processor_that_nobody_knows_is_said_to_be_none(explained):
    text = "ImportError: DLL load failed: A dynamic link library (DLL) initialization routine failed."
    _, found, _ = explained(text, "--os", "windows", "--cpu", "banana")
    assert any("`--cpu banana` does not tell" in message for message in found["messages"])


DLL = "ImportError: DLL load failed while importing _pywrap_tensorflow_internal: A dynamic link library (DLL) initialization routine failed."


def test_what_is_only_suspected_is_not_asserted(explained):
    _, document, _ = explained(DLL)
    suspected = next(finding for finding in document["findings"] if finding["id"] == "wrong-architecture")
    assert suspected["evidence"][0]["text"].startswith("perhaps ")
    _, document, _ = explained(DLL, "--arch", "x86")
    assert not any("perhaps" in piece["text"] for piece in document["findings"][0]["evidence"])


def test_the_release_alone_does_not_make_a_processor_the_cause_more_certain(explained):
    def confidence(*options):
        return next(f["confidence"] for f in explained(DLL, *options)[1]["findings"] if f["id"] == "no-avx")

    assert confidence() == confidence("--tensorflow", "2.10") == "medium"
    assert confidence("--tensorflow", "2.10", "--cpu", "Intel Celeron N3060") == "high"


def test_which_of_the_causes_no_command_repairs_is_said(explained):
    _, document, _ = explained(DLL)
    kinds = {finding["id"]: finding["repair"] for finding in document["findings"]}
    first = document["findings"][0]["id"]
    sentence = next(sentence for sentence in document["messages"] if "no command" in sentence)
    assert kinds[first] == "manual"
    assert f"no command of tfrepair repairs {first}" in sentence
    assert all(name in sentence for name, kind in kinds.items() if kind == "automatic")


def test_no_command_makes_64_bits_of_32(explained):
    _, document, _ = explained("No module named '_pywrap_tensorflow'", "--arch", "x86")
    assert (document["findings"][0]["id"], document["findings"][0]["repair"]) == ("wrong-architecture", "manual")


@pytest.mark.parametrize(
    "text",
    [
        "[MSC v.1927 32 bit (Intel)] on win32\n" + NOT_THERE,
        "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (musl)\n",
    ],
    ids=["bits", "libc"],
)
def test_no_evidence_speaks_of_what_is_not_known(explained, text):
    findings = explained(text)[1]["findings"]
    evidence = [row for finding in findings for row in finding["evidence"]]
    assert [row["text"] for row in evidence if row["kind"] == "host"]
    assert [row["text"] for row in evidence if "unknown" in row["text"]] == []


OURS = """
schema: 1
name: our-wrapper
title: Our wrapper has no seat
about: It is for a test.
variables:
  server: {env: OUR_SERVER}
diagnose:
  signatures:
    - pattern: 'E42: no seat'
"""
BY_HAND = OURS + "repair: manual\nmanual: ['seats release --server {vars.server}']\n"
BY_FIX = OURS + "repair: automatic\nfix: [{name: Release, action: run, args: {argv: [seats, '{vars.server}']}}]\n"
NO_SEAT = "tensorflow: E42: no seat\n"


def test_a_variable_of_a_playbook(explained, tmp_path):
    (tmp_path / "ours.yaml").write_text(BY_HAND)
    _, document, _ = explained(NO_SEAT, "--playbook", "ours.yaml")
    assert document["manual"] == ["seats release --server <server: give --var server=VALUE>"]
    _, document, _ = explained(NO_SEAT, "--playbook", "ours.yaml", "--var", "server=lic01")
    assert document["manual"] == ["seats release --server lic01"]


def test_the_next_command_names_the_playbooks_again(explained, tmp_path):
    (tmp_path / "ours.yaml").write_text(BY_FIX)
    given = ("--playbook", "ours.yaml", "--var", "server=lic01")
    _, document, _ = explained(NO_SEAT, *given)
    assert "`tfrepair fix --dry-run --env ENV --playbook ours.yaml --var server=lic01`" in document["messages"][-1]
    _, document, _ = explained("all is well\n", *given)
    assert "`tfrepair diagnose --env ENV --playbook ours.yaml --var server=lic01`" in document["messages"][-1]
