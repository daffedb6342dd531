"""Marks, links and sync states of several passwords, in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, func, insert

from stickysync_gui.domain.records import SendingMark, SyncState
from stickysync_gui.storage import plugin
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.statements import StatementForMany


def _insert_marks(count: int) -> Insert:
    def row(n: int) -> dict[str, Any]:
        named: dict[str, Any] = {column: bindparam(f"{column}{n}") for column in plugin.MARK_COLUMNS}
        return {"PasswordID": bindparam(f"id{n}"), **named, "MarkedAt": func.UTC_TIMESTAMP()}

    return insert(t.syncstate).values([row(n) for n in range(count)])


INSERT_MARKS = StatementForMany(_insert_marks)


def write_first_marks(connection: Connection, marks: Sequence[tuple[int, SendingMark]]) -> None:
    """Mark passwords that have no row in the sync state yet; stamped with the server's UTC time of now."""
    if marks:
        INSERT_MARKS.run(connection, [{"id": id_, **plugin.mark_values(mark)} for id_, mark in marks])


def _insert_links(count: int) -> Insert:
    def row(n: int) -> dict[str, Any]:
        return {"PasswordID": bindparam(f"id{n}"), "ITGPasswordID": bindparam(f"entry{n}"), "LastSync": func.NOW()}

    return insert(t.passwordmap).values([row(n) for n in range(count)])


INSERT_LINKS = StatementForMany(_insert_links)


def write_first_links(connection: Connection, links: Sequence[tuple[int, int]]) -> None:
    """Link passwords that have no row in the password map; LastSync is the server's NOW().

    Only for a table with transactions: on others a strict server clamps all rows but the first (automate-db.md 6).
    """
    if links:
        INSERT_LINKS.run(connection, [{"id": id_, "entry": entry_id} for id_, entry_id in links])


_UNMARKED = ", ".join(f"{column} = NULL" for column in (*plugin.MARK_COLUMNS, "MarkedAt"))
STATES_AT_ONCE = 100
"""A CASE is gone through from its start for each row."""


def write_baselines(connection: Connection, states: Sequence[SyncState]) -> None:
    """Store the states of passwords that have a row there; none of the new ones carries a mark."""
    for start in range(0, len(states), STATES_AT_ONCE):
        _write_baselines(connection, states[start : start + STATES_AT_ONCE])


def _write_baselines(connection: Connection, states: Sequence[SyncState]) -> None:
    """In one statement, put together here: what is the same for all states, as much of it often is, is given once."""
    placeholder = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    cases = " ".join(f"WHEN {state.password_id:d} THEN {placeholder}" for state in states)
    rows = [plugin.baseline_values(state) for state in states]
    settings, values = [], []
    for column in plugin.BASELINE_COLUMNS:
        given = [row[column] for row in rows]
        if given.count(given[0]) == len(given):
            settings.append(f"{column} = {placeholder}")
            values.append(given[0])
        else:
            settings.append(f"{column} = CASE PasswordID {cases} END")
            values += given
    these = ", ".join(f"{state.password_id:d}" for state in states)
    text = f"UPDATE {t.syncstate.name} SET {', '.join(settings)}, {_UNMARKED} WHERE PasswordID IN ({these})"
    connection.exec_driver_sql(text, tuple(values))
