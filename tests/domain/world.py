"""A small world for planner tests: both sides as records, changed by keyword."""

from dataclasses import replace
from typing import Any

from stickysync_gui.domain import fingerprint
from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Plan, PlannedRow, Rules
from stickysync_gui.domain.records import (
    Client,
    CompanyMapping,
    Entry,
    Link,
    MarkKind,
    Organization,
    SendingMark,
    StoredPassword,
    SyncState,
    ValueState,
)
from stickysync_gui.domain.snapshot import EVERYTHING, AutomateSide, ItGlueSide, Scope, Snapshot, ValueFinding

CONTOSO, FABRIKAM = 4411, 4412
THEN, LATER = "2026-01-01T10:00:00.000Z", "2026-01-02T10:00:00.000Z"


class World:
    """Client 1 is mapped to Contoso, client 2 to Fabrikam; both organizations exist and are empty."""

    def __init__(self) -> None:
        self.clients = {1: Client(1, "Contoso"), 2: Client(2, "Fabrikam")}
        self.organizations = {CONTOSO: Organization(CONTOSO, "Contoso"), FABRIKAM: Organization(FABRIKAM, "Fabrikam")}
        self.mappings = [CompanyMapping(1, CONTOSO), CompanyMapping(2, FABRIKAM)]
        self.passwords: dict[int, StoredPassword] = {}
        self.values: dict[int, ValueFinding] = {}
        self.entries: dict[int, Entry] = {}
        self.links: list[Link] = []
        self.states: dict[int, SyncState] = {}
        self.ticked: set[int] = set()
        self.gone: set[int] = set()
        self.withheld: dict[int, str] = {}
        self.walked: frozenset[int] | None = None
        self.rules = Rules()

    def password(self, id: int, *, client: int = 1, value: ValueState = ValueState.READABLE, **changes: Any) -> None:
        stored = StoredPassword(id, client, 0, "Admin", "root", "", "", b"0123456789abcdef")
        self.passwords[id] = stored._replace(**changes)
        self.values[id] = ValueFinding(value, "its bytes are not UTF-8 text" if value is ValueState.UNREADABLE else "")

    def entry(self, id: int, *, organization: int = CONTOSO, **changes: Any) -> Entry:
        entry = Entry(id, organization, "Admin", "root", password_updated_at=THEN)
        self.entries[id] = entry._replace(**changes)
        return self.entries[id]

    def link(self, password: int, entry: int) -> None:
        self.links.append(Link(password, entry))

    def synced(self, password: int, entry: int, **changes: Any) -> None:
        """A link with the baseline that a completed push leaves."""
        self.link(password, entry)
        stored, at = self.passwords[password], self.entries.get(entry) or Entry(entry, CONTOSO, "Admin", "root")
        state = SyncState(
            password,
            entry,
            fingerprint.value_hash(stored),
            fingerprint.notes_hash(stored),
            fingerprint.fields_hash(stored),
            fingerprint.returned_hash(password, at),
            THEN,
        )
        self.states[password] = state._replace(**changes)

    def mark(self, password: int, **changes: Any) -> None:
        """A mark of a create that was sent to Contoso an hour ago."""
        mark = replace(SendingMark(MarkKind.CREATE, "run", CONTOSO, "Admin", "root", (), 3600.0), **changes)
        self.states[password] = self.states.get(password, SyncState(password))._replace(mark=mark)

    def change(self, password: int, **changes: Any) -> None:
        self.passwords[password] = self.passwords[password]._replace(**changes)

    def edit(self, entry: int, **changes: Any) -> None:
        self.entries[entry] = self.entries[entry]._replace(**changes)

    @property
    def snapshot(self) -> Snapshot:
        automate = AutomateSide(
            self.clients,
            list(self.passwords.values()),
            self.values,
            self.mappings,
            self.links,
            self.states,
            frozenset(self.ticked),
        )
        itglue = ItGlueSide(self.organizations, self.entries, frozenset(self.gone), self.withheld, self.walked)
        return Snapshot(automate, itglue)

    def plan(self, scope: Scope = EVERYTHING) -> Plan:
        return make_plan(self.snapshot, self.rules, scope)

    def row(self, password: int = 1) -> PlannedRow:
        return next(row for row in self.plan().rows if row.password.id == password)
