"""What a sync of 10,000 passwords over 200 clients costs: requests, seconds, memory.

The machine is noisy, so the figure that counts is the ratio to the bare requests: the same number of POSTs sent by
httpx alone, four at a time, in the same run.
"""

import asyncio
import json
import math
import os
import resource
import time
from collections.abc import Iterator

import httpx
import pytest

from stickysync_gui.domain.progress import Summary
from stickysync_gui.domain.secret import Secret
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer
from stickysync_gui.sandbox.remote import RemoteSandbox
from stickysync_gui.storage import schema
from stickysync_gui.storage.database import Database
from stickysync_gui.sync.engine import Engine, RunOptions
from tests.benchmarks.estate import address, organization_ids, seed, separate_sandbox
from tests.mariadb import Database as Automate

PASSWORDS, CLIENTS = 10_000, 200

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]


async def sync(automate: Automate, sandbox: RemoteSandbox) -> Summary:
    database = Database(address(automate))
    tables = await database.run(schema.find_tables)
    async with ItGlue(sandbox.url, Secret(sandbox.key), Pacer(Budget(requests=None))) as glue:
        engine = Engine(database, tables, glue, RunOptions())
        await engine.run()
    await database.close()
    return engine.result.summary


async def bare_posts(sandbox: RemoteSandbox, organization: int, count: int) -> float:
    """Seconds for so many POSTs with nothing round them."""
    left = iter(range(count))
    headers = {"x-api-key": sandbox.key, "content-type": "application/vnd.api+json"}
    async with httpx.AsyncClient(base_url=sandbox.url, headers=headers) as http:

        async def work() -> None:
            for number in left:
                attributes = {"organization-id": organization, "name": f"Bare {number}", "password": "x"}
                body = json.dumps({"data": {"type": "passwords", "attributes": attributes}})
                answer = await http.post("/passwords", content=body)
                assert answer.status_code == 201

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(4)))
        return time.perf_counter() - started


@pytest.fixture
def sandbox() -> Iterator[RemoteSandbox]:
    with separate_sandbox(CLIENTS) as remote:
        yield remote


def test_ten_thousand_passwords(automate: Automate, sandbox: RemoteSandbox, capsys: pytest.CaptureFixture) -> None:
    seed(automate, organization_ids(sandbox), PASSWORDS)
    spare = sandbox.add_organization("Baseline")
    bare = asyncio.run(bare_posts(sandbox, spare, 2000)) * PASSWORDS / 2000
    results: list[tuple[str, Summary]] = [("first sync", asyncio.run(sync(automate, sandbox)))]
    results.append(("nothing changed", asyncio.run(sync(automate, sandbox))))
    with automate.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE passwords SET UserName = 'changed' WHERE PasswordID % 100 = 0")
        connection.commit()
    results.append(("1 % changed", asyncio.run(sync(automate, sandbox))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with capsys.disabled():
        print(
            f"\n{PASSWORDS} passwords, {CLIENTS} clients, {os.cpu_count()} cores; {PASSWORDS} bare POSTs: {bare:.1f} s"
        )
        for name, summary in results:
            print(
                f"{name:16} {summary.requests:6} requests {summary.seconds:7.1f} s"
                f" {summary.seconds / bare:6.2f} x bare   {summary.sentence()}"
            )
        print(f"peak memory of the process with the tests' own seeds: {peak:.0f} MiB")
    assert results[0][1].created == PASSWORDS
    assert results[1][1].unchanged == PASSWORDS
    # The spare organization's entries are walked along with the others.
    assert results[1][1].requests <= math.ceil((PASSWORDS + 2000) / 1000) + 10
    assert results[2][1].updated == PASSWORDS // 100
