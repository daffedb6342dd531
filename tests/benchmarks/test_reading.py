"""Reading without writing: a sync that finds nothing to do, and the values of a big server."""

import asyncio
import statistics
import time

import httpx
import pymysql
import pytest

from stickysync_gui.domain.records import ValueState
from stickysync_gui.sandbox.remote import RemoteSandbox
from stickysync_gui.storage import schema
from stickysync_gui.storage.automate_side import automate_side
from stickysync_gui.storage.database import Database
from tests.benchmarks.estate import address, new_automate, organization_ids, separate_sandbox, sync
from tests.benchmarks.figures import Figure, Figures
from tests.mariadb import Database as Automate
from tests.mariadb import MariaDb

SYNCED, STORED, CLIENTS, ROUNDS, PAGE = 10_000, 50_000, 200, 5, 1000
PASSWORDS = "SELECT PasswordID, ClientID, LocationID, Title, UserName, URL, Notes, Password FROM passwords"
TABLES = (
    PASSWORDS,
    "SELECT ClientID, Name, Company FROM clients",
    "SELECT LocationID, Name FROM locations",
    "SELECT * FROM plugin_stickysync_companymap",
    "SELECT * FROM plugin_stickysync_passwordmap",
    "SELECT * FROM plugin_stickysync_passwordautosync",
    "SELECT * FROM plugin_stickysync_syncstate",
)

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]


def selected(automate: Automate, statements: tuple[str, ...]) -> float:
    """Seconds to fetch rows and do nothing with them."""
    began = time.perf_counter()
    connection = pymysql.connect(
        host=automate.host, port=automate.port, user="root", database=automate.schema, charset="utf8mb4"
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
    return time.perf_counter() - began


async def walked(sandbox: RemoteSandbox) -> float:
    """Seconds to fetch the same pages and do nothing with them."""
    began = time.perf_counter()
    async with httpx.AsyncClient(base_url=sandbox.url, headers={"x-api-key": sandbox.key}) as http:
        for path in ("/organizations", "/passwords"):
            number: int | None = 1
            while number is not None:
                params = {"sort": "id", "page[size]": str(PAGE), "page[number]": str(number)}
                answer = (await http.get(path, params=params)).json()
                number = answer["meta"]["next-page"]
    return time.perf_counter() - began


def test_a_sync_that_finds_nothing_to_do(mariadb: MariaDb, schemas: list[Automate], figures: Figures) -> None:
    bare, whole = [], []
    with separate_sandbox(CLIENTS) as sandbox:
        automate = new_automate(mariadb, organization_ids(sandbox), SYNCED)
        schemas.append(automate)
        assert asyncio.run(sync(automate, sandbox, bulk_creation=True)).created == SYNCED
        for _ in range(ROUNDS):
            bare.append(asyncio.run(walked(sandbox)) + selected(automate, TABLES))
            summary = asyncio.run(sync(automate, sandbox))
            assert summary.unchanged == SYNCED
            whole.append(summary.seconds)
    base, ours = statistics.median(bare), statistics.median(whole)
    what = f"sync of {SYNCED:,} unchanged, {summary.requests} requests"
    figures.add(Figure(what, f"{ours:.2f} s", f"bare walk and SELECTs: {base:.2f} s", ours / base, 1.5))


def test_reading_and_decrypting(mariadb: MariaDb, schemas: list[Automate], figures: Figures) -> None:
    automate = new_automate(mariadb, list(range(1, CLIENTS + 1)), STORED)
    schemas.append(automate)

    async def ours() -> float:
        database = Database(address(automate))
        tables = await database.run(schema.find_tables)
        began = time.perf_counter()
        side = await database.run(automate_side, tables, False)
        seconds = time.perf_counter() - began
        assert all(finding.state is ValueState.READABLE for finding in side.values.values())
        assert len(side.values) == STORED
        await database.close()
        return seconds

    bare, whole = [], []
    for _ in range(ROUNDS):
        bare.append(selected(automate, TABLES))
        whole.append(asyncio.run(ours()))
    base, mine = statistics.median(bare), statistics.median(whole)
    what = f"reading and decrypting {STORED:,} values"
    figures.add(Figure(what, f"{mine:.2f} s", f"the same SELECTs: {base:.2f} s", mine / base, 1.5))
