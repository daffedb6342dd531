"""The one thread that talks to Automate's database, and what its failures mean.

PyMySQL connections must not be shared between threads, so every statement runs on a single thread of our own
and each `run` is one short transaction.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import pymysql
from sqlalchemy import Connection, DateTime, Engine, create_engine, event, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import DatabaseRefused
from stickysync_gui.storage.connecting import connect
from stickysync_gui.storage.failures import REPEATABLE, error_code, translate

P = ParamSpec("P")
T = TypeVar("T")

MAP_LOCK_SECONDS = 5
REPEATS = 3


class MapLockBusy(DatabaseRefused):
    """Somebody else has been writing the map all the time."""

    kind = "map_lock_busy"


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server says of itself; times are its own."""

    version: str
    now: datetime
    utc: datetime
    encrypted: bool


class Database:
    """Automate's database behind one thread.

    Args:
        address: where it is and how the way is protected.
        password: of the MySQL account; None logs in without one.
    """

    def __init__(self, address: DatabaseAddress, password: Secret | None = None) -> None:
        self.address = address
        self._password = password
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._engine = self._make_engine()
        self._closed = False

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the demo's stand-in."""
        return bool(self.address.sqlite_file)

    def lock_name(self, purpose: str) -> str:
        """A server-wide lock name with the schema in it; MySQL takes 64 characters at most.

        In lower case: Windows servers take a schema's name in any case, MariaDB tells lock names apart by it.
        """
        return f"{purpose}:{self.address.schema.casefold()}"[:64]

    # --- from the event loop ------------------------------------------------------------------------------------

    async def call(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function on the database thread; its database errors come out translated."""

        def translated() -> T:
            try:
                return fn(*args, **kwargs)
            except (SQLAlchemyError, pymysql.err.Error, sqlite3.Error, OSError) as error:
                failure = translate(error, self.address)
            # Raised out here, so that the original, which may quote values, does not hang on as its context.
            raise failure

        return await asyncio.get_running_loop().run_in_executor(self._thread, translated)

    async def run(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, ...)` as one transaction; repeated whole after a deadlock or a lost connection.

        Raises:
            StickySyncError: what the failure means, in words.
        """
        return await self.call(lambda: self.unit(fn, *args, **kwargs))

    async def write_map(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `run`, serialised with the map writes of all PCs (product.md 2), since not every table locks rows."""
        return await self.call(lambda: self.map_unit(fn, *args, **kwargs))

    async def open(self) -> ServerFacts:
        """Connect, and ask the server who it is.

        Raises:
            DatabaseUnreachable, DatabaseRefused: with the likely causes.
        """
        return await self.run(_server_facts)

    async def close(self) -> None:
        """Close all connections and end the thread; waits for the statement that is under way. Harmless twice."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
            self._thread.shutdown(wait=False)

    # --- on the database thread ---------------------------------------------------------------------------------

    def unit(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One transaction, on the database thread; `run` for code that is there already."""

        def once() -> T:
            with self._engine.begin() as connection:
                return fn(connection, *args, **kwargs)

        return self._repeated(once)

    def map_unit(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One transaction under the map lock, on the database thread."""

        def once() -> T:
            with self._engine.connect() as connection, self._map_lock(connection), connection.begin():
                return fn(connection, *args, **kwargs)

        return self._repeated(once)

    def separate_connection(self) -> Connection:
        """A connection of its own outside the pool, for the run lock. To be used on the database thread only."""
        lone = create_engine(
            "mysql+pymysql://",
            creator=self._connect,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
        )
        return lone.connect()

    def _repeated(self, once: Callable[[], T]) -> T:
        for attempt in range(REPEATS):
            try:
                return once()
            except MapLockBusy:
                if attempt == REPEATS - 1:
                    raise
            except DBAPIError as error:
                if error_code(error) not in REPEATABLE or attempt == REPEATS - 1:
                    raise
                time.sleep(0.05 * 2**attempt * (1 + random.random()))
        raise AssertionError("unreachable")

    @contextmanager
    def _map_lock(self, connection: Connection) -> Iterator[None]:
        # An SQLite transaction shuts out other writers as it is.
        if self.is_sqlite:
            yield
            return
        name = self.lock_name("stickysync_map")
        taken = connection.scalar(select(func.GET_LOCK(name, MAP_LOCK_SECONDS)))
        connection.rollback()
        if taken != 1:
            raise MapLockBusy(
                happened="Another StickySync has been writing the mapping for a while.",
                unchanged="Nothing was written.",
                todo="Try again in a moment.",
            )
        try:
            yield
        finally:
            if not connection.invalidated:
                connection.scalar(select(func.RELEASE_LOCK(name)))
                connection.rollback()

    def _make_engine(self) -> Engine:
        if self.is_sqlite:
            engine = create_engine(f"sqlite+pysqlite:///{self.address.sqlite_file}", hide_parameters=True)
            event.listen(engine, "connect", _teach_sqlite)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
            return engine
        return create_engine(
            "mysql+pymysql://",
            creator=self._connect,
            pool_size=1,
            pool_pre_ping=True,
            # Without it a failed statement's values stand in the exception's text.
            hide_parameters=True,
        )

    def _connect(self) -> Any:
        return connect(self.address, self._password)


def _teach_sqlite(dbapi_connection: Any, _record: object) -> None:
    """Give the stand-in the two MySQL functions that our statements use, and explicit transactions."""
    dbapi_connection.isolation_level = None
    dbapi_connection.execute("PRAGMA busy_timeout = 5000")
    # The demo's data is thrown away; a slow disk must not make it look slow.
    dbapi_connection.execute("PRAGMA synchronous = OFF")
    dbapi_connection.create_function("NOW", 0, lambda: datetime.now().isoformat(" ", "seconds"))
    dbapi_connection.create_function("UTC_TIMESTAMP", 0, _utc_text)


def _utc_text() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "seconds")


def _server_facts(connection: Connection) -> ServerFacts:
    now, utc = connection.execute(select(func.NOW(type_=DateTime), func.UTC_TIMESTAMP(type_=DateTime))).one()
    if connection.dialect.name == "sqlite":
        return ServerFacts("SQLite (demo)", now, utc, encrypted=False)
    version = connection.scalar(select(func.VERSION()))
    cipher = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).one()[1]
    return ServerFacts(str(version), now, utc, encrypted=bool(cipher))
