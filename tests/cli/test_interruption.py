"""Signals at the moments when an exception would do harm: in an import, in what puts things back, in a callback."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import weakref

import pytest

from tfrepair.cli import interruption
from tfrepair.cli.interruption import KINDS, Interruption

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")


@pytest.fixture
def answered():
    answer = Interruption()
    answer.install()
    yield answer
    answer.close()


def child(code):
    """How a process ends that runs this code, and what it says."""
    argv = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_in_the_import_system_it_is_not_raised_and_no_lock_stays_held():
    done = child("""
        import importlib._bootstrap as system
        import signal, sys, threading, time, types
        from tfrepair.cli.interruption import Interruption

        real, asked = system._imp, []

        def acquire_lock():
            real.acquire_lock()
            if asked and asked.pop():
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGTERM)

        Interruption().install()
        system._imp = types.SimpleNamespace(**{**vars(real), "acquire_lock": acquire_lock})
        asked.append(True)
        try:
            import colorsys
            time.sleep(30)
        except KeyboardInterrupt:
            print("interrupted", "colorsys" in sys.modules)
        other = threading.Thread(target=lambda: __import__("wave"), daemon=True)
        other.start()
        other.join(10)
        print("hangs" if other.is_alive() else "goes on", flush=True)
    """)
    assert (done.returncode, done.stdout) == (0, "interrupted True\ngoes on\n"), done


def test_a_module_that_does_not_end_is_interrupted_all_the_same(answered, monkeypatch, tmp_path):
    (tmp_path / "never_ends.py").write_text("import os, signal, time\nos.kill(os.getpid(), 15)\ntime.sleep(30)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(interruption, "_PATIENCE", 0.1)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        __import__("never_ends")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("number", KINDS)
def test_what_is_put_back_is_put_back_first(answered, number):
    done = []

    class Held:
        def __enter__(self):
            pass

        def __exit__(self, *_):
            signal.raise_signal(number)
            signal.raise_signal(number)
            done.append("put back")

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        with Held():
            pass
        time.sleep(30)
    assert done == ["put back"]


def test_a_private_folder_is_removed_as_a_whole(answered, monkeypatch):
    real, closed = os.close, []

    def close(descriptor):
        real(descriptor)
        if not closed:
            closed.append(descriptor)
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        with tempfile.TemporaryDirectory() as folder:
            monkeypatch.setattr(os, "close", close)
        time.sleep(30)
    assert closed
    assert not os.path.exists(folder)


def test_a_private_folder_that_is_being_made_is_not_forgotten(answered, monkeypatch, tmp_path):
    real = os.mkdir

    def mkdir(*arguments):
        real(*arguments)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(KeyboardInterrupt), tempfile.TemporaryDirectory(dir=tmp_path):
        time.sleep(30)
    assert list(tmp_path.iterdir()) == []


def test_one_that_nobody_could_catch_is_raised_again(answered):
    class Held:
        pass

    held = Held()
    gone = weakref.ref(held, lambda _: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        del held
        time.sleep(30)
    assert gone() is None


def test_further_ones_do_nothing_for_a_while_and_then_end_a_process_that_does_not_end():
    done = child("""
        import signal, time
        from tfrepair.cli import interruption

        interruption._LAST = 0.5
        interruption.Interruption().install()
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            for number in interruption.KINDS:
                signal.raise_signal(number)
            print("goes on", flush=True)
            time.sleep(0.6)
            signal.raise_signal(signal.SIGINT)
        print("never", flush=True)
    """)
    assert (done.returncode, done.stdout) == (130, "goes on\n"), done


def test_after_an_interruption_no_thread_keeps_the_process():
    done = child("""
        import sys, threading, time
        from tfrepair.cli import interruption

        interruption._FOR_THREADS = 0.2
        threading.Thread(target=time.sleep, args=(50,)).start()
        print("ended")
        interruption.end(130)
        print("never")
    """)
    assert (done.returncode, done.stdout) == (130, "ended\n"), done


def test_what_is_ignored_stays_ignored():
    done = child("""
        import signal
        from tfrepair.cli.interruption import Interruption

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        Interruption().install()
        signal.raise_signal(signal.SIGHUP)
        print("goes on")
    """)
    assert (done.returncode, done.stdout) == (0, "goes on\n"), done
