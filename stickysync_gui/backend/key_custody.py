"""The API key: sealed in the database, opened with this PC's passphrase, and sent to IT Glue alone."""

from __future__ import annotations

import asyncio
import os
import ssl

from stickysync_gui.backend.automate_door import AutomateDoor
from stickysync_gui.domain.connection import ItGlueState, KeyState, Region
from stickysync_gui.domain.progress import Report, no_report
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import (
    DatabaseRefused,
    KeyStoreUnavailable,
    KeyUnreadable,
    PassphraseNeeded,
    UsageError,
    WrongPassphrase,
)
from stickysync_gui.itglue.access import allowed_url, check_key, check_new_key, detect_region, is_loopback
from stickysync_gui.itglue.client import REQUEST_SECONDS, ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer
from stickysync_gui.keychain import Keychain
from stickysync_gui.storage import plugin, sealing
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.sealing import SealedKey

CHECK_SECONDS = 20.0
"""For one request of a check; somebody sits and waits for it."""


class KeyCustody:
    """Holds the opened key, and makes IT Glue clients with it.

    Args:
        door: where the sealed key stands. keychain: where the passphrase stands.
        itglue_url: instead of a region's address.
    """

    def __init__(self, door: AutomateDoor, keychain: Keychain, itglue_url: str = "") -> None:
        self._door = door
        self._keychain = keychain
        self.itglue_url = allowed_url(itglue_url) if itglue_url else ""
        self.profile_id = "default"
        self._key: Secret | None = None
        self._state: ItGlueState | None = None
        self._pacers: dict[bool, Pacer] = {}
        self._tls_context: ssl.SSLContext | None = None

    def forget(self) -> None:
        """Let go of the opened key."""
        self._key = self._state = None

    @property
    def state(self) -> ItGlueState | None:
        """The usable API key, or None."""
        return self._state

    async def _passphrase(self) -> Secret | None:
        return await asyncio.to_thread(self._keychain.passphrase, self.profile_id)

    async def _stored_key(self) -> str | None:
        database, tables = self._door.opened()
        if t.settings.name in tables.missing:
            return None
        stored = await database.run(plugin.stored_keys)
        return next((value for value in stored if sealing.is_ours(value)), stored[0] if stored else None)

    async def has_passphrase(self) -> bool:
        """Whether this PC knows the team's passphrase."""
        return bool(await self._passphrase())

    @staticmethod
    def proposed_passphrase() -> Secret:
        """A new passphrase of 128 random bits, for the team's vault."""
        return sealing.propose_passphrase()

    async def stored_state(self) -> KeyState:
        """What is known of the stored API key."""
        stored = await self._stored_key()
        if stored is None:
            return KeyState.NONE
        if not sealing.is_ours(stored):
            return KeyState.FOREIGN
        passphrase = await self._passphrase()
        if passphrase is None:
            return KeyState.NO_PASSPHRASE
        try:
            await asyncio.to_thread(sealing.unseal, stored, passphrase)
        except WrongPassphrase:
            return KeyState.WRONG_PASSPHRASE
        return KeyState.READABLE

    async def set_passphrase(self, passphrase: Secret) -> KeyState:
        """Tell this PC the team's passphrase, and open the stored key with it.

        Raises:
            UsageError: too short. WrongPassphrase: the stored key does not open with it; nothing is kept.
            KeyStoreUnavailable: it is in use, but only until the program ends.
        """
        _require_length(self._keychain.note(passphrase))
        stored = await self._stored_key()
        if stored is not None and sealing.is_ours(stored):
            await asyncio.to_thread(sealing.unseal, stored, passphrase)
        not_kept: KeyStoreUnavailable | None = None
        try:
            await asyncio.to_thread(self._keychain.keep_passphrase, self.profile_id, passphrase)
        except KeyStoreUnavailable as error:
            not_kept = error
        state = await self.stored_state()
        if state is KeyState.READABLE:
            await self.open()
        if not_kept is not None:
            raise not_kept
        return state

    async def change_passphrase(self, old: Secret, new: Secret) -> None:
        """Seal the stored key under a new passphrase; colleagues' PCs ask for it once.

        Raises:
            KeyUnreadable: there is no key that `old` opens. UsageError: `new` is too short.
            KeyStoreUnavailable: it is done, but this PC did not keep the new one.
        """
        for given in (old, new):
            self._keychain.note(given)
        _require_length(new)
        stored = await self._stored_key()
        if stored is None:
            raise _no_key()
        await self._write_key(await asyncio.to_thread(sealing.unseal, stored, old), new)
        try:
            await asyncio.to_thread(self._keychain.keep_passphrase, self.profile_id, new)
        except KeyStoreUnavailable as error:
            error.unchanged = "The API key is stored under the new passphrase; only this PC did not keep that."
            raise

    async def renew_passphrase(self, new: Secret) -> None:
        """`change_passphrase` on a PC that knows the old one.

        Raises:
            PassphraseNeeded: it does not. Also what `change_passphrase` raises.
        """
        old = await self._passphrase()
        if old is None:
            raise _no_passphrase()
        await self.change_passphrase(old, new)

    async def open(self) -> ItGlueState:
        """Make the API key usable: from the environment, else the stored one.

        Raises:
            KeyUnreadable: none, foreign, or not to be opened. UsageError: no address for it.
        """
        self._state = None
        given = await asyncio.to_thread(self._keychain.api_key)
        if given is not None:
            return await self._use(SealedKey(given, None), "API key from the environment")
        stored = await self._stored_key()
        if stored is None:
            raise _no_key()
        passphrase = await self._passphrase()
        if passphrase is None and sealing.is_ours(stored):
            raise _no_passphrase()
        sealed = await asyncio.to_thread(sealing.unseal, stored, passphrase or Secret(""))
        return await self._use(sealed, "stored API key")

    async def _use(self, sealed: SealedKey, words: str) -> ItGlueState:
        url = self.itglue_url or (sealed.region.url if sealed.region else "")
        url = url or os.environ.get("STICKYSYNC_ITGLUE_URL", "")
        self._key = self._keychain.note(sealed.key)
        region = sealed.region
        if not url:
            region = await detect_region(lambda at: self._itglue_at(at, sealed.key))
            url = region.url
        self._state = ItGlueState(allowed_url(url), region, words)
        return self._state

    async def apply(
        self, key: Secret, region: Region | None, *, replace: bool = False, report: Report = no_report
    ) -> ItGlueState:
        """Check a key live, then store it sealed.

        Args:
            key: blanks and line breaks round it are removed.
            region: None tries all three.
            replace: over a value that cannot be read.
            report: is told of waits.

        Raises:
            PassphraseNeeded, ForeignKeyStored, WrongPassphrase: before anything is sent.
            KeyRefused, ItGlueUnreachable: the check failed; nothing was stored.
            DatabaseRefused: the sealed key does not fit its column.
        """
        key = self._keychain.note(key.stripped())
        _, tables = self._door.opened()
        tables.require([t.settings])
        passphrase = await self._passphrase()
        if passphrase is None:
            raise _no_passphrase()
        stored = await self._stored_key()
        if stored is not None and not replace:
            await asyncio.to_thread(sealing.unseal, stored, passphrase)

        def asking(at: str) -> ItGlue:
            return self._itglue_at(at, key, report, patient=False)

        region = await check_new_key(asking, self.itglue_url, region)
        await self._write_key(SealedKey(key, None if self.itglue_url else region), passphrase)
        return await self._use(SealedKey(key, region), "stored API key")

    async def _write_key(self, sealed: SealedKey, passphrase: Secret) -> None:
        database, tables = self._door.opened()
        text = await asyncio.to_thread(sealing.seal, sealed, passphrase)
        room = tables.api_key_length
        if room is not None and len(text) > room:
            raise DatabaseRefused(
                happened=f"The sealed API key has {len(text)} characters; {t.settings.name}.APIKey holds {room}.",
                unchanged="The stored value was left as it is.",
                todo=f"Let a DBA run:\nALTER TABLE {t.settings.name} MODIFY APIKey VARCHAR({max(255, len(text))});",
            )
        await database.run(plugin.write_key, text)

    async def check_stored(self) -> ItGlueState:
        """Open the stored key and check it live."""
        state = await self.open()
        async with self.itglue(patient=False) as glue:
            await check_key(glue)
        return state

    def itglue(self, report: Report = no_report, stop: asyncio.Event | None = None, *, patient: bool = True) -> ItGlue:
        """A client for one job; use it as an async context manager.

        Args:
            patient: False gives up soon, for a check that somebody waits for.

        Raises:
            KeyUnreadable: there is no usable key.
        """
        if self._state is None or self._key is None:
            raise _no_key()
        return self._itglue_at(self._state.url, self._key, report, stop, patient=patient)

    def _itglue_at(
        self,
        url: str,
        key: Secret,
        report: Report = no_report,
        stop: asyncio.Event | None = None,
        *,
        patient: bool = True,
    ) -> ItGlue:
        local = is_loopback(url)
        # The sandbox has no limit to keep; IT Glue's counts for everything in this process.
        pacer = self._pacers.setdefault(local, Pacer(Budget(requests=None) if local else Budget()))
        seconds = REQUEST_SECONDS if patient else CHECK_SECONDS
        return ItGlue(
            url,
            key,
            pacer,
            stop=stop,
            report=report,
            context=self._context(),
            request_seconds=seconds,
            patient=patient,
        )

    async def prepare(self) -> None:
        """Build what takes time before the first client needs it: some 20 ms that a window would feel."""
        if self._tls_context is None:
            self._tls_context = await asyncio.to_thread(ssl.create_default_context)

    def _context(self) -> ssl.SSLContext:
        if self._tls_context is None:
            self._tls_context = ssl.create_default_context()
        return self._tls_context


def _require_length(passphrase: Secret) -> None:
    if len(passphrase) < sealing.LEAST_CHARACTERS:
        raise UsageError(
            happened=f"The passphrase has fewer than {sealing.LEAST_CHARACTERS} characters.",
            unchanged="Nothing was changed.",
            todo="Take the proposed one, or a longer one of your own.",
        )


def _no_key() -> KeyUnreadable:
    return KeyUnreadable(
        happened="No IT Glue API key is stored.",
        unchanged="Nothing was sent.",
        todo="Apply one on the Configuration tab (stickysync key set).",
    )


def _no_passphrase() -> PassphraseNeeded:
    return PassphraseNeeded(
        happened="This PC does not know the team's passphrase.",
        unchanged="Nothing was sent or stored.",
        todo="Enter it on the Configuration tab (stickysync passphrase set). A PC without a key store takes it from "
        "STICKYSYNC_PASSPHRASE or STICKYSYNC_PASSPHRASE_FILE.",
    )
