"""Two systems of any size for measurements: MariaDB with encrypted passwords, and a sandbox in its own process."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.progress import Summary
from stickysync_gui.domain.secret import Secret
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer
from stickysync_gui.sandbox.remote import RemoteSandbox
from stickysync_gui.storage import schema
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.decrypt import encrypt
from stickysync_gui.sync.engine import Engine, RunOptions
from tests.automate_schema import load_automate_schema
from tests.mariadb import Database as Automate
from tests.mariadb import MariaDb

TOP = Path(__file__).parents[2]


@contextmanager
def separate_sandbox(organizations: int, *switches: str) -> Iterator[RemoteSandbox]:
    """A sandbox in a process of its own; without a rate limit unless the switches (NAME=VALUE) set one."""
    command = [sys.executable, "-m", "stickysync_gui.sandbox", "--organizations", str(organizations)]
    command += [word for switch in switches for word in ("--switch", switch)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TOP)
    assert process.stdout is not None
    assert process.stdin is not None
    said = json.loads(process.stdout.readline())
    yield RemoteSandbox(said["url"], said["key"])
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


def seed(automate: Automate, organizations: list[int], count: int) -> None:
    """So many passwords, spread evenly over as many mapped clients as there are organizations."""
    clients = len(organizations)
    with automate.connect() as connection, connection.cursor() as cursor:
        for table in ("companymap", "passwordautosync", "passwordmap", "settings"):
            cursor.execute(f"DROP TABLE IF EXISTS plugin_stickysync_{table}")
        cursor.executemany(
            "INSERT INTO clients (ClientID, Name) VALUES (%s, %s)", [(n, f"Client {n}") for n in range(1, clients + 1)]
        )
        rows = [
            (1 + n % clients, f"Password {n}", "admin", encrypt(1 + n % clients, f"value {n}".encode()))
            for n in range(count)
        ]
        cursor.executemany("INSERT INTO passwords (ClientID, Title, UserName, Password) VALUES (%s, %s, %s, %s)", rows)
        connection.commit()
    asyncio.run(create_tables(automate, organizations))


def new_automate(server: MariaDb, organizations: list[int], count: int) -> Automate:
    """A database of its own, filled by `seed`."""
    automate = server.create_database()
    with automate.connect() as connection:
        load_automate_schema(connection, "plain")
    seed(automate, organizations, count)
    return automate


async def sync(automate: Automate, sandbox: RemoteSandbox, *, budget: Budget | None = None, **options: Any) -> Summary:
    """One run, as the console would do it; without a limit to its requests unless there is a budget."""
    database = Database(address(automate))
    tables = await database.run(schema.find_tables)
    pacer = Pacer(budget or Budget(requests=None))
    async with ItGlue(sandbox.url, Secret(sandbox.key), pacer) as glue:
        engine = Engine(database, tables, glue, RunOptions(**options))
        await engine.run()
    await database.close()
    return engine.result.summary


def address(automate: Automate) -> DatabaseAddress:
    return DatabaseAddress(automate.host, automate.port, automate.schema, user="root", tls=TlsMode.OFF)


async def create_tables(automate: Automate, organizations: list[int]) -> None:
    database = Database(address(automate))
    await database.run(schema.create_missing)
    await database.close()
    with automate.connect() as connection, connection.cursor() as cursor:
        mapping = [(n + 1, organization) for n, organization in enumerate(organizations)]
        cursor.executemany("INSERT INTO plugin_stickysync_companymap VALUES (%s, %s)", mapping)
        connection.commit()


def organization_ids(sandbox: RemoteSandbox) -> list[int]:
    found: set[int] = set()
    with httpx.Client(base_url=sandbox.url, headers={"x-api-key": sandbox.key}) as http:
        answer = http.get("/organizations", params={"page[size]": "1000"})
        found.update(int(item["id"]) for item in answer.json()["data"])
    return sorted(found)
