"""Status and action of every password: the table of product.md 5 as one pure function, `decide`, in the same order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from stickysync_gui.domain import fingerprint
from stickysync_gui.domain.planned import Action, LeftBehind, Matching, Plan, PlannedRow, Rules, Status
from stickysync_gui.domain.records import (
    Entry,
    Field,
    MarkKind,
    StoredPassword,
    SyncState,
    ValueState,
)
from stickysync_gui.domain.settling import Settlement, Settlements, settle
from stickysync_gui.domain.snapshot import (
    EVERYTHING,
    Identity,
    Scope,
    Snapshot,
    ValueFinding,
    entry_name,
    identity,
)


def make_plan(snapshot: Snapshot, rules: Rules, scope: Scope = EVERYTHING) -> Plan:
    """Decide every row in scope, in the light of the rows of all clients.

    Args:
        snapshot: both sides; when IT Glue was walked in part, `scope` must not reach beyond that part.
        rules: the options in force.
        scope: which rows the plan holds.
    """
    sight = _Sight.of(snapshot)
    automate = snapshot.automate
    rows = tuple(
        decide(password, sight, rules)
        for password in automate.passwords
        if scope.includes(password, password.id in automate.ticked)
    )
    living = {password.id for password in automate.passwords}
    orphans = tuple(link for link in automate.links if link.password_id not in living)
    return Plan(rows, orphans, tuple(_left_behind(snapshot, automate.states.values())))


def _left_behind(snapshot: Snapshot, states: Iterable[SyncState]) -> Iterable[LeftBehind]:
    for state in states:
        for entry_id in state.left_behind:
            entry = snapshot.itglue.entries.get(entry_id)
            if entry_id not in snapshot.itglue.gone and not (entry and entry.archived):
                yield LeftBehind(state.password_id, entry_id, entry)


@dataclass(frozen=True, slots=True)
class _Sight:
    """The snapshot with the look-ups that `decide` needs."""

    snapshot: Snapshot
    mapped: Mapping[int, frozenset[int]]
    linked: Mapping[int, frozenset[int]]
    holders: Mapping[int, frozenset[int]]
    by_identity: Mapping[Identity, list[Entry]]
    settlements: Settlements
    contenders: Counter[Identity] = field(default_factory=Counter)

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Sight:
        automate = snapshot.automate
        mapped = _grouped((m.client_id, m.organization_id) for m in automate.mappings)
        linked = _grouped((link.password_id, link.entry_id) for link in automate.links)
        holders = _grouped((link.entry_id, link.password_id) for link in automate.links)
        by_identity: defaultdict[Identity, list[Entry]] = defaultdict(list)
        for entry in snapshot.itglue.entries.values():
            by_identity[identity(entry.organization_id, entry.name, entry.username)].append(entry)
        settlements = settle(automate.states.values(), by_identity, holders)
        sight = cls(snapshot, mapped, linked, holders, by_identity, settlements)
        for password in automate.passwords:
            organizations = mapped.get(password.client_id, frozenset())
            if password.id not in linked and len(organizations) == 1 and password.id not in settlements.by_password:
                sight.contenders[identity(next(iter(organizations)), entry_name(password), password.username)] += 1
        return sight

    def value(self, password: StoredPassword) -> ValueFinding:
        return self.snapshot.automate.values.get(password.id, ValueFinding(ValueState.NONE))

    def same_entries(self, organization_id: int, password: StoredPassword) -> list[Entry]:
        return self.by_identity.get(identity(organization_id, entry_name(password), password.username), [])

    def listed(self, entry_ids: Iterable[int]) -> list[Entry]:
        entries = self.snapshot.itglue.entries
        return [entries[id_] for id_ in sorted(entry_ids) if id_ in entries]


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    groups: defaultdict[int, set[int]] = defaultdict(set)
    for key, value in pairs:
        groups[key].add(value)
    return {key: frozenset(values) for key, values in groups.items()}


@dataclass(frozen=True, slots=True)
class _Row:
    """What is known of a row before its status is decided; `planned` completes it."""

    password: StoredPassword
    links: frozenset[int]
    mapped: frozenset[int]
    ticked: bool
    state: SyncState | None

    def planned(
        self,
        status: Status,
        action: Action = Action.NONE,
        reason: str = "",
        *,
        organization_id: int | None = None,
        entry: Entry | None = None,
        entry_id: int | None = None,
        fields: tuple[Field, ...] = (),
        seen: tuple[int, ...] = (),
        wait_seconds: float = 0.0,
    ) -> PlannedRow:
        if organization_id is None and len(self.mapped) == 1:
            organization_id = next(iter(self.mapped))
        if entry is not None:
            organization_id, entry_id = entry.organization_id, entry.id
        elif entry_id is None and len(self.links) == 1:
            entry_id = next(iter(self.links))
        # In the order of its fields: named, they would take twice as long for each of very many.
        return PlannedRow(
            self.password,
            status,
            action,
            reason,
            self.links,
            self.mapped,
            self.ticked,
            self.state,
            organization_id,
            entry,
            entry_id,
            fields,
            (),
            seen,
            wait_seconds,
        )

    def ambiguous(self, reason: str, candidates: Iterable[Entry]) -> PlannedRow:
        """None of these entries is taken until a person picks one."""
        return self.planned(Status.AMBIGUOUS, reason=reason)._replace(candidates=tuple(candidates))


def decide(password: StoredPassword, sight: _Sight, rules: Rules) -> PlannedRow:
    """Decide one password: the rows of product.md 5 from 0 to 16, the first that holds wins."""
    automate = sight.snapshot.automate
    state = automate.states.get(password.id)
    row = _Row(
        password,
        sight.linked.get(password.id, frozenset()),
        sight.mapped.get(password.client_id, frozenset()),
        password.id in automate.ticked,
        state,
    )
    settlement = sight.settlements.by_password.get(password.id)
    if settlement is not None:
        return _interrupted(row, settlement, sight, rules)
    hindrance = _hindrance(row, sight)
    if hindrance is not None:
        return row.planned(hindrance[0], reason=hindrance[1])
    organization_id = next(iter(row.mapped))
    if row.links:
        return _linked(row, organization_id, sight, rules)
    return _unlinked(row, organization_id, sight, rules)


def _hindrance(row: _Row, sight: _Sight) -> tuple[Status, str] | None:
    """Rows 1 to 4: why nothing could be sent for this password at all."""
    finding = sight.value(row.password)
    if finding.state is ValueState.UNREADABLE:
        return Status.UNREADABLE, f"The stored value cannot be read: {finding.reason}."
    if finding.state in (ValueState.NONE, ValueState.EMPTY):
        return Status.NO_PASSWORD, "Automate stores no value for it."
    if row.password.client_id not in sight.snapshot.automate.clients:
        return Status.CLIENT_NOT_MAPPED, f"Client {row.password.client_id} is gone from Automate."
    if not row.mapped:
        return Status.CLIENT_NOT_MAPPED, "Its client is mapped to no organization."
    if len(row.mapped) > 1:
        ids = ", ".join(map(str, sorted(row.mapped)))
        return Status.CLIENT_NOT_MAPPED, f"Its client is mapped to several organizations: {ids}."
    organization_id = next(iter(row.mapped))
    if organization_id not in sight.snapshot.itglue.organizations:
        return Status.ORGANIZATION_MISSING, f"IT Glue shows no organization {organization_id}."
    return None


def _interrupted(row: _Row, settlement: Settlement, sight: _Sight, rules: Rules) -> PlannedRow:
    """Row 0: a create was sent and its outcome never stored."""
    mark = settlement.mark
    if settlement.contested or len(row.links) > 1:
        reason = "An interrupted run may have created one of several entries of this name."
        return row.ambiguous(reason, settlement.candidates or sight.listed(row.links))
    hindrance = _hindrance(row, sight)
    if settlement.entry is not None:
        entry = settlement.entry
        # Any field may have changed since the lost request, so all are sent; but only where the mapping says so now.
        writable = hindrance is None and entry.organization_id in row.mapped and not (entry.archived or entry.vaulted)
        return row.planned(
            Status.INTERRUPTED,
            Action.LINK,
            f"An interrupted run created entry {entry.id}; it is linked now.",
            entry=entry,
            fields=_every_field(rules) if writable else (),
        )
    if hindrance is not None:
        return row.planned(Status.INTERRUPTED, reason=f"An interrupted run left no entry. {hindrance[1]}")
    organization_id = next(iter(row.mapped))
    wait = 0.0 if sight.snapshot.itglue.covers(mark.organization_id) else rules.settle_seconds
    return row.planned(
        Status.INTERRUPTED,
        Action.CREATE,
        "An interrupted run left no entry; it is created again once IT Glue has had time to list it.",
        organization_id=organization_id,
        seen=tuple(sorted(e.id for e in sight.same_entries(organization_id, row.password))),
        wait_seconds=max(wait, rules.settle_seconds - mark.age_seconds, 0.0),
    )


def _linked(row: _Row, organization_id: int, sight: _Sight, rules: Rules) -> PlannedRow:
    """Rows 5 to 13, and the links that contradict each other."""
    itglue = sight.snapshot.itglue
    if len(row.links) > 1:
        ids = ", ".join(map(str, sorted(row.links)))
        return row.ambiguous(f"The password map links it to several entries: {ids}.", sight.listed(row.links))
    entry_id = next(iter(row.links))
    others = sight.holders[entry_id] - {row.password.id}
    if others:
        ids = ", ".join(map(str, sorted(others)))
        return row.ambiguous(f"Entry {entry_id} is also linked to password {ids}.", sight.listed(row.links))
    entry = itglue.entries.get(entry_id)
    if entry is None:
        return _not_listed(row, entry_id, organization_id, sight)
    if entry.archived:
        return row.planned(Status.ARCHIVED, reason="Somebody archived the entry.", entry=entry)
    if entry.vaulted:
        return row.planned(Status.VAULTED, reason="Only people can open a vaulted entry.", entry=entry)
    accepted = row.state.accepted_organization_id if row.state else None
    if entry.organization_id not in (organization_id, accepted):
        return row.planned(
            Status.MOVED,
            reason=f"The entry lies in organization {entry.organization_id}, the mapping says {organization_id}.",
            entry=entry,
        )
    return _compared(row, entry, rules)


def _not_listed(row: _Row, entry_id: int, organization_id: int, sight: _Sight) -> PlannedRow:
    itglue = sight.snapshot.itglue
    if entry_id in itglue.gone:
        return row.planned(
            Status.MISSING,
            Action.CREATE,
            f"Entry {entry_id} is gone from IT Glue; a new one replaces the link.",
            organization_id=organization_id,
            seen=tuple(sorted(e.id for e in sight.same_entries(organization_id, row.password))),
        )
    words = itglue.withheld.get(entry_id, "it was not looked up")
    return row.planned(Status.MISSING, reason=f"IT Glue does not show entry {entry_id}: {words}.")


def _compared(row: _Row, entry: Entry, rules: Rules) -> PlannedRow:
    """Rows 9 to 13: told from hashes of ours and list rows of IT Glue's, never by reading a value."""
    state, password = row.state, row.password
    if state is None or not state.has_baseline or state.entry_id != entry.id or _lost_update(state):
        return row.planned(
            Status.NOT_VERIFIED,
            Action.UPDATE,
            "Nothing is known of the entry's value; Automate's is sent.",
            entry=entry,
            fields=_fields_to_send(password, entry, value=True, notes=rules.sync_notes),
        )
    value_changed = state.value_hash != fingerprint.value_hash(password)
    fields_changed = state.fields_hash != fingerprint.fields_hash(password)
    notes_changed = rules.sync_notes and state.notes_hash != fingerprint.notes_hash(password)
    value_drifted = not same_time(state.password_updated_at, entry.password_updated_at)
    fields_drifted = state.returned_hash != fingerprint.returned_hash(password.id, entry)
    in_automate = value_changed or fields_changed or notes_changed
    in_itglue = value_drifted or fields_drifted
    if not in_automate and not in_itglue:
        return row.planned(Status.IN_SYNC, entry=entry)
    fields = _fields_to_send(password, entry, value=value_changed or value_drifted, notes=notes_changed)
    if in_itglue:
        status = Status.CHANGED_ON_BOTH_SIDES if in_automate else Status.CHANGED_IN_ITGLUE
        if state.drift_pushes >= rules.drift_push_limit and not in_automate:
            reason = f"It still reads as changed after {state.drift_pushes} pushes; it is left alone."
            return row.planned(status, reason=reason, entry=entry)
        reason = "Changed in IT Glue since the last push; Automate's values win." if fields else "Already equal again."
        return row.planned(status, Action.UPDATE, reason, entry=entry, fields=fields)
    reason = "Changed in Automate since the last push." if fields else "IT Glue shows the same already."
    return row.planned(Status.CHANGED_IN_AUTOMATE, Action.UPDATE, reason, entry=entry, fields=fields)


