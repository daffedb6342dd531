"""What the database says of a few rows right before and right after their requests, in one statement each time.

One statement shows one moment, and a round trip is most of what a row costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, bindparam, distinct, func, select

from stickysync_gui.domain.records import SendingMark, StoredPassword, SyncState
from stickysync_gui.storage import automate, plugin
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.statements import StatementForMany

_p, _s = t.passwords.c, t.syncstate.c


@dataclass(frozen=True, slots=True)
class Reread:
    """A password and what hangs on it, as they are now.

    Args:
        mapped: the organizations of its client. has_state: whether it has a row in the sync state; `mark` stands there.
    """

    password: StoredPassword
    links: frozenset[int]
    mapped: frozenset[int]
    ticked: bool
    has_state: bool
    mark: SendingMark | None


def _all_of(column: ColumnElement[int], condition: ColumnElement[bool]) -> ColumnElement[str]:
    # Cut off after 1024 characters by the server's default; a row with so many ids is never sent in any case.
    return select(func.group_concat(distinct(column))).where(condition).scalar_subquery()


def _reread(ids: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return (
        select(
            *automate.PASSWORD_COLUMNS,
            _all_of(t.passwordmap.c.ITGPasswordID, t.passwordmap.c.PasswordID == _p.PasswordID).label("links"),
            _all_of(t.companymap.c.ITGOrgID, t.companymap.c.ClientID == _p.ClientID).label("mapped"),
            select(func.count())
            .where(t.passwordautosync.c.PasswordID == _p.PasswordID, t.passwordautosync.c.AutoSync != 0)
            .scalar_subquery()
            .label("ticks"),
            _s.PasswordID.label("has_state"),
            *(_s[name] for name in plugin.MARK_COLUMNS),
        )
        .join_from(t.passwords, t.syncstate, _s.PasswordID == _p.PasswordID, isouter=True)
        .where(ids)
    )


_REREAD = StatementForMany(lambda count: _reread(_p.PasswordID.in_([bindparam(f"id{n}") for n in range(count)])))


def reread(connection: Connection, password_ids: Sequence[int]) -> dict[int, Reread]:
    """Passwords, links, mappings, ticks and marks by PasswordID; those whose row is gone are left out."""
    found = {}
    width = len(automate.PASSWORD_COLUMNS)
    for row in _REREAD.run(connection, [{"id": id_} for id_ in password_ids]):
        links, mapped, ticks, has_state, *mark = row[width:]
        found[row[0]] = Reread(
            automate.stored(row[:width]),
            _ids(links),
            _ids(mapped),
            bool(ticks),
            has_state is not None,
            plugin.mark_of(*mark),
        )
    return found


def _ids(listed: object) -> frozenset[int]:
    return frozenset(id_ for part in str(listed or "").split(",") if part and (id_ := int(part)))


def _answered(ids: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    rows = (
        select(func.count())
        .select_from(t.passwordmap)
        .where(t.passwordmap.c.PasswordID == _s.PasswordID)
        .scalar_subquery()
    )
    return select(rows.label("LinkRows"), *(column for column in t.syncstate.c if column is not _s.MarkedAt)).where(ids)


_ANSWERED = StatementForMany(lambda count: _answered(_s.PasswordID.in_([bindparam(f"id{n}") for n in range(count)])))


def states_and_link_rows(connection: Connection, password_ids: Sequence[int]) -> dict[int, tuple[SyncState, int]]:
    """Sync state and number of rows in the password map by PasswordID; those without a state are left out.

    The age of marks is not looked at.
    """
    rows = _ANSWERED.run(connection, [{"id": id_} for id_ in password_ids])
    return {row.PasswordID: (plugin.state_of(row), row.LinkRows) for row in rows}
