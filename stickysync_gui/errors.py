"""Every failure that a user is told of: what happened, what was not changed, what to do next."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stickysync_gui.domain.progress import Summary


class ExitCode(IntEnum):
    """How the console program ends (product.md 9)."""

    DONE = 0
    ROWS_FAILED = 1
    USAGE = 2
    DATABASE = 3
    ITGLUE = 4
    GUARD = 5
    LOCK = 6
    CHANGES_PENDING = 7
    CANCELLED = 130


class StickySyncError(Exception):
    """A failure in three sentences, safe to show and to log: it never carries a secret.

    Args:
        happened: what went wrong, as a full sentence.
        unchanged: what this leaves as it was.
        todo: what the user does next; may hold SQL on lines of its own.
    """

    exit_code = ExitCode.ROWS_FAILED
    kind = "failed"

    def __init__(self, *, happened: str, unchanged: str, todo: str) -> None:
        super().__init__(happened)
        self.happened = happened
        self.unchanged = unchanged
        self.todo = todo
        self.summary: Summary | None = None
        """What a run had done when this stopped it."""

    def sentences(self) -> str:
        """The three sentences, one a line."""
        return "\n".join(part for part in (self.happened, self.unchanged, self.todo) if part)


class UsageError(StickySyncError):
    """The call itself is wrong or incomplete."""

    exit_code = ExitCode.USAGE
    kind = "usage"


class DatabaseUnreachable(StickySyncError):
    """No connection to Automate's database, or the connection was lost."""

    exit_code = ExitCode.DATABASE
    kind = "database_unreachable"


class DatabaseRefused(StickySyncError):
    """The database answered and said no: log-in, grant, table, id width, time-out."""

    exit_code = ExitCode.DATABASE
    kind = "database_refused"


class TlsNotOffered(DatabaseRefused):
    """The server offers no TLS, and TLS was asked for; the log-in was not sent."""

    kind = "tls_not_offered"


class UnknownCertificate(DatabaseRefused):
    """TLS is pinned, and the server's certificate was not confirmed yet, or is another one now.

    Args:
        fingerprint: SHA-256 of what the server showed.
        changed: whether another one was confirmed before.
    """

    kind = "unknown_certificate"

    def __init__(self, *, fingerprint: str, changed: bool, host: str) -> None:
        shown = ":".join(re.findall("..", fingerprint)).upper()
        happened = (
            f"{host} shows another certificate than the one confirmed before. Its fingerprint is {shown}."
            if changed
            else f"{host} shows a certificate that nobody confirmed yet. Its fingerprint is {shown}."
        )
        super().__init__(
            happened=happened,
            unchanged="The log-in was not sent.",
            todo="Compare the fingerprint with the server's certificate, then confirm it on the Configuration tab.",
        )
        self.fingerprint = fingerprint
        self.changed = changed


class TablesMissing(DatabaseRefused):
    """A table that the act needs is not there."""

    kind = "tables_missing"


class IdDoesNotFit(DatabaseRefused):
    """An IT Glue id is too big for the column that is there."""

    kind = "id_does_not_fit"


class ItGlueUnreachable(StickySyncError):
    """IT Glue did not answer: network, proxy, TLS, gateway."""

    exit_code = ExitCode.ITGLUE
    kind = "itglue_unreachable"


class KeyRefused(StickySyncError):
    """IT Glue refuses the API key: wrong, paused, revoked, wrong region, no Password Access."""

    exit_code = ExitCode.ITGLUE
    kind = "key_refused"


class KeyUnreadable(StickySyncError):
    """There is no API key that this program can read: none stored, a foreign value, or the wrong passphrase."""

    exit_code = ExitCode.ITGLUE
    kind = "key_unreadable"


class WrongPassphrase(KeyUnreadable):
    """The stored key does not open with this passphrase."""

    kind = "wrong_passphrase"


class PassphraseNeeded(KeyUnreadable):
    """Nothing can be sealed or opened before the team's passphrase is known on this PC."""

    kind = "passphrase_needed"


class ForeignKeyStored(KeyUnreadable):
    """The settings table holds a value that this program did not write."""

    kind = "foreign_key"


class KeyStoreUnavailable(StickySyncError):
    """The operating system's key store cannot be used."""

    exit_code = ExitCode.USAGE
    kind = "key_store"


class SchedulerRefused(StickySyncError):
    """The operating system's scheduler, or its access control, said no."""

    exit_code = ExitCode.USAGE
    kind = "scheduler"


class MappingChanged(StickySyncError):
    """Somebody else changed a mapping since it was shown."""

    kind = "mapping_changed"


class GuardStopped(StickySyncError):
    """A guard stopped a run before its first write.

    Args:
        guard: the guard's name (`Guard` in domain/guards.py).
        number: how many rows or entries it counted; going on means confirming this number.
    """

    exit_code = ExitCode.GUARD
    kind = "guard"

    def __init__(self, *, guard: str, number: int, happened: str, unchanged: str, todo: str) -> None:
        super().__init__(happened=happened, unchanged=unchanged, todo=todo)
        self.guard = guard
        self.number = number


class OtherPluginActive(StickySyncError):
    """The Control Center plugin seems to sync the same passwords."""

    exit_code = ExitCode.GUARD
    kind = "other_plugin_active"


class LockHeld(StickySyncError):
    """Another run is on."""

    exit_code = ExitCode.LOCK
    kind = "lock_held"


class LockLost(StickySyncError):
    """The run lock went to somebody else, so this run stopped."""

    exit_code = ExitCode.LOCK
    kind = "lock_lost"


class RunCancelled(StickySyncError):
    """The user stopped the run before it had anything to report."""

    exit_code = ExitCode.CANCELLED
    kind = "cancelled"
