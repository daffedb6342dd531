"""Connections that die, rows that are locked, servers that stop: units are repeated whole, or end in words."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from stickysync_gui.domain.records import SyncState
from stickysync_gui.errors import DatabaseRefused, DatabaseUnreachable, MappingChanged
from stickysync_gui.storage import choices, connecting, plugin, run_table
from stickysync_gui.storage import database as database_module
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.units import REPEATS
from tests.automate_schema import PLUGIN_TABLES
from tests.mariadb import Database as Schema
from tests.storage.cutting_proxy import cutting_proxy
from tests.storage.ground import Opener, become_impatient, execute
from tests.waiting import PATIENCE

COMPANY_MAP, AUTO_SYNC, PASSWORD_MAP, SETTINGS = PLUGIN_TABLES


def kill_own(connection: Connection, schema: Schema, how: str = "CONNECTION") -> None:
    """End the session of `connection` from another one."""
    execute(schema, f"KILL {how} {connection.scalar(text('SELECT CONNECTION_ID()'))}")


class Attempts:
    """A unit of SQL that something happens to in its first `times` attempts."""

    def __init__(self, unit: Callable[[Connection], Any], mishap: Callable[[Connection], None], times: int = 1) -> None:
        self.made = 0
        self._unit, self._mishap, self._times = unit, mishap, times

    def __call__(self, connection: Connection) -> Any:
        self.made += 1
        if self.made <= self._times:
            self._mishap(connection)
        return self._unit(connection)


# --- killed ----------------------------------------------------------------------------------------------------


async def test_a_killed_read_is_repeated(database: Database, automate: Schema) -> None:
    unit = Attempts(plugin.mappings, lambda c: kill_own(c, automate))

    assert await database.run(unit) == []
    assert unit.made == 2


def sleep_until_killed(connection: Connection, schema: Schema, how: str = "CONNECTION") -> None:
    """Wait for an answer that somebody else makes sure never comes."""

    def kill() -> None:
        sleeping = "SELECT id FROM information_schema.processlist WHERE db = %s AND info LIKE 'SELECT SLEEP%%'"
        while not (found := execute(schema, sleeping, schema.schema)):
            pass
        execute(schema, f"KILL {how} {found[0][0]}")

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        connection.execute(text("SELECT SLEEP(20)"))
    finally:
        killer.join()


async def test_a_read_that_is_killed_while_it_waits_for_its_answer_is_repeated(
    database: Database, automate: Schema
) -> None:
    unit = Attempts(plugin.mappings, lambda c: sleep_until_killed(c, automate))

    assert await database.run(unit) == []
    assert unit.made == 2


@pytest.mark.parametrize("automate", ["plain", "keyed"], indirect=True)
@pytest.mark.parametrize("way", ["run", "write_map"])
async def test_a_write_that_is_killed_half_way_happens_once(
    database: Database, automate: Schema, sql, way: str
) -> None:
    def half_way(connection: Connection) -> None:
        plugin.write_mapping(connection, 1, 10)
        kill_own(connection, automate)

    unit = Attempts(lambda c: plugin.write_mapping(c, 2, 20), half_way)
    await getattr(database, way)(unit)

    assert unit.made == 2
    assert sql(f"SELECT ClientID, ITGOrgID FROM {COMPANY_MAP}") == [(2, 20)]


@pytest.mark.parametrize("way", ["run", "write_map"])
async def test_one_that_is_killed_every_time_ends_in_words(database: Database, automate: Schema, way: str) -> None:
    unit = Attempts(plugin.mappings, lambda c: kill_own(c, automate), times=99)

    with pytest.raises(DatabaseUnreachable, match="was lost"):
        await getattr(database, way)(unit)

    assert unit.made == REPEATS
    assert await database.run(plugin.mappings) == []


@pytest.mark.parametrize("number", [1053, 1927, 4031])
async def test_a_servers_last_words_on_a_connection_count_as_its_loss(database: Database, number: int) -> None:
    def last_words(connection: Connection) -> None:
        connection.execute(text(f"SIGNAL SQLSTATE '70100' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'killed'"))

    passing = Attempts(plugin.mappings, last_words)
    assert await database.run(passing) == []
    assert passing.made == 2
    with pytest.raises(DatabaseUnreachable, match="was lost"):
        await database.run(Attempts(plugin.mappings, last_words, times=99))


async def test_a_connection_that_is_closed_under_a_unit_counts_as_lost(database: Database) -> None:
    def close(connection: Connection) -> None:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.close()

    unit = Attempts(plugin.mappings, close)

    assert await database.run(unit) == []
    assert unit.made == 2


async def test_a_killed_query_is_no_lost_connection(database: Database, automate: Schema) -> None:
    with pytest.raises(DatabaseRefused, match="error 1317"):
        await database.run(sleep_until_killed, automate, "QUERY")

    assert await database.run(plugin.mappings) == []


async def test_closing_twice_is_harmless(database: Database) -> None:
    await database.open()

    await database.close()
    await database.close()


# --- an answer that never comes --------------------------------------------------------------------------------


async def through_a_cut(opens: Opener, cut_after: bytes, way: str, fn: Callable[..., Any], *args: Any) -> int:
    """Run a unit whose statement `cut_after` loses its answer; returns how often that happened."""
    with cutting_proxy(opens.schema.host, opens.schema.port) as proxy:
        database = opens(port=proxy.port)
        await database.open()
        proxy.cut_after = cut_after
        await getattr(database, way)(fn, *args)
        await database.close()
        return proxy.cuts


@pytest.mark.parametrize("automate", ["plain", "keyed", "myisam"], indirect=True)
@pytest.mark.parametrize("cut_after", [b"COMMIT", b"INSERT"])
async def test_a_unit_whose_answer_is_lost_happens_once(
    opens: Opener, complete: Database, sql, cut_after: bytes
) -> None:
    cuts = 0
    for fn, *args in (
        (plugin.write_mapping, 1, 10),
        (plugin.write_link, 5, 4411),
        (plugin.write_ticks, [5, 6], True),
        (plugin.write_key, "sealed"),
        (plugin.write_state, SyncState(5, entry_id=4411)),
    ):
        cuts += await through_a_cut(opens, cut_after, "write_map", fn, *args)

    assert cuts == 5
    assert sql(f"SELECT * FROM {COMPANY_MAP}") == [(1, 10)]
    assert sql(f"SELECT PasswordID, ITGPasswordID FROM {PASSWORD_MAP}") == [(5, 4411)]
    assert sql(f"SELECT * FROM {AUTO_SYNC} ORDER BY 1") == [(5, 1), (6, 1)]
    assert sql(f"SELECT * FROM {SETTINGS}") == [("sealed",)]
    assert sql("SELECT PasswordID, ITGPasswordID FROM plugin_stickysync_syncstate") == [(5, 4411)]


@pytest.mark.parametrize("cut_after", [b"COMMIT", b"INSERT"])
async def test_a_run_is_entered_once_though_the_answer_was_lost(
    opens: Opener, complete: Database, sql, cut_after: bytes
) -> None:
    begun = run_table.RunBegun("sync", "everything")

    assert await through_a_cut(opens, cut_after, "run", run_table.begin_run, begun) == 1

    assert sql("SELECT RunID FROM plugin_stickysync_run") == [(begun.id,)]


# --- locked rows -----------------------------------------------------------------------------------------------


@pytest.fixture
def short_lock_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Error 1205 at once instead of after five seconds."""
    shorter = connecting.SESSION.replace("innodb_lock_wait_timeout = 5", "innodb_lock_wait_timeout = 0")
    assert shorter != connecting.SESSION
    monkeypatch.setattr(connecting, "SESSION", shorter)


