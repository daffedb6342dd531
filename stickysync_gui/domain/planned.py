"""What a plan says: the status and action of each password, and the rules it was made under."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from stickysync_gui.domain.records import Entry, Field, Link, StoredPassword, SyncState


class Status(StrEnum):
    """Where a password stands, under the names that `--json` prints; `label` is what people read."""

    INTERRUPTED = "interrupted"
    UNREADABLE = "unreadable"
    NO_PASSWORD = "no_password"
    CLIENT_NOT_MAPPED = "client_not_mapped"
    ORGANIZATION_MISSING = "organization_missing"
    ARCHIVED = "archived_in_itglue"
    VAULTED = "vaulted_in_itglue"
    MISSING = "missing_in_itglue"
    MOVED = "moved"
    NOT_VERIFIED = "not_verified"
    CHANGED_ON_BOTH_SIDES = "changed_on_both_sides"
    CHANGED_IN_ITGLUE = "changed_in_itglue"
    CHANGED_IN_AUTOMATE = "changed_in_automate"
    IN_SYNC = "in_sync"
    MATCHES = "matches_an_existing_entry"
    AMBIGUOUS = "ambiguous_match"
    NEW = "new"

    @property
    def label(self) -> str:
        """The name as people read it: "Archived in IT Glue"."""
        words = self.value.replace("_", " ").replace("itglue", "IT Glue").replace("automate", "Automate")
        return words[0].upper() + words[1:]


class Action(StrEnum):
    """What a run does with a password."""

    CREATE = "create"
    LINK = "link"
    UPDATE = "update"
    NONE = "none"


class Matching(StrEnum):
    """What to do with an existing entry of the same name and user name."""

    LINK = "link"
    ASK = "ask"
    ALWAYS_CREATE = "always_create"


@dataclass(frozen=True, slots=True)
class Rules:
    """The options that a plan depends on.

    Args:
        matching: what a "Matches an existing entry" row does.
        sync_notes: keep notes in sync after the entry was created.
        settle_seconds: age from which a mark without an entry may be created again.
        drift_push_limit: pushes in a row against changes in IT Glue before a row is left alone.
    """

    matching: Matching = Matching.LINK
    sync_notes: bool = False
    settle_seconds: float = 60.0
    drift_push_limit: int = 3


class PlannedRow(NamedTuple):
    """One password's status and action, with what the engine re-checks right before it acts. A tuple: there is one for
    each password.

    Args:
        links, mapped: the password's entry ids and its client's organizations, as planned.
        organization_id: where a create goes, or where the entry lies that is linked or updated.
        entry: the entry that is linked, or is to be linked.
        entry_id: the linked id, also when the entry is gone.
        fields: what is sent; empty with LINK or UPDATE means only our own bookkeeping is written.
        candidates: the entries among which a person has to pick, as far as IT Glue lists them.
        seen: entries of the same name and user name that stand in the organization already.
        wait_seconds: how long a mark must still age before it may be created again.
    """

    password: StoredPassword
    status: Status
    action: Action = Action.NONE
    reason: str = ""
    links: frozenset[int] = frozenset()
    mapped: frozenset[int] = frozenset()
    ticked: bool = False
    state: SyncState | None = None
    organization_id: int | None = None
    entry: Entry | None = None
    entry_id: int | None = None
    fields: tuple[Field, ...] = ()
    candidates: tuple[Entry, ...] = ()
    seen: tuple[int, ...] = ()
    wait_seconds: float = 0.0

    @property
    def overwrites(self) -> bool:
        """Whether applying this row replaces what somebody typed in IT Glue."""
        if self.status is Status.MATCHES:
            return self.action is Action.LINK
        drifted = self.status in (Status.CHANGED_ON_BOTH_SIDES, Status.CHANGED_IN_ITGLUE)
        return drifted and self.action is Action.UPDATE and bool(self.fields)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """An entry that a remap left in a former organization; it still holds a live credential."""

    password_id: int
    entry_id: int
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows in scope, and what stands beside them."""

    rows: tuple[PlannedRow, ...]
    orphans: tuple[Link, ...] = ()
    left_behind: tuple[LeftBehind, ...] = ()

    def pending(self) -> list[PlannedRow]:
        """The rows with something to do."""
        return [row for row in self.rows if row.action is not Action.NONE]

    def by_status(self) -> Counter[Status]:
        """How many rows are in each status."""
        return Counter(row.status for row in self.rows)

    def by_action(self) -> Counter[Action]:
        """How many rows have each action."""
        return Counter(row.action for row in self.rows)
