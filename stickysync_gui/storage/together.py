"""Marks, links and sync states of several passwords, in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Update, bindparam, case, func, insert, null, update

from stickysync_gui.domain.records import SendingMark, SyncState
from stickysync_gui.storage import plugin
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.statements import StatementForMany

_s = t.syncstate.c


def _insert_marks(count: int) -> Insert:
    def row(n: int) -> dict[str, Any]:
        named: dict[str, Any] = {column: bindparam(f"{column}{n}") for column in plugin.MARK_COLUMNS}
        return {"PasswordID": bindparam(f"id{n}"), **named, "MarkedAt": func.UTC_TIMESTAMP()}

    return insert(t.syncstate).values([row(n) for n in range(count)])


_INSERT_MARKS = StatementForMany(_insert_marks)


def write_first_marks(connection: Connection, marks: Sequence[tuple[int, SendingMark]]) -> None:
    """Mark passwords that have no row in the sync state yet; stamped with the server's UTC time of now."""
    if marks:
        _INSERT_MARKS.run(connection, [{"id": id_, **plugin.mark_values(mark)} for id_, mark in marks])


def _insert_links(count: int) -> Insert:
    def row(n: int) -> dict[str, Any]:
        return {"PasswordID": bindparam(f"id{n}"), "ITGPasswordID": bindparam(f"entry{n}"), "LastSync": func.NOW()}

    return insert(t.passwordmap).values([row(n) for n in range(count)])


_INSERT_LINKS = StatementForMany(_insert_links)


def write_first_links(connection: Connection, links: Sequence[tuple[int, int]]) -> None:
    """Link passwords that have no row in the password map; LastSync is the server's NOW().

    Only for a table with transactions: on others a strict server clamps all rows but the first (automate-db.md 6).
    """
    if links:
        _INSERT_LINKS.run(connection, [{"id": id_, "entry": entry_id} for id_, entry_id in links])


def _update_states(count: int) -> Update:
    ids: list[ColumnElement[Any]] = [bindparam(f"id{n}") for n in range(count)]

    def chosen(column: str) -> ColumnElement[Any]:
        return case(*[(id_, bindparam(f"{column}{n}")) for n, id_ in enumerate(ids)], value=_s.PasswordID)

    stored: dict[str, Any] = {column: chosen(column) for column in plugin.BASELINE_COLUMNS}
    unmarked = dict.fromkeys((*plugin.MARK_COLUMNS, "MarkedAt"), null())
    return update(t.syncstate).where(_s.PasswordID.in_(ids)).values(**stored, **unmarked)


_UPDATE_STATES = StatementForMany(_update_states)


def write_baselines(connection: Connection, states: Sequence[SyncState]) -> None:
    """Store the states of passwords that have a row there; none of the new ones carries a mark."""
    if states:
        _UPDATE_STATES.run(connection, [{"id": state.password_id, **plugin.baseline_values(state)} for state in states])
