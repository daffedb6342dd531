"""Reading both sides for one plan.

Automate is read before IT Glue is walked: a sending mark's age then counts up to a moment before the walk, as the
settle rule demands (product.md 5).
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from stickysync_gui.domain.guards import GuardLimits
from stickysync_gui.domain.progress import Phase, PhaseStarted, Report
from stickysync_gui.domain.records import Entry, MarkKind, Organization, ValueState
from stickysync_gui.domain.snapshot import EVERYTHING, AutomateSide, ItGlueSide, Scope, Snapshot
from stickysync_gui.itglue.answers import Refused
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.storage.automate_side import automate_side
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.schema import TablesFound

_LOOK_UPS_AT_ONCE = 4
_LOOK_UPS_ONE_BY_ONE = 5
"""Up to here, missing entries are shown one by one at once; above, a list sorts out those that merely moved."""


async def read_snapshot(
    database: Database,
    tables: TablesFound,
    glue: ItGlue,
    scope: Scope,
    *,
    allow_windows_1252: bool,
    report: Report,
    limits: GuardLimits | None = None,
) -> Snapshot:
    """Read both sides.

    Args:
        tables: which of the plugin's tables are there; absent ones count as empty.
        scope: IT Glue may be walked only as far as this scope needs.
        limits: see `read_itglue`.
    """
    report(PhaseStarted(Phase.READING_AUTOMATE))
    side, organizations = await asyncio.gather(
        read_automate(database, tables, allow_windows_1252=allow_windows_1252), glue.organizations()
    )
    # It stays for the whole run; the walk's many short-lived objects would make the collector go through it.
    gc.freeze()
    report(PhaseStarted(Phase.READING_ITGLUE))
    return Snapshot(side, await read_itglue(glue, organizations, side, scope, limits))


async def read_automate(database: Database, tables: TablesFound, *, allow_windows_1252: bool) -> AutomateSide:
    """Read everything of Automate's side in one transaction; which values can be read is found off the loop."""
    return await database.run(automate_side, tables, allow_windows_1252)


async def read_itglue(
    glue: ItGlue,
    organizations: dict[int, Organization],
    side: AutomateSide,
    scope: Scope,
    limits: GuardLimits | None = None,
) -> ItGlueSide:
    """Walk what the scope needs, and look up linked entries that the walk did not meet.

    Args:
        limits: missing entries are asked for up to the number that stops a run; None asks for every one.

    One walk over the whole account, or one per organization, whichever takes fewer pages.
    """
    needed = _organizations_needed(side, scope) & organizations.keys()
    entries: dict[int, Entry] = {}
    walked: frozenset[int] | None = needed
    whole = await glue.walk(most_pages=len(needed)) if len(needed) > 1 or scope.is_everything else None
    if whole is not None:
        entries, walked = dict(whole.entries), None
    else:
        for organization_id in sorted(needed):
            walk = await glue.walk(organization_id)
            if walk is not None:
                entries.update(walk.entries)
    linked = _linked_entries(side, scope)
    unmet = sorted(linked - entries.keys())
    if len(unmet) > _LOOK_UPS_ONE_BY_ONE:
        entries.update(await glue.listed(unmet))
    lookup = _LookUp(glue, entries)
    enough = None if limits is None else limits.missing_to_alarm(len(linked))
    await lookup.each([id_ for id_ in unmet if id_ not in entries], enough)
    return ItGlueSide(organizations, entries, frozenset(lookup.gone), lookup.withheld, walked)


class _LookUp:
    """Shows linked entries one by one, a few at a time, to tell those that are gone from those that moved."""

    def __init__(self, glue: ItGlue, entries: dict[int, Entry]) -> None:
        self._glue = glue
        self._entries = entries
        self.gone: set[int] = set()
        self.withheld: dict[int, str] = {}

    async def each(self, entry_ids: list[int], enough: int | None) -> None:
        """Look the ids up.

        Args:
            enough: so many missing ones stop a run, so the rest need not be asked for one by one; None asks for all.
        """
        queue = deque(entry_ids)

        async def work() -> None:
            while queue and (enough is None or len(self.gone) < enough):
                await self._look(queue.popleft())

        await asyncio.gather(*(work() for _ in range(_LOOK_UPS_AT_ONCE)))
        self.withheld.update(dict.fromkeys(queue, "so many are missing that this one was not asked for"))

    async def _look(self, entry_id: int) -> None:
        try:
            entry = await self._glue.entry(entry_id)
        except Refused as refused:
            await self._glue.probe()
            self.withheld[entry_id] = refused.words
            return
        if entry is None:
            self.gone.add(entry_id)
        else:
            self._entries[entry_id] = entry


async def walk_uncovered(glue: ItGlue, side: AutomateSide, known: ItGlueSide) -> ItGlueSide:
    """Walk what an earlier reading left out and Automate's side needs by now, such as a newly mapped organization."""
    needed = {i for i in _organizations_needed(side, EVERYTHING) & known.organizations.keys() if not known.covers(i)}
    entries, walked = dict(known.entries), known.walked
    for organization_id in sorted(needed):
        walk = await glue.walk(organization_id)
        if walk is not None and walked is not None:
            entries.update(walk.entries)
            walked |= {organization_id}
    return replace(known, entries=entries, walked=walked)


def _organizations_needed(side: AutomateSide, scope: Scope) -> frozenset[int]:
    clients = {p.client_id for p in side.passwords if scope.includes(p, p.id in side.ticked)}
    mapped = {m.organization_id for m in side.mappings if m.client_id in clients}
    # An interrupted create may have left its entry in an organization that is no longer mapped.
    marked = {
        s.mark.organization_id for s in side.states.values() if s.mark is not None and s.mark.kind is MarkKind.CREATE
    }
    return frozenset(mapped | marked)


def _linked_entries(side: AutomateSide, scope: Scope) -> frozenset[int]:
    """Linked entries of rows whose status depends on them; rows without mapping or value are decided without."""
    mapped = {m.client_id for m in side.mappings}
    usable = {
        p.id
        for p in side.passwords
        if p.client_id in mapped
        and side.values[p.id].state in (ValueState.READABLE, ValueState.GUESSED)
        and scope.includes(p, p.id in side.ticked)
    }
    return frozenset(link.entry_id for link in side.links if link.password_id in usable)


def newest_ids(itglue: ItGlueSide) -> tuple[Iterable[int], Iterable[int]]:
    """Organization ids and entry ids of the account, for the check that they fit their columns."""
    return itglue.organizations.keys(), itglue.entries.keys()
