"""The fixtures of the other database tests, over a real MySQL server instead of MariaDB."""

from collections.abc import Iterator

import pytest

from tests.automate_schema import load_automate_schema
from tests.cli.conftest import bare_desk, desk, sealed
from tests.mariadb import Database
from tests.mysql.server import MySql
from tests.storage.conftest import opens

__all__ = ["bare_desk", "desk", "opens", "sealed"]


@pytest.fixture(scope="session")
def mysql() -> Iterator[MySql]:
    """One private MySQL for the whole run."""
    server = MySql()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def automate(mysql: MySql) -> Iterator[Database]:
    """A fresh Automate database on it."""
    database = mysql.create_database()
    with database.connect() as connection:
        load_automate_schema(connection, "plain")
    yield database
    database.drop()
