"""What the database says of a few rows right before and right after their requests, in one statement each time.

One statement shows one moment, and a round trip is most of what a row costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Select, bindparam, literal_column, select

from stickysync_gui.domain.records import SendingMark, StoredPassword, SyncState
from stickysync_gui.storage import automate, plugin, run_lock
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.statements import StatementForMany

_p, _s, _m, _c, _a = t.passwords.c, t.syncstate.c, t.passwordmap.c, t.companymap.c, t.passwordautosync.c


@dataclass(slots=True)
class Reread:
    """A password and what hangs on it, as they are now.

    Args:
        mapped: the organizations of its client. has_state: whether it has a row in the sync state; `mark` stands there.
    """

    password: StoredPassword
    links: set[int] = field(default_factory=set)
    mapped: set[int] = field(default_factory=set)
    ticked: bool = False
    has_state: bool = False
    mark: SendingMark | None = None


def _these(column: ColumnElement[int], count: int) -> ColumnElement[bool]:
    return column.in_([bindparam(f"id{n}") for n in range(count)])


def _reread(count: int) -> Select[tuple[object, ...]]:
    # Every table may hold several rows for one id (automate-db.md 6); the sets below take each once.
    return (
        select(*automate.PASSWORD_COLUMNS, _m.ITGPasswordID, _c.ITGOrgID, _a.AutoSync, _s.PasswordID, _s.MarkKind)
        .select_from(
            t.passwords.outerjoin(t.passwordmap, _m.PasswordID == _p.PasswordID)
            .outerjoin(t.companymap, _c.ClientID == _p.ClientID)
            .outerjoin(t.passwordautosync, _a.PasswordID == _p.PasswordID)
            .outerjoin(t.syncstate, _s.PasswordID == _p.PasswordID)
        )
        .where(_these(_p.PasswordID, count))
    )


REREAD = StatementForMany(_reread)
REREAD_AND_ASK = StatementForMany(
    lambda count: _reread(count).add_columns(literal_column(run_lock.SESSION_HOLDS_THE_LOCK))
)
_WIDTH = len(automate.PASSWORD_COLUMNS)


def reread(connection: Connection, password_ids: Sequence[int]) -> dict[int, Reread]:
    """Passwords, links, mappings, ticks and marks by PasswordID; those whose row is gone are left out.

    Raises:
        LockLost: on the run lock's session, which is asked in the same statement.
    """
    found: dict[int, Reread] = {}
    marked = set()
    asks = run_lock.asks_for_lock(connection)
    for row in (REREAD_AND_ASK if asks else REREAD).run(connection, [{"id": id_} for id_ in password_ids]):
        id_, (link, organization, tick, state, mark, *holds) = row[0], row[_WIDTH:]
        if asks and holds != [1]:
            raise run_lock.lock_lost()
        one = found.get(id_)
        if one is None:
            one = found[id_] = Reread(automate.stored(row[:_WIDTH]))
        if link:
            one.links.add(link)
        if organization:
            one.mapped.add(organization)
        one.ticked = one.ticked or bool(tick)
        one.has_state = state is not None
        if mark:
            marked.add(id_)
    for id_ in marked:
        # Few have one: it is what an interrupted run left.
        former = plugin.state(connection, id_)
        found[id_].mark = former.mark if former else None
    return found


def _answered(count: int) -> Select[tuple[object, ...]]:
    kept = (_s.ITGPasswordID, _s.NotesHash, _s.AcceptedOrgID, _s.DriftPushes, _s.LeftBehind)
    return (
        select(_s.PasswordID, _s.MarkRunID, _m.PasswordID.label("Linked"), *kept)
        .select_from(t.syncstate.outerjoin(t.passwordmap, _m.PasswordID == _s.PasswordID))
        .where(_these(_s.PasswordID, count))
    )


ANSWERED = StatementForMany(_answered)


@dataclass(frozen=True, slots=True)
class MarkedByUs:
    """What a row's answer is stored over: what a new baseline keeps of the former state, and its rows in the map."""

    former: SyncState
    link_rows: int


def marked_by(connection: Connection, run_id: str, password_ids: Sequence[int]) -> dict[int, MarkedByUs]:
    """By PasswordID; those that do not carry a mark of this run are left out."""
    formers: dict[int, SyncState] = {}
    link_rows: defaultdict[int, int] = defaultdict(int)
    for row in ANSWERED.run(connection, [{"id": id_} for id_ in password_ids]):
        id_, run, linked, *kept = tuple(row)
        if run == run_id:
            formers[id_] = plugin.kept_of(id_, *kept)
            link_rows[id_] += linked is not None
    return {id_: MarkedByUs(former, link_rows[id_]) for id_, former in formers.items()}
