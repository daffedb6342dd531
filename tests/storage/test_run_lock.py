"""One run at a time: who holds the lock, how it is lost, and what the run table tells."""

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text

from stickysync_gui.domain.connection import TlsMode
from stickysync_gui.domain.planned import Action, Status
from stickysync_gui.domain.progress import Outcome, Step, Summary
from stickysync_gui.domain.records import MarkKind, SendingMark
from stickysync_gui.errors import DatabaseRefused, DatabaseUnreachable, ExitCode, LockHeld, LockLost, StickySyncError
from stickysync_gui.storage import connecting, run_lock, run_table, schema, together
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.rereading import reread
from stickysync_gui.storage.run_lock import RunLock
from stickysync_gui.storage.run_table import RunBegun
from stickysync_gui.storage.units import Units
from tests.automate_schema import seed_password
from tests.mariadb import Database as Schema
from tests.storage.ground import STILL, Opener, become_impatient, sqlite_database
from tests.storage.test_tls import fingerprint
from tests.waiting import until

T = TypeVar("T")

REPOSITORY = Path(__file__).parent.parent.parent
LONG = 50
"""Seconds to wait for a lock that becomes free; less than those after which an answer counts as lost."""


def lock_of(automate: Schema) -> str:
    return f"stickysync:{automate.schema}"


def holder(sql, automate: Schema) -> int | None:
    """The connection that holds the lock, by the server."""
    return sql("SELECT IS_USED_LOCK(%s)", lock_of(automate))[0][0]


async def taken(database: Database) -> RunLock:
    lock = RunLock(database)
    await database.call(lock.take)
    return lock


async def lost(database: Database, lock: RunLock) -> StickySyncError:
    with pytest.raises(StickySyncError) as caught:
        await database.call(lock.verify)
    return caught.value


# --- held ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("still_clock")
async def test_the_second_is_told_who_holds_it_and_since_when(opens: Opener, complete: Database, sql, automate) -> None:
    first = await taken(complete)
    begun = RunBegun("sync", "everything", who="anna", computer="PC-7")
    await complete.run(run_table.begin_run, begun)
    sql("UPDATE plugin_stickysync_run SET LastSignAt = LastSignAt - INTERVAL 9 SECOND")
    sql("UPDATE plugin_stickysync_run SET StartedAt = '2025-03-04 05:06:07'")

    second = RunLock(opens())
    with pytest.raises(LockHeld) as caught:
        await complete.call(second.take)

    assert caught.value.exit_code is ExitCode.LOCK
    assert "anna on PC-7 since 2025-03-04 05:06:07 UTC" in caught.value.happened
    assert "is 9 s old" in caught.value.happened
    await complete.call(first.verify)
    await complete.call(first.release)
    await until(lambda: holder(sql, automate) is None)


@pytest.mark.parametrize("silent", ["1 HOUR", "20 DAY", "-5 SECOND"])
async def test_a_run_that_died_long_ago_is_not_named_as_the_holder(
    opens: Opener, complete: Database, sql, silent: str
) -> None:
    await complete.run(run_table.begin_run, RunBegun("sync", "everything", who="ghost", computer="PC-1"))
    sql(f"UPDATE plugin_stickysync_run SET LastSignAt = UTC_TIMESTAMP() - INTERVAL {silent}")
    first = await taken(complete)

    with pytest.raises(LockHeld) as caught:
        await taken(opens())

    assert ("ghost" in caught.value.happened) == (silent == "-5 SECOND")
    assert caught.value.happened.startswith("Another run is on")
    await complete.call(first.release)


async def test_without_a_run_table_the_holder_is_just_another_run(opens: Opener, database: Database) -> None:
    first = await taken(database)

    with pytest.raises(LockHeld, match="Another run is on"):
        await taken(opens())

    await database.call(first.release)


async def test_waiting_for_the_lock(opens: Opener, complete: Database, sql) -> None:
    first = await taken(complete)
    other = opens()
    second = RunLock(other)

    waiting = asyncio.create_task(other.call(second.take, LONG))
    await until(lambda: sql("SELECT 1 FROM information_schema.processlist WHERE state = 'User lock'"))
    await complete.call(first.release)
    await waiting

    await other.call(second.verify)
    assert isinstance(await lost(complete, first), LockLost)
    await other.call(second.release)


async def test_waiting_in_vain(opens: Opener, complete: Database) -> None:
    first = await taken(complete)

    with pytest.raises(LockHeld):
        await complete.call(RunLock(opens()).take, 1)

    await complete.call(first.verify)
    await complete.call(first.release)


