"""Settings, database and API key of one user: what has to be in place before anything can be synced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from stickysync_gui import settings as settings_file
from stickysync_gui.backend.automate_door import AutomateDoor
from stickysync_gui.backend.itglue_memory import ItGlueMemory
from stickysync_gui.backend.key_custody import KeyCustody
from stickysync_gui.domain.connection import DatabaseAddress, DatabaseState, ItGlueState, KeyState, Region
from stickysync_gui.domain.findings import Finding
from stickysync_gui.domain.progress import Report, no_report
from stickysync_gui.domain.records import Category
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import (
    DatabaseRefused,
    ItGlueUnreachable,
    KeyRefused,
    KeyUnreadable,
    StickySyncError,
    UsageError,
)
from stickysync_gui.history import History
from stickysync_gui.keychain import Keychain
from stickysync_gui.settings import Profile, Settings
from stickysync_gui.storage.address import address_from_url
from stickysync_gui.sync.doctor import NO_DATABASE, check_database, check_itglue, key_unusable


class Connections:
    """One user's settings, database and API key. Everything is called from one event loop.

    Args:
        settings_path: the settings file. keychain: this PC's secrets. history: the local run history.
        itglue_url: instead of a region's address.
    """

    def __init__(self, settings_path: Path, keychain: Keychain, history: History, *, itglue_url: str = "") -> None:
        self._settings_path = settings_path
        self._keychain = keychain
        self._history = history
        self.settings = settings_file.load(settings_path)
        self._profile = self.settings.profile()
        self._door = AutomateDoor()
        self._keys = KeyCustody(self._door, keychain, itglue_url)
        self._memory = ItGlueMemory()

    @classmethod
    def open(cls, home: Path, *, itglue_url: str = "", know: Callable[[str], None] | None = None) -> Self:
        """Settings, key store and history; connects nothing.

        Args:
            home: folder of settings and history.
            itglue_url: instead of a region's address; IT Glue's three hosts or loopback only.
            know: is told every secret, for the redactor in front of the log.

        Raises:
            UsageError: damaged settings, or an address where the key may not go.
        """
        return cls(home / "settings.toml", Keychain(know=know), History(home / "history.sqlite"), itglue_url=itglue_url)

    @staticmethod
    def address_of(url: str, *, password_allowed: bool) -> tuple[DatabaseAddress, Secret | None]:
        """The address in a SQLAlchemy URL, and its password where one is allowed."""
        return address_from_url(url, password_allowed=password_allowed)

    async def start(self) -> None:
        """Connect the current profile, when its password is known."""
        profile = self.settings.profile()
        if profile is not None and await self.saved_database_password(profile) is not None:
            await self.connect(profile, None)

    async def close(self) -> None:
        """Give everything back."""
        await self.disconnect()

    def save_settings(self, new: Settings) -> None:
        """Replace the settings and write them."""
        self.settings = new
        settings_file.save(new, self._settings_path)

    # --- the database -------------------------------------------------------------------------------------------

    @property
    def profile(self) -> Profile | None:
        """The profile that is open, or was last."""
        return self._profile

    @property
    def database_state(self) -> DatabaseState | None:
        """The open database connection, or None."""
        return self._door.state

    def _opened_state(self) -> DatabaseState:
        self._door.opened()
        assert self._door.state is not None
        return self._door.state

    async def saved_database_password(self, profile: Profile) -> Secret | None:
        """The profile's database password, from the environment or the key store."""
        return await asyncio.to_thread(self._keychain.database_password, profile.id)

    async def forget_profile(self, profile: Profile) -> None:
        """Remove a profile with its secrets; when it is the open one, its database is closed."""
        kept = tuple(other for other in self.settings.profiles if other.id != profile.id)
        current = self.settings.current_profile
        if current == profile.id:
            current = kept[0].id if kept else ""
        if self._profile is not None and self._profile.id == profile.id:
            await self.disconnect()
            self._profile = None
        self.save_settings(replace(self.settings, profiles=kept, current_profile=current))
        await asyncio.to_thread(self._keychain.forget, profile.id)

    def trust_certificate(self, address: DatabaseAddress, fingerprint: str) -> None:
        """Remember a server's certificate for databases that are named by URL."""
        known = {**self.settings.trusted_certificates, f"{address.host}:{address.port}": fingerprint}
        self.save_settings(replace(self.settings, trusted_certificates=known))

    async def connect(self, profile: Profile, password: Secret | None, *, remember: bool = True) -> DatabaseState:
        """Open the profile's database, and the stored API key where the passphrase is known.

        Args:
            password: None takes the saved one.
            remember: save the profile as the current one, and its password in the key store.

        Raises:
            DatabaseUnreachable, DatabaseRefused: in words; what was open before is closed.
            KeyStoreUnavailable: connected, but the password was not kept.
            UnknownCertificate: the certificate is to be confirmed first.
        """
        await self.disconnect()
        self._profile = profile
        self._keys.profile_id = profile.id
        if password is not None:
            self._keychain.note(password)
        password_now = password or await self.saved_database_password(profile)
        # Each waits for something else.
        await asyncio.gather(self._door.open(profile.database, password_now), self._keys.prepare())
        if remember:
            self.save_settings(self.settings.with_profile(profile))
        await self._open_key_or_not()
        if remember and password is not None:
            # Last, since the connection is good also where no key store takes its password.
            await asyncio.to_thread(self._keychain.keep_database_password, profile.id, password)
        return self._opened_state()

    async def _open_key_or_not(self) -> None:
        """Why the key cannot be opened is for `key_state` to say; the database is open all the same."""
        try:
            with suppress(KeyUnreadable, UsageError, ItGlueUnreachable, KeyRefused, DatabaseRefused):
                await self._keys.open()
        except asyncio.CancelledError:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Close the database, and forget what was read."""
        self._keys.forget()
        self._memory.forget()
        await self._door.close()

    def tables_sql(self) -> str:
        """DDL and least-privilege grants for a DBA."""
        return self._door.setup_sql()

    async def create_tables(self) -> DatabaseState:
        """Create the tables that are missing."""
        await self._door.create_tables()
        return self._opened_state()

    async def self_check(self, report: Callable[[Finding], None] | None = None) -> list[Finding]:
        """Check everything that can be checked; needs an open database for most of it."""
        findings: list[Finding] = []

        def say(finding: Finding) -> None:
            findings.append(finding)
            if report is not None:
                report(finding)

        if self._door.facts is None:
            say(NO_DATABASE)
        else:
            await check_database(*self._door.opened(), self._door.facts, say)
        try:
            await self._keys.open()
        except StickySyncError as error:
            say(key_unusable(error))
        else:
            async with self._keys.itglue(patient=False) as glue:
                await check_itglue(glue, say)
        return findings

    # --- passphrase and key -------------------------------------------------------------------------------------

    @property
    def itglue_state(self) -> ItGlueState | None:
        """The usable API key, or None."""
        return self._keys.state

    async def has_passphrase(self) -> bool:
        """Whether this PC knows the team's passphrase."""
        return await self._keys.has_passphrase()

    def proposed_passphrase(self) -> Secret:
        """A new passphrase of 128 random bits, for the team's vault."""
        return self._keys.proposed_passphrase()

    async def key_state(self) -> KeyState:
        """What is known of the stored API key."""
        return await self._keys.stored_state()

    async def set_passphrase(self, passphrase: Secret) -> KeyState:
        """Tell this PC the team's passphrase; see `KeyCustody.set_passphrase`."""
        return await self._keys.set_passphrase(passphrase)

    async def change_passphrase(self, old: Secret, new: Secret) -> None:
        """Seal the stored key under a new passphrase; see `KeyCustody.change_passphrase`."""
        await self._keys.change_passphrase(old, new)

    async def renew_passphrase(self, new: Secret) -> None:
        """The same on a PC that knows the old one; see `KeyCustody.renew_passphrase`."""
        await self._keys.renew_passphrase(new)

    async def apply_key(
        self, key: Secret, region: Region | None, *, replace: bool = False, report: Report = no_report
    ) -> ItGlueState:
        """Check a key live, then store it sealed; see `KeyCustody.apply`."""
        state = await self._keys.apply(key, region, replace=replace, report=report)
        self._memory.forget()
        return state

    async def check_stored_key(self) -> ItGlueState:
        """Open the stored key and check it live."""
        return await self._keys.check_stored()

    async def categories(self) -> list[Category]:
        """The account's password categories."""
        async with self._keys.itglue() as glue:
            return await glue.categories()
