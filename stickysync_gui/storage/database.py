"""The one thread that talks to Automate's database, and what its failures mean.

PyMySQL connections must not be shared between threads, so every statement runs on a single thread of our own
and each `run` is one short transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import pymysql
from sqlalchemy import Connection, DateTime, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.domain.secret import Secret
from stickysync_gui.storage.connecting import connect
from stickysync_gui.storage.failures import LOST, error_code, translate
from stickysync_gui.storage.units import MapLockBusy, Units

P = ParamSpec("P")
T = TypeVar("T")

MAP_LOCK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server says of itself; times are its own."""

    version: str
    now: datetime
    utc: datetime
    encrypted: bool


class Database(Units):
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

    @contextmanager
    def session(self, *, map_lock: bool) -> Iterator[Connection]:
        """A connection of the pool, for one attempt at a unit."""
        with self._engine.connect() as connection, self._map_lock(connection, needed=map_lock):
            yield connection

    def separate_connection(self) -> Connection:
        """A connection of its own outside the pool, for the run lock. To be used on the database thread only."""
        lone = create_engine(
            "mysql+pymysql://",
            creator=self._connect,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            paramstyle="format",
        )
        return lone.connect()

    @contextmanager
    def _map_lock(self, connection: Connection, *, needed: bool) -> Iterator[None]:
        """Hold the map lock; whatever was not committed is undone before it is given back."""
        # An SQLite transaction shuts out other writers as it is.
        if self.is_sqlite or not needed:
            yield
            return
        name = self.lock_name("stickysync_map")
        # No table is read by it, so it fixes no snapshot: what follows sees what the former holder committed.
        taken = connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (name, MAP_LOCK_SECONDS)).scalar()
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
                if connection.in_transaction():
                    connection.rollback()
                self._release(connection, name)

    def _release(self, connection: Connection, name: str) -> None:
        # Beside SQLAlchemy, which would begin a transaction for it and roll that back.
        try:
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute("DO RELEASE_LOCK(%s)", (name,))
        except (pymysql.err.Error, OSError):
            # The session is dead, or is ended here: either way the lock goes with it.
            connection.invalidate()

    def _make_engine(self) -> Engine:
        if self.is_sqlite:
            engine = create_engine(f"sqlite+pysqlite:///{self.address.sqlite_file}", hide_parameters=True)
            event.listen(engine, "connect", _teach_sqlite)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
            return engine
        engine = create_engine(
            "mysql+pymysql://",
            creator=self._connect,
            pool_size=1,
            # Every unit ends its transaction itself. A connection that died while nobody used it shows at its first
            # statement, and the unit is repeated on a new one; asking beforehand would cost each unit a round trip.
            pool_reset_on_return=None,
            # Without it a failed statement's values stand in the exception's text.
            hide_parameters=True,
            # Values by their places cost less than by name, which would be PyMySQL's choice.
            paramstyle="format",
        )
        event.listen(engine, "handle_error", _end_what_is_lost)
        return engine

    def _connect(self) -> Any:
        return connect(self.address, self._password)


def _end_what_is_lost(context: ExceptionContext) -> None:
    """Keep a dead connection out of the pool: SQLAlchemy does not know all the words with which a server ends one."""
    if error_code(context.original_exception) in LOST:
        context.is_disconnect = True


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
