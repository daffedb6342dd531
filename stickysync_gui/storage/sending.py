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

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from stickysync_gui.domain import fingerprint
from stickysync_gui.domain.planned import Action, PlannedRow, Status
from stickysync_gui.domain.records import Entry, Field, MarkKind, SendingMark, StoredPassword, SyncState
from stickysync_gui.domain.secret import Secret
from stickysync_gui.domain.snapshot import entry_name
from stickysync_gui.storage import automate, plugin
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.decrypt import decrypt
from stickysync_gui.storage.schema import too_big

CHANGED_MEANWHILE = "It changed while the run was on; nothing was sent."
SETTLED_BY_ANOTHER = "Another run took over and settled it."


@dataclass(frozen=True, slots=True)
class Ready:
    """A row that was found as planned, with its mark committed.

    Args:
        payload: what is sent. before: the sync state as it was, to go back to after a definite refusal.
    """

    payload: dict[Field, str | Secret]
    before: SyncState


@dataclass(frozen=True, slots=True)
class WritingRules:
    """What the database side of a write depends on.

    Args:
        only_ticked: an AutoSync run; a row unticked meanwhile is not sent.
        largest_entry_id: greatest id that fits the password map.
    """

    run_id: str
    only_ticked: bool
    allow_windows_1252: bool
    largest_entry_id: int


def prepare(
    connection: Connection, row: PlannedRow, fields: tuple[Field, ...], seen: tuple[int, ...], rules: WritingRules
) -> Ready | None:
    """Read the row again and write its mark; None when anything differs from the plan. One transaction.

    Args:
        fields: what the request will send.
        seen: for a create: entries of that name that stand in the organization already.
    """
    if not _is_as_planned(connection, row, rules):
        return None
    value = decrypt(row.password.client_id, row.password.cipher, allow_windows_1252=rules.allow_windows_1252).value
    if value is None:
        return None
    payload = payload_of(row.password, value, fields)
    before = plugin.state(connection, row.password.id) or SyncState(row.password.id)
    kind = MarkKind.CREATE if row.action is Action.CREATE else MarkKind.UPDATE
    mark = SendingMark(
        kind, rules.run_id, row.organization_id or 0, entry_name(row.password), row.password.username, seen
    )
    plugin.write_state(connection, replace(before, mark=mark))
    return Ready(payload, before)


def prepare_many(
    connection: Connection, rows: list[tuple[PlannedRow, tuple[Field, ...], tuple[int, ...]]], rules: WritingRules
) -> dict[int, Ready]:
    """`prepare` for the (row, fields, seen) of a batch, in one transaction; rows that moved are left out."""
    prepared = {row.password.id: prepare(connection, row, fields, seen, rules) for row, fields, seen in rows}
    return {password_id: ready for password_id, ready in prepared.items() if ready is not None}


def _is_as_planned(connection: Connection, row: PlannedRow, rules: WritingRules) -> bool:
    password_id = row.password.id
    return (
        automate.password(connection, password_id) == row.password
        and plugin.entries_of(connection, password_id) == row.links
        and plugin.organizations_of(connection, row.password.client_id) == row.mapped
        and (not rules.only_ticked or plugin.is_ticked(connection, password_id))
    )


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
    before = ready.before
    now = plugin.state(connection, before.password_id)
    if now is None or not _is_marked_by(now, rules):
        return
    lost_update = before.mark is not None and before.mark.kind is MarkKind.UPDATE
    plugin.write_state(connection, before if lost_update else replace(before, mark=None))


def link(connection: Connection, row: PlannedRow, rules: WritingRules) -> PlannedRow | None:
    """Link an existing entry, before it is updated; returns the row as linked, or None when something moved.

    Raises:
        IdDoesNotFit: the entry's id is too big for the password map.
    """
    entry = row.entry
    if entry is None or not _is_as_planned(connection, row, rules):
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
    return replace(row, links=frozenset((entry.id,)))


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
    before = plugin.state(connection, row.password.id) or SyncState(row.password.id)
    after = baseline(row, entry, sent, before)
    if not _is_marked_by(before, rules):
        # Settled by the run that took over; or by ourselves, when the answer to this unit's first commit was lost.
        return _tells_the_same(before, after)
    _require_fit(entry.id, rules)
    plugin.write_link(connection, row.password.id, entry.id)
    plugin.write_state(connection, after)
    return True


def _is_marked_by(state: SyncState, rules: WritingRules) -> bool:
    return state.mark is not None and state.mark.run_id == rules.run_id


def _tells_the_same(stored: SyncState, wanted: SyncState) -> bool:
    return (stored.entry_id, stored.value_hash, stored.returned_hash, stored.password_updated_at) == (
        wanted.entry_id,
        wanted.value_hash,
        wanted.returned_hash,
        wanted.password_updated_at,
    )


def store_many(
    connection: Connection, confirmed: list[tuple[PlannedRow, Entry, tuple[Field, ...]]], rules: WritingRules
) -> set[int]:
    """`store` for a batch's confirmed rows, in one transaction; IdDoesNotFit leaves them all unwritten.

    Returns:
        the ids of the passwords whose rows were stored.
    """
    return {row.password.id for row, entry, sent in confirmed if store(connection, row, entry, sent, rules)}


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
            plugin.write_state(connection, replace(state, drift_pushes=0))


def _require_fit(entry_id: int, rules: WritingRules) -> None:
    if entry_id > rules.largest_entry_id:
        raise too_big(t.passwordmap.name, "ITGPasswordID", entry_id)