async def test_two_schemas_do_not_keep_each_other_waiting(complete: Database, automate: Schema) -> None:
    other = automate.server.create_database()
    elsewhere = Opener(other, [])()
    first = await taken(complete)
    second = await taken(elsewhere)

    await complete.call(first.verify)
    await elsewhere.call(second.verify)

    for database, lock in ((complete, first), (elsewhere, second)):
        await database.call(lock.release)
    await elsewhere.close()
    other.drop()


async def test_the_map_lock_and_the_run_lock_go_together(complete: Database) -> None:
    lock = await taken(complete)

    await complete.write_map(lambda connection: None)

    await complete.call(lock.verify)
    await complete.call(lock.release)


# --- the session -----------------------------------------------------------------------------------------------


async def test_our_sessions_end_after_two_minutes_of_silence_and_the_locks_with_its_lock(
    complete: Database, sql, automate: Schema
) -> None:
    waiting = await complete.run(lambda connection: connection.scalar(text("SELECT @@SESSION.wait_timeout")))
    lock = await taken(complete)
    connection_id = holder(sql, automate)

    assert waiting == connecting.SILENT_SECONDS == 120
    assert run_lock.PING_SECONDS * 3 < connecting.SILENT_SECONDS
    await complete.call(lock.release)
    await until(lambda: not sql("SELECT id FROM information_schema.processlist WHERE id = %s", connection_id))


async def test_the_server_ends_a_silent_session_and_another_gets_the_lock(opens: Opener, complete: Database) -> None:
    sleeping = await taken(complete)
    session = sleeping._holding._connection  # type: ignore[union-attr]  # noqa: SLF001
    asked_for = "SELECT @@SESSION.wait_timeout"
    assert await complete.call(lambda: session.exec_driver_sql(asked_for).scalar()) == connecting.SILENT_SECONDS
    # Now, since opening it and taking the lock may last longer than that on a busy machine.
    await complete.call(session.exec_driver_sql, "SET SESSION wait_timeout = 1")
    other = opens()
    successor = RunLock(other)

    await other.call(successor.take, LONG)

    assert isinstance(await lost(complete, sleeping), LockLost)
    await other.call(successor.release)


# --- lost ------------------------------------------------------------------------------------------------------


async def test_a_killed_session_is_a_lost_lock_for_good(complete: Database, sql, automate: Schema) -> None:
    lock = await taken(complete)
    sql(f"KILL CONNECTION {holder(sql, automate)}")

    errors = [await lost(complete, lock) for _ in range(3)]

    assert {type(error) for error in errors} == {LockLost}
    assert errors[0].exit_code is ExitCode.LOCK
    assert errors[0].kind == "lock_lost"
    # Never taken again.
    await until(lambda: holder(sql, automate) is None)
    await complete.call(lock.release)
    await complete.call(lock.release)


async def test_the_end_of_its_session_is_seen_without_asking(complete: Database, sql, automate: Schema) -> None:
    lock = await taken(complete)
    await complete.call(lock.verify)
    assert lock.seems_ours()

    sql(f"KILL CONNECTION {holder(sql, automate)}")
    await until(lambda: not lock.seems_ours())

    assert isinstance(await lost(complete, lock), LockLost)
    assert not lock.seems_ours()
    await complete.call(lock.release)


async def test_a_lock_over_tls_seems_ours_between_questions(opens: Opener, automate: Schema) -> None:
    database = opens(tls=TlsMode.PIN, pinned_fingerprint=fingerprint(automate.server.certificate))
    lock = await taken(database)
    for _ in range(3):
        await database.call(lock.verify)
        assert lock.seems_ours()
    await database.call(lock.release)
    assert not lock.seems_ours()


async def test_a_lock_that_went_to_another_run_is_lost(opens: Opener, complete: Database, sql, automate) -> None:
    lock = await taken(complete)
    sql(f"KILL CONNECTION {holder(sql, automate)}")
    other = opens()
    successor = RunLock(other)
    await other.call(successor.take, LONG)

    assert isinstance(await lost(complete, lock), LockLost)
    await complete.call(lock.release)
    await other.call(successor.verify)
    await other.call(successor.release)


async def test_a_restarted_server_is_a_lost_lock(complete: Database, automate: Schema) -> None:
    lock = await taken(complete)
    automate.server.restart()

    assert isinstance(await lost(complete, lock), LockLost)
    await complete.call(lock.release)


