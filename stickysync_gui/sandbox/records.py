"""What the IT Glue stand-in keeps, is asked and answers: plain records (itglue-api.md 5, 6, 9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

KeyState = Literal["active", "revoked", "paused"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An account-wide key; `region` is the one it was made in (`us`, `eu`, `au`)."""

    text: str = field(repr=False)
    state: KeyState = "active"
    password_access: bool = True
    region: str = "us"


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization; names are not unique. Times are RFC 3339 text with milliseconds."""

    id: int
    name: str
    short_name: str | None
    type_id: int | None
    type_name: str | None
    status_id: int | None
    status_name: str | None
    parent_id: int | None
    primary: bool
    quick_notes: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Category:
    """A password category, which IT Glue's own window calls a password type."""

    id: int
    name: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class PasswordRecord:
    """One entry with its value. `listed_at` (Unix seconds) is when lists begin to show it."""

    id: int
    organization_id: int
    name: str
    password: str | None = field(repr=False)
    created_at: str
    updated_at: str
    password_updated_at: str
    username: str | None = None
    url: str | None = None
    notes: str | None = None
    category_id: int | None = None
    folder_id: int | None = None
    archived: bool = False
    restricted: bool = False
    vault_id: int | None = None
    resource_id: int | None = None
    resource_type: str | None = None
    personal: bool = False
    my_glue: bool = False
    otp_enabled: bool = False
    autofill_selectors: str | None = None
    updated_by: int | None = None
    updated_by_type: str | None = None
    listed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class AuditedRead:
    """Somebody read the value of an entry; customers are notified of these (itglue-api.md 6)."""

    time: str
    password_id: int


@dataclass(frozen=True, slots=True)
class GlueRequest:
    """One HTTP request: decoded path, query pairs in order, header names in lower case."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class GlueResponse:
    """One HTTP answer, with what the request log may say about it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    organization_id: int | None = None
    key_ok: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """One member of an errors body; `echo` is what was sent, shown only when the switch says so."""

    title: str
    detail: str | None = None
    pointer: str | None = None
    echo: str | None = field(default=None, repr=False)


class Refused(Exception):
    """The request is answered with an errors body; carries no value in its text."""

    def __init__(self, status: int, *problems: Problem, key_ok: bool = True) -> None:
        """Take the HTTP status and the members of the errors body."""
        super().__init__(f"refused with {status}")
        self.status = status
        self.problems = problems
        self.key_ok = key_ok


def time_text(seconds: float) -> str:
    """Unix seconds as IT Glue writes times: UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(text: str) -> float:
    """Unix seconds of an RFC 3339 text; ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