@pytest.mark.usefixtures("short_lock_waits")
@pytest.mark.parametrize("automate", ["keyed"], indirect=True)
async def test_rows_locked_by_another_program_are_waited_for(opens: Opener, automate: Schema, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 10)")
    database = opens()
    with automate.connect(autocommit=False) as other, other.cursor() as cursor:
        cursor.execute(f"UPDATE {COMPANY_MAP} SET ITGOrgID = 11 WHERE ClientID = 1")
        attempts = 0

        def unit(connection: Connection) -> None:
            nonlocal attempts
            attempts += 1
            if attempts == 2:
                other.commit()
            plugin.write_mapping(connection, 2, 20)
            plugin.write_mapping(connection, 1, 12)

        await database.write_map(unit)

    assert attempts == 2
    assert sql(f"SELECT * FROM {COMPANY_MAP} ORDER BY 1") == [(1, 12), (2, 20)]


async def test_our_session_waits_five_seconds_for_locked_rows(database: Database) -> None:
    assert await database.run(lambda c: c.scalar(text("SELECT @@SESSION.innodb_lock_wait_timeout"))) == 5


@pytest.mark.usefixtures("short_lock_waits")
@pytest.mark.parametrize("automate", ["keyed"], indirect=True)
async def test_rows_that_stay_locked_end_in_words(opens: Opener, automate: Schema, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 10)")
    database = opens()
    with automate.connect(autocommit=False) as other, other.cursor() as cursor:
        cursor.execute(f"UPDATE {COMPANY_MAP} SET ITGOrgID = 11 WHERE ClientID = 1")
        with pytest.raises(DatabaseRefused, match="stayed locked"):
            await database.write_map(lambda c: [plugin.write_mapping(c, id_, 12) for id_ in (2, 1)])

    assert sql(f"SELECT * FROM {COMPANY_MAP}") == [(1, 10)]


