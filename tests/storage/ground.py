"""What the database tests share: addresses of the test server, and statements run beside the program."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.storage.database import Database
from tests.mariadb import Database as Schema


def address_of(at: Schema, /, **changes: Any) -> DatabaseAddress:
    """The program's address for a test schema: root, without TLS, unless `changes` say otherwise."""
    plain = DatabaseAddress(at.host, at.port, at.schema, "root", tls=TlsMode.OFF)
    return replace(plain, **changes)


def execute(schema: Schema, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement as root on a connection of its own; committed."""
    with schema.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


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
