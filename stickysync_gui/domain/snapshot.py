"""Both sides as they were read for one plan."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stickysync_gui.domain.records import (
    Client,
    CompanyMapping,
    Entry,
    Link,
    Organization,
    StoredPassword,
    SyncState,
    ValueState,
)


@dataclass(frozen=True, slots=True)
class ValueFinding:
    """Whether a stored value can be read, and why not; never the value."""

    state: ValueState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a run may apply. It never changes what is planned for a row (product.md 5).

    Args:
        client_ids, password_ids: None means all.
        autosync_only: only ticked rows.
    """

    client_ids: frozenset[int] | None = None
    password_ids: frozenset[int] | None = None
    autosync_only: bool = False

    def includes(self, password: StoredPassword, ticked: bool) -> bool:
        """Whether a run of this scope may act on the password."""
        return (
            (self.client_ids is None or password.client_id in self.client_ids)
            and (self.password_ids is None or password.id in self.password_ids)
            and (ticked or not self.autosync_only)
        )

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.client_ids is None and self.password_ids is None and not self.autosync_only

    def words(self) -> str:
        """The scope for the run table and the history."""
        parts = []
        if self.client_ids is not None:
            clients = "client" if len(self.client_ids) == 1 else "clients"
            parts.append(f"{len(self.client_ids)} {clients}: " + " ".join(map(str, sorted(self.client_ids)[:20])))
        if self.password_ids is not None:
            parts.append(f"{len(self.password_ids)} {'password' if len(self.password_ids) == 1 else 'passwords'}")
        if self.autosync_only:
            parts.append("AutoSync")
        return ", ".join(parts) or "everything"


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class AutomateSide:
    """What Automate's database held: its own rows and the plugin's bookkeeping, of all clients."""

    clients: Mapping[int, Client]
    passwords: Sequence[StoredPassword]
    values: Mapping[int, ValueFinding]
    mappings: Sequence[CompanyMapping]
    links: Sequence[Link]
    states: Mapping[int, SyncState]
    ticked: frozenset[int]
    locations: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItGlueSide:
    """What IT Glue listed.

    Args:
        entries: by id; those walked and those looked up by id.
        gone: linked ids that answered 404.
        withheld: linked ids that IT Glue refuses to show, with its words.
        walked: the organizations that were walked; None means the whole account.
    """

    organizations: Mapping[int, Organization]
    entries: Mapping[int, Entry]
    gone: frozenset[int] = frozenset()
    withheld: Mapping[int, str] = field(default_factory=dict)
    walked: frozenset[int] | None = None

    def covers(self, organization_id: int) -> bool:
        """Whether the organization's entries were walked."""
        return self.walked is None or organization_id in self.walked


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both sides, read for one plan."""

    automate: AutomateSide
    itglue: ItGlueSide


Identity = tuple[int, str, str]
"""Organization id, name and user name in the form in which two of them count as the same."""


def same_text(text: str) -> str:
    """The form in which two names count as the same: trimmed, case-folded, one Unicode normal form.

    IT Glue's own trimming is unknown (itglue-api.md 13, U12); a strict comparison could miss our own entry.
    """
    return unicodedata.normalize("NFC", text).strip().casefold()


def identity(organization_id: int, name: str, username: str) -> Identity:
    """Key of entries and passwords that stand for the same thing in one organization."""
    return (organization_id, same_text(name), same_text(username))


def entry_name(password: StoredPassword) -> str:
    """The name a password's entry gets: its Title as stored, or a stand-in for a blank one."""
    return password.title if password.title.strip() else f"(untitled) {password.username}"