async def test_a_server_that_is_gone_is_the_database_not_the_lock(complete: Database, automate: Schema) -> None:
    lock = await taken(complete)
    automate.server.kill()

    errors = [await lost(complete, lock) for _ in range(2)]

    assert isinstance(errors[0], DatabaseUnreachable)
    assert errors[0].exit_code is ExitCode.DATABASE
    assert isinstance(errors[1], (DatabaseUnreachable, LockLost))
    await complete.call(lock.release)


async def test_a_server_that_falls_silent_while_the_lock_is_held(
    opens: Opener, automate: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = opens()
    lock = await taken(database)
    # From here on nothing is answered, so that no answer can be late on a busy machine.
    await database.call(become_impatient, lock._holding._connection)  # type: ignore[union-attr]  # noqa: SLF001
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.3)
    automate.server.pause()
    try:
        assert isinstance(await lost(database, lock), DatabaseUnreachable)
        await database.call(lock.release)
    finally:
        automate.server.resume()


async def test_a_lock_that_was_never_taken_is_not_held(database: Database) -> None:
    lock = RunLock(database)

    assert isinstance(await lost(database, lock), LockLost)
    await database.call(lock.release)


async def test_the_same_object_takes_it_again_for_a_new_run(complete: Database) -> None:
    lock = await taken(complete)
    await complete.call(lock.release)

    await complete.call(lock.take)

    await complete.call(lock.verify)
    await complete.call(lock.release)


# --- work on the lock's session --------------------------------------------------------------------------------


MARK = SendingMark(MarkKind.CREATE, "run1", 7, "name", "user")


def mark(connection: Connection, id_: int) -> int:
    together.write_first_marks(connection, [(id_, MARK)])
    return id_


def marked(sql) -> list[int]:
    return [id_ for (id_,) in sql("SELECT PasswordID FROM plugin_stickysync_syncstate")]


async def under(database: Database, lock: RunLock, fn: Callable[[Units], T]) -> T:
    def on_thread() -> T:
        with lock.units() as units:
            return fn(units)

    return await database.call(on_thread)


async def test_what_is_written_under_the_lock_is_committed_at_once(complete: Database, sql) -> None:
    lock = await taken(complete)

    def write_and_look(units: Units) -> list[int]:
        def fn(connection: Connection) -> list[int]:
            mark(connection, 5)
            return marked(sql)

        return units.unit(fn)

    assert await under(complete, lock, write_and_look) == [5]
    await complete.call(lock.release)


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_refusal_under_the_lock_leaves_it_held(complete: Database, sql, at_once: bool) -> None:
    sql("ALTER TABLE plugin_stickysync_syncstate ADD CHECK (PasswordID <> 3)")
    lock = await taken(complete)

    def write(units: Units) -> list[int | StickySyncError]:
        return units.together(
            lambda connection, ids: [mark(connection, id_) for id_ in ids],
            lambda connection, ids: (mark(connection, id_) for id_ in ids),
            [3, 4],
            at_once=at_once,
        )

    refused, written = await under(complete, lock, write)

    assert isinstance(refused, DatabaseRefused)
    assert written == 4
    assert marked(sql) == [4]
    await complete.call(lock.verify)
    await complete.call(lock.release)


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_session_that_dies_under_work_is_a_lost_lock(
    complete: Database, sql, automate: Schema, at_once: bool
) -> None:
    lock = await taken(complete)
    sessions = []

    def write(connection: Connection, ids: Sequence[int]) -> Iterator[int]:
        sessions.append(connection)
        for id_ in ids:
            if id_ == 2:
                sql(f"KILL CONNECTION {holder(sql, automate)}")
            yield mark(connection, id_)

    with pytest.raises(LockLost):
        await under(
            complete, lock, lambda units: units.together(lambda c, i: list(write(c, i)), write, [1, 2], at_once=at_once)
        )

    assert len(sessions) == 1, "no other session takes its place"
    assert marked(sql) == [1]
    assert isinstance(await lost(complete, lock), LockLost)
    await complete.call(lock.release)


async def test_rows_are_not_read_again_under_a_lock_that_went(complete: Database, automate: Schema) -> None:
    with automate.connect() as connection:
        seed_password(connection, 1, "a", b"x")
    lock = await taken(complete)
    assert list(await under(complete, lock, lambda units: units.unit(reread, [1]))) == [1]
    # The second as in a session that a proxy puts in place of one that ended.
    for gone in ("DO RELEASE_ALL_LOCKS()", "SET @stickysync_lock = NULL"):
        await under(complete, lock, lambda units, gone=gone: units.unit(lambda c: c.execute(text(gone))))

        with pytest.raises(LockLost):
            await under(complete, lock, lambda units: units.unit(reread, [1]))
        assert isinstance(await lost(complete, lock), LockLost)

    # Elsewhere nobody asks.
    assert list(await complete.run(reread, [1])) == [1]
    await complete.call(lock.release)


