"""What both sides hold, as plain frozen records. Ids are integers; IT Glue's go beyond 32 bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class ValueState(Enum):
    """What a stored password value turned out to be (automate-db.md 5, "Row states")."""

    NONE = "none"
    EMPTY = "empty"
    READABLE = "readable"
    GUESSED = "guessed"
    """Readable only as Windows-1252, with that option on."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Client:
    """A client of Automate: `name` is shown everywhere, `company` is the PSA's name for it."""

    id: int
    name: str
    company: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """A client's location."""

    id: int
    client_id: int
    name: str


# A tuple: a hundred thousand of them are made at each reading, and a data class takes three times as long.
class StoredPassword(NamedTuple):
    """A row of Automate's `passwords`, its value still encrypted.

    `cipher` is the column's bytes; ClientID is part of its key, so both are always read together.
    """

    id: int
    client_id: int
    location_id: int
    title: str
    username: str
    url: str
    notes: str
    cipher: bytes | None

    def __repr__(self) -> str:
        # Without the bytes: whoever has them can decrypt them.
        return f"StoredPassword(id={self.id}, client_id={self.client_id})"


@dataclass(frozen=True, slots=True)
class Organization:
    """An IT Glue organization. Names are not unique; type, status and parent tell namesakes apart."""

    id: int
    name: str
    short_name: str = ""
    type_name: str = ""
    status_name: str = ""
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A password category of the IT Glue account."""

    id: int
    name: str


class Entry(NamedTuple):
    """A password entry as IT Glue lists it: never with its value. A tuple: very many are read.

    `updated_at` and `password_updated_at` are kept as the text IT Glue sent.
    """

    id: int
    organization_id: int
    name: str
    username: str = ""
    url: str = ""
    archived: bool = False
    vaulted: bool = False
    embedded: bool = False
    password_updated_at: str = ""
    resource_url: str = ""


@dataclass(frozen=True, slots=True)
class CompanyMapping:
    """A row of the company map: this client is documented in this organization."""

    client_id: int
    organization_id: int


class Link(NamedTuple):
    """A row of the password map. `last_sync` is server time as text, for people only. A tuple: very many are read."""

    password_id: int
    entry_id: int
    last_sync: str = ""


class MarkKind(Enum):
    """What was about to be sent when a sending mark was written."""

    CREATE = "create"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class SendingMark:
    """Written and committed before a request to IT Glue, cleared together with its stored outcome.

    Args:
        name, username: exactly as sent.
        seen_entry_ids: entries of that name and user name that were in the organization before.
        age_seconds: by the database's own UTC clock, at the moment the mark was read; the same mark at any age.
    """

    kind: MarkKind
    run_id: str
    organization_id: int
    name: str
    username: str
    seen_entry_ids: tuple[int, ...] = ()
    age_seconds: float = field(default=0.0, compare=False)


class SyncState(NamedTuple):
    """What we know of a password since our last push: hashes only, see fingerprint.py. A tuple: very many are read.

    Args:
        value_hash: of ClientID and stored bytes; empty when nothing was pushed yet.
        notes_hash: of the notes last pushed; empty when they never were.
        fields_hash: of title, user name and URL last pushed.
        returned_hash: of name, user name and URL as IT Glue returned them.
        accepted_organization_id: a foreign organization that the user chose to keep the entry in.
        drift_pushes: pushes in a row that were caused by a change in IT Glue.
        left_behind: entries that a remap left in a former organization.
    """

    password_id: int
    entry_id: int | None = None
    value_hash: str = ""
    notes_hash: str = ""
    fields_hash: str = ""
    returned_hash: str = ""
    password_updated_at: str = ""
    accepted_organization_id: int | None = None
    drift_pushes: int = 0
    left_behind: tuple[int, ...] = ()
    mark: SendingMark | None = None

    @property
    def has_baseline(self) -> bool:
        """Whether a push of ours was completed and stored."""
        return bool(self.value_hash and self.returned_hash)


class Field(Enum):
    """A field of an entry that we keep in sync, by the name IT Glue gives it."""

    NAME = "name"
    USERNAME = "username"
    PASSWORD = "password"
    URL = "url"
    NOTES = "notes"
