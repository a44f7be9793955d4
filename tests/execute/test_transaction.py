"""A whole repair on tiny environments: what commits, what comes back, and what is never touched."""

import dataclasses
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from execute_support import SITE, describe, in_place_plan, make_environment, plan_for, records_hold, smoke, write

from tfrepair.errors import RollbackError, StepError, SurroundingsError, UsageError
from tfrepair.execute.fingerprint import tree_digest, tree_lines
from tfrepair.execute.linking import bytes_copied, link_tree
from tfrepair.execute.lock import environment_lock, holder
from tfrepair.execute.ownership import private_rule
from tfrepair.execute.paths import Beside
from tfrepair.execute.recover import recover, unfinished
from tfrepair.execute.run_folder import RunFolder
from tfrepair.execute.runs import Changes, Cleaned, changes_since, clean, find_run, list_runs, rollback, size
from tfrepair.execute.transaction import Transaction
from tfrepair.model.operations import RunCommand, WriteFile
from tfrepair.model.plan import Carry, CreateEnvironment, Install, RemovePath, Uninstall


def repair(prefix, environ, outside, plan, *, confirm=smoke, keep="1", **ports):
    record = RunFolder.create(prefix, environ)
    with Transaction(prefix, record, outside.ports(**ports), lock_timeout=5, keep=keep) as transaction:
        whole_repair(transaction, plan, confirm)
    return record


def whole_repair(transaction, plan, confirm=smoke, *, comparing=True):
    transaction.stage(plan)
    transaction.apply(plan)
    transaction.seal()
    altered = transaction.compare() if comparing else None
    if altered:
        transaction.mend(altered)
        transaction.seal()
    transaction.commit(confirm)


def names(prefix, minor="3.10"):
    return sorted(path.name for path in (prefix / "lib" / f"python{minor}" / "site-packages").glob("*.dist-info"))


def nothing_left(prefix, record):
    return not record.beside.run(record.id).exists() and unfinished(prefix) is None


def test_a_repair_in_place_changes_what_the_plan_says_and_keeps_the_old_environment(prefix, environ, outside):
    before = tree_digest(prefix)
    old = (prefix / SITE / "kept" / "__init__.py").stat().st_ino
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    assert names(prefix) == ["kept-2.0.dist-info", "new-3.0.dist-info"]
    assert not (prefix / SITE / "old").exists()
    assert not (prefix / "bin" / "oldtool").exists()
    assert (prefix / "bin" / "newtool").read_text().startswith(f"#!{prefix}/bin/python\n")
    assert records_hold(prefix)
    assert (prefix / SITE / "kept" / "__init__.py").stat().st_ino == old
    assert (prefix / "notes" / "mine.txt").read_text() == "mine"
    assert (prefix / "notes").stat().st_mode & 0o777 == 0o750
    assert tree_digest(record.tree) == before
    assert record.record().status == "repaired"
    assert record.record().kept == str(record.tree)
    events = [entry.event for entry in record.entries]
    assert events == [
        "begin",
        "staged",
        "operation",
        "applied",
        "operation",
        "applied",
        "swapping",
        "swapped",
        "confirmed",
        "end",
    ]
    assert record.beside.run(record.id).stat().st_mode & 0o777 == 0o700


def test_rollback_brings_back_the_exact_tree_and_can_itself_be_rolled_back(prefix, environ, outside):
    before = list(tree_lines(prefix))
    repair(prefix, environ, outside, in_place_plan(prefix))
    repaired = tree_digest(prefix)
    first = rollback(find_run(None, environ, prefix=prefix), environ)
    assert list(tree_lines(prefix)) == before
    assert [run.status for run in list_runs(environ)] == ["restored", "restored"]
    again = find_run(None, environ, prefix=prefix)
    assert again.id == first.id
    rollback(again, environ)
    assert tree_digest(prefix) == repaired


