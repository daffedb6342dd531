"""Runs that die: a process that forks a fresh one for each run, which kills itself at a chosen point.

Reads one JSON command a line, answers one JSON line each. Forking from a warm process keeps a death at some
hundreds of points affordable; the dying itself is SIGKILL, so nothing of ours can tidy up.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.planned import Matching, Rules
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import StickySyncError
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer
from stickysync_gui.storage import connecting, schema
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.run_lock import RunLock
from stickysync_gui.storage.units import Units
from stickysync_gui.sync.engine import Engine as SyncEngine
from stickysync_gui.sync.engine import RunOptions


class Fate:
    """Counts the points of one kind and ends the process at the n-th.

    Kinds: "commit" (about to commit a write), "committed", "send" (about to send a write), "answered".
    """

    def __init__(self, kind: str, at: int) -> None:
        self.kind, self.at = kind, at
        self.counts: dict[str, int] = {}

    def pass_by(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind == self.kind and self.counts[kind] == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        writing: set[int] = set()

        def commits_itself(connection: Connection, statement: str) -> bool | None:
            """Of a write; None of a statement that reads."""
            if statement.split(None, 1)[0].upper() not in ("INSERT", "UPDATE", "DELETE"):
                return None
            raw = connection.connection.dbapi_connection
            if raw is not None and not raw.get_autocommit():
                writing.add(id(raw))
                return False
            return True

        @event.listens_for(Engine, "before_cursor_execute")
        def executing(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
            if commits_itself(connection, statement):
                self.pass_by("commit")

        @event.listens_for(Engine, "after_cursor_execute")
        def executed(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
            if commits_itself(connection, statement):
                self.pass_by("committed")

        @event.listens_for(Engine, "commit")
        def committing(connection: Connection) -> None:
            raw = connection.connection.dbapi_connection
            if id(raw) in writing:
                writing.discard(id(raw))
                self.pass_by("commit")
                # SQLAlchemy's own commit, right after this one, meets a dead connection too, and words it as it should.
                with suppress(pymysql.err.Error):
                    raw.commit()
                self.pass_by("committed")

        exchange = ItGlue._exchange  # noqa: SLF001

        async def watched(glue: ItGlue, method: str, path: str, **rest: Any) -> bytes:
            if method == "GET":
                return await exchange(glue, method, path, **rest)
            self.pass_by("send")
            answer = await exchange(glue, method, path, **rest)
            self.pass_by("answered")
            return answer

        ItGlue._exchange = watched  # type: ignore[method-assign]  # noqa: SLF001

    def impatient_server(self, seconds: int, sends: int) -> None:
        """After so many sends the server ends our sessions after so much silence.

        Not from the beginning: a busy machine may take as long for something before the run is in its middle.
        """
        units = RunLock.units

        @contextmanager
        def watched(lock: RunLock) -> Iterator[Units]:
            holding = lock._holding  # noqa: SLF001
            if holding is not None and self.counts.get("send", 0) >= sends and seconds != connecting.SILENT_SECONDS:
                connecting.SILENT_SECONDS = seconds
                shorter = f"SET SESSION wait_timeout = {seconds}"
                lock._database.unit(lambda connection: connection.exec_driver_sql(shorter))  # noqa: SLF001
                holding.units.unit(lambda connection: connection.exec_driver_sql(shorter))
            with units(lock) as one:
                yield one

        RunLock.units = watched  # type: ignore[method-assign]


async def run(command: dict[str, Any], fate: Fate) -> None:
    database = Database(DatabaseAddress(**{**command["address"], "tls": TlsMode.OFF}))
    tables = await database.run(schema.find_tables)
    options = command.get("options", {})
    rules = Rules(settle_seconds=command.get("settle", 0.0), matching=Matching(options.pop("matching", "link")))
    async with ItGlue(command["url"], Secret(command["key"]), Pacer(Budget(requests=None))) as glue:
        engine = SyncEngine(database, tables, glue, RunOptions(rules=rules, **options))
        await engine.run()
    await database.close()
    if engine.result.summary.failed:
        raise SystemExit(1)


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        back, forth = os.pipe()
        child = os.fork()
        if child == 0:
            fate = Fate(command.get("kind", ""), command.get("at", 0))
            code = 2
            try:
                fate.watch()
                if "silent" in command:
                    fate.impatient_server(command["silent"], command["silent_from"])
                asyncio.run(run(command, fate))
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            except StickySyncError as error:
                code = int(error.exit_code)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
            finally:
                os.write(forth, json.dumps(fate.counts).encode())
                os._exit(code)
        os.close(forth)
        _, status = os.waitpid(child, 0)
        with os.fdopen(back) as counts:
            text = counts.read()
        died = os.WIFSIGNALED(status)
        answer = {"died": died, "code": -1 if died else os.WEXITSTATUS(status), "counts": json.loads(text or "{}")}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
