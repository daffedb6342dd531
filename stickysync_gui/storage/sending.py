"""What is written to the database round one request to IT Glue: re-read and mark before, link and state after.

Crash points, and what the next plan makes of each:
- before the mark is committed: nothing happened; the row is planned as before.
- create, between mark and request, or with the answer lost: the mark stays. Row 0 looks for the entry in the mark's
  organization; found: it is linked and updated; not found: created again after the settle time.
- create, between answer and `store`: the same, and the entry is there to be found.
- inside `store` on tables without transactions: link first, state after. The mark still stands beside the link;
  row 0 takes the password's own link for the entry.
- link (adoption or settling), after `link` and before the update's answer: link with an update mark: Not verified.
- update, between mark and `store`: the update mark makes it Not verified, never Changed in IT Glue.
- a run that slept through all this and wakes with answers in its hands: its marks were settled by the run that took
  over, so `store` and `take_back` find another mark or none and write nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from stickysync_gui.domain import fingerprint
from stickysync_gui.domain.planned import Action, PlannedRow, Status
from stickysync_gui.domain.records import Entry, Field, MarkKind, SendingMark, StoredPassword, SyncState
from stickysync_gui.domain.secret import Secret
from stickysync_gui.domain.snapshot import entry_name
from stickysync_gui.errors import StickySyncError
from stickysync_gui.storage import plugin, together
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.decrypt import ManyValues, Scheme, decrypt
from stickysync_gui.storage.failures import was_refused
from stickysync_gui.storage.rereading import Reread, marked_by, reread
from stickysync_gui.storage.schema import too_big

CHANGED_MEANWHILE = "It changed while the run was on; nothing was sent."
SETTLED_BY_ANOTHER = "Another run took over and settled it."


@dataclass(frozen=True, slots=True)
class Ready:
    """A row that was found as planned, with its mark committed.

    Args:
        payload: what is sent.
        before: whose state it is, and the mark as it was, to go back to after a definite refusal; no more was read.
    """

    payload: dict[Field, str | Secret]
    before: SyncState


@dataclass(frozen=True, slots=True)
class WritingRules:
    """What the database side of a write depends on.

    Args:
        only_ticked: an AutoSync run; a row unticked meanwhile is not sent.
        largest_entry_id: greatest id that fits the password map.
        map_has_transactions: whether the password map's engine refuses a statement as a whole (InnoDB).
    """

    run_id: str
    only_ticked: bool
    allow_windows_1252: bool
    largest_entry_id: int
    map_has_transactions: bool = False


Asked = tuple[PlannedRow, tuple[Field, ...], tuple[int, ...]]
"""A row to be prepared, the fields that the request will send, and for a create the entries of that name that stand in
the organization already."""
Answered = tuple[PlannedRow, Entry, tuple[Field, ...]]
"""A row that IT Glue confirmed, the entry as it returned it, and the fields of the request."""


def prepare(
    connection: Connection, row: PlannedRow, fields: tuple[Field, ...], seen: tuple[int, ...], rules: WritingRules
) -> Ready | None:
    """Read the row again, in one statement, and write its mark; None when anything differs from the plan."""
    return next(prepare_each(connection, [(row, fields, seen)], rules))


def prepare_each(connection: Connection, asked: Sequence[Asked], rules: WritingRules) -> Iterator[Ready | None]:
    """`prepare` for rows that are about to be sent at the same moment: read together, then marked one by one."""
    for ready, mark, has_state in _looked_at(connection, asked, rules):
        if ready is not None:
            plugin.write_mark(connection, ready.before.password_id, mark, has_state=has_state)
        yield ready


def prepare_together(connection: Connection, asked: Sequence[Asked], rules: WritingRules) -> list[Ready | None]:
    """`prepare` for several rows, all of them marked or none; None for those that moved."""
    looked_at = _looked_at(connection, asked, rules)
    marks = [(ready.before.password_id, mark, again) for ready, mark, again in looked_at if ready is not None]
    first = [(id_, mark) for id_, mark, again in marks if not again]
    together.write_first_marks(connection, first)
    try:
        together.write_marks_again(connection, [(id_, mark) for id_, mark, again in marks if again])
    except DBAPIError as error:
        if was_refused(error):
            # On the run lock's session those were committed, and nothing of them is sent.
            for id_, _ in first:
                plugin.exchange_mark(connection, id_, rules.run_id, None)
        raise
    return [ready for ready, _, _ in looked_at]


def _looked_at(
    connection: Connection, asked: Sequence[Asked], rules: WritingRules
) -> list[tuple[Ready | None, SendingMark, bool]]:
    """What each row comes to, the mark it would get, and whether it has a row in the sync state."""
    now = reread(connection, [row.password.id for row, _, _ in asked])
    scheme = ManyValues()
    looked_at = []
    for row, fields, seen in asked:
        found = now.get(row.password.id)
        ready = _ready(row, found, fields, rules, scheme)
        looked_at.append((ready, _mark(row, seen, rules), found is not None and found.has_state))
    return looked_at


def _ready(
    row: PlannedRow, found: Reread | None, fields: tuple[Field, ...], rules: WritingRules, scheme: Scheme
) -> Ready | None:
    if found is None or not _is_as_planned(row, found, rules):
        return None
    password = row.password
    guessing = rules.allow_windows_1252
    value = decrypt(password.client_id, password.cipher, allow_windows_1252=guessing, scheme=scheme).value
    if value is None:
        return None
    return Ready(payload_of(password, value, fields), SyncState(password.id, mark=found.mark))


def prepare_many(connection: Connection, rows: Sequence[Asked], rules: WritingRules) -> dict[int, Ready]:
    """`prepare_together` for batches, by PasswordID; rows that moved are left out."""
    return {ready.before.password_id: ready for ready in prepare_together(connection, rows, rules) if ready is not None}


def _is_as_planned(row: PlannedRow, found: Reread, rules: WritingRules) -> bool:
    return (
        found.password == row.password
        and found.links == row.links
        and found.mapped == row.mapped
        and (found.ticked or not rules.only_ticked)
    )


def _mark(row: PlannedRow, seen: tuple[int, ...], rules: WritingRules) -> SendingMark:
    kind = MarkKind.CREATE if row.action is Action.CREATE else MarkKind.UPDATE
    name, username = entry_name(row.password), row.password.username
    return SendingMark(kind, rules.run_id, row.organization_id or 0, name, username, seen)


def payload_of(password: StoredPassword, value: Secret, fields: tuple[Field, ...]) -> dict[Field, str | Secret]:
    """What is sent for some fields; everything exactly as stored, but for the name of an untitled one."""
    everything: dict[Field, str | Secret] = {
        Field.NAME: entry_name(password),
        Field.USERNAME: password.username,
        Field.PASSWORD: value,
        Field.URL: password.url,
        Field.NOTES: password.notes,
    }
    return {field: everything[field] for field in fields}


def take_back(connection: Connection, ready: Ready, rules: WritingRules) -> None:
    """Undo the mark after a definite refusal: nothing was done, so the state is what it was before.

    An older mark of a create was settled before this request, so it goes too; one of a lost update still holds.
    """
    former = ready.before.mark
    lost_update = former is not None and former.kind is MarkKind.UPDATE
    plugin.exchange_mark(connection, ready.before.password_id, rules.run_id, former if lost_update else None)


def take_all_back(connection: Connection, batch: Iterable[Ready], rules: WritingRules) -> None:
    """`take_back` for rows that were made ready together and never sent."""
    for ready in batch:
        take_back(connection, ready, rules)


def link(connection: Connection, row: PlannedRow, rules: WritingRules) -> PlannedRow | None:
    """Link an existing entry, before it is updated; returns the row as linked, or None when something moved.

    Raises:
        IdDoesNotFit: the entry's id is too big for the password map.
    """
    entry = row.entry
    found = reread(connection, [row.password.id]).get(row.password.id)
    if entry is None or found is None or not _is_as_planned(row, found, rules):
        return None
    if plugin.holders_of(connection, entry.id) - {row.password.id}:
        return None
    _require_fit(entry.id, rules)
    before = plugin.state(connection, row.password.id) or SyncState(row.password.id)
    plugin.write_link(connection, row.password.id, entry.id)
    # Nothing is known of the entry's value, so there is no baseline; with an update to follow it is marked as lost
    # until that is stored.
    mark = None
    if row.fields:
        name = entry_name(row.password)
        mark = SendingMark(MarkKind.UPDATE, rules.run_id, entry.organization_id, name, row.password.username)
    plugin.write_state(
        connection, SyncState(row.password.id, entry_id=entry.id, left_behind=before.left_behind, mark=mark)
    )
    return row._replace(links=frozenset((entry.id,)))


def store(connection: Connection, row: PlannedRow, entry: Entry, sent: tuple[Field, ...], rules: WritingRules) -> bool:
    """Store link, LastSync and baseline after IT Glue confirmed; the mark is cleared with them.

    Args:
        entry: as IT Glue returned it.
        sent: the fields of the request.

    Returns:
        False when this run's mark is gone: a run that slept must not write over what another settled meanwhile.

    Raises:
        IdDoesNotFit: the new id is too big for the password map; the mark stays, so nothing is created twice.
    """
    stored = next(store_each(connection, [(row, entry, sent)], rules))
    if isinstance(stored, StickySyncError):
        raise stored
    return stored


def store_each(
    connection: Connection, answered: Sequence[Answered], rules: WritingRules
) -> Iterator[bool | StickySyncError]:
    """`store` for rows whose answers came at the same moment: read together, then written one by one."""
    for outcome in _outcomes(connection, answered, rules):
        if outcome.state is not None:
            plugin.write_link(connection, outcome.state.password_id, outcome.entry_id, outcome.link_rows)
            plugin.write_state(connection, outcome.state)
        yield outcome.result


def store_together(
    connection: Connection, answered: Sequence[Answered], rules: WritingRules
) -> list[bool | StickySyncError]:
    """`store` for several rows, all written in one transaction; an id that does not fit stays out alone."""
    outcomes = _outcomes(connection, answered, rules)
    _write_all(connection, outcomes, rules)
    return [outcome.result for outcome in outcomes]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What storing a row comes to: what is told of it, and what is written, if anything."""

    result: bool | StickySyncError
    state: SyncState | None = None
    entry_id: int = 0
    link_rows: int = 0


