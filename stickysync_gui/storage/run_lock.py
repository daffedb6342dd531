"""One run at a time on one schema: a named lock on a connection of its own (product.md 5).

The lock dies with its connection. The server ends a silent session of ours after two minutes and this one is pinged, so
a sleeping laptop loses it; the run asks before each request whether it is still the holder. Rows that are about to be
sent are read again and marked on that very session: the statement that reads them asks for the lock in the same breath.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pymysql
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.errors import LockHeld, LockLost
from stickysync_gui.storage import connecting
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.failures import was_refused
from stickysync_gui.storage.run_table import open_run
from stickysync_gui.storage.units import Units

PING_SECONDS = 20.0
SESSION_HOLDS_THE_LOCK = "IS_USED_LOCK(COALESCE(@stickysync_lock, 'none')) = CONNECTION_ID()"
"""SQL; asked of the lock's own session. One put in its place knows no name, for which MySQL has an error."""
_HOLDS_THE_LOCK = "holds the run lock"


class _SessionEnded(Exception):
    """The session that held the lock is dead, and the lock went with it."""


class _Holding(Protocol):
    """The lock itself, while it is held. All methods but `seems_ours` run on the database thread."""

    @property
    def units(self) -> Units: ...
    def is_ours(self) -> bool: ...
    def seems_ours(self) -> bool: ...
    def release(self) -> None: ...


class _LockSession(Units):
    """Work on the session that holds the lock. Each statement there commits itself."""

    def __init__(self, connection: Connection, address: DatabaseAddress) -> None:
        self.address = address
        self._connection = connection
        self.is_at_work = False

    @contextmanager
    def session(self, *, map_lock: bool) -> Iterator[Connection]:
        """The one connection; where it died, no other takes its place.

        Raises:
            _SessionEnded: it did.
        """
        assert not map_lock, "the map is written on a connection of the pool"
        self.is_at_work = True
        try:
            yield self._connection
        except (SQLAlchemyError, pymysql.err.Error, OSError) as error:
            if was_refused(error):
                raise
            # So that nothing waits for an answer of this session again, nor takes it up anew.
            self._connection.invalidate()
            raise _SessionEnded from None
        finally:
            self.is_at_work = False

    def commit(self, connection: Connection) -> None:
        """Nothing is left to be done."""


class _NamedLock:
    def __init__(self, connection: Connection, address: DatabaseAddress) -> None:
        self.units = _LockSession(connection, address)
        self._connection = connection
        # Asked of the connection later on, SQLAlchemy would open another one where this one is dead.
        self._session: Any = connection.connection.dbapi_connection
        connection.info[_HOLDS_THE_LOCK] = True

    def is_ours(self) -> bool:
        asked = f"SELECT {SESSION_HOLDS_THE_LOCK}"
        return self.units.unit(lambda connection: bool(connection.exec_driver_sql(asked).scalar() == 1))

    def seems_ours(self) -> bool:
        # What is there to be read while it is asked something is the answer.
        return self.units.is_at_work or not self._session.has_news()

    def release(self) -> None:
        try:
            self._connection.close()
        except SQLAlchemyError:
            # The session was dead already, and the lock went with it.
            self._connection.invalidate()


class _FileLock:
    """SQLite has no named locks: an exclusive transaction on a file beside it, freed when the process ends."""

    def __init__(self, path: str, units: Units) -> None:
        self.units = units
        self._file = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            self._file.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            self._file.close()
            raise

    def is_ours(self) -> bool:
        return True

    def seems_ours(self) -> bool:
        return True

    def release(self) -> None:
        self._file.close()


class RunLock:
    """Holds the lock for one run. All methods but `seems_ours` block and belong on the database thread
    (`Database.call`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = database.lock_name("stickysync")
        self._holding: _Holding | None = None

    def take(self, wait_seconds: float = 0) -> None:
        """Take the lock.

        Args:
            wait_seconds: less than the minute after which an answer counts as lost.

        Raises:
            LockHeld: another run holds it; says which, from the run table.
        """
        if self._database.is_sqlite:
            try:
                self._holding = _FileLock(f"{self._database.address.sqlite_file}.runlock", self._database)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise self._held() from None
            return
        connection = self._database.separate_connection()
        try:
            connection.exec_driver_sql("SET @stickysync_lock = %s", (self._name,))
            taken = connection.scalar(select(func.GET_LOCK(self._name, max(0, round(wait_seconds)))))
        except BaseException:
            connection.close()
            raise
        if taken != 1:
            connection.close()
            raise self._held()
        self._holding = _NamedLock(connection, self._database.address)

    def verify(self) -> None:
        """Ask whether the lock is still ours; also counts as a sign of life on its connection.

        Raises:
            LockLost: it is not. The run must send nothing more, and must not take it again.
        """
        with self.units():
            is_ours = self._holding is not None and self._holding.is_ours()
        if not is_ours:
            raise lock_lost()

    @contextmanager
    def units(self) -> Iterator[Units]:
        """Work under the lock; on MySQL on its own session, which is asked by whatever `asks_for_lock` there.

        Raises:
            LockLost: the lock was lost before, or is lost with its session.
        """
        if self._holding is None:
            raise lock_lost()
        try:
            yield self._holding.units
        except _SessionEnded:
            self._holding = None
        else:
            return
        # Is the whole database gone, this says so.
        self._database.unit(lambda connection: connection.scalar(select(func.UTC_TIMESTAMP())))
        raise lock_lost()

    def seems_ours(self) -> bool:
        """Whether nothing speaks against it since it was verified; costs nothing, and may be asked in any thread.

        The server ends a session that lost the lock, and its end can be seen on this side without asking.
        """
        holding = self._holding
        return holding is not None and holding.seems_ours()

    def release(self) -> None:
        """Give the lock back; harmless when it is lost already."""
        if self._holding is not None:
            self._holding.release()
            self._holding = None

    def _held(self) -> LockHeld:
        words = "Another run is on"
        try:
            holder = self._database.unit(open_run)
        except SQLAlchemyError:
            holder = None
        # A run that died never ended; whoever holds the lock was heard of within two minutes.
        if holder is not None and holder.silent_seconds <= connecting.SILENT_SECONDS + PING_SECONDS:
            words += f", by {holder.who} on {holder.computer} since {holder.since}; its last sign of life is"
            words += f" {holder.silent_seconds} s old"
        return LockHeld(
            happened=f"{words}.",
            unchanged="Nothing was read or written by this one.",
            todo="Wait until it has ended (stickysync sync --wait SECONDS waits for you), then start again.",
        )


def asks_for_lock(connection: Connection) -> bool:
    """Whether this is the session of a run lock, so that what is read there asks `SESSION_HOLDS_THE_LOCK`, too."""
    return _HOLDS_THE_LOCK in connection.info


def lock_lost() -> LockLost:
    """The error that ends a run before its next request."""
    return LockLost(
        happened="This run lost its lock: the connection was silent for too long, and another run may be on.",
        unchanged="It sent nothing more; what was synced before stays.",
        todo="Start it again; it goes on where this one stopped.",
    )
