"""Starting other programs."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tfrepair.target.interpreter import marked_json, run, run_on_leash, signal_name


def python(code, **options):
    return run([sys.executable, "-I", "-c", code], **options)


def test_output_and_exit_code_come_back():
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (done.stdout, done.stderr, done.exit_code, done.signal, done.ok) == ("out\n", "err\n", 3, None, False)


def test_input_is_closed():
    assert python("import sys; print(repr(sys.stdin.read()))").stdout == "''\n"


def test_without_a_folder_it_runs_in_an_empty_one_that_is_gone_afterwards():
    folder = python("import os; print(os.getcwd(), os.listdir())").stdout.split()
    assert folder[1] == "[]"
    assert not os.path.exists(folder[0])


def test_bytes_that_are_no_text_are_kept_readable():
    assert python(r"import sys; sys.stdout.buffer.write(b'a\xffb')").stdout == r"a\xffb"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_signal_is_named():
    done = python("import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert (done.signal, done.exit_code) == ("SIGILL", -4)


def test_windows_statuses_are_named():
    assert signal_name(0xC000001D) == "SIGILL"


def refuse(_process):
    raise PermissionError


@pytest.mark.parametrize("told", [True, False], ids=["the system tells", "a container forbids it"])
def test_the_end_is_noticed_with_and_without_the_systems_help(told, monkeypatch):
    if not told:
        monkeypatch.setattr(os, "pidfd_open", refuse, raising=False)
    assert python("print('out')").stdout == "out\n"
    assert python("import time; time.sleep(60)", timeout=0.5).exit_code is None
    assert python("import sys; sys.exit(3)", timeout=1e9).exit_code == 3


def test_the_time_limit_ends_it():
    done = python("import time; print('here', flush=True); time.sleep(60)", timeout=1)
    assert done.exit_code is None
    assert done.stdout == "here\n"
    assert done.seconds < 10


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_the_time_limit_ends_its_children_too(tmp_path):
    mark = tmp_path / "alive"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', \"import time; time.sleep(3); open({str(mark)!r}, 'w')\"]); time.sleep(60)"
    python(code, timeout=1)
    time.sleep(3)
    assert not mark.exists()


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_a_child_that_keeps_the_pipe_open_does_not_hold_us_up():
    done = python(
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('done')"
    )
    assert (done.exit_code, done.stdout) == (0, "done\n")
    assert done.seconds < 20


def test_a_flood_keeps_its_head_and_its_tail():
    done = python("print('head'); [print('x' * 1000) for _ in range(5000)]; print('tail')", cap=100_000)
    assert done.stdout.startswith("head\n")
    assert done.stdout.endswith("tail\n")
    assert "bytes left out" in done.stdout
    assert len(done.stdout) < 300_000


def test_merged_output_is_watched_line_by_line():
    lines = []
    done = python("import sys; print('a', flush=True); print('b', file=sys.stderr)", merge=True, on_line=lines.append)
    assert lines == ["a", "b"]
    assert (done.stdout, done.stderr) == ("a\nb\n", "")


def test_an_error_of_the_watcher_is_raised_here():
    def watch(line):
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="oops"):
        python("import sys; print('oops', file=sys.stderr)", on_line=watch)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_kills_the_group(tmp_path):
    mark = tmp_path / "alive"
    timer = threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        python(f"import time; time.sleep(3); open({str(mark)!r}, 'w')")
    time.sleep(3)
    assert not mark.exists()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="a signal cannot be sent to one thread here")
def test_an_interrupt_that_another_thread_gets_ends_the_wait_too():
    begun = time.monotonic()
    threading.Timer(1.0, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        python("import time; time.sleep(30)")
    assert time.monotonic() - begun < 10


def test_what_cannot_be_started_raises(tmp_path):
    with pytest.raises(OSError):
        run([str(tmp_path / "nothing")])


def test_marked_json_survives_noise():
    assert marked_json('noise--M--{"a": 1}--M--noise', "--M--") == {"a": 1}
    assert marked_json('noise--M--{"a": ', "--M--") is None
    assert marked_json("", "--M--") is None


def test_on_a_leash_it_is_the_same_program():
    argv = [sys.executable, "-I", "-c", "import os, sys; print(sys.argv[1], os.environ['WORD']); sys.exit(4)", "word"]
    done = run_on_leash(argv, env={"WORD": "said"})
    assert (done.stdout, done.exit_code, done.argv) == ("word said\n", 4, tuple(argv))
    with pytest.raises(OSError, match="no-such-program"):
        run_on_leash(["/no-such-program"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_on_a_leash_it_ends_when_we_are_killed(tmp_path):
    mark = tmp_path / "pids"
    child = (
        "import os, subprocess, time, sys;"
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{below.pid}} '); time.sleep(60)"
    )
    parent = f"import sys; from tfrepair.target.interpreter import run_on_leash; run_on_leash([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent])
    for _ in range(400):
        if mark.exists() and mark.read_text().endswith(" "):
            break
        time.sleep(0.05)
    pids = [int(word) for word in mark.read_text().split()]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(200):
        if not any(map(is_alive, pids)):
            return
        time.sleep(0.05)
    left = [pid for pid in pids if is_alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    pytest.fail(f"of the child and what it started {left} live on")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_on_a_leash_it_ends_as_it_ended(number):
    code = f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.kill(os.getpid(), {int(number)})"
    done = run_on_leash([sys.executable, "-c", code])
    assert (done.exit_code, done.signal) == (-number, number.name)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            return stream.read().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
