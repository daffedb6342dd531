"""Everything below the shells, built once: the calls that the window and the console both make."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from stickysync_gui import settings as settings_file
from stickysync_gui.domain.connection import (
    DatabaseAddress,
    DatabaseState,
    ItGlueState,
    KeyState,
    Region,
)
from stickysync_gui.domain.findings import Finding, Verdict
from stickysync_gui.domain.guards import Guard
from stickysync_gui.domain.matching import Suggestion, suggest
from stickysync_gui.domain.overview import MappingOverview, map_overview
from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Action, Plan, Rules
from stickysync_gui.domain.progress import Report, Step, Summary, no_report
from stickysync_gui.domain.records import Category, Organization
from stickysync_gui.domain.secret import Secret
from stickysync_gui.domain.snapshot import EVERYTHING, AutomateSide, ItGlueSide, Scope, Snapshot
from stickysync_gui.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    KeyUnreadable,
    PassphraseNeeded,
    StickySyncError,
    UsageError,
    WrongPassphrase,
)
from stickysync_gui.history import History, RunRecord
from stickysync_gui.itglue.access import allowed_url, check_key, detect_region, is_loopback
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer
from stickysync_gui.keychain import Keychain
from stickysync_gui.paths import history_file
from stickysync_gui.settings import Profile, Settings
from stickysync_gui.storage import automate, choices, plugin, schema, sealing
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.address import address_from_url
from stickysync_gui.storage.database import Database, ServerFacts
from stickysync_gui.storage.run_lock import RunLock
from stickysync_gui.storage.schema import TablesFound
from stickysync_gui.storage.sealing import SealedKey
from stickysync_gui.sync.doctor import check_database, check_itglue
from stickysync_gui.sync.engine import Engine, RunOptions
from stickysync_gui.sync.snapshot import read_automate, read_snapshot, walk_uncovered

DEFAULT_SETTLE_SECONDS = 60.0


class Backend:
    """One user's way to both systems. Everything is called from one event loop.

    Args:
        settings_path: the settings file. keychain: this PC's secrets. history: the local run history.
        itglue_url: instead of a region's address.
    """

    demo = False

    def __init__(self, settings_path: Path, keychain: Keychain, history: History, *, itglue_url: str = "") -> None:
        self._settings_path = settings_path
        self._keychain = keychain
        self._history = history
        self._itglue_url = allowed_url(itglue_url) if itglue_url else ""
        self.settings = settings_file.load(settings_path)
        self._profile = self.settings.profile()
        self._database: Database | None = None
        self._facts: ServerFacts | None = None
        self._tables: TablesFound | None = None
        self._key: Secret | None = None
        self._itglue_state: ItGlueState | None = None
        self._pacers: dict[bool, Pacer] = {}
        self._tls_context: ssl.SSLContext | None = None
        self._organizations: dict[int, Organization] | None = None
        self._itglue_side: ItGlueSide | None = None
        self._itglue_read_at: datetime | None = None

    @classmethod
    def open(cls, home: Path, *, itglue_url: str = "") -> Backend:
        """Settings, key store and history; connects nothing.

        Args:
            home: folder of settings and history.
            itglue_url: instead of a region's address; IT Glue's three hosts or loopback only.

        Raises:
            UsageError: damaged settings, or an address where the key may not go.
        """
        return cls(home / "settings.toml", Keychain(), History(history_file()), itglue_url=itglue_url)

    @staticmethod
    def demo_backend() -> Backend:
        """A backend on embedded demo data; `start` builds and connects it."""
        from stickysync_gui.demo import DemoBackend

        return DemoBackend(Path(tempfile.mkdtemp(prefix="stickysync-demo-")))

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
        if self._database is None or self._facts is None or self._tables is None:
            return None
        address = self._database.address
        way = f"TLS, {address.tls.value}" if self._facts.encrypted else "no TLS"
        problems = tuple(self._tables.problems())
        return DatabaseState(address, self._facts.version, way, self._facts.encrypted, self._tables.missing, problems)

    async def saved_database_password(self, profile: Profile) -> Secret | None:
        """The profile's database password, from the environment or the key store."""
        return await asyncio.to_thread(self._keychain.database_password, profile.id)

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
            UnknownCertificate: the certificate is to be confirmed first.
        """
        await self.disconnect()
        self._profile = profile
        given = password
        password = password or await self.saved_database_password(profile)
        database = Database(profile.database, password)
        try:
            facts = await database.open()
            tables = await database.run(schema.find_tables)
        except BaseException:
            await database.close()
            raise
        self._database, self._facts, self._tables = database, facts, tables
        if remember:
            if given is not None:
                await asyncio.to_thread(self._keychain.keep_database_password, profile.id, given)
            self.save_settings(self.settings.with_profile(profile))
        try:
            await self.open_key()
        except (KeyUnreadable, UsageError):
            self._itglue_state = None
        state = self.database_state
        assert state is not None
        return state

    async def disconnect(self) -> None:
        """Close the database, and forget what was read."""
        database, self._database = self._database, None
        self._facts = self._tables = self._key = self._itglue_state = None
        self._organizations = self._itglue_side = self._itglue_read_at = None
        if database is not None:
            await database.close()

    def _open_database(self) -> tuple[Database, TablesFound]:
        if self._database is None or self._tables is None:
            raise DatabaseUnreachable(
                happened="No database is connected.",
                unchanged="Nothing was changed.",
                todo="Connect to Automate's database on the Configuration tab.",
            )
        return self._database, self._tables

    def tables_sql(self) -> str:
        """DDL and least-privilege grants for a DBA."""
        name = self._database.address.schema if self._database else DatabaseAddress().schema
        return schema.setup_sql(name)

    async def create_tables(self) -> DatabaseState:
        """Create the tables that are missing."""
        database, _ = self._open_database()
        await database.run(schema.create_missing)
        self._tables = await database.run(schema.find_tables)
        state = self.database_state
        assert state is not None
        return state

    async def self_check(self, report: Callable[[Finding], None] | None = None) -> list[Finding]:
        """Check everything that can be checked; needs an open database for most of it."""
        findings: list[Finding] = []

        def say(finding: Finding) -> None:
            findings.append(finding)
            if report is not None:
                report(finding)

        if self._database is not None and self._facts is not None and self._tables is not None:
            await check_database(self._database, self._facts, self._tables, say)
        else:
            say(Finding("Database", Verdict.FAILED, "No database is connected.", "Connect on the Configuration tab."))
        try:
            await self.open_key()
        except StickySyncError as error:
            say(Finding("API key", Verdict.FAILED, error.happened, error.todo))
        else:
            say(Finding("API key", Verdict.OK, "It can be read."))
            async with self._glue() as glue:
                await check_itglue(glue, say)
        return findings

    # --- passphrase and key -------------------------------------------------------------------------------------

    @property
    def itglue_state(self) -> ItGlueState | None:
        """The usable API key, or None."""
        return self._itglue_state

    def _secrets_id(self) -> str:
        return self._profile.id if self._profile else "default"

    async def _passphrase(self) -> Secret | None:
        return await asyncio.to_thread(self._keychain.passphrase, self._secrets_id())

    async def _stored_key(self) -> str | None:
        database, tables = self._open_database()
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

    async def key_state(self) -> KeyState:
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
        """
        _require_length(passphrase)
        stored = await self._stored_key()
        if stored is not None and sealing.is_ours(stored):
            await asyncio.to_thread(sealing.unseal, stored, passphrase)
        await asyncio.to_thread(self._keychain.keep_passphrase, self._secrets_id(), passphrase)
        state = await self.key_state()
        if state is KeyState.READABLE:
            await self.open_key()
        return state

    async def change_passphrase(self, old: Secret, new: Secret) -> None:
        """Seal the stored key under a new passphrase; colleagues' PCs ask for it once.

        Raises:
            KeyUnreadable: there is no key that `old` opens. UsageError: `new` is too short.
        """
        _require_length(new)
        stored = await self._stored_key()
        if stored is None:
            raise _no_key()
        await self._write_key(await asyncio.to_thread(sealing.unseal, stored, old), new)
        await asyncio.to_thread(self._keychain.keep_passphrase, self._secrets_id(), new)

    async def open_key(self) -> ItGlueState:
        """Make the API key usable: from the environment, else the stored one.

        Raises:
            KeyUnreadable: none, foreign, or not to be opened. UsageError: no address for it.
        """
        self._itglue_state = None
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
        url = self._itglue_url or (sealed.region.url if sealed.region else "")
        url = url or os.environ.get("STICKYSYNC_ITGLUE_URL", "")
        self._key = sealed.key
        region = sealed.region
        if not url:
            region = await detect_region(lambda at: self._glue_at(at, sealed.key))
            url = region.url
        self._itglue_state = ItGlueState(allowed_url(url), region, words)
        return self._itglue_state

    async def apply_key(self, key: Secret, region: Region | None, *, replace: bool = False) -> ItGlueState:
        """Check a key live, then store it sealed.

        Args:
            key: blanks and line breaks round it are removed.
            region: None tries all three.
            replace: over a value that cannot be read.

        Raises:
            PassphraseNeeded, ForeignKeyStored, WrongPassphrase: before anything is sent.
            KeyRefused, ItGlueUnreachable: the check failed; nothing was stored.
            DatabaseRefused: the sealed key does not fit its column.
        """
        key = Secret(key.reveal().strip())
        _, tables = self._open_database()
        tables.require([t.settings])
        passphrase = await self._passphrase()
        if passphrase is None:
            raise _no_passphrase()
        stored = await self._stored_key()
        if stored is not None and not replace:
            await asyncio.to_thread(sealing.unseal, stored, passphrase)
        url = self._itglue_url
        if not url and region is None:
            region = await detect_region(lambda at: self._glue_at(at, key))
        url = url or (region.url if region else "")
        async with self._glue_at(url, key) as glue:
            await check_key(glue)
        await self._write_key(SealedKey(key, None if self._itglue_url else region), passphrase)
        self._organizations = self._itglue_side = None
        return await self._use(SealedKey(key, region), "stored API key")

    async def _write_key(self, sealed: SealedKey, passphrase: Secret) -> None:
        database, tables = self._open_database()
        text = await asyncio.to_thread(sealing.seal, sealed, passphrase)
        room = tables.api_key_length
        if room is not None and len(text) > room:
            raise DatabaseRefused(
                happened=f"The sealed API key has {len(text)} characters; {t.settings.name}.APIKey holds {room}.",
                unchanged="The stored value was left as it is.",
                todo=f"Let a DBA run:\nALTER TABLE {t.settings.name} MODIFY APIKey VARCHAR({max(255, len(text))});",
            )
        await database.run(plugin.write_key, text)

    async def check_stored_key(self) -> ItGlueState:
        """Open the stored key and check it live."""
        state = await self.open_key()
        async with self._glue() as glue:
            await check_key(glue)
        return state

    async def categories(self) -> list[Category]:
        """The account's password categories."""
        async with self._glue() as glue:
            return await glue.categories()

    # --- IT Glue ------------------------------------------------------------------------------------------------

    def _glue(self, report: Report = no_report, stop: asyncio.Event | None = None) -> ItGlue:
        if self._itglue_state is None or self._key is None:
            raise _no_key()
        return self._glue_at(self._itglue_state.url, self._key, report, stop)

    def _glue_at(self, url: str, key: Secret, report: Report = no_report, stop: asyncio.Event | None = None) -> ItGlue:
        local = is_loopback(url)
        # The sandbox has no limit to keep; IT Glue's counts for everything in this process.
        pacer = self._pacers.setdefault(local, Pacer(Budget(requests=None) if local else Budget()))
        return ItGlue(url, key, pacer, stop=stop, report=report, context=self._context())

    def _context(self) -> ssl.SSLContext:
        if self._tls_context is None:
            self._tls_context = ssl.create_default_context()
        return self._tls_context

    # --- org mapping --------------------------------------------------------------------------------------------

    async def mapping_overview(self, *, refresh: bool = False) -> MappingOverview:
        """Both sides of the company map; organizations are kept until `refresh`.

        Without a usable key the organizations are empty and none counts as gone.
        """
        database, tables = self._open_database()
        if self._itglue_state is not None and (refresh or self._organizations is None):
            async with self._glue() as glue:
                self._organizations = await glue.organizations()
        clients = await database.run(automate.clients)
        counts = await database.run(automate.password_counts)
        mappings = [] if t.companymap.name in tables.missing else await database.run(plugin.mappings)
        organizations = list(self._organizations.values()) if self._organizations is not None else None
        return map_overview(clients, counts, mappings, organizations)

    async def map_clients(
        self, wanted: Mapping[int, int | None], expected: Mapping[int, tuple[int, ...]] | None = None
    ) -> None:
        """Map clients to organizations, or to none, in one transaction.

        Args:
            wanted: organization id by client id; None unmaps.
            expected: what each client was mapped to when it was shown.

        Raises:
            MappingChanged: somebody changed one meanwhile; nothing is written.
        """
        database, tables = self._open_database()
        tables.require([t.companymap])
        tables.require_ids_fit([id_ for id_ in wanted.values() if id_ is not None], [])
        await database.write_map(choices.map_clients, dict(wanted), dict(expected or {}))

    async def linked_password_counts(self, client_ids: Collection[int]) -> dict[int, int]:
        """How many passwords of each client are linked."""
        database, tables = self._open_database()
        if t.passwordmap.name in tables.missing:
            return {}
        return await database.run(choices.linked_counts, frozenset(client_ids))

    async def suggestions(self) -> list[Suggestion]:
        """The best organization for each unmapped client."""
        overview = await self.mapping_overview()
        unmapped = [row.client for row in overview.clients if row.exists and row.organization_id is None]
        organizations = [row.organization for row in overview.organizations if row.exists]
        dismissed = self.settings.dismissed_suggestions
        return await asyncio.to_thread(suggest, unmapped, organizations, dismissed)

    def dismiss_suggestion(self, client_id: int, organization_id: int) -> None:
        """Never suggest this pair again."""
        dismissed = self.settings.dismissed_suggestions | {(client_id, organization_id)}
        self.save_settings(replace(self.settings, dismissed_suggestions=dismissed))

    # --- passwords ----------------------------------------------------------------------------------------------

    @property
    def itglue_read_at(self) -> datetime | None:
        """When IT Glue was last read whole."""
        return self._itglue_read_at

    def _rules(self) -> Rules:
        text = os.environ.get("STICKYSYNC_SETTLE_SECONDS", "")
        try:
            seconds = float(text) if text else DEFAULT_SETTLE_SECONDS
        except ValueError:
            raise UsageError(
                happened="STICKYSYNC_SETTLE_SECONDS is not a number.",
                unchanged="Nothing was changed.",
                todo="Give seconds, such as 60, or leave it away.",
            ) from None
        return self.settings.options.rules(seconds)

    async def automate_side(self) -> AutomateSide:
        """Everything of Automate's side, at once."""
        database, tables = self._open_database()
        return await read_automate(database, tables, allow_windows_1252=self.settings.options.windows_1252)

    async def plan(
        self, scope: Scope = EVERYTHING, *, report: Report = no_report, stop: asyncio.Event | None = None
    ) -> Plan:
        """Read both sides and decide every row in scope; writes nothing and takes no lock."""
        database, tables = self._open_database()
        async with self._glue(report, stop) as glue:
            snapshot = await read_snapshot(
                database,
                tables,
                glue,
                scope,
                allow_windows_1252=self.settings.options.windows_1252,
                report=report,
            )
        self._remember(snapshot, scope)
        return await asyncio.to_thread(make_plan, snapshot, self._rules(), scope)

    async def replan(self) -> Plan | None:
        """Decide again with what is in the database now and IT Glue as last read; None when it never was."""
        side = await self.automate_side()
        if self._itglue_side is None:
            return None
        if self._itglue_state is not None:
            async with self._glue() as glue:
                self._itglue_side = await walk_uncovered(glue, side, self._itglue_side)
        return await asyncio.to_thread(make_plan, Snapshot(side, self._itglue_side), self._rules())

    def _remember(self, snapshot: Snapshot, scope: Scope) -> None:
        self._organizations = dict(snapshot.itglue.organizations)
        if scope.is_everything:
            self._itglue_side = snapshot.itglue
            self._itglue_read_at = datetime.now().astimezone()
        elif self._itglue_side is not None:
            known = self._itglue_side
            entries = {**known.entries, **snapshot.itglue.entries}
            gone = (known.gone | snapshot.itglue.gone) - snapshot.itglue.entries.keys()
            self._itglue_side = replace(known, entries=entries, gone=gone)

    async def sync(
        self,
        scope: Scope = EVERYTHING,
        *,
        report: Report = no_report,
        stop: asyncio.Event | None = None,
        overrides: Mapping[Guard, int] | None = None,
        override_all: bool = False,
        approved: frozenset[tuple[int, Action]] | None = None,
        wait_seconds: float = 0,
    ) -> Summary:
        """Run a sync; see `sync/engine.py`. What it did until an error stands in the error's `summary`."""
        database, tables = self._open_database()
        chosen = self.settings.options
        options = RunOptions(
            scope=scope,
            kind="autosync" if scope.autosync_only else "sync",
            rules=self._rules(),
            limits=chosen.guards,
            overrides=overrides or {},
            override_all=override_all,
            approved=approved,
            category_id=chosen.category_id,
            allow_windows_1252=chosen.windows_1252,
            lock_wait_seconds=wait_seconds,
        )
        stop = stop or asyncio.Event()
        async with self._glue(report, stop) as glue:
            engine = Engine(database, tables, glue, options, report=report, stop=stop)
            try:
                await engine.run()
            except StickySyncError as error:
                error.summary = engine.result.summary
                raise
            finally:
                if engine.result.snapshot is not None:
                    self._remember(engine.result.snapshot, scope)
                if engine.has_begun:
                    await self._record(engine.result.summary, options)
        return engine.result.summary

    async def _record(self, summary: Summary, options: RunOptions) -> None:
        where = self._profile.database.words() if self._profile else ""
        add = self._history.add
        await asyncio.to_thread(add, summary, database=where, kind=options.kind, scope=options.scope.words())

    async def set_autosync(self, password_ids: Collection[int], on: bool) -> None:
        """Tick or untick AutoSync, in one transaction."""
        database, tables = self._open_database()
        tables.require([t.passwordautosync])
        await database.write_map(plugin.write_ticks, frozenset(password_ids), on)

    async def link(self, password_id: int, entry_id: int) -> None:
        """Link a password to an entry of the user's choice; the next run updates it.

        Raises:
            UsageError: IT Glue does not show the entry, or another password is linked to it.
            LockHeld: a run is on.
        """
        async with self._glue() as glue:
            found = (await glue.listed([entry_id])).get(entry_id) or await glue.entry(entry_id)
        if found is None:
            raise UsageError(
                happened=f"IT Glue shows no entry {entry_id}.",
                unchanged="The link was left as it is.",
                todo="Take the number from the entry's address in IT Glue.",
            )
        await self._choose(choices.link, password_id, entry_id)
        if self._itglue_side is not None:
            self._itglue_side = replace(self._itglue_side, entries={**self._itglue_side.entries, entry_id: found})

    async def unlink(self, password_id: int) -> None:
        """Forget a password's link; its entry stays, and is listed as left behind. LockHeld when a run is on."""
        await self._choose(choices.unlink, password_id)

    async def keep_moved(self, password_id: int) -> None:
        """Accept the organization where a moved entry lies, and keep updating it there."""
        async with self._glue() as glue:
            database, _ = self._open_database()
            linked = await database.run(plugin.entries_of, password_id)
            entry = await glue.entry(next(iter(linked))) if len(linked) == 1 else None
        if entry is None:
            raise UsageError(
                happened=f"Password {password_id} has no single linked entry that IT Glue shows.",
                unchanged="Nothing was changed.",
                todo="Refresh, then choose again.",
            )
        await self._choose(choices.keep_moved, password_id, entry.organization_id)

    async def _choose(self, act: Callable[..., None], *arguments: int) -> None:
        """Write a user's choice while no run is on."""
        database, tables = self._open_database()
        tables.require((*t.PLUGIN_TABLES, *t.OWN_TABLES))
        tables.require_writable_state()

        def locked() -> None:
            lock = RunLock(database)
            lock.take()
            try:
                database.map_unit(act, *arguments)
            finally:
                lock.release()

        await database.call(locked)

    # --- history ------------------------------------------------------------------------------------------------

    async def runs(self, limit: int = 200) -> list[RunRecord]:
        """The latest runs of this PC, newest first."""
        return await asyncio.to_thread(self._history.runs, limit)

    async def run_rows(self, run_id: str) -> list[Step]:
        """The row outcomes of a run."""
        return await asyncio.to_thread(self._history.rows, run_id)


def _require_length(passphrase: Secret) -> None:
    if len(passphrase.reveal()) < sealing.LEAST_CHARACTERS:
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
        todo="Enter it on the Configuration tab (stickysync passphrase set).",
    )
