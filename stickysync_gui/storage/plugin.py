"""Reading and writing the plugin's tables and our own two: company map, ticks, links, sync state, sending marks.

Keys are not taken for granted: the plugin's tables may have none, hold duplicates, or be MyISAM (automate-db.md 6).
Every function works inside the caller's transaction; those that write the map belong under `Database.write_map`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    null,
    select,
    text,
    update,
)

from stickysync_gui.domain.records import CompanyMapping, Link, MarkKind, SendingMark, SyncState
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.statements import Statement, StatementForMany, in_parts

_BLOCK = 500
"""Ids per statement."""
_MARK_KINDS = frozenset(kind.value for kind in MarkKind)


def mappings(connection: Connection) -> list[CompanyMapping]:
    """All rows of the company map; rows without an organization are no mapping."""
    rows = connection.execute(select(t.companymap.c.ClientID, t.companymap.c.ITGOrgID).distinct())
    return [
        CompanyMapping(client, organization) for client, organization in rows if client is not None and organization
    ]


def organizations_of(connection: Connection, client_id: int) -> frozenset[int]:
    """The organizations that a client is mapped to right now."""
    rows = connection.scalars(select(t.companymap.c.ITGOrgID).where(t.companymap.c.ClientID == client_id))
    return frozenset(id_ for id_ in rows if id_)


def links(connection: Connection) -> list[Link]:
    """All links, identical duplicates once."""
    c = t.passwordmap.c
    # As text from the server: thousands of times are shown, and none is reckoned with.
    last_sync = cast(func.max(c.LastSync), String)
    rows = connection.execute(select(c.PasswordID, c.ITGPasswordID, last_sync).group_by(c.PasswordID, c.ITGPasswordID))
    return [
        Link(password, entry, _time_text(last))
        for password, entry, last in in_parts(rows)
        if password is not None and entry
    ]


def entries_of(connection: Connection, password_id: int) -> frozenset[int]:
    """The entries that a password is linked to right now."""
    rows = connection.scalars(select(t.passwordmap.c.ITGPasswordID).where(t.passwordmap.c.PasswordID == password_id))
    return frozenset(id_ for id_ in rows if id_)


def holders_of(connection: Connection, entry_id: int) -> frozenset[int]:
    """The passwords that are linked to an entry right now."""
    rows = connection.scalars(select(t.passwordmap.c.PasswordID).where(t.passwordmap.c.ITGPasswordID == entry_id))
    return frozenset(id_ for id_ in rows if id_ is not None)


def ticked(connection: Connection) -> frozenset[int]:
    """Ids of the passwords with AutoSync on; any value but 0 counts as on."""
    c = t.passwordautosync.c
    return frozenset(connection.scalars(select(c.PasswordID).where(c.AutoSync != 0, c.PasswordID.is_not(None))))


def is_ticked(connection: Connection, password_id: int) -> bool:
    """Whether AutoSync is on for one password."""
    c = t.passwordautosync.c
    return bool(connection.scalars(select(c.AutoSync).where(c.PasswordID == password_id, c.AutoSync != 0)).first())


def states(connection: Connection) -> dict[int, SyncState]:
    """All sync states by PasswordID; the age of marks is by the server's own UTC clock."""
    now = connection.scalar(select(func.UTC_TIMESTAMP(type_=DateTime)))
    return {row[0]: _state(row, now) for row in in_parts(connection.execute(select(t.syncstate)))}


def state(connection: Connection, password_id: int) -> SyncState | None:
    """One password's sync state."""
    now = connection.scalar(select(func.UTC_TIMESTAMP(type_=DateTime)))
    row = connection.execute(select(t.syncstate).where(t.syncstate.c.PasswordID == password_id)).one_or_none()
    return _state(row, now) if row is not None else None


def _state(row: Sequence[Any], now: datetime | None) -> SyncState:
    """A sync state from a row of all columns, by their places: many are read at once."""
    id_, _, entry, value, notes, fields, returned, updated, accepted, pushes, left, kind, *marked = row
    mark = None
    if kind:
        run_id, organization_id, name, username, seen, at = marked
        age = (now - at).total_seconds() if now and isinstance(at, datetime) else 0.0
        # A newer program's kind, which is only ever shown here: something was sent.
        known = MarkKind(kind) if kind in _MARK_KINDS else MarkKind.CREATE
        mark = SendingMark(known, run_id or "", organization_id or 0, name or "", username or "", _ids(seen), age)
    return SyncState(
        id_,
        entry,
        value or "",
        notes or "",
        fields or "",
        returned or "",
        updated or "",
        accepted,
        pushes or 0,
        _ids(left) if left else (),
        mark,
    )