# --- the run table ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("still_clock")
async def test_a_run_from_begin_to_end(complete: Database, sql) -> None:
    begun = RunBegun("autosync", "everything " * 50, who="ä" * 200, computer="🖥" * 200)
    await complete.run(run_table.begin_run, begun, 7)
    sql("UPDATE plugin_stickysync_run SET LastSignAt = '2020-01-01', StartedAt = '2020-01-01'")
    await complete.run(run_table.sign_of_life, begun.id, 42)
    ((sign,),) = sql("SELECT LastSignAt FROM plugin_stickysync_run")
    open_before = await complete.run(run_table.open_run)
    steps = [
        Step(1, 1, Status.NEW, Action.CREATE, Outcome.DONE),
        Step(2, 1, Status.MATCHES, Action.LINK, Outcome.DONE),
        Step(3, 1, Status.CHANGED_IN_AUTOMATE, Action.UPDATE, Outcome.DONE),
        Step(4, 1, Status.IN_SYNC, Action.NONE, Outcome.DONE),
        Step(5, 1, Status.NO_PASSWORD, Action.NONE, Outcome.SKIPPED),
        Step(6, 1, Status.NEW, Action.CREATE, Outcome.FAILED),
    ]

    await complete.run(run_table.end_run, Summary(begun.id, steps, ended="rows_failed"))

    ((*counts, ended, is_over, rows),) = sql(
        "SELECT Created, Linked, Updated, Unchanged, Skipped, Failed, Ended, EndedAt IS NOT NULL, PasswordRows"
        " FROM plugin_stickysync_run"
    )
    assert sign == STILL.replace(tzinfo=None)
    assert open_before is not None
    assert (counts, ended, is_over, rows) == ([1, 1, 1, 1, 1, 1], "rows_failed", 1, 42)
    assert await complete.run(run_table.open_run) is None


async def test_only_runs_that_ended_well_count_as_a_baseline(complete: Database) -> None:
    assert await complete.run(run_table.last_good_password_count) is None
    for ended, rows in (("done", 100), ("rows_failed", 90), ("guard", 1), ("cancelled", 2), ("lock_lost", 3)):
        begun = RunBegun("sync", "everything")
        await complete.run(run_table.begin_run, begun, rows)
        await complete.run(run_table.end_run, Summary(begun.id, ended=ended))
    await complete.run(run_table.begin_run, RunBegun("sync", "everything"), 4)

    assert await complete.run(run_table.last_good_password_count) in (100, 90)


# --- the stand-in ----------------------------------------------------------------------------------------------


async def test_two_processes_share_one_stand_in(tmp_path: Path) -> None:
    file = tmp_path / "demo.sqlite"
    database = sqlite_database(file)
    await database.run(schema.create_missing)
    program = textwrap.dedent(
        f"""
        import asyncio, sys
        from stickysync_gui.storage.run_lock import RunLock
        from stickysync_gui.storage.run_table import RunBegun, begin_run
        from tests.storage.ground import sqlite_database
        from pathlib import Path

        async def hold():
            database = sqlite_database(Path({str(file)!r}))
            lock = RunLock(database)
            await database.call(lock.take)
            await database.run(begin_run, RunBegun("sync", "everything", who="other", computer="PC-2"))
            print("held", flush=True)
            sys.stdin.read()

        asyncio.run(hold())
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        lock = RunLock(database)
        with pytest.raises(LockHeld, match="other on PC-2"):
            await database.call(lock.take)
        process.kill()

    await database.call(lock.take)
    await database.call(lock.verify)
    await database.call(lock.release)
    await database.close()


async def test_two_runs_of_one_process_on_the_stand_in(tmp_path: Path) -> None:
    one, other = sqlite_database(tmp_path / "demo.sqlite"), sqlite_database(tmp_path / "demo.sqlite")
    await one.run(schema.create_missing)
    first, second = await taken(one), RunLock(other)

    with pytest.raises(LockHeld):
        await other.call(second.take)
    await one.run(run_table.begin_run, RunBegun("sync", "everything"))
    await one.call(first.release)
    await other.call(second.take)

    await other.call(second.release)
    for database in (one, other):
        await database.close()


async def test_the_stand_ins_folder_is_gone(tmp_path: Path) -> None:
    database = sqlite_database(tmp_path / "no" / "demo.sqlite")

    with pytest.raises(StickySyncError) as caught:
        await database.call(RunLock(database).take)

    assert not isinstance(caught.value, LockHeld)
    await database.close()
