"""Every run and row outcome in a local SQLite file; never a secret."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stickysync_gui.domain.planned import Action, Status
from stickysync_gui.domain.progress import Outcome, Step, Summary

KEPT_RUNS = 500

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


class History:
    """The history file. Each call opens it anew, so it may be used from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=10)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.executescript(_TABLES)
            with connection:
                yield connection
        finally:
            connection.close()

    def add(self, summary: Summary, *, database: str, kind: str, scope: str) -> None:
        """Keep a run with its rows, and drop the oldest beyond `KEPT_RUNS`. Rows that were in sync are only counted."""
        counts = (summary.created, summary.linked, summary.updated, summary.unchanged, summary.skipped, summary.failed)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        run = (summary.run_id, database, kind, scope, now, summary.ended, *counts, summary.requests, summary.seconds)
        rows = [
            (summary.run_id, s.password_id, s.client_id, s.status, s.action, s.outcome, s.reason, s.entry_id)
            for s in summary.steps
            if s.status is not Status.IN_SYNC
        ]
        with self._open() as connection:
            connection.execute(f"INSERT OR REPLACE INTO runs VALUES ({','.join('?' * len(run))})", run)
            connection.executemany("INSERT OR REPLACE INTO rows VALUES (?,?,?,?,?,?,?,?)", rows)
            connection.execute(
                "DELETE FROM runs WHERE run_id NOT IN (SELECT run_id FROM runs ORDER BY ended_at DESC LIMIT ?)",
                (KEPT_RUNS,),
            )

    def runs(self, limit: int = 200) -> list[RunRecord]:
        """The latest runs, newest first."""
        with self._open() as connection:
            found = connection.execute("SELECT * FROM runs ORDER BY ended_at DESC, rowid DESC LIMIT ?", (limit,))
            return [RunRecord(*row) for row in found]

    def rows(self, run_id: str) -> list[Step]:
        """The row outcomes of a run."""
        with self._open() as connection:
            found = connection.execute("SELECT * FROM rows WHERE run_id = ? ORDER BY password_id", (run_id,))
            return [
                Step(password, client, Status(status), Action(action), Outcome(outcome), reason, entry)
                for _, password, client, status, action, outcome, reason, entry in found
            ]
