"""What the window and the console both call, once the connections are there."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stickysync_gui.backend.connections import Connections
from stickysync_gui.domain.autosync import AutoSyncState
from stickysync_gui.domain.connection import DatabaseAddress, ItGlueState
from stickysync_gui.domain.guards import Guard, check_guards
from stickysync_gui.domain.overview import MappingOverview, map_overview
from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Action, Matching, Plan, Rules
from stickysync_gui.domain.progress import Report, Step, Summary, no_report
from stickysync_gui.domain.records import Client, Entry
from stickysync_gui.domain.snapshot import EVERYTHING, AutomateSide, Scope, Snapshot
from stickysync_gui.errors import GuardStopped, StickySyncError, UsageError
from stickysync_gui.history import RunRecord
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.storage import automate, choices, plugin, rounds, schema
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.run_table import last_good_password_count
from stickysync_gui.sync.engine import Engine, RunOptions
from stickysync_gui.sync.snapshot import read_automate, read_snapshot, walk_uncovered

if TYPE_CHECKING:
    from stickysync_gui.domain.matching import Suggestion

DEFAULT_SETTLE_SECONDS = 60.0


class Backend(Connections):
    """One user's way to both systems: mapping, planning, syncing, choices and history."""

    demo = False

    @staticmethod
    def demo_backend() -> Backend:
        """A backend on embedded demo data; `start` builds and connects it."""
        from stickysync_gui.backend.demo import DemoBackend

        return DemoBackend(Path(tempfile.mkdtemp(prefix="stickysync-demo-")))

    async def open_key(self) -> ItGlueState:
        """Make the API key usable, or say why it is not; `connect` tries the same and keeps silent.

        Raises:
            KeyUnreadable: none, foreign, or not to be opened. UsageError: no address where it may go.
        """
        return await self._keys.open()

    def tables_sql_for(self, address: DatabaseAddress) -> str:
        """What `tables_sql` gives, for a database that is not open: whoever needs it may have no rights there yet."""
        return schema.setup_sql(address.schema, address.user) if address.user else schema.setup_sql(address.schema)

    # --- org mapping --------------------------------------------------------------------------------------------

    async def clients(self) -> list[Client]:
        """Automate's clients."""
        database, _ = self._door.opened()
        return await database.run(automate.clients)

    async def stored_mapping(self) -> MappingOverview:
        """The company map as the database alone shows it: no organization has a name, and none counts as gone."""
        database, tables = self._door.opened()
        clients = await database.run(automate.clients)
        counts = await database.run(automate.password_counts)
        mappings = [] if t.companymap.name in tables.missing else await database.run(plugin.mappings)
        return map_overview(clients, counts, mappings, None)

    async def mapping_overview(self, *, refresh: bool = False) -> MappingOverview:
        """Both sides of the company map; organizations are kept until `refresh`.

        Without a usable key the organizations are empty and none counts as gone.
        """
        database, tables = self._door.opened()
        if self._keys.state is not None and (refresh or self._memory.organizations is None):
            async with self._keys.itglue() as glue:
                self._memory.organizations = await glue.organizations()
        clients = await database.run(automate.clients)
        counts = await database.run(automate.password_counts)
        mappings = [] if t.companymap.name in tables.missing else await database.run(plugin.mappings)
        organizations = list(self._memory.organizations.values()) if self._memory.organizations is not None else None
        return await asyncio.to_thread(map_overview, clients, counts, mappings, organizations)

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
        database, tables = self._door.opened()
        tables.require([t.companymap])
        tables.require_ids_fit([id_ for id_ in wanted.values() if id_ is not None], [])
        await database.write_map(choices.map_clients, dict(wanted), dict(expected or {}))

    async def linked_password_counts(self, client_ids: Collection[int]) -> dict[int, int]:
        """How many passwords of each client are linked."""
        database, tables = self._door.opened()
        if t.passwordmap.name in tables.missing:
            return {}
        return await database.run(choices.linked_counts, frozenset(client_ids))

    async def suggestions(self) -> list[Suggestion]:
        """The best organization for each unmapped client."""
        overview = await self.mapping_overview()
        unmapped = [row.client for row in overview.clients if row.exists and row.organization_id is None]
        dismissed = self.settings.dismissed_suggestions

        def best() -> list[Suggestion]:
            # What compares names is loaded when it is asked for, and off the loop.
            from stickysync_gui.domain.matching import suggest

            return suggest(unmapped, self._memory.matcher(), dismissed)

        return await asyncio.to_thread(best)

    def dismiss_suggestion(self, client_id: int, organization_id: int) -> None:
        """Never suggest this pair again."""
        dismissed = self.settings.dismissed_suggestions | {(client_id, organization_id)}
        self.save_settings(replace(self.settings, dismissed_suggestions=dismissed))

    def bring_back_suggestions(self) -> None:
        """Suggest again what was dismissed on this PC."""
        self.save_settings(replace(self.settings, dismissed_suggestions=frozenset()))

    # --- passwords ----------------------------------------------------------------------------------------------

    @property
    def itglue_read_at(self) -> datetime | None:
        """When IT Glue was last read whole."""
        return self._memory.read_at

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
        database, tables = self._door.opened()
        return await read_automate(database, tables, allow_windows_1252=self.settings.options.windows_1252)

    async def plan(
        self, scope: Scope = EVERYTHING, *, report: Report = no_report, stop: asyncio.Event | None = None
    ) -> Plan:
        """Read both sides and decide every row in scope; writes nothing and takes no lock."""
        snapshot = await self._read(scope, report, stop)
        return await asyncio.to_thread(make_plan, snapshot, self._rules(), scope)

    async def guarded_plan(
        self, scope: Scope = EVERYTHING, *, report: Report = no_report, stop: asyncio.Event | None = None
    ) -> tuple[Plan, GuardStopped | None]:
        """A plan, and the guard that would stop a sync of it."""
        database, tables = self._door.opened()
        snapshot = await self._read(scope, report, stop)
        plan = await asyncio.to_thread(make_plan, snapshot, self._rules(), scope)
        last_good = None if t.run.name in tables.missing else await database.run(last_good_password_count)
        try:
            check_guards(plan, snapshot.automate, scope, last_good, self.settings.options.guards, {})
        except GuardStopped as stopped:
            return plan, stopped
        return plan, None

    async def _read(self, scope: Scope, report: Report, stop: asyncio.Event | None) -> Snapshot:
        database, tables = self._door.opened()
        async with self._keys.itglue(report, stop) as glue:
            snapshot = await read_snapshot(
                database,
                tables,
                glue,
                scope,
                allow_windows_1252=self.settings.options.windows_1252,
                report=report,
                limits=self.settings.options.guards,
            )
        self._memory.take(snapshot.itglue, scope)
        return snapshot

    async def autosync_state(self) -> AutoSyncState:
        """Where AutoSync stands on all PCs together."""
        database, tables = self._door.opened()
        tables.require((*t.PLUGIN_TABLES, *t.OWN_TABLES))
        return await database.run(rounds.autosync_state, self.settings.options.autosync_minutes)

    async def replan(self) -> Plan | None:
        """Decide again with what is in the database now and IT Glue as last read; None when it never was."""
        side = await self.automate_side()
        if self._memory.side is None:
            return None
        if self._keys.state is not None:
            async with self._keys.itglue() as glue:
                self._memory.side = await walk_uncovered(glue, side, self._memory.side)
        return await asyncio.to_thread(make_plan, Snapshot(side, self._memory.side), self._rules())

    async def sync(
        self,
        scope: Scope = EVERYTHING,
        *,
        report: Report = no_report,
        stop: asyncio.Event | None = None,
        overrides: Mapping[Guard, int] | None = None,
        override_all: bool = False,
        approved: frozenset[tuple[int, Action]] | None = None,
        matching: Matching | None = None,
        wait_seconds: float = 0,
    ) -> Summary:
        """Run a sync; see `sync/engine.py`. What it did until an error stands in the error's `summary`.

        Args:
            matching: what is done about existing entries, other than the options say.
        """
        database, tables = self._door.opened()
        chosen, rules = self.settings.options, self._rules()
        options = RunOptions(
            scope=scope,
            kind=rounds.AUTOSYNC if scope.autosync_only else "sync",
            rules=replace(rules, matching=matching) if matching is not None else rules,
            limits=chosen.guards,
            overrides=overrides or {},
            override_all=override_all,
            approved=approved,
            category_id=chosen.category_id,
            allow_windows_1252=chosen.windows_1252,
            bulk_creation=chosen.bulk_creation,
            lock_wait_seconds=wait_seconds,
        )
        stop = stop or asyncio.Event()
        async with self._keys.itglue(report, stop) as glue:
            engine = Engine(database, tables, glue, options, report=report, stop=stop)
            try:
                await engine.run()
            except StickySyncError as error:
                error.summary = engine.result.summary
                raise
            finally:
                if engine.result.snapshot is not None:
                    self._memory.take(engine.result.snapshot.itglue, scope)
                if engine.has_begun:
                    await self._record(engine.result.summary, options)
        return engine.result.summary

    async def _record(self, summary: Summary, options: RunOptions) -> None:
        where = self._profile.database.words() if self._profile else ""
        add = self._history.add
        summary.history_kept = await asyncio.to_thread(
            add, summary, database=where, kind=options.kind, scope=options.scope.words()
        )

    async def set_autosync(self, password_ids: Collection[int], on: bool) -> None:
        """Tick or untick AutoSync, in one transaction."""
        database, tables = self._door.opened()
        tables.require([t.passwordautosync])
        await database.write_map(plugin.write_ticks, frozenset(password_ids), on)

    async def link(self, password_id: int, entry_id: int) -> None:
        """Link a password to an entry of the user's choice; the next run updates it.

        Raises:
            UsageError: IT Glue does not show the entry, or another password is linked to it.
            LockHeld: a run is on.
        """
        async with self._keys.itglue() as glue:
            found = (await _shown(glue, [entry_id])).get(entry_id)
        if found is None:
            raise UsageError(
                happened=f"IT Glue shows no entry {entry_id}.",
                unchanged="The link was left as it is.",
                todo="Take the number from the entry's address in IT Glue.",
            )
        await self._door.choose(choices.link, password_id, entry_id)
        self._memory.take_entry(found)

    async def linked_passwords(self, client_ids: Collection[int]) -> list[int]:
        """The ids of the linked passwords of some clients."""
        database, _ = self._door.opened()
        return await database.run(choices.links_of, frozenset(client_ids))

    async def unlink(self, *password_ids: int) -> None:
        """Forget links, all or none; the entries stay, and are listed as left behind. LockHeld when a run is on."""
        await self._door.choose(choices.unlink, *password_ids)

    async def keep_moved(self, *password_ids: int) -> None:
        """Accept the organizations where moved entries lie, and keep updating them there.

        Raises:
            UsageError: none of the passwords has a single linked entry that IT Glue shows; others are passed over.
            LockHeld: a run is on.
        """
        database, _ = self._door.opened()
        linked = {id_: await database.run(plugin.entries_of, id_) for id_ in password_ids}
        entry_of = {password_id: next(iter(entries)) for password_id, entries in linked.items() if len(entries) == 1}
        async with self._keys.itglue() as glue:
            shown = await _shown(glue, set(entry_of.values()))
        organizations = {id_: shown[entry].organization_id for id_, entry in entry_of.items() if entry in shown}
        if not organizations:
            which = f"Password {password_ids[0]}" if len(password_ids) == 1 else "Each of these passwords"
            raise UsageError(
                happened=f"{which} lacks a single linked entry that IT Glue shows.",
                unchanged="Nothing was changed.",
                todo="Refresh, then choose again.",
            )
        await self._door.choose(choices.keep_moved, organizations)

    # --- history ------------------------------------------------------------------------------------------------

    async def runs(self, limit: int = 200) -> list[RunRecord]:
        """The latest runs of this PC, newest first."""
        return await asyncio.to_thread(self._history.runs, limit)

    async def run_rows(self, run_id: str) -> list[Step]:
        """The row outcomes of a run."""
        return await asyncio.to_thread(self._history.rows, run_id)


async def _shown(glue: ItGlue, entry_ids: Collection[int]) -> dict[int, Entry]:
    """Entries by id, from lists as far as they are listed: a new record may be shown before it is."""
    found = await glue.listed(sorted(entry_ids))
    for id_ in set(entry_ids) - found.keys():
        entry = await glue.entry(id_)
        if entry is not None:
            found[id_] = entry
    return found
