"""Statements for many rows read as SQLAlchemy itself would write them, and put down what they are given."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from stickysync_gui.domain.records import MarkKind, SendingMark, SyncState
from stickysync_gui.storage import plugin, rereading, schema, together
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.statements import StatementForMany
from tests.storage.ground import sqlite_database

FOR_MANY = {
    "reread": rereading.REREAD,
    "answered": rereading.ANSWERED,
    "marks": together.INSERT_MARKS,
    "links": together.INSERT_LINKS,
}
DIALECTS = {"mysql": mysql.dialect(paramstyle="format"), "sqlite": sqlite.dialect(paramstyle="qmark")}
MARK = SendingMark(MarkKind.CREATE, "run1", 77, "Router", "admin", (1, 2))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@pytest.mark.parametrize("statement", FOR_MANY.values(), ids=FOR_MANY.keys())
def test_each_number_of_rows_has_the_text_of_its_own(statement: StatementForMany, dialect: Dialect) -> None:
    for count in (1, 2, 3, 40):
        whole = statement.make(count).compile(dialect=dialect)
        assert isinstance(whole, SQLCompiler)
        text, names = statement.text(dialect, count)
        assert text == str(whole)
        assert [f"{name}{row}" for row in range(count) for name in names] == whole.positiontup


@pytest.fixture(params=["mariadb", "sqlite"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The plugin's tables on a server, and in the demo's stand-in."""
    if request.param == "mariadb":
        yield request.getfixturevalue("complete")
        return
    database = sqlite_database(tmp_path / "automate.sqlite")
    asyncio.run(database.run(schema.create_missing))
    yield database
    asyncio.run(database.close())


@pytest.mark.parametrize("count", [1, 2, together.ROWS_AT_ONCE + 1])
async def test_each_state_gets_its_own_values_and_loses_its_mark(either: Database, count: int) -> None:
    """Some alike in all, some in none, and a number or none; a text that would end a string that is not escaped."""
    states = [
        SyncState(
            id_,
            entry_id=1000 - id_,
            value_hash="alike",
            notes_hash="n" if id_ % 2 else "",
            fields_hash=f"it's {id_} %s ?",
            returned_hash="r",
            accepted_organization_id=id_ if id_ % 3 == 0 else None,
            drift_pushes=id_ % 2,
            left_behind=(id_, 7) if id_ == 2 else (),
        )
        for id_ in range(1, count + 1)
    ]
    untouched = SyncState(count + 1, 5, "v", "n", "f", "r", mark=MARK)
    await either.run(together.write_first_marks, [(state.password_id, MARK) for state in states])
    await either.run(plugin.write_state, untouched)

    await either.run(together.write_baselines, states)

    stored = await either.run(plugin.states)
    assert stored.pop(untouched.password_id).mark is not None
    assert list(stored.values()) == states


@pytest.mark.parametrize("count", [1, 3])
async def test_marks_are_written_again_over_others_and_nothing_else(either: Database, count: int) -> None:
    states = [
        SyncState(id_, 10 + id_, "v", "n", f"f{id_}", "r", mark=replace(MARK, run_id="old")) for id_ in range(1, 5)
    ]
    for state in states:
        await either.run(plugin.write_state, state)
    marks = [(id_, replace(MARK, name=f"Name's {id_}", seen_entry_ids=(id_,))) for id_ in range(1, count + 1)]

    await either.run(together.write_marks_again, marks)

    stored = await either.run(plugin.states)
    assert [state._replace(mark=None) for state in stored.values()] == [state._replace(mark=None) for state in states]
    found = [state.mark for state in stored.values()]
    assert found == [mark for _, mark in marks] + [replace(MARK, run_id="old")] * (4 - count)


async def test_links_are_written_again_each_to_its_own_entry(either: Database) -> None:
    await either.run(together.write_first_links, [(1, 11), (2, 12), (3, 13)])

    await either.run(together.write_links_again, [(1, 21), (3, 23)])

    links = await either.run(plugin.links)
    assert {(link.password_id, link.entry_id) for link in links} == {(1, 21), (2, 12), (3, 23)}


async def test_a_state_whose_row_is_gone_is_not_made_up(complete: Database) -> None:
    here, gone = SyncState(1, 11, "v", "", "f", "r"), SyncState(2, 12, "w", "", "g", "s")
    await complete.run(together.write_first_marks, [(1, MARK)])

    await complete.run(together.write_baselines, [here, gone])

    assert await complete.run(plugin.states) == {1: here}