@pytest.mark.parametrize("automate", ["keyed"], indirect=True)
async def test_a_deadlock_repeats_the_whole_unit(database: Database, automate: Schema, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 0), (2, 0)")
    first_locked, other_waits = threading.Event(), threading.Event()
    attempts = 0

    def unit(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        plugin.write_mapping(connection, 1, attempts)
        if attempts == 1:
            first_locked.set()
            assert other_waits.wait(PATIENCE)
        plugin.write_mapping(connection, 2, attempts)

    def other() -> None:
        with automate.connect(autocommit=False) as connection, connection.cursor() as cursor:
            assert first_locked.wait(PATIENCE)
            # Much undone work makes the program's unit the cheaper victim.
            cursor.execute(f"INSERT INTO {COMPANY_MAP} SELECT seq, 7 FROM seq_100_to_400")
            cursor.execute(f"UPDATE {COMPANY_MAP} SET ITGOrgID = 90 WHERE ClientID = 2")
            threading.Timer(0.2, other_waits.set).start()
            cursor.execute(f"UPDATE {COMPANY_MAP} SET ITGOrgID = 91 WHERE ClientID = 1")
            connection.commit()

    meeting = asyncio.get_running_loop().run_in_executor(None, other)
    await database.write_map(unit)
    await meeting

    assert attempts == 2
    assert sql(f"SELECT * FROM {COMPANY_MAP} WHERE ClientID < 3 ORDER BY 1") == [(1, 2), (2, 2)]


# --- the server itself -----------------------------------------------------------------------------------------


async def test_a_restart_between_two_units_goes_unnoticed(database: Database, automate: Schema) -> None:
    await database.open()
    automate.server.restart()

    assert await database.run(plugin.mappings) == []


async def test_a_server_that_dies_and_comes_back(database: Database, automate: Schema) -> None:
    await database.write_map(plugin.write_mapping, 1, 10)

    def dies(connection: Connection) -> None:
        plugin.write_mapping(connection, 1, 11)
        automate.server.kill()
        plugin.write_mapping(connection, 2, 20)

    with pytest.raises(DatabaseUnreachable):
        await database.write_map(dies)
    with pytest.raises(DatabaseUnreachable, match="refused"):
        await database.run(plugin.mappings)
    automate.server.start()

    assert [(m.client_id, m.organization_id) for m in await database.run(plugin.mappings)] == [(1, 10)]
    await database.write_map(plugin.write_mapping, 1, 12)


async def test_a_server_that_falls_silent(opens: Opener, automate: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    database, reconnected = opens(), []
    await database.open()
    await database.run(become_impatient)
    connect = database_module.connect

    def impatiently(*arguments: Any) -> Any:
        reconnected.append(connecting.CONNECT_SECONDS)
        return connect(*arguments)

    automate.server.pause()
    try:
        # Only while nothing is answered, so that no answer can be late on a busy machine.
        with monkeypatch.context() as silence:
            silence.setattr(connecting, "CONNECT_SECONDS", 0.3)
            silence.setattr(database_module, "connect", impatiently)
            with pytest.raises(DatabaseUnreachable, match="did not answer"):
                await database.run(plugin.mappings)
        assert reconnected == [0.3], "after one answer that did not come, one attempt to connect"
    finally:
        automate.server.resume()

    assert await database.run(plugin.mappings) == []


# --- what is not repeated --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["run", "write_map"])
async def test_our_own_refusal_undoes_the_unit_and_is_not_repeated(database: Database, sql, way: str) -> None:
    attempts = 0

    def unit(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        plugin.write_mapping(connection, 1, 10)
        choices.map_clients(connection, {2: 20}, {3: (4,)})

    with pytest.raises(MappingChanged):
        await getattr(database, way)(unit)

    assert attempts == 1
    assert sql(f"SELECT * FROM {COMPANY_MAP}") == []
    await database.write_map(plugin.write_mapping, 1, 10)


async def test_a_cancelled_wait_leaves_the_unit_whole(database: Database, sql) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def unit(connection: Connection) -> None:
        plugin.write_mapping(connection, 1, 10)
        begun.set()
        assert go_on.wait(PATIENCE)
        plugin.write_mapping(connection, 2, 20)

    waiting = asyncio.create_task(database.write_map(unit))
    await asyncio.to_thread(begun.wait, PATIENCE)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()

    assert len(await database.run(plugin.mappings)) == 2


async def test_closing_waits_for_the_statement_under_way(opens: Opener, sql) -> None:
    database, begun = opens(), threading.Event()

    def unit(connection: Connection) -> None:
        begun.set()
        connection.execute(text("SELECT SLEEP(0.2)"))
        plugin.write_mapping(connection, 1, 10)

    writing = asyncio.create_task(database.write_map(unit))
    await asyncio.to_thread(begun.wait, PATIENCE)
    await database.close()
    await writing

    assert sql(f"SELECT * FROM {COMPANY_MAP}") == [(1, 10)]
