"""The open connection to Automate's database: what was found at opening it, and acts on it as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stickysync_gui.domain.connection import DatabaseAddress, DatabaseState
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import DatabaseUnreachable
from stickysync_gui.storage import schema
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.database import Database, ServerFacts
from stickysync_gui.storage.run_lock import RunLock
from stickysync_gui.storage.run_table import RunBegun, record_choice
from stickysync_gui.storage.schema import TablesFound


class AutomateDoor:
    """One database at a time, open or not."""

    def __init__(self) -> None:
        self._database: Database | None = None
        self._facts: ServerFacts | None = None
        self._tables: TablesFound | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> DatabaseState | None:
        """The open connection in words, or None."""
        if self._database is None or self._facts is None or self._tables is None:
            return None
        address = self._database.address
        way = f"TLS, {address.tls.value}" if self._facts.encrypted else "no TLS"
        problems = tuple(self._tables.problems())
        return DatabaseState(address, self._facts.version, way, self._facts.encrypted, self._tables.missing, problems)

    @property
    def facts(self) -> ServerFacts | None:
        """What the server said of itself, or None while closed."""
        return self._facts

    def opened(self) -> tuple[Database, TablesFound]:
        """The open database and its tables.

        Raises:
            DatabaseUnreachable: none is open.
        """
        if self._database is None or self._tables is None:
            raise DatabaseUnreachable(
                happened="No database is connected.",
                unchanged="Nothing was changed.",
                todo="Connect to Automate's database on the Configuration tab.",
            )
        return self._database, self._tables

    async def open(self, address: DatabaseAddress, password: Secret | None) -> None:
        """Open a database; what was open before is closed first."""
        await self.close()
        database = Database(address, password)
        try:
            facts = await database.open()
            tables = await database.run(schema.find_tables)
        except asyncio.CancelledError:
            # Its thread may hang in an attempt to connect for seconds more; nobody has to watch that.
            self._close_behind(database)
            raise
        except BaseException:
            await self._close_behind(database)
            raise
        self._database, self._facts, self._tables = database, facts, tables

    async def close(self) -> None:
        """Close it, if one is open."""
        database, self._database = self._database, None
        self._facts = self._tables = None
        if database is not None:
            await asyncio.shield(self._close_behind(database))

    def _close_behind(self, database: Database) -> asyncio.Task[None]:
        """Close it even when whoever asked for that waits no longer."""
        task = asyncio.ensure_future(database.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def create_tables(self) -> None:
        """Create the tables that are missing."""
        database, _ = self.opened()
        await database.run(schema.create_missing)
        self._tables = await database.run(schema.find_tables)

    def setup_sql(self) -> str:
        """DDL and least-privilege grants for a DBA."""
        name = self._database.address.schema if self._database else DatabaseAddress().schema
        return schema.setup_sql(name)

    async def choose(self, act: Callable[..., None], *arguments: object) -> None:
        """Write a user's choice while no run is on.

        Args:
            act: a function of `storage/choices.py`; gets the connection and the arguments.

        Raises:
            LockHeld: a run is on.
        """
        database, tables = self.opened()
        tables.require((*t.PLUGIN_TABLES, *t.OWN_TABLES))
        tables.require_writable_state()

        def locked() -> None:
            lock = RunLock(database)
            lock.take()
            try:
                database.map_unit(act, *arguments)
                # A link of a user's is newer than our last run; without a trace of it in the run table it would look
                # like the Control Center plugin's.
                database.unit(record_choice, RunBegun("choice", act.__name__))
            finally:
                lock.release()

        await database.call(locked)