def test_rollback_names_what_was_installed_since_and_what_was_written_through_a_link(prefix, environ, outside):
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    assert changes_since(record) == Changes(lost=(), written=())
    write(prefix / SITE / "later.py", "later")
    scribbled = f"{SITE}/kept/__init__.py"
    write(prefix / scribbled, "scribbled through the link")
    assert changes_since(record) == Changes(lost=(scribbled, f"{SITE}/later.py"), written=(scribbled,))


def test_what_was_written_through_a_link_is_named_when_the_link_is_gone(prefix, environ, outside):
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    scribbled = f"{SITE}/kept/__init__.py"
    write(prefix / scribbled, "scribbled through the link")
    (prefix / scribbled).unlink()
    assert changes_since(record) == Changes(lost=(scribbled,), written=(scribbled,))
    write(prefix / scribbled, "anew")
    assert changes_since(record) == Changes(lost=(scribbled,), written=(scribbled,))


def test_what_the_kept_environment_shares_with_nobody_is_watched_too(prefix, environ, outside):
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    alone = next(p for p in record.tree.rglob("*.py") if p.stat().st_nlink == 1)
    write(alone, "scribbled")
    relative = alone.relative_to(record.tree).as_posix()
    assert changes_since(record) == Changes(lost=(), written=(relative,))


def test_keep_copy_shares_nothing(prefix, environ, outside):
    record = repair(prefix, environ, outside, in_place_plan(prefix), keep="copy")
    write(prefix / SITE / "kept" / "__init__.py", "scribbled")
    assert changes_since(record).written == ()


def test_keep_none_keeps_nothing(prefix, environ, outside):
    record = repair(prefix, environ, outside, in_place_plan(prefix), keep="none")
    assert record.record().kept is None
    assert not record.tree.exists()
    with pytest.raises(UsageError, match="keeps no environment any more"):
        find_run(None, environ, prefix=prefix)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, StepError("no"), OSError(28, "No space left")])
def test_whatever_happens_while_confirming_the_target_is_as_it_was(prefix, environ, outside, error):
    before = list(tree_lines(prefix))

    def confirm():
        raise error

    with pytest.raises(type(error) if isinstance(error, BaseException) else error):
        repair(prefix, environ, outside, in_place_plan(prefix), confirm=confirm)
    assert list(tree_lines(prefix)) == before
    assert list_runs(environ)[0].status == "rolled-back"
    assert unfinished(prefix) is None
    assert [path.name for path in Beside.of(prefix).folder.iterdir() if path.is_dir()] == []


def test_a_smoke_test_that_fails_at_the_final_path_swaps_back(prefix, environ, outside):
    before = tree_digest(prefix)
    with pytest.raises(StepError, match="smoke test"):
        repair(prefix, environ, outside, in_place_plan(prefix), confirm=lambda: smoke(ok=False))
    assert tree_digest(prefix) == before
    events = [entry.event for entry in RunFolder.open(find(environ).folder).entries]
    assert events[-4:] == ["swapped", "restored", "dropped", "end"]


def find(environ):
    from tfrepair.execute.runs import runs

    return runs(environ)[0]


def test_a_block_left_without_commit_leaves_no_trace(prefix, environ, outside):
    before = tree_digest(prefix)
    plan = in_place_plan(prefix)
    record = RunFolder.create(prefix, environ)
    with Transaction(prefix, record, outside.ports()) as transaction:
        transaction.stage(plan)
        transaction.apply(plan)
    assert tree_digest(prefix) == before
    assert nothing_left(prefix, record)


def test_a_step_that_fails_says_so_and_the_target_is_untouched(prefix, environ, outside):
    before = tree_digest(prefix)
    outside.bad_installs = 2
    with pytest.raises(StepError, match=r"`new` is not as its RECORD says.*lib\.so"):
        repair(prefix, environ, outside, in_place_plan(prefix))
    assert tree_digest(prefix) == before


def test_a_distribution_that_comes_damaged_out_of_the_cache_is_installed_once_more_past_it(prefix, environ, outside):
    outside.bad_installs = 1
    repair(prefix, environ, outside, in_place_plan(prefix))
    assert outside.calls == [("install", ("new",), False, False), ("install", ("new",), True, True)]
    assert records_hold(prefix)


