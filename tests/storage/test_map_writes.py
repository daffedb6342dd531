"""Writing the map on tables with and without keys: one row per id, nothing lost, nothing doubled, nothing clamped."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from stickysync_gui.errors import DatabaseRefused, StickySyncError
from stickysync_gui.storage import database as database_module
from stickysync_gui.storage import plugin
from stickysync_gui.storage.database import Database
from tests.automate_schema import PLUGIN_TABLES
from tests.mariadb import Database as Schema
from tests.storage.ground import STILL, Opener

COMPANY_MAP, AUTO_SYNC, PASSWORD_MAP, SETTINGS = PLUGIN_TABLES
EU_ID = 2_100_000_000_000_001

every_shape = pytest.mark.parametrize("automate", ["plain", "keyed", "myisam"], indirect=True)
without_keys = pytest.mark.parametrize("automate", ["plain", "myisam"], indirect=True)


@pytest.fixture
def lenient_server(automate: Schema, sql) -> Iterator[None]:
    """A server that by default clamps what does not fit and lets zero dates in."""
    (mode,) = sql("SELECT @@GLOBAL.sql_mode")[0]
    sql("SET GLOBAL sql_mode = ''")
    yield
    sql("SET GLOBAL sql_mode = %s", mode)


# --- one row per id --------------------------------------------------------------------------------------------


@every_shape
async def test_a_mapping_is_inserted_changed_and_removed(database: Database, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (7, 70)")

    await database.write_map(plugin.write_mapping, 1, 10)
    inserted = sql(f"SELECT * FROM {COMPANY_MAP} ORDER BY 1")
    await database.write_map(plugin.write_mapping, 1, 11)
    changed = sql(f"SELECT * FROM {COMPANY_MAP} ORDER BY 1")
    await database.write_map(plugin.write_mapping, 1, 11)
    same = sql(f"SELECT * FROM {COMPANY_MAP} ORDER BY 1")
    await database.write_map(plugin.write_mapping, 1, None)

    assert inserted == [(1, 10), (7, 70)]
    assert changed == same == [(1, 11), (7, 70)]
    assert sql(f"SELECT * FROM {COMPANY_MAP}") == [(7, 70)]


@without_keys
@pytest.mark.parametrize("found", [[10, 10], [10, 10, 10], [10, 20], [None, 10], [None, None], [11, 10, 11]])
async def test_a_doubled_mapping_becomes_one_row(database: Database, sql, found: list[int | None]) -> None:
    for organization_id in (*found, 5):
        sql(f"INSERT INTO {COMPANY_MAP} VALUES (%s, %s)", 1 if organization_id != 5 else 2, organization_id)

    await database.write_map(plugin.write_mapping, 1, 11)

    assert sql(f"SELECT * FROM {COMPANY_MAP} ORDER BY 1") == [(1, 11), (2, 5)]


@every_shape
@pytest.mark.usefixtures("still_clock")
async def test_a_link_is_inserted_changed_and_removed_with_its_time(database: Database, sql) -> None:
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (7, 70, '2020-01-01 00:00:00')")
    now = f"FROM_UNIXTIME({STILL.timestamp()})"

    await database.write_map(plugin.write_link, 1, 10)
    inserted = sql(f"SELECT *, LastSync = {now} FROM {PASSWORD_MAP} WHERE PasswordID = 1")
    sql(f"UPDATE {PASSWORD_MAP} SET LastSync = '2020-01-01 00:00:00'")
    await database.write_map(plugin.write_link, 1, 10)
    again = sql(f"SELECT *, LastSync = {now} FROM {PASSWORD_MAP} WHERE PasswordID = 1")
    await database.write_map(plugin.remove_link, 1)

    for (row,) in (inserted, again):
        assert (row[0], row[1], row[3]) == (1, 10, 1)
    assert [row[:2] for row in sql(f"SELECT * FROM {PASSWORD_MAP}")] == [(7, 70)]


@without_keys
@pytest.mark.parametrize("found", [[10, 10], [10, 20], [10, 20, 10], [None, 10]])
async def test_a_doubled_link_becomes_one_row(database: Database, sql, found: list[int | None]) -> None:
    for entry_id in found:
        sql(f"INSERT INTO {PASSWORD_MAP} VALUES (1, %s, NULL)", entry_id)

    await database.write_map(plugin.write_link, 1, 20)

    assert await database.run(plugin.entries_of, 1) == {20}
    assert sql(f"SELECT COUNT(*) FROM {PASSWORD_MAP}") == [(1,)]


@every_shape
async def test_ticks_for_many_rows(database: Database, sql) -> None:
    sql(f"INSERT INTO {AUTO_SYNC} VALUES (3, 0), (4, 1), (5, NULL), (1700, 0)")

    await database.write_map(plugin.write_ticks, range(1, 1602), True)
    ticked = await database.run(plugin.ticked)
    await database.write_map(plugin.write_ticks, [2, 4, 5, 1800], False)

    assert ticked == set(range(1, 1602))
    assert await database.run(plugin.ticked) == set(range(1, 1602)) - {2, 4, 5}
    rows = sql(f"SELECT PasswordID, COUNT(*) FROM {AUTO_SYNC} GROUP BY 1 HAVING COUNT(*) > 1 OR PasswordID = 1800")
    assert rows == [], "switching off inserts nothing, switching on doubles nothing"


@without_keys
async def test_doubled_ticks_go_on_and_off_together(database: Database, sql) -> None:
    sql(f"INSERT INTO {AUTO_SYNC} VALUES (1, 0), (1, 1), (2, 2), (3, -1), (NULL, 1)")
    assert await database.run(plugin.ticked) == {1, 2, 3}
    assert await database.run(plugin.is_ticked, 1)

    await database.write_map(plugin.write_ticks, [1, 2, 3], False)

    assert await database.run(plugin.ticked) == frozenset()
    assert not await database.run(plugin.is_ticked, 1)


@pytest.mark.parametrize("found", [[], [None], ["old"], ["old", "old"], ["old", "older", "oldest"], ["", "  "]])
async def test_the_key_has_one_row(database: Database, sql, found: list[str | None]) -> None:
    for value in found:
        sql(f"INSERT INTO {SETTINGS} VALUES (%s)", value)
    stored = await database.run(plugin.stored_keys)

    await database.write_map(plugin.write_key, "sealed")

    assert stored == [value for value in found if value and value.strip()]
    assert sql(f"SELECT * FROM {SETTINGS}") == [("sealed",)]
    assert await database.run(plugin.stored_keys) == ["sealed"]


@every_shape
async def test_columns_of_somebody_else_are_left_alone(database: Database, sql) -> None:
    sql(f"ALTER TABLE {COMPANY_MAP} ADD COLUMN Remark VARCHAR(20) NOT NULL DEFAULT 'theirs' FIRST")

    await database.write_map(plugin.write_mapping, 1, 10)
    await database.write_map(plugin.write_mapping, 1, 11)

    assert sql(f"SELECT * FROM {COMPANY_MAP}") == [("theirs", 1, 11)]


# --- what does not fit -----------------------------------------------------------------------------------------


@every_shape
@pytest.mark.usefixtures("lenient_server")
async def test_an_id_that_does_not_fit_is_refused_and_never_clamped(opens: Opener, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 10)")
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (1, 10, NULL)")
    database = opens()

    for fn, *ids in (
        (plugin.write_mapping, 1, EU_ID),
        (plugin.write_mapping, 2, EU_ID),
        (plugin.write_link, 1, EU_ID),
        (plugin.write_link, 2, EU_ID),
        (plugin.write_ticks, [EU_ID], True),
    ):
        with pytest.raises(DatabaseRefused, match="does not fit"):
            await database.write_map(fn, *ids)

    assert sql(f"SELECT * FROM {COMPANY_MAP}") == [(1, 10)]
    assert [row[:2] for row in sql(f"SELECT * FROM {PASSWORD_MAP}")] == [(1, 10)]
    assert sql(f"SELECT * FROM {AUTO_SYNC}") == []


@pytest.mark.parametrize("automate", ["keyed_bigint", "bigint"], indirect=True)
async def test_sixteen_digits_fit_where_the_column_is_wide(database: Database, sql) -> None:
    await database.write_map(plugin.write_mapping, 1, EU_ID)
    await database.write_map(plugin.write_link, 1, EU_ID)

    assert await database.run(plugin.organizations_of, 1) == {EU_ID}
    assert await database.run(plugin.holders_of, EU_ID) == {1}


# --- two at once -----------------------------------------------------------------------------------------------


async def write_links(database: Database, entry_of_round: Any, rounds: int) -> None:
    for number in range(rounds):
        await database.write_map(plugin.write_link, number % 7, entry_of_round(number))


@every_shape
async def test_two_pcs_writing_at_once_lose_and_double_nothing(opens: Opener, sql) -> None:
    one, other = opens(), opens()

    await asyncio.gather(
        write_links(one, lambda number: 1000 + number, 60),
        write_links(other, lambda number: 2000 + number, 60),
        one.write_map(plugin.write_mapping, 1, 10),
        other.write_map(plugin.write_mapping, 2, 20),
    )

    rows = sql(f"SELECT PasswordID, ITGPasswordID FROM {PASSWORD_MAP} ORDER BY 1")
    assert [password_id for password_id, _ in rows] == list(range(7))
    last_rounds = {number % 7: number for number in range(60)}
    assert all(entry_id % 1000 == last_rounds[password_id] for password_id, entry_id in rows)
    assert sql(f"SELECT * FROM {COMPANY_MAP} ORDER BY 1") == [(1, 10), (2, 20)]


@every_shape
async def test_only_one_unit_at_a_time_is_inside(opens: Opener) -> None:
    inside, most, guard = 0, 0, threading.Lock()

    def unit(connection: Connection) -> None:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        connection.scalar(select(func.SLEEP(0.05)))
        with guard:
            inside -= 1

    await asyncio.gather(*(database.write_map(unit) for database in [opens(), opens(), opens()] for _ in range(3)))

    assert most == 1


# --- the map lock ----------------------------------------------------------------------------------------------


def map_lock(automate: Schema) -> str:
    return f"stickysync_map:{automate.schema}"


async def test_a_map_that_stays_locked_is_told_in_words(
    database: Database, automate: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "MAP_LOCK_SECONDS", 1)
    with automate.connect() as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (map_lock(automate),))
        with pytest.raises(DatabaseRefused, match="writing the mapping for a while") as caught:
            await database.write_map(plugin.write_mapping, 1, 10)
        assert caught.value.unchanged == "Nothing was written."
        assert await database.run(plugin.mappings) == [], "reading needs no lock"
    await database.write_map(plugin.write_mapping, 1, 10)


async def test_the_lock_is_free_again_after_every_end(database: Database, automate: Schema, sql) -> None:
    def fails(connection: Connection) -> None:
        raise StickySyncError(happened="No.", unchanged="Nothing.", todo="Nothing.")

    def breaks(connection: Connection) -> None:
        raise ZeroDivisionError

    states = []
    for fn, *arguments in ((plugin.write_mapping, 1, 10), (fails,), (breaks,), (plugin.write_mapping, 1, EU_ID)):
        with contextlib.suppress(StickySyncError, ZeroDivisionError):
            await database.write_map(fn, *arguments)
        states.append(sql("SELECT IS_FREE_LOCK(%s)", map_lock(automate))[0][0])

    assert states == [1, 1, 1, 1]


async def test_the_lock_is_held_while_the_unit_is_on_and_until_it_is_committed(
    database: Database, automate: Schema, sql
) -> None:
    seen = []

    def unit(connection: Connection) -> None:
        plugin.write_mapping(connection, 1, 10)
        seen.append(sql("SELECT IS_FREE_LOCK(%s)", map_lock(automate))[0][0])
        seen.append(sql(f"SELECT COUNT(*) FROM {COMPANY_MAP}")[0][0])

    await database.write_map(unit)

    assert seen == [0, 0]
    assert sql(f"SELECT COUNT(*) FROM {COMPANY_MAP}") == [(1,)]


def test_one_schema_has_one_lock_however_it_is_spelled(opens: Opener) -> None:
    spelled = [opens(schema=name).lock_name("stickysync_map") for name in ("LabTech", "labtech", "LABTECH")]

    assert set(spelled) == {"stickysync_map:labtech"}
    assert len(opens(schema="x" * 64).lock_name("stickysync_map")) == 64
