"""The SQLite stand-in for Automate's database: the same tables, values encrypted as Automate does it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert

from stickysync_gui.storage import tables
from stickysync_gui.storage.decrypt import encrypt

_beside = MetaData()
# In Automate's schema, but the program never reads it: no SELECT of ours may depend on its absence.
computers = Table(
    "computers",
    _beside,
    Column("ComputerID", Integer, unique=True, nullable=False),
    Column("ClientID", Integer, nullable=False, server_default="0"),
    Column("LocationID", Integer, nullable=False, server_default="0"),
    Column("Name", String(100)),
    Column("Domain", String(100)),
)

Rows = Mapping[Table, Sequence[Mapping[str, Any]]]


def build_automate(path: Path, rows: Rows | None = None) -> None:
    """Create the database file with all tables, and put rows into them.

    Args:
        path: a file that does not exist yet.
        rows: column values by table; rows of one table bear the same columns.
    """
    engine = create_engine(database_url(path), hide_parameters=True)
    try:
        with engine.begin() as connection:
            for metadata in (tables.automate, _beside, tables.plugin):
                metadata.create_all(connection)
            for table, values in (rows or {}).items():
                if values:
                    connection.execute(insert(table), list(values))
    finally:
        engine.dispose()


def database_url(path: Path) -> str:
    """The SQLAlchemy URL of a database file."""
    return f"sqlite+pysqlite:///{path.as_posix()}"


def encrypted(client_id: int, value: str) -> bytes:
    """A value as `passwords.Password` holds it: UTF-8, under the client's key."""
    return encrypt(client_id, value.encode("utf-8"))


def encrypted_in_windows_1252(client_id: int, value: str) -> bytes:
    """A value as some writers left it: not UTF-8. ValueError where the text happens to be the same in both."""
    plain = value.encode("cp1252")
    if plain == value.encode("utf-8"):
        raise ValueError("this text is the same in both encodings")
    return encrypt(client_id, plain)


def damaged(client_id: int, value: str, dice: random.Random) -> bytes:
    """Bytes that do not decrypt: cut short, or under another client's key."""
    if dice.random() < 0.5:
        return encrypt(client_id, value.encode("utf-8"))[:-1]
    return encrypt(client_id + 1000, value.encode("utf-8"))
