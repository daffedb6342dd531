"""Automate's half of a snapshot: its own tables and the plugin's, of all clients, in one transaction."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from stickysync_gui.domain.snapshot import AutomateSide
from stickysync_gui.storage import automate, plugin
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.schema import TablesFound


def automate_side(connection: Connection, tables: TablesFound, allow_windows_1252: bool) -> AutomateSide:
    """Read everything of Automate's side; tables that are not there count as empty."""
    with _without_collection():
        return _read(connection, tables, allow_windows_1252)


@contextmanager
def _without_collection() -> Iterator[None]:
    # Nothing of what is read is garbage, and the collector would go through all of it again and again.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(connection: Connection, tables: TablesFound, allow_windows_1252: bool) -> AutomateSide:
    there = frozenset(tables.present)
    passwords = automate.passwords(connection)
    return AutomateSide(
        clients={client.id: client for client in automate.clients(connection)},
        passwords=passwords,
        values=automate.value_findings(passwords, allow_windows_1252=allow_windows_1252),
        mappings=plugin.mappings(connection) if t.companymap.name in there else [],
        links=plugin.links(connection) if t.passwordmap.name in there else [],
        states=plugin.states(connection) if t.syncstate.name in there else {},
        ticked=plugin.ticked(connection) if t.passwordautosync.name in there else frozenset(),
        locations=automate.location_names(connection),
    )