def test_what_is_damaged_is_not_put_in_place_even_if_nobody_asked(prefix, environ, outside):
    before = tree_digest(prefix)
    outside.bad_installs = 1
    plan = in_place_plan(prefix)
    record = RunFolder.create(prefix, environ)
    with (
        pytest.raises(StepError, match=r"`new` is not as its RECORD says.*lib\.so"),
        Transaction(prefix, record, outside.ports()) as transaction,
    ):
        whole_repair(transaction, plan, comparing=False)
    assert tree_digest(prefix) == before


def test_a_command_after_an_installation_finds_it_whole(prefix, environ, outside):
    outside.bad_installs = 1
    plan = in_place_plan(prefix)
    command = RunCommand(argv=("newtool",))
    repair(prefix, environ, outside, dataclasses.replace(plan, operations=(*plan.operations, command)))
    assert [call[0] for call in outside.calls] == ["install", "install", "run"]


def test_what_a_step_changes_in_an_installed_file_is_no_damage(prefix, environ, outside):
    plan = in_place_plan(prefix)
    patch = WriteFile(path=f"{SITE}/new/__init__.py", content="patched on purpose\n")
    repair(prefix, environ, outside, dataclasses.replace(plan, operations=(*plan.operations, patch)))
    assert [call[0] for call in outside.calls] == ["install"]
    assert (prefix / SITE / "new" / "__init__.py").read_text() == "patched on purpose\n"


def test_a_wheel_that_records_a_wrong_hash_for_a_text_is_installed_past_the_cache_and_taken(prefix, environ, outside):
    outside.bad_texts = 2
    repair(prefix, environ, outside, in_place_plan(prefix))
    assert outside.calls == [("install", ("new",), False, False), ("install", ("new",), True, True)]
    assert (prefix / SITE / "new" / "__init__.py").read_text() == "odd\n"


def test_a_foreign_change_before_the_swap_is_noticed(prefix, environ, outside):
    plan = in_place_plan(prefix)

    def install(*arguments, **options):
        outside.install(*arguments, **options)
        write(prefix / SITE / "foreign.py", "pip was here")

    record = RunFolder.create(prefix, environ)
    ports = dataclasses.replace(outside.ports(), install=install)
    with (
        pytest.raises(SurroundingsError, match="changed while it was being repaired"),
        Transaction(prefix, record, ports) as transaction,
    ):
        whole_repair(transaction, plan)
    assert (prefix / SITE / "foreign.py").exists()
    assert nothing_left(prefix, record)


def test_bytecode_written_meanwhile_is_no_change(prefix, environ, outside):
    plan = in_place_plan(prefix)
    write(prefix / SITE / "kept" / "__pycache__" / "__init__.cpython-310.pyc", b"\0")
    repair(prefix, environ, outside, plan)


def test_a_stale_plan_is_refused_before_anything_is_staged(prefix, environ, outside):
    plan = in_place_plan(prefix)
    write(prefix / "notes" / "more.txt", "more")
    with pytest.raises(SurroundingsError, match="changed"):
        repair(prefix, environ, outside, plan)
    assert outside.calls == []


