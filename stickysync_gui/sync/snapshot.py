"""Reading both sides for one plan.

Automate is read before IT Glue is walked: a sending mark's age then counts up to a moment before the walk, as the
settle rule demands (product.md 5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from stickysync_gui.domain.progress import Phase, PhaseStarted, Report
from stickysync_gui.domain.records import Entry, MarkKind, Organization, ValueState
from stickysync_gui.domain.snapshot import EVERYTHING, AutomateSide, ItGlueSide, Scope, Snapshot
from stickysync_gui.itglue.answers import Refused
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.storage.automate_side import automate_side
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.schema import TablesFound

_LOOK_UPS_ONE_BY_ONE = 5
"""Up to here, missing entries are shown one by one at once; above, a list sorts out those that merely moved."""


async def read_snapshot(
    database: Database, tables: TablesFound, glue: ItGlue, scope: Scope, *, allow_windows_1252: bool, report: Report
) -> Snapshot:
    """Read both sides.

    Args:
        tables: which of the plugin's tables are there; absent ones count as empty.
        scope: IT Glue may be walked only as far as this scope needs.
    """
    report(PhaseStarted(Phase.READING_AUTOMATE))
    side, organizations = await asyncio.gather(
        read_automate(database, tables, allow_windows_1252=allow_windows_1252), glue.organizations()
    )
    report(PhaseStarted(Phase.READING_ITGLUE))
    return Snapshot(side, await read_itglue(glue, organizations, side, scope))


async def read_automate(database: Database, tables: TablesFound, *, allow_windows_1252: bool) -> AutomateSide:
    """Read everything of Automate's side in one transaction; which values can be read is found off the loop."""
    return await database.run(automate_side, tables, allow_windows_1252)


async def read_itglue(
    glue: ItGlue, organizations: dict[int, Organization], side: AutomateSide, scope: Scope
) -> ItGlueSide:
    """Walk what the scope needs, and look up linked entries that the walk did not meet.

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
    unmet = sorted(_linked_entries(side, scope) - entries.keys())
    if len(unmet) > _LOOK_UPS_ONE_BY_ONE:
        entries.update(await glue.listed(unmet))
    gone: set[int] = set()
    withheld: dict[int, str] = {}
    for entry_id in unmet:
        if entry_id in entries:
            continue
        try:
            entry = await glue.entry(entry_id)
        except Refused as refused:
            await glue.probe()
            withheld[entry_id] = refused.words
        else:
            if entry is None:
                gone.add(entry_id)
            else:
                entries[entry_id] = entry
    return ItGlueSide(organizations, entries, frozenset(gone), withheld, walked)


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
