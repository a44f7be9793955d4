"""Kill repairs of a real environment at random moments, and look at what is left.

    python tests/real/kill_loop.py --rounds 100 --seed 1

After every kill the environment must be exactly as it was, or repaired; `rollback` settles what was left, and then
everything must be as it was. Prints one line a kill and ends with 1 when one of them left anything else.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from real_support import World, base, computed, tree

from tfrepair.execute.recover import unfinished

RELEASE = "2.15.1"


def broken(world):
    """An environment that a short repair mends: TensorFlow whole, protobuf of another era."""
    env = world.venv("3.11")
    world.uv(env, f"tensorflow-cpu=={RELEASE}", "setuptools<82")
    world.uv(env, "--no-deps", "protobuf==3.19.6")
    return env


def started(world, env):
    return subprocess.Popen(
        [sys.executable, "-m", "tfrepair", "fix", "--yes", "--env", str(env)],
        env=world.environ, cwd=world.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def whole_time(world, env):
    """Seconds of an undisturbed repair; undone again."""
    begun = time.monotonic()
    assert started(world, env).wait() == 0
    spent = time.monotonic() - begun
    assert world.tfrepair("rollback", "--yes", "--env", env).code == 0
    assert world.tfrepair("runs", "clean", "--yes").code == 0
    return spent


def kill_once(world, env, after, before):
    """Kill a repair after so many seconds; how the environment was left, or what is wrong."""
    process = started(world, env)
    try:
        process.wait(timeout=after)
        ended = "ended by itself"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        ended = "killed"
    state = "as it was" if tree(env) == before else "repaired"
    if state == "repaired" and computed(world, env) != RELEASE:
        return f"{ended}: NEITHER as it was nor repaired"
    if unfinished(env) is not None or state == "repaired":
        world.tfrepair("rollback", "--yes", "--env", env)
        world.tfrepair("runs", "clean", "--yes")
    if tree(env) != before:
        return f"{ended}: {state}, but NOT as it was after the rollback"
    left = [path.name for path in world.folder.iterdir() if path.name not in {env.name, f".tfrepair-{env.name}"}]
    return f"{ended}: {state}" if not left else f"{ended}: LEFT BEHIND {left}"


def loop(world, rounds, seed, report):
    """Run it; the number of kills that left something else."""
    base("3.11")
    env = broken(world)
    before = tree(env)
    span = whole_time(world, env)
    report(f"an undisturbed repair takes {span:.1f} s")
    dice = random.Random(seed)
    wrong = 0
    for number in range(1, rounds + 1):
        after = dice.uniform(0.2, span * 1.05)
        outcome = kill_once(world, env, after, before)
        wrong += any(word in outcome for word in ("NEITHER", "NOT", "LEFT"))
        report(f"{number}: after {after:.2f} s {outcome}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tfrepair-kill-"))
    try:
        world = World(folder=folder / "home", state=folder / "state")
        world.folder.mkdir()
        wrong = loop(world, options.rounds, options.seed, lambda line: print(line, flush=True))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.rounds} kills, {wrong} left something else")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
