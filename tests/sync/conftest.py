"""One scene for engine tests: a real MariaDB with Automate's schema, a real sandbox over TCP, and runs between them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Plan, Rules
from stickysync_gui.domain.progress import Event, Summary, no_report
from stickysync_gui.domain.secret import Secret
from stickysync_gui.domain.snapshot import EVERYTHING, Scope
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer
from stickysync_gui.sandbox.faults import FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.storage import schema
from stickysync_gui.storage.database import Database
from stickysync_gui.sync.engine import Engine, RunOptions
from stickysync_gui.sync.snapshot import read_snapshot
from tests import automate_schema as seed
from tests.mariadb import Database as TestDatabase
from tests.middle import after_post

SETTLE_SECONDS = 0.0


@dataclass
class Scene:
    """Both systems, with the acts that tests are made of."""

    automate: TestDatabase
    glue: Glue
    server: SandboxServer
    faults: FaultScript
    rules: Rules = field(default_factory=lambda: Rules(settle_seconds=SETTLE_SECONDS))

    @property
    def address(self) -> DatabaseAddress:
        return DatabaseAddress(
            self.automate.host, self.automate.port, self.automate.schema, user="root", tls=TlsMode.OFF
        )

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement in the Automate database; committed."""
        with self.automate.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = list(cursor.fetchall())
            connection.commit()
            return rows

    def client(self, client_id: int, organization_id: int | None = None, name: str = "") -> None:
        """A client, mapped where an organization is given."""
        with self.automate.connect() as connection:
            seed.seed_client(connection, client_id, name or f"Client {client_id}")
            connection.commit()
        if organization_id is not None:
            self.map(client_id, organization_id)

    def map(self, client_id: int, organization_id: int) -> None:
        self.sql("DELETE FROM plugin_stickysync_companymap WHERE ClientID = %s", client_id)
        self.sql("INSERT INTO plugin_stickysync_companymap VALUES (%s, %s)", client_id, organization_id)

    def password(self, client_id: int, title: str, value: bytes | None = b"secret", **columns: Any) -> int:
        """A password encrypted by the server itself; returns its id."""
        with self.automate.connect() as connection:
            password_id = seed.seed_password(connection, client_id, title, value, **columns)
            connection.commit()
        return password_id

    def links(self) -> dict[int, int]:
        """The password map."""
        return dict(self.sql("SELECT PasswordID, ITGPasswordID FROM plugin_stickysync_passwordmap"))

    def marks(self) -> dict[int, str]:
        """Kinds of the sending marks that stand."""
        return dict(self.sql("SELECT PasswordID, MarkKind FROM plugin_stickysync_syncstate WHERE MarkKind IS NOT NULL"))

    def values(self) -> dict[str, str | None]:
        """Values in IT Glue by entry name."""
        return {record.name: record.password for record in self.glue.passwords()}

    def after_post(self, act: Callable[[], Any], *, at: int) -> threading.Event:
        """Do something in the middle of a run; see `tests.middle`."""
        return after_post(self.faults, act, at=at)

    def glued(self, pacer: Pacer | None = None, **options: Any) -> ItGlue:
        return ItGlue(self.server.url, Secret(self.glue.key), pacer or Pacer(Budget(requests=None)), **options)

    async def sync(self, scope: Scope = EVERYTHING, *, events: list[Event] | None = None, **options: Any) -> Summary:
        """One run on a connection of its own, as another PC would do it."""
        database = Database(self.address)
        stop = options.pop("stop", asyncio.Event())
        report = events.append if events is not None else no_report
        try:
            tables = await database.run(schema.find_tables)
            async with self.glued(stop=stop, report=report, **options.pop("glue", {})) as glue:
                run = RunOptions(scope=scope, **{"rules": self.rules, **options})
                engine = Engine(database, tables, glue, run, report=report, stop=stop)
                self.last = engine.result
                return (await engine.run()).summary
        finally:
            await database.close()

    async def plan(self, scope: Scope = EVERYTHING) -> Plan:
        database = Database(self.address)
        try:
            tables = await database.run(schema.find_tables)
            async with self.glued() as glue:
                snapshot = await read_snapshot(
                    database, tables, glue, scope, allow_windows_1252=False, report=no_report
                )
            return make_plan(snapshot, self.rules, scope)
        finally:
            await database.close()


@pytest.fixture
def scene(automate: TestDatabase) -> Iterator[Scene]:
    """Automate with the plugin's tables made by this program, and an empty IT Glue account."""
    glue, faults = Glue(), FaultScript()
    with SandboxServer(glue, faults=faults) as server:
        scene = Scene(automate, glue, server, faults)
        for table in ("companymap", "passwordautosync", "passwordmap", "settings"):
            scene.sql(f"DROP TABLE IF EXISTS plugin_stickysync_{table}")
        asyncio.run(_create_tables(scene.address))
        yield scene


async def _create_tables(address: DatabaseAddress) -> None:
    database = Database(address)
    await database.run(schema.create_missing)
    await database.close()
