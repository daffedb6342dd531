"""A real MariaDB with Automate's tables, and the program's own way to it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stickysync_gui.storage import connecting, schema
from stickysync_gui.storage.database import Database
from tests.mariadb import Database as Schema
from tests.storage.ground import STILL, Opener, execute


@pytest.fixture
def opens(automate: Schema) -> Iterator[Opener]:
    """Opens further ways to the test database, by other users or with other options."""
    opener = Opener(automate, [])
    yield opener
    automate.server.ensure_running()
    for database in opener.opened:
        asyncio.run(database.close())


@pytest.fixture
def database(opens: Opener) -> Database:
    """The program's way to the test database, as root and without TLS."""
    return opens()


@pytest.fixture
def complete(automate: Schema, opens: Opener) -> Database:
    """As `database`, with all six plugin tables there."""
    database = opens()
    asyncio.run(database.run(schema.create_missing))
    return database


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's clock stands still at STILL for the program's sessions, though not for others'."""
    monkeypatch.setattr(connecting, "SESSION", f"{connecting.SESSION}, SESSION timestamp = {STILL.timestamp()}")


@pytest.fixture
def sql(automate: Schema) -> Callable[..., list[tuple[Any, ...]]]:
    """Runs a statement beside the program, as root."""
    return lambda statement, *values: execute(automate, statement, *values)