def _lost_update(state: SyncState) -> bool:
    return state.mark is not None and state.mark.kind is MarkKind.UPDATE


def _unlinked(row: _Row, organization_id: int, sight: _Sight, rules: Rules) -> PlannedRow:
    """Rows 14 to 16."""
    password = row.password
    same = sight.same_entries(organization_id, password)
    key = identity(organization_id, entry_name(password), password.username)
    new = row.planned(Status.NEW, Action.CREATE, seen=tuple(sorted(entry.id for entry in same)))
    if rules.matching is Matching.ALWAYS_CREATE:
        return new
    if key in sight.settlements.contested:
        return row.ambiguous("An interrupted run left entries of this name; nobody owns them yet.", same)
    free = [e for e in same if _adoptable(e) and e.id not in sight.settlements.reserved and not sight.holders.get(e.id)]
    if not free:
        return new
    if len(free) > 1:
        free = sorted(free, key=lambda entry: entry.id)
        ids = ", ".join(str(entry.id) for entry in free)
        return row.ambiguous(f"Several entries have this name and user name: {ids}.", free)
    if sight.contenders[key] > 1:
        return row.ambiguous(f"{sight.contenders[key]} passwords have the names of entry {free[0].id}.", free)
    if rules.matching is Matching.ASK:
        return row.planned(Status.MATCHES, reason=f"Entry {free[0].id} has this name; link it or not?", entry=free[0])
    return row.planned(
        Status.MATCHES,
        Action.LINK,
        f"Entry {free[0].id} has this name and user name; it is linked, then updated.",
        entry=free[0],
        fields=_fields_to_send(password, free[0], value=True, notes=rules.sync_notes),
    )


