"""Secrets of this PC: in the OS key store, or in the environment where there is none (product.md 8 and 9)."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import KeyStoreUnavailable, UsageError

SERVICE = "StickySync"

_log = logging.getLogger(__name__)


class SecretStore(Protocol):
    """What is used of the `keyring` module; the demo keeps its secrets in memory instead."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """The stored text, or None."""

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Store a text."""

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a text; raises what it likes when there is none."""


class ForgetfulStore:
    """Keeps secrets until the program ends."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], str] = {}

    def get_password(self, service_name: str, username: str) -> str | None:
        """The stored text, or None."""
        return self._kept.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Store a text."""
        self._kept[(service_name, username)] = password

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a text."""
        self._kept.pop((service_name, username), None)


class Keychain:
    """Looks into the environment first, since whoever sets it means it, then into the key store.

    The calls may block on a prompt of the system's: keep them off the window's thread.

    Args:
        store: None takes the system's key store.
        know: is told every secret that passes, so that the redactor in front of the log can mask it.
    """

    def __init__(
        self,
        store: SecretStore | None = None,
        environment: Mapping[str, str] = os.environ,
        *,
        know: Callable[[str], None] | None = None,
    ) -> None:
        self._store = store
        self._environment = environment
        self._know = know
        self._for_now: dict[str, Secret] = {}
        """What the key store did not take, so that a window without one can work until it is closed."""

    def note(self, secret: Secret) -> Secret:
        """Tell the redactor of a secret that came from elsewhere; returns it."""
        if self._know is not None:
            self._know(secret.reveal())
        return secret

    def database_password(self, profile_id: str) -> Secret | None:
        """Password of the MySQL account."""
        return self._environment_secret("STICKYSYNC_DB_PASSWORD") or self._stored(f"{profile_id}/database")

    def keep_database_password(self, profile_id: str, password: Secret) -> None:
        """Keep the password of the MySQL account.

        Raises:
            KeyStoreUnavailable: it was not kept.
        """
        self._keep(f"{profile_id}/database", password, "STICKYSYNC_DB_PASSWORD")

    def passphrase(self, profile_id: str) -> Secret | None:
        """The team passphrase."""
        return self._environment_secret("STICKYSYNC_PASSPHRASE") or self._stored(f"{profile_id}/passphrase")

    def keep_passphrase(self, profile_id: str, passphrase: Secret) -> None:
        """Keep the team passphrase.

        Raises:
            KeyStoreUnavailable: it was not kept.
        """
        self._keep(f"{profile_id}/passphrase", passphrase, "STICKYSYNC_PASSPHRASE")

    def forget(self, profile_id: str) -> None:
        """Forget a profile's secrets; for a profile that is removed."""
        for name in (f"{profile_id}/database", f"{profile_id}/passphrase"):
            self._for_now.pop(name, None)
            try:
                self._system_store().delete_password(SERVICE, name)
            except Exception as problem:
                # Most often there was none.
                _log.info("the key store forgets nothing under %s (%s)", name, type(problem).__name__)

    def api_key(self) -> Secret | None:
        """An API key from the environment, instead of the stored one; without blanks round it."""
        found = self._environment_secret("STICKYSYNC_API_KEY")
        return found.stripped() if found is not None else None

    def _environment_secret(self, name: str) -> Secret | None:
        """NAME itself, or the first line of the file that NAME_FILE names.

        Raises:
            UsageError: there is no secret to be had from that file.
        """
        value = self._environment.get(name, "")
        if value:
            return self.note(Secret(value))
        file = self._environment.get(f"{name}_FILE", "")
        return self.note(_first_line(Path(file), name)) if file else None

    # The systems' stores raise what they like, not only keyring's own errors, and may quote the secret.

    def _stored(self, name: str) -> Secret | None:
        try:
            value = self._system_store().get_password(SERVICE, name)
        except Exception as problem:
            _log.warning("the key store cannot be read (%s)", type(problem).__name__)
            value = None
        return self.note(Secret(value)) if value else self._for_now.get(name)

    def _keep(self, name: str, secret: Secret, variable: str) -> None:
        try:
            self._system_store().set_password(SERVICE, name, self.note(secret).reveal())
        except Exception as problem:
            kind = type(problem).__name__
        else:
            self._for_now.pop(name, None)
            return
        self._for_now[name] = secret
        raise KeyStoreUnavailable(
            happened=f"This system's key store did not take the secret ({kind}).",
            unchanged="It was not kept anywhere; this program knows it until it ends.",
            todo=f"Unlock the key store; or, where there is none, set {variable} or {variable}_FILE.",
        )

    def _system_store(self) -> SecretStore:
        if self._store is None:
            import keyring

            return keyring
        return self._store


def _first_line(file: Path, name: str) -> Secret:
    # With the mark that Windows editors put in front; and lines end where editors end them, not at every separator.
    try:
        secret = file.read_bytes().decode("utf-8-sig").split("\n", 1)[0].removesuffix("\r")
        reason = "its first line is empty"
    except (OSError, UnicodeDecodeError) as problem:
        secret, reason = "", type(problem).__name__
    if not secret:
        raise UsageError(
            happened=f"{name}_FILE names {file}, which holds no secret that can be read ({reason}).",
            unchanged="Nothing was changed.",
            todo="Give a UTF-8 text file with the secret in its first line, readable by this account.",
        )
    return Secret(secret)


def id_of_address(address: DatabaseAddress) -> str:
    """A stable id for a database that was named without a profile."""
    text = f"{address.user}@{address.host}:{address.port}/{address.schema}{address.sqlite_file}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
