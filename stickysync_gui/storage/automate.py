"""Reading Automate's own tables. Nothing here writes, and only named columns are read (least-privilege accounts)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from stickysync_gui.domain.records import Client, StoredPassword, ValueState
from stickysync_gui.domain.snapshot import ValueFinding
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.decrypt import ManyValues, decrypt, is_readable
from stickysync_gui.storage.statements import Statement, in_parts


def clients(connection: Connection) -> list[Client]:
    """All clients."""
    rows = connection.execute(select(t.clients.c.ClientID, t.clients.c.Name, t.clients.c.Company))
    return [Client(id_, name or "", company or "") for id_, name, company in rows]


def location_names(connection: Connection) -> dict[int, str]:
    """Names by LocationID; 0 stands for the client itself and is not among them."""
    rows = connection.execute(select(t.locations.c.LocationID, t.locations.c.Name))
    return {id_: name or "" for id_, name in rows}


PASSWORD_COLUMNS = (
    t.passwords.c.PasswordID,
    t.passwords.c.ClientID,
    t.passwords.c.LocationID,
    t.passwords.c.Title,
    t.passwords.c.UserName,
    t.passwords.c.URL,
    t.passwords.c.Notes,
    t.passwords.c.Password,
)
_PASSWORD = select(*PASSWORD_COLUMNS)


def stored(row: Sequence[Any]) -> StoredPassword:
    """A password from the values of `PASSWORD_COLUMNS`."""
    id_, client_id, location_id, title, username, url, notes, cipher = row
    return StoredPassword(
        id_,
        client_id or 0,
        location_id or 0,
        title or "",
        username or "",
        url or "",
        notes or "",
        bytes(cipher) if cipher is not None else None,
    )


_ALL_PASSWORDS = Statement(_PASSWORD.order_by(t.passwords.c.PasswordID))


def passwords(connection: Connection) -> list[StoredPassword]:
    """All passwords, in order of id, their values still encrypted."""
    return [stored(row) for row in in_parts(_ALL_PASSWORDS.run(connection))]


def password(connection: Connection, password_id: int) -> StoredPassword | None:
    """One password as it is now, or None when its row is gone."""
    row = connection.execute(_PASSWORD.where(t.passwords.c.PasswordID == password_id)).one_or_none()
    return stored(row) if row is not None else None


def password_counts(connection: Connection) -> dict[int, int]:
    """Number of passwords per ClientID."""
    rows = connection.execute(select(t.passwords.c.ClientID, func.count()).group_by(t.passwords.c.ClientID))
    return {client_id or 0: count for client_id, count in rows}


def value_findings(passwords: Sequence[StoredPassword], *, allow_windows_1252: bool) -> dict[int, ValueFinding]:
    """Whether each value can be read. The plain text is let go at once."""
    findings = {}
    none = ValueFinding(ValueState.NONE)
    readable = ValueFinding(ValueState.READABLE)
    scheme = ManyValues()
    for item in passwords:
        if not item.cipher:
            findings[item.id] = none
            continue
        if is_readable(item.client_id, item.cipher, scheme):
            findings[item.id] = readable
            continue
        found = decrypt(item.client_id, item.cipher, allow_windows_1252=allow_windows_1252)
        findings[item.id] = ValueFinding(found.state, found.reason)
    return findings