def test_a_rebuild_carries_everything_else_along(prefix, environ, outside):
    (prefix / "pyvenv.cfg").write_text("home = /gone/bin\nprompt = mine\n")
    write(prefix / SITE / "own_module.py", "own")
    write(prefix / SITE / "old" / "leftover.py", "belongs to what is being repaired")
    write(prefix / SITE / "~ld" / "x.py", "leftover")
    write(prefix / "pip.conf", "[global]\n")
    write(prefix / "bin" / "mytool", f"#!{prefix}/bin/python3.9\n", 0o755)
    (prefix / "notes" / "absolute").symlink_to(prefix / SITE / "kept")
    plan = plan_for(
        prefix,
        "rebuild",
        [
            CreateEnvironment(base="3.10", version="3.10.0", prompt="mine"),
            Carry(distributions=("kept",), leave=(f"{SITE}/~ld",)),
            Install(names=("new",), summary_text="install new 3.0"),
        ],
    )
    record = repair(prefix, environ, outside, plan)
    assert names(prefix) == ["kept-2.0.dist-info", "new-3.0.dist-info", "pip-25.0.dist-info"]
    assert (prefix / SITE / "own_module.py").read_text() == "own"
    assert not (prefix / SITE / "old").exists()
    assert not (prefix / SITE / "~ld").exists()
    assert (prefix / "pip.conf").exists()
    assert (prefix / "notes" / "empty").is_dir()
    assert (prefix / "notes").stat().st_mode & 0o777 == 0o750
    assert os.readlink(prefix / "notes" / "outside") == "/usr/share"
    assert os.readlink(prefix / "notes" / "absolute") == str(prefix / SITE / "kept")
    assert (prefix / "bin" / "mytool").read_text() == f"#!{prefix}/bin/python\n"
    assert "prompt = mine" in (prefix / "pyvenv.cfg").read_text()
    assert str(record.tree) not in (prefix / "pyvenv.cfg").read_text()
    assert records_hold(prefix)
    assert all(
        str(record.beside.folder).encode() not in path.read_bytes() for path in prefix.rglob("*") if path.is_file()
    )


def test_a_carried_seed_replaces_the_one_of_the_fresh_venv(prefix, environ, outside):
    from execute_support import add_distribution

    add_distribution(prefix, "pip", "20.0", {"pip/__init__.py": "old pip\n"}, ["pip", "pip3.10"])
    plan = plan_for(
        prefix, "rebuild", [CreateEnvironment(base="3.10", version="3.10.0"), Carry(distributions=("kept", "pip"))]
    )
    repair(prefix, environ, outside, plan)
    assert names(prefix) == ["kept-2.0.dist-info", "pip-20.0.dist-info"]
    assert (prefix / SITE / "pip" / "__init__.py").read_text() == "old pip\n"


def test_on_another_minor_version_unowned_files_move_to_the_new_site_folder(prefix, environ, outside):
    write(prefix / SITE / "own_module.py", "own")
    plan = plan_for(prefix, "rebuild", [CreateEnvironment(base="3.11", version="3.11.0"), Carry(distributions=())])
    repair(prefix, environ, outside, plan)
    assert (prefix / "lib/python3.11/site-packages/own_module.py").read_text() == "own"
    assert not (prefix / "lib/python3.10").exists()
    assert names(prefix, "3.11") == ["pip-25.0.dist-info"]


def test_a_new_environment_is_made_and_rollback_takes_it_away_and_brings_it_again(tmp_path, environ, outside):
    prefix = tmp_path / "deep" / "er" / "env"
    plan = plan_for(
        prefix, "create", [CreateEnvironment(base="3.10", version="3.10.0"), Install(names=("new",), summary_text="")]
    )
    record = repair(prefix, environ, outside, plan)
    made = tree_digest(prefix)
    assert f"-m venv {prefix}" in (prefix / "pyvenv.cfg").read_text()
    assert record.record().kept is None
    back = rollback(find_run(None, environ, prefix=prefix), environ)
    assert not prefix.exists()
    assert tree_digest(back.tree) == made
    rollback(find_run(None, environ, prefix=prefix), environ)
    assert tree_digest(prefix) == made


def test_a_new_environment_that_fails_leaves_not_even_the_folders_above_it(tmp_path, environ, outside):
    prefix = tmp_path / "deep" / "er" / "env"
    plan = plan_for(prefix, "create", [CreateEnvironment(base="3.10", version="3.10.0")])
    with pytest.raises(StepError):
        repair(prefix, environ, outside, plan, confirm=lambda: smoke(ok=False))
    assert not (tmp_path / "deep").exists()


def test_without_exchange_two_renames_do_the_same(prefix, environ, outside, monkeypatch):
    monkeypatch.setattr("tfrepair.execute.swap.exchange", lambda _left, _right: False)
    before = tree_digest(prefix)
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    assert tree_digest(record.tree) == before
    assert next(entry for entry in record.entries if entry.event == "swapped").detail == {"how": "renames"}
    rollback(record, environ)
    assert tree_digest(prefix) == before