def kept_of(
    password_id: int,
    entry_id: int | None,
    notes_hash: str | None,
    accepted_organization_id: int | None,
    drift_pushes: int | None,
    left_behind: str | None,
) -> SyncState:
    """What a new baseline may keep of a former state."""
    return SyncState(
        password_id,
        entry_id,
        notes_hash=notes_hash or "",
        accepted_organization_id=accepted_organization_id,
        drift_pushes=drift_pushes or 0,
        left_behind=_ids(left_behind),
    )


MARK_COLUMNS = ("MarkKind", "MarkRunID", "MarkOrgID", "MarkName", "MarkUserName", "MarkSeen")


def _ids(listed: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (listed or "").split(",") if part)


def _id_list(ids: Iterable[int]) -> str | None:
    return ",".join(map(str, ids)) or None


def _time_text(value: str | None) -> str:
    """A server time to the second; zero dates count as never (automate-db.md 7)."""
    return "" if not value or value.startswith("0000") else value[:19]


# --- writing ---------------------------------------------------------------------------------------------------


def write_mapping(connection: Connection, client_id: int, organization_id: int | None) -> None:
    """Map a client to one organization, or to none."""
    c = t.companymap.c
    if organization_id is None:
        connection.execute(delete(t.companymap).where(c.ClientID == client_id))
        return
    found = list(connection.scalars(select(c.ITGOrgID).where(c.ClientID == client_id)))
    if not found:
        connection.execute(insert(t.companymap).values(ClientID=client_id, ITGOrgID=organization_id))
        return
    connection.execute(update(t.companymap).where(c.ClientID == client_id).values(ITGOrgID=organization_id))
    _drop_surplus(connection, t.companymap.name, "ClientID", client_id, len(found) - 1)


def write_ticks(connection: Connection, password_ids: Collection[int], on: bool) -> None:
    """Switch AutoSync on or off for many passwords; a missing row means off, so switching off inserts nothing."""
    c = t.passwordautosync.c
    wanted = sorted(password_ids)
    for start in range(0, len(wanted), _BLOCK):
        block = wanted[start : start + _BLOCK]
        present = set(connection.scalars(select(c.PasswordID).where(c.PasswordID.in_(block))))
        value = 1 if on else 0
        connection.execute(update(t.passwordautosync).where(c.PasswordID.in_(block)).values(AutoSync=value))
        # One row per statement: a multi-row INSERT into MyISAM clamps instead of refusing (automate-db.md 6).
        for password_id in block if on else ():
            if password_id not in present:
                connection.execute(insert(t.passwordautosync).values(PasswordID=password_id, AutoSync=1))


_INSERT_LINK = Statement(
    insert(t.passwordmap).values(PasswordID=bindparam("id_"), ITGPasswordID=bindparam("entry_id"), LastSync=func.NOW())
)
_UPDATE_LINK = Statement(
    update(t.passwordmap)
    .where(t.passwordmap.c.PasswordID == bindparam("id_"))
    .values(ITGPasswordID=bindparam("entry_id"), LastSync=func.NOW())
)


def write_link(connection: Connection, password_id: int, entry_id: int, rows: int | None = None) -> None:
    """Link a password to one entry, replacing whatever it was linked to; LastSync is the server's NOW().

    Args:
        rows: how many rows it has in the map, where that was just read under the map lock.
    """
    if rows is None:
        here = t.passwordmap.c.PasswordID == password_id
        rows = connection.scalar(select(func.count()).select_from(t.passwordmap).where(here))
    if not rows:
        _INSERT_LINK.run(connection, id_=password_id, entry_id=entry_id)
        return
    _UPDATE_LINK.run(connection, id_=password_id, entry_id=entry_id)
    _drop_surplus(connection, t.passwordmap.name, "PasswordID", password_id, rows - 1)


def remove_link(connection: Connection, password_id: int) -> None:
    """Forget a password's link; the entry itself stays in IT Glue."""
    connection.execute(delete(t.passwordmap).where(t.passwordmap.c.PasswordID == password_id))


def _drop_surplus(connection: Connection, table: str, column: str, id_: int, surplus: int) -> None:
    """Drop all but one of rows that are identical by now. Only tables without a key, so only MySQL's, have any."""
    if surplus > 0:
        connection.execute(text(f"DELETE FROM {table} WHERE {column} = :id LIMIT {surplus}"), {"id": id_})


BASELINE_COLUMNS = (
    "ITGPasswordID",
    "ValueHash",
    "NotesHash",
    "FieldsHash",
    "ReturnedHash",
    "PasswordUpdatedAt",
    "AcceptedOrgID",
    "DriftPushes",
    "LeftBehind",
)
_STATE_COLUMNS = (*BASELINE_COLUMNS, *MARK_COLUMNS)
_NOW_MARKED, _NOT_MARKED = {"MarkedAt": func.UTC_TIMESTAMP()}, {"MarkedAt": null()}


