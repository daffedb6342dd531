"""Where the two systems are, and how the way there is protected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Given on: no address is written without it.
from stickysync_gui.domain.tls import TlsMode as TlsMode


class Region(StrEnum):
    """IT Glue's data centres; a key belongs to one of them (itglue-api.md 1)."""

    US = "us"
    EU = "eu"
    AU = "au"

    @property
    def url(self) -> str:
        """The API's base URL."""
        return {"us": "https://api.itglue.com", "eu": "https://api.eu.itglue.com", "au": "https://api.au.itglue.com"}[
            self.value
        ]

    @property
    def label(self) -> str:
        """The name in a choice box."""
        return self.value.upper()


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """How to reach Automate's MySQL database, without its password.

    Args:
        host: host name or address; empty when `sqlite_file` is set.
        tls_ca: PEM file of the certificate authority, or empty for the system's.
        pinned_fingerprint: SHA-256 of the server's certificate as 64 lower-case hex digits, for TlsMode.PIN.
        sqlite_file: the demo's stand-in instead of a server.
    """

    host: str = ""
    port: int = 3306
    schema: str = "labtech"
    user: str = ""
    tls: TlsMode = TlsMode.PIN
    tls_ca: str = ""
    pinned_fingerprint: str = ""
    sqlite_file: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether the traffic never leaves this computer."""
        return bool(self.sqlite_file) or self.host in ("localhost", "127.0.0.1", "::1")

    def words(self) -> str:
        """The address as people read it; never with the password."""
        return self.sqlite_file or f"{self.host}:{self.port}/{self.schema}"


class KeyState(StrEnum):
    """What is known of the stored API key."""

    NONE = "none"
    READABLE = "readable"
    NO_PASSPHRASE = "no_passphrase"
    WRONG_PASSPHRASE = "wrong_passphrase"
    FOREIGN = "foreign"

    @property
    def words(self) -> str:
        """The state as a sentence."""
        return {
            "none": "No API key is stored yet.",
            "readable": "The stored API key can be read.",
            "no_passphrase": "An API key is stored; this PC needs the team's passphrase to read it.",
            "wrong_passphrase": "The stored API key does not open with this PC's passphrase.",
            "foreign": "The stored API key was written by another program and cannot be read.",
        }[self.value]


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """An open connection to Automate's database.

    Args:
        server: product and version. tls: how the way is protected, in words.
        missing_tables: of the plugin's and our own.
        problems: what stands in the way of a sync, a sentence each.
    """

    address: DatabaseAddress
    server: str
    tls: str
    encrypted: bool
    missing_tables: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ItGlueState:
    """A usable API key: where it goes, and how that was found out."""

    url: str
    region: Region | None
    words: str