def _outcomes(connection: Connection, answered: Sequence[Answered], rules: WritingRules) -> list[_Outcome]:
    ours = marked_by(connection, rules.run_id, [row.password.id for row, _, _ in answered])
    outcomes = []
    for row, entry, sent in answered:
        id_ = row.password.id
        if id_ not in ours:
            # Settled by the run that took over; or by ourselves, when the answer to this row's first commit was lost.
            stored = plugin.state(connection, id_) or SyncState(id_)
            outcomes.append(_Outcome(_tells_the_same(stored, baseline(row, entry, sent, stored))))
        elif entry.id > rules.largest_entry_id:
            outcomes.append(_Outcome(too_big(t.passwordmap.name, "ITGPasswordID", entry.id)))
        else:
            former = ours[id_].former
            outcomes.append(_Outcome(True, baseline(row, entry, sent, former), entry.id, ours[id_].link_rows))
    return outcomes


def _write_all(connection: Connection, outcomes: Sequence[_Outcome], rules: WritingRules) -> None:
    """All links before all states: without transactions a death between them leaves marks, never lost links."""
    first: list[tuple[int, int]] = []
    again: list[tuple[int, int]] = []
    states = []
    for outcome in outcomes:
        if outcome.state is None:
            continue
        states.append(outcome.state)
        if outcome.link_rows > 1 or not rules.map_has_transactions:
            plugin.write_link(connection, outcome.state.password_id, outcome.entry_id, outcome.link_rows)
        else:
            (again if outcome.link_rows else first).append((outcome.state.password_id, outcome.entry_id))
    together.write_first_links(connection, first)
    together.write_links_again(connection, again)
    together.write_baselines(connection, states)