def _adoptable(entry: Entry) -> bool:
    return not (entry.archived or entry.vaulted or entry.embedded)


def _every_field(rules: Rules) -> tuple[Field, ...]:
    fields = (Field.NAME, Field.USERNAME, Field.PASSWORD, Field.URL)
    return (*fields, Field.NOTES) if rules.sync_notes else fields


def _fields_to_send(password: StoredPassword, entry: Entry, *, value: bool, notes: bool) -> tuple[Field, ...]:
    """The fields that differ; the value counts as different when its hash or its time says so."""
    wanted = {
        Field.NAME: entry_name(password) != entry.name,
        Field.USERNAME: password.username != entry.username,
        Field.PASSWORD: value,
        Field.URL: password.url != entry.url,
        Field.NOTES: notes,
    }
    return tuple(name for name, differs in wanted.items() if differs)


class _Never(Enum):
    """Stands for a time that is missing or cannot be parsed."""

    NEVER = 0


def _moment(text: str) -> datetime | _Never:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _Never.NEVER


def same_time(stored: str, listed: str) -> bool:
    """Whether two times of IT Glue's are equal within a second, in either direction (itglue-api.md 13, U11)."""
    if stored == listed:
        return True
    left, right = _moment(stored), _moment(listed)
    if isinstance(left, _Never) or isinstance(right, _Never):
        return False
    if (left.tzinfo is None) != (right.tzinfo is None):
        return False
    return abs((left - right).total_seconds()) < 1.0
