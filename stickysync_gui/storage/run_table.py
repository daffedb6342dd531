"""The run table: who syncs, since when, and how it ended (product.md 5). Whoever meets a held lock reads it."""

from __future__ import annotations

import getpass
import socket
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, DateTime, func, insert, select, update

from stickysync_gui.domain.progress import Summary
from stickysync_gui.storage import tables as t

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
