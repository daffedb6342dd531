"""Marks, links and sync states of several passwords, in one statement each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, func, insert

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


ROWS_AT_ONCE = 100
"""A CASE is gone through from its start for each row."""
_UNMARKED = ", ".join(f"{column} = NULL" for column in (*plugin.MARK_COLUMNS, "MarkedAt"))


def write_marks_again(connection: Connection, marks: Sequence[tuple[int, SendingMark]]) -> None:
    """Mark passwords that have a row in the sync state; the rest of their states stays as it is."""
    rows = [(id_, plugin.mark_values(mark)) for id_, mark in marks]
    _update(connection, t.syncstate, rows, "MarkedAt = UTC_TIMESTAMP()")


def write_links_again(connection: Connection, links: Sequence[tuple[int, int]]) -> None:
    """Link passwords that have one row in the password map; LastSync is the server's NOW(). For a table as above."""
    _update(connection, t.passwordmap, [(id_, {"ITGPasswordID": entry}) for id_, entry in links], "LastSync = NOW()")


def write_baselines(connection: Connection, states: Sequence[SyncState]) -> None:
    """Store the states of passwords that have a row there; none of the new ones carries a mark."""
    _update(
        connection, t.syncstate, [(state.password_id, plugin.baseline_values(state)) for state in states], _UNMARKED
    )


def _update(
    connection: Connection, table: Table, rows: Sequence[tuple[int, Mapping[str, object]]], for_all: str
) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        _update_at_once(connection, table, rows[start : start + ROWS_AT_ONCE], for_all)


def _update_at_once(
    connection: Connection, table: Table, rows: Sequence[tuple[int, Mapping[str, object]]], for_all: str
) -> None:
    """In one statement, put together here: what is the same for all rows, as much of it often is, is given once.

    Args:
        rows: PasswordIDs, each with the values of the same columns. for_all: what is set in each row besides.
    """
    placeholder = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    cases = " ".join(f"WHEN {id_:d} THEN {placeholder}" for id_, _ in rows)
    settings, values = [], []
    for column in rows[0][1]:
        given = [row[column] for _, row in rows]
        if given.count(given[0]) == len(given):
            settings.append(f"{column} = {placeholder}")
            values.append(given[0])
        else:
            settings.append(f"{column} = CASE PasswordID {cases} END")
            values += given
    these = ", ".join(f"{id_:d}" for id_, _ in rows)
    text = f"UPDATE {table.name} SET {', '.join(settings)}, {for_all} WHERE PasswordID IN ({these})"
    connection.exec_driver_sql(text, tuple(values))
