"""One run at a time on one schema: a named lock on a connection of its own, and the run table (product.md 5).

The lock dies with its connection. The server ends a silent session of ours after two minutes and this one is pinged, so
a sleeping laptop loses it; the run asks before each request whether it is still the holder.
"""

from __future__ import annotations

import getpass
import socket
import sqlite3
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, DateTime, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from stickysync_gui.domain.progress import Summary
from stickysync_gui.errors import LockHeld, LockLost
from stickysync_gui.storage import connecting
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.database import Database

PING_SECONDS = 20.0
ENDED_WELL = ("done", "rows_failed")


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "?"


@dataclass(frozen=True, slots=True)
class RunBegun:
    """A run as it is entered into the run table."""

    kind: str
    scope: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    who: str = field(default_factory=_account)
    computer: str = field(default_factory=socket.gethostname)


class _Holding(Protocol):
    """The lock itself, while it is held. All methods but `seems_ours` run on the database thread."""

    def is_ours(self) -> bool: ...
    def seems_ours(self) -> bool: ...
    def release(self) -> None: ...


class _NamedLock:
    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        # Asked of the connection later on, SQLAlchemy would open another one where this one is dead.
        self._session: Any = connection.connection.dbapi_connection
        self._is_asked = False

    def is_ours(self) -> bool:
        self._is_asked = True
        try:
            # As text: it runs twice for each few rows, and building it takes longer than the answer.
            asked = self._connection.exec_driver_sql("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", (self._name,))
            return bool(asked.scalar() == 1)
        except SQLAlchemyError:
            # So that nothing waits for an answer of this session again, nor takes it up anew.
            self._connection.invalidate()
            raise
        finally:
            self._is_asked = False

    def seems_ours(self) -> bool:
        # What is there to be read while it is asked is the answer.
        return self._is_asked or not self._session.has_news()

    def release(self) -> None:
        try:
            self._connection.close()
        except SQLAlchemyError:
            # The session was dead already, and the lock went with it.
            self._connection.invalidate()


class _FileLock:
    """SQLite has no named locks: an exclusive transaction on a file beside it, freed when the process ends."""

    def __init__(self, path: str) -> None:
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
                self._holding = _FileLock(f"{self._database.address.sqlite_file}.runlock")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise self._held() from None
            return
        connection = self._database.separate_connection()
        try:
            taken = connection.scalar(select(func.GET_LOCK(self._name, max(0, round(wait_seconds)))))
        except BaseException:
            connection.close()
            raise
        if taken != 1:
            connection.close()
            raise self._held()
        self._holding = _NamedLock(connection, self._name)

    def verify(self) -> None:
        """Ask whether the lock is still ours; also counts as a sign of life on its connection.

        Raises:
            LockLost: it is not. The run must send nothing more, and must not take it again.
        """
        if not self._still_ours():
            raise LockLost(
                happened="This run lost its lock: the connection was silent for too long, and another run may be on.",
                unchanged="It sent nothing more; what was synced before stays.",
                todo="Start it again; it goes on where this one stopped.",
            )

    def seems_ours(self) -> bool:
        """Whether nothing speaks against it since it was verified; costs nothing, and may be asked in any thread.

        The server ends a session that lost the lock, and its end can be seen on this side without asking.
        """
        holding = self._holding
        return holding is not None and holding.seems_ours()

    def _still_ours(self) -> bool:
        if self._holding is None:
            return False
        try:
            return self._holding.is_ours()
        except SQLAlchemyError:
            # A dead lock connection means a lock lost for good; is the whole database gone, this says so.
            self._holding = None
            self._database.unit(lambda connection: connection.scalar(select(func.UTC_TIMESTAMP())))
            return False

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


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not ended: who, where, since when (server's UTC) and how long silent, in seconds."""

    who: str
    computer: str
    since: str
    silent_seconds: int


def open_run(connection: Connection) -> OpenRun | None:
    """The run that has not ended and gave the latest sign of life."""
    now = connection.scalar(select(func.UTC_TIMESTAMP(type_=DateTime)))
    row = connection.execute(
        select(t.run).where(t.run.c.EndedAt.is_(None)).order_by(t.run.c.LastSignAt.desc()).limit(1)
    ).one_or_none()
    if row is None or not isinstance(row.LastSignAt, datetime) or now is None:
        return None
    return OpenRun(row.StartedBy, row.Computer, f"{row.StartedAt} UTC", int((now - row.LastSignAt).total_seconds()))


def begin_run(connection: Connection, run: RunBegun, password_rows: int | None = None) -> None:
    """Enter a run into the run table; once, though the unit is repeated when the answer to its commit was lost."""
    if connection.scalar(select(t.run.c.RunID).where(t.run.c.RunID == run.id)) is not None:
        return
    now = func.UTC_TIMESTAMP()
    connection.execute(
        insert(t.run).values(
            RunID=run.id,
            StartedBy=run.who[:128],
            Computer=run.computer[:128],
            Kind=run.kind,
            Scope=run.scope[:255],
            StartedAt=now,
            LastSignAt=now,
            PasswordRows=password_rows,
        )
    )


def record_choice(connection: Connection, choice: RunBegun) -> None:
    """Enter a user's choice by hand, which is over at once."""
    begin_run(connection, choice)
    ended = {"EndedAt": func.UTC_TIMESTAMP(), "Ended": "choice"}
    connection.execute(update(t.run).where(t.run.c.RunID == choice.id).values(ended))


def sign_of_life(connection: Connection, run_id: str, password_rows: int | None = None) -> None:
    """Say that the run is alive, and how many rows `passwords` holds once that is known."""
    values: dict[str, object] = {"LastSignAt": func.UTC_TIMESTAMP()}
    if password_rows is not None:
        values["PasswordRows"] = password_rows
    connection.execute(update(t.run).where(t.run.c.RunID == run_id).values(values))


def end_run(connection: Connection, summary: Summary) -> None:
    """Store how the run ended, with its counts."""
    connection.execute(
        update(t.run)
        .where(t.run.c.RunID == summary.run_id)
        .values(
            EndedAt=func.UTC_TIMESTAMP(),
            LastSignAt=func.UTC_TIMESTAMP(),
            Ended=summary.ended[:32],
            Created=summary.created,
            Linked=summary.linked,
            Updated=summary.updated,
            Unchanged=summary.unchanged,
            Skipped=summary.skipped,
            Failed=summary.failed,
        )
    )


def last_good_password_count(connection: Connection) -> int | None:
    """Rows of `passwords` at the last run that ended well; None before the first."""
    c = t.run.c
    return connection.scalar(
        select(c.PasswordRows)
        .where(c.Ended.in_(ENDED_WELL), c.PasswordRows.is_not(None))
        .order_by(c.EndedAt.desc(), c.StartedAt.desc())
        .limit(1)
    )
