"""Every run and row outcome in a local SQLite file; never a secret."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from stickysync_gui.domain.csv_text import csv_text
from stickysync_gui.domain.planned import Action, Status
from stickysync_gui.domain.progress import Outcome, Step, Summary

KEPT_RUNS = 500

_log = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
  run_id TEXT PRIMARY KEY, database TEXT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, ended_at TEXT NOT NULL,
  ended TEXT NOT NULL, created INTEGER, linked INTEGER, updated INTEGER, unchanged INTEGER, skipped INTEGER,
  failed INTEGER, requests INTEGER, seconds REAL
);
CREATE TABLE IF NOT EXISTS rows (
  run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE, password_id INTEGER NOT NULL,
  client_id INTEGER NOT NULL, status TEXT NOT NULL, action TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  entry_id INTEGER, PRIMARY KEY (run_id, password_id)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the history lists it; `ended_at` is UTC, ISO 8601."""

    run_id: str
    database: str
    kind: str
    scope: str
    ended_at: str
    ended: str
    created: int
    linked: int
    updated: int
    unchanged: int
    skipped: int
    failed: int
    requests: int
    seconds: float


# By name, since a newer program may have added columns.
_RUN_COLUMNS = ", ".join(field.name for field in fields(RunRecord))
_ROW_COLUMNS = "run_id, password_id, client_id, status, action, outcome, reason, entry_id"
_STATUSES, _ACTIONS, _OUTCOMES = frozenset(Status), frozenset(Action), frozenset(Outcome)


class History:
    """The history file. Each call opens it anew, so it may be used from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connect()
        except sqlite3.DatabaseError as damage:
            if getattr(damage, "sqlite_errorcode", None) not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise
            aside = self._path.with_name(f"{self._path.name}.damaged")
            self._path.replace(aside)
            _log.warning("the history was damaged; it is now %s, and a new one is begun", aside)
            connection = self._connect()
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.executescript(_TABLES)
        except BaseException:
            connection.close()
            raise
        return connection

    def add(self, summary: Summary, *, database: str, kind: str, scope: str) -> bool:
        """Keep a run with its rows, and drop the oldest beyond `KEPT_RUNS`. Rows that were in sync are only counted.

        Returns:
            whether it was kept. What the run did stands in both systems; a full disk or a locked file here must not
            make a failure of it, and is logged.
        """
        try:
            self._write(summary, database, kind, scope)
        except (sqlite3.Error, OSError) as problem:
            _log.warning("run %s is not in the history: %s", summary.run_id, problem)
            return False
        return True

    def _write(self, summary: Summary, database: str, kind: str, scope: str) -> None:
        counts = (summary.created, summary.linked, summary.updated, summary.unchanged, summary.skipped, summary.failed)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        run = (summary.run_id, database, kind, scope, now, summary.ended, *counts, summary.requests, summary.seconds)
        rows = [
            (summary.run_id, s.password_id, s.client_id, s.status, s.action, s.outcome, s.reason, s.entry_id)
            for s in summary.steps
            if s.status is not Status.IN_SYNC
        ]
        with self._open() as connection:
            places = ",".join("?" * len(run))
            connection.execute(f"INSERT OR REPLACE INTO runs ({_RUN_COLUMNS}) VALUES ({places})", run)
            connection.executemany(f"INSERT OR REPLACE INTO rows ({_ROW_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)", rows)
            # By the order of coming and not by `ended_at`: the clock of a PC is set back at times.
            connection.execute(
                "DELETE FROM runs WHERE rowid NOT IN (SELECT rowid FROM runs ORDER BY rowid DESC LIMIT ?)", (KEPT_RUNS,)
            )

    def runs(self, limit: int = 200) -> list[RunRecord]:
        """The latest runs, newest first."""
        with self._open() as connection:
            found = connection.execute(f"SELECT {_RUN_COLUMNS} FROM runs ORDER BY rowid DESC LIMIT ?", (limit,))
            return [RunRecord(*row) for row in found]

    def rows(self, run_id: str) -> list[Step]:
        """The row outcomes of a run; those of a newer program that this one has no name for are left out."""
        with self._open() as connection:
            select = f"SELECT {_ROW_COLUMNS} FROM rows WHERE run_id = ? ORDER BY password_id"
            return [
                Step(password, client, Status(status), Action(action), Outcome(outcome), reason, entry)
                for _, password, client, status, action, outcome, reason, entry in connection.execute(select, (run_id,))
                if status in _STATUSES and action in _ACTIONS and outcome in _OUTCOMES
            ]


def export_csv(records: Sequence[RunRecord] | Sequence[Step], kind: type[RunRecord] | type[Step]) -> str:
    """Runs, or the rows of one, as CSV: a line each, the fields' names in the first.

    Args:
        kind: what the records are, for the first line where there are none.
    """
    names = list(kind.__annotations__)
    return csv_text(names, ([getattr(record, name) for name in names] for record in records))