def test_a_target_reached_through_a_symlink_is_repaired_where_it_lies(prefix, environ, outside, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(prefix)
    repair(link, environ, outside, plan_for(link, "in-place", in_place_plan(prefix).operations))
    assert link.is_symlink()
    assert names(prefix) == ["kept-2.0.dist-info", "new-3.0.dist-info"]
    assert (prefix / "bin" / "newtool").read_text().startswith(f"#!{link}/bin/python\n")


def test_an_absolute_symlink_in_the_target_never_leads_operations_into_it(prefix, environ, outside):
    (prefix / "lib64").unlink()
    (prefix / "lib64").symlink_to(prefix / "lib")
    before = tree_digest(prefix)
    plan = in_place_plan(prefix)
    record = RunFolder.create(prefix, environ)
    with Transaction(prefix, record, outside.ports()) as transaction:
        tree = transaction.stage(plan)
        write(tree / "lib64" / "python3.10" / "x.py", "into the stage")
        assert tree_digest(prefix) == before
        transaction.apply(plan)
        transaction.seal()
        transaction.commit(smoke)
    assert os.readlink(prefix / "lib64") == str(prefix / "lib")


def test_hostile_paths_in_a_plan_are_refused(prefix, environ, outside, tmp_path):
    precious = write(tmp_path / "precious.txt", "precious")
    (prefix / "notes" / "way-out").symlink_to(tmp_path)
    for path in ("../../precious.txt", str(precious), "notes/way-out/precious.txt", ".", "", "notes/.."):
        with pytest.raises(StepError, match="does not lie inside"):
            repair(prefix, environ, outside, plan_for(prefix, "in-place", [RemovePath(path=path, why="a test")]))
    assert precious.read_text() == "precious"


def test_a_hostile_record_deletes_nothing_outside_the_stage(prefix, environ, outside, tmp_path):
    precious = write(tmp_path / "work" / "precious.txt", "precious")
    (prefix / SITE / "out").symlink_to(tmp_path / "work")
    record = prefix / SITE / "old-1.0.dist-info" / "RECORD"
    with record.open("a") as stream:
        stream.write(f"../../../../precious.txt,,\n{precious},,\nout/precious.txt,,\n")
    repair(prefix, environ, outside, in_place_plan(prefix))
    assert precious.read_text() == "precious"
    assert names(prefix) == ["kept-2.0.dist-info", "new-3.0.dist-info"]


def test_a_custom_command_shares_no_file_with_the_target_and_finds_the_programs_of_the_stage(prefix, environ, outside):
    before = tree_digest(prefix)

    def scribble(argv, *, cwd, timeout):
        outside.calls.append(tuple(argv))
        for path in cwd.rglob("*"):
            if path.is_file() and not path.is_symlink():
                with path.open("ab") as stream:
                    stream.write(b"#")
        return ""

    outside.run_command = scribble
    plan = plan_for(prefix, "in-place", [RunCommand(argv=("python", "-c", "pass"))])
    record = repair(prefix, environ, outside, plan)
    assert tree_digest(record.tree) == before
    assert outside.calls == [(str(record.tree / "bin" / "python"), "-c", "pass")]


def test_without_a_record_what_the_distribution_names_is_removed_unless_it_is_shared(prefix, environ, outside):
    (prefix / SITE / "old-1.0.dist-info" / "RECORD").unlink()
    plan = plan_for(prefix, "in-place", [Uninstall(name="old", version="1.0", metadata=f"{SITE}/old-1.0.dist-info")])
    repair(prefix, environ, outside, plan)
    assert not (prefix / SITE / "old").exists()
    assert names(prefix) == ["kept-2.0.dist-info"]


def test_a_second_writer_waits_and_then_hears_who_holds_the_lock(prefix, environ, outside):
    beside = Beside.of(prefix)
    assert holder(beside) is None
    with environment_lock(beside, timeout=1, run="one"):
        held = holder(beside)
        assert (held.pid, held.run) == (os.getpid(), "one")
        record = RunFolder.create(prefix, environ)
        with (
            pytest.raises(SurroundingsError, match=rf"process {os.getpid()} of user .* since"),
            Transaction(prefix, record, outside.ports(), lock_timeout=0.2),
        ):
            pass
    assert holder(beside) is None
    repair(prefix, environ, outside, in_place_plan(prefix))


def test_a_writer_in_another_process_is_seen_through_another_spelling(prefix, tmp_path):
    link = tmp_path / "other-name"
    link.symlink_to(prefix)
    code = (
        "import sys; from pathlib import Path\n"
        "from tfrepair.execute.lock import environment_lock; from tfrepair.execute.paths import Beside\n"
        "with environment_lock(Beside.of(Path(sys.argv[1])), timeout=1, run='child'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(prefix)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout.readline() == b"held\n"
        assert holder(Beside.of(link)).pid == child.pid
        with (
            pytest.raises(SurroundingsError, match=f"process {child.pid}"),
            environment_lock(Beside.of(link), timeout=0.2, run="me"),
        ):
            pass
        child.stdin.close()
        child.wait()
    with environment_lock(Beside.of(link), timeout=0.2, run="me"):
        pass


def test_older_kept_environments_go_after_the_next_repair(prefix, environ, outside):
    first = repair(prefix, environ, outside, in_place_plan(prefix))
    plan = plan_for(prefix, "in-place", [Uninstall(name="new", version="3.0", metadata=f"{SITE}/new-3.0.dist-info")])
    second = repair(prefix, environ, outside, plan)
    assert not first.tree.exists()
    assert first.record().status == "cleaned"
    assert second.tree.exists()


def test_clean_says_how_much_it_freed_and_counts_shared_data_once(prefix, environ, outside):
    write(prefix / SITE / "kept" / "big.bin", b"x" * 200_000)
    with (prefix / SITE / "kept-2.0.dist-info" / "RECORD").open("a") as stream:
        stream.write("kept/big.bin,,\n")
    write(prefix / "notes" / "copied.bin", b"y" * 100_000)
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    held = size([record.tree])
    assert held.total > 300_000
    assert 100_000 <= held.exclusive < 250_000
    live = tree_digest(prefix)
    assert clean([record]) == Cleaned(runs=(record.id,), freed=held.exclusive, left=())
    assert tree_digest(prefix) == live
    assert record.record().kept is None
    assert clean([record]).freed == 0


def test_how_much_a_stage_copies_is_known_before(prefix, tmp_path):
    (prefix / "data.bin").write_bytes(b"x" * 300_000)
    (prefix / "link").symlink_to(prefix / "data.bin")
    environment = describe(prefix).environment
    for number, everything in enumerate((False, True)):
        rule = private_rule(environment, everything=everything)
        foretold = bytes_copied(prefix, rule)
        assert foretold == link_tree(prefix, tmp_path / f"copy{number}", rule).copied_bytes > 300_000


def test_the_first_runs_of_a_user_may_begin_together(tmp_path, prefix):
    barrier = threading.Barrier(4)

    def begin(environ):
        barrier.wait()
        return RunFolder.create(prefix, environ).id

    for number in range(10):
        environ = {"TFREPAIR_STATE_DIR": str(tmp_path / "deep" / str(number) / "state")}
        with ThreadPoolExecutor(max_workers=4) as pool:
            assert len(set(pool.map(begin, [environ] * 4))) == 4


def test_where_a_run_did_not_end_nothing_is_cleaned(prefix, environ, outside):
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    killed = RunFolder.create(prefix, environ)
    killed.begin(keep="1")
    before = tree_digest(prefix.parent)
    done = clean([record])
    assert (done.runs, done.freed) == ((), 0)
    assert killed.id in done.left[0]
    assert record.tree.exists()
    assert tree_digest(prefix.parent) == before


def test_a_parent_that_cannot_be_written_is_a_clear_refusal(prefix, environ, outside, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied", str(prefix.parent))

    plan = in_place_plan(prefix)
    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(SurroundingsError, match="nothing was changed"):
        repair(prefix, environ, outside, plan)


def test_a_full_disk_while_staging_is_a_clear_refusal(prefix, environ, outside, monkeypatch):
    before = tree_digest(prefix)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr("tfrepair.execute.linking.copy_file", full)
    with pytest.raises(SurroundingsError, match="file system is full"):
        repair(prefix, environ, outside, in_place_plan(prefix))
    monkeypatch.undo()
    assert tree_digest(prefix) == before
    assert unfinished(prefix) is None


def test_when_putting_back_fails_it_is_said_what_is_where_and_the_next_command_goes_on(
    prefix, environ, outside, monkeypatch
):
    before = tree_digest(prefix)

    def confirm():
        monkeypatch.setattr(
            "tfrepair.execute.swap.Swap.back", lambda _self: (_ for _ in ()).throw(OSError(5, "Input/output error"))
        )
        return smoke(ok=False)

    with pytest.raises(RollbackError) as caught:
        repair(prefix, environ, outside, in_place_plan(prefix), confirm=confirm)
    assert f"the environment as it was is at `{find(environ).tree}`" in caught.value.message
    monkeypatch.undo()
    assert unfinished(prefix).will == "restored"
    assert recover(prefix, lock_timeout=1).outcome == "restored"
    assert tree_digest(prefix) == before


def test_somebody_elses_environment_in_the_way_is_not_moved(prefix, environ, outside, monkeypatch):
    def confirm():
        prefix.rename(prefix.with_name("moved-away"))
        make_environment(prefix)
        raise KeyboardInterrupt

    with pytest.raises(SurroundingsError, match="somebody put another one there"):
        repair(prefix, environ, outside, in_place_plan(prefix), confirm=confirm)
    assert (prefix / "bin" / "activate").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_root_leaves_nothing_of_roots_in_a_users_environment(prefix, environ, outside):
    for path in (prefix, *prefix.rglob("*")):
        os.lchown(path, 12345, 12345)
    record = repair(prefix, environ, outside, in_place_plan(prefix))
    assert {path.lstat().st_uid for path in (prefix, *prefix.rglob("*"))} == {12345}
    assert record.beside.folder.stat().st_uid == 12345


def test_a_stage_can_be_made_again_for_another_round(prefix, environ, outside):
    record = RunFolder.create(prefix, environ)
    first = in_place_plan(prefix)
    second = plan_for(
        prefix, "rebuild", [CreateEnvironment(base="3.10", version="3.10.0"), Carry(distributions=("kept",))]
    )
    with Transaction(prefix, record, outside.ports()) as transaction:
        transaction.stage(first)
        transaction.apply(first)
        transaction.seal()
        transaction.stage(second)
        transaction.apply(second)
        transaction.seal()
        transaction.verified(smoke())
        transaction.commit(smoke)
    assert names(prefix) == ["kept-2.0.dist-info", "pip-25.0.dist-info"]


def test_describe_is_asked_about_the_real_place(prefix, environ, outside):
    asked = []

    def recording(path):
        asked.append(path)
        return describe(path)

    record = repair(prefix, environ, outside, in_place_plan(prefix), describe=recording)
    assert asked == [prefix, record.tree]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become another user")
def test_another_user_waits_for_the_lock_and_hears_who_holds_it():
    """The lock lies beside the environment, so it is one for all its users, whatever their state folders."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        prefix = make_environment(Path(folder) / "env")
        for path in (Path(folder), *prefix.rglob("*")):
            os.chown(path, 65534, 65534)
        beside = Beside.of(prefix)
        with environment_lock(beside, timeout=1, run="run-of-root"):
            child = os.fork()
            if not child:
                os.setgid(65534)
                os.setuid(65534)
                try:
                    with environment_lock(beside, timeout=0.3, run="mine"):
                        os._exit(1)
                except SurroundingsError as error:
                    os._exit(0 if "run-of-root" in error.message and "root" in error.message else 2)
                finally:
                    os._exit(3)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        child = os.fork()
        if not child:
            os.setgid(65534)
            os.setuid(65534)
            with environment_lock(beside, timeout=1, run="mine"):
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
