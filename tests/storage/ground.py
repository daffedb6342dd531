"""What the database tests share: addresses of the test server, and statements run beside the program."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.storage import connecting
from stickysync_gui.storage.database import Database
from tests.mariadb import Database as Schema

STILL = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""Now, by the program's sessions, where a test wants the clock to stand still."""


def address_of(at: Schema, /, **changes: Any) -> DatabaseAddress:
    """The program's address for a test schema: root, without TLS, unless `changes` say otherwise."""
    plain = DatabaseAddress(at.host, at.port, at.schema, "root", tls=TlsMode.OFF)
    return replace(plain, **changes)


def execute(schema: Schema, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement as root on a connection of its own; committed."""
    with schema.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def become_impatient(connection: Connection) -> None:
    """Wait for the next answers on this connection for half a second, no longer for the minute that is usual."""
    raw = connection.connection.dbapi_connection
    assert raw is not None
    assert raw._read_timeout == connecting.ANSWER_SECONDS  # noqa: SLF001
    raw._read_timeout = 0.5  # noqa: SLF001


@dataclass
class Opener:
    """Opens databases for a test; the fixture closes them."""

    schema: Schema
    opened: list[Database]

    def __call__(self, password: str | None = None, **changes: Any) -> Database:
        database = Database(address_of(self.schema, **changes), Secret(password) if password is not None else None)
        self.opened.append(database)
        return database


def sqlite_database(file: Path) -> Database:
    """The demo's stand-in on a file."""
    return Database(DatabaseAddress(sqlite_file=str(file), tls=TlsMode.OFF))