def _is_marked_by(state: SyncState, rules: WritingRules) -> bool:
    return state.mark is not None and state.mark.run_id == rules.run_id


def _tells_the_same(stored: SyncState, wanted: SyncState) -> bool:
    return (stored.entry_id, stored.value_hash, stored.returned_hash, stored.password_updated_at) == (
        wanted.entry_id,
        wanted.value_hash,
        wanted.returned_hash,
        wanted.password_updated_at,
    )


def baseline(row: PlannedRow, entry: Entry, sent: tuple[Field, ...], before: SyncState) -> SyncState:
    """The sync state of a row whose entry now holds Automate's values."""
    password = row.password
    drifted = row.status in (Status.CHANGED_IN_ITGLUE, Status.CHANGED_ON_BOTH_SIDES)
    same_entry = before.entry_id == entry.id
    return SyncState(
        password_id=password.id,
        entry_id=entry.id,
        value_hash=fingerprint.value_hash(password),
        notes_hash=fingerprint.notes_hash(password) if Field.NOTES in sent else before.notes_hash if same_entry else "",
        fields_hash=fingerprint.fields_hash(password),
        returned_hash=fingerprint.returned_hash(password.id, entry),
        password_updated_at=entry.password_updated_at,
        accepted_organization_id=before.accepted_organization_id if same_entry else None,
        drift_pushes=before.drift_pushes + 1 if drifted and sent else 0,
        left_behind=before.left_behind,
    )


def confirm(connection: Connection, password_ids: list[int]) -> None:
    """Start counting anew for rows that a walk found in sync after a push against drift."""
    for password_id in password_ids:
        state = plugin.state(connection, password_id)
        if state is not None:
            plugin.write_state(connection, state._replace(drift_pushes=0))


def _require_fit(entry_id: int, rules: WritingRules) -> None:
    if entry_id > rules.largest_entry_id:
        raise too_big(t.passwordmap.name, "ITGPasswordID", entry_id)