def _given(columns: Iterable[str]) -> dict[str, Any]:
    # SQLAlchemy keeps the columns' own names for itself.
    return {column: bindparam(f"{column}0") for column in columns}


def _insert_state(columns: Iterable[str], stamp: Mapping[str, Any]) -> StatementForMany:
    core = insert(t.syncstate).values(PasswordID=bindparam("id0"), **_given(columns), **stamp)
    return StatementForMany(lambda _: core)


def _update_state(columns: Iterable[str], stamp: Mapping[str, Any]) -> StatementForMany:
    here = t.syncstate.c.PasswordID == bindparam("id0")
    core = update(t.syncstate).where(here).values(**_given(columns), **stamp)
    return StatementForMany(lambda _: core)


def _exchange_mark(stamp: Mapping[str, Any]) -> StatementForMany:
    here = (t.syncstate.c.PasswordID == bindparam("id0"), t.syncstate.c.MarkRunID == bindparam("run0"))
    core = update(t.syncstate).where(*here).values(**_given(MARK_COLUMNS), **stamp)
    return StatementForMany(lambda _: core)


_INSERT_STATE = {True: _insert_state(_STATE_COLUMNS, _NOW_MARKED), False: _insert_state(_STATE_COLUMNS, _NOT_MARKED)}
_UPDATE_STATE = {True: _update_state(_STATE_COLUMNS, _NOW_MARKED), False: _update_state(_STATE_COLUMNS, _NOT_MARKED)}
_INSERT_MARK = _insert_state(MARK_COLUMNS, _NOW_MARKED)
_UPDATE_MARK = _update_state(MARK_COLUMNS, _NOW_MARKED)
_EXCHANGE_MARK = {True: _exchange_mark(_NOW_MARKED), False: _exchange_mark(_NOT_MARKED)}


def mark_values(mark: SendingMark | None) -> dict[str, object]:
    """A mark as `MARK_COLUMNS` hold it."""
    return {
        "MarkKind": mark.kind.value if mark else None,
        "MarkRunID": mark.run_id if mark else None,
        "MarkOrgID": mark.organization_id if mark else None,
        "MarkName": mark.name if mark else None,
        "MarkUserName": mark.username if mark else None,
        "MarkSeen": _id_list(mark.seen_entry_ids) if mark else None,
    }


def baseline_values(state: SyncState) -> dict[str, object]:
    """A state as `BASELINE_COLUMNS` hold it, without its mark."""
    return {
        "ITGPasswordID": state.entry_id,
        "ValueHash": state.value_hash or None,
        "NotesHash": state.notes_hash or None,
        "FieldsHash": state.fields_hash or None,
        "ReturnedHash": state.returned_hash or None,
        "PasswordUpdatedAt": state.password_updated_at or None,
        "AcceptedOrgID": state.accepted_organization_id,
        "DriftPushes": state.drift_pushes,
        "LeftBehind": _id_list(state.left_behind),
    }


def write_state(connection: Connection, new: SyncState) -> None:
    """Store a password's sync state; a mark in it is stamped with the server's UTC time of now."""
    row = {"id": new.password_id, **baseline_values(new), **mark_values(new.mark)}
    marked = new.mark is not None
    if not _UPDATE_STATE[marked].run(connection, [row]).rowcount:
        _INSERT_STATE[marked].run(connection, [row])


def write_mark(connection: Connection, password_id: int, mark: SendingMark, *, has_state: bool) -> None:
    """Mark a password, stamped with the server's UTC time of now; the rest of its state stays as it is.

    Args:
        has_state: whether it has a row in the sync state, as just read.
    """
    statement = _UPDATE_MARK if has_state else _INSERT_MARK
    statement.run(connection, [{"id": password_id, **mark_values(mark)}])


def exchange_mark(connection: Connection, password_id: int, run_id: str, mark: SendingMark | None) -> None:
    """Put another mark, or none, in place of a run's; one that is by now another run's stays."""
    row = {"id": password_id, "run": run_id, **mark_values(mark)}
    _EXCHANGE_MARK[mark is not None].run(connection, [row])


# --- the API key -----------------------------------------------------------------------------------------------


def stored_keys(connection: Connection) -> list[str]:
    """All values of the settings table's APIKey that are not blank; usually one."""
    return [value for value in connection.scalars(select(t.settings.c.APIKey)) if value and value.strip()]


def write_key(connection: Connection, sealed: str) -> None:
    """Store the sealed key in the one row of the settings table."""
    count = connection.scalar(select(func.count()).select_from(t.settings)) or 0
    if not count:
        connection.execute(insert(t.settings).values(APIKey=sealed))
        return
    connection.execute(update(t.settings).values(APIKey=sealed))
    if count > 1 and connection.dialect.name != "sqlite":
        connection.execute(text(f"DELETE FROM {t.settings.name} LIMIT {count - 1}"))
