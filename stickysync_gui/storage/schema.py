"""Which tables are there, what fits into them, and the SQL that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Table, bindparam, text
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from stickysync_gui.errors import DatabaseRefused, IdDoesNotFit, TablesMissing
from stickysync_gui.storage import tables as t

_LARGEST = {
    "tinyint": 2**7 - 1,
    "smallint": 2**15 - 1,
    "mediumint": 2**23 - 1,
    "int": 2**31 - 1,
    "bigint": 2**63 - 1,
}
_GRANTED_COLUMNS = {
    "clients": "ClientID, Name, Company",
    "locations": "LocationID, ClientID, Name",
    "passwords": "PasswordID, ClientID, LocationID, Title, UserName, Password, URL, Notes",
}
_ID_COLUMNS = (("plugin_stickysync_companymap", "ITGOrgID"), ("plugin_stickysync_passwordmap", "ITGPasswordID"))


@dataclass(frozen=True, slots=True)
class TablesFound:
    """The plugin's tables as they are.

    Args:
        present, missing: table names.
        largest_id: greatest number that fits, by (table, column), of the id columns that exist.
        api_key_length: characters that fit into the settings' APIKey; None when unlimited or absent.
        newer_version: of our own tables, when a newer program made them; then they are read, never written.
        map_has_transactions: whether the password map's engine is InnoDB, or the demo's.
    """

    present: tuple[str, ...]
    missing: tuple[str, ...]
    largest_id: dict[tuple[str, str], int]
    api_key_length: int | None = None
    newer_version: int | None = None
    map_has_transactions: bool = False

    @property
    def largest_entry_id(self) -> int:
        """Greatest entry id that the password map can hold."""
        return self.largest_id.get(_ID_COLUMNS[1], _LARGEST["bigint"])

    @property
    def largest_organization_id(self) -> int:
        """Greatest organization id that the company map can hold."""
        return self.largest_id.get(_ID_COLUMNS[0], _LARGEST["bigint"])

    def problems(self) -> list[str]:
        """What stands in the way of a sync, a sentence each."""
        found = []
        if self.newer_version is not None:
            found.append(
                f"A newer StickySync made its tables (version {self.newer_version}); this one only reads them."
            )
        for (table, column), largest in self.largest_id.items():
            if largest < _LARGEST["bigint"]:
                found.append(f"{table}.{column} holds ids up to {largest} only. Widen it: {widen(table, column)}")
        return found

    def require(self, needed: Iterable[Table]) -> None:
        """Raise `TablesMissing` unless all are present."""
        absent = [table.name for table in needed if table.name in self.missing]
        if absent:
            raise TablesMissing(
                # A server does not show whether a table exists to an account without any right on it.
                happened=f"The database lacks {', '.join(absent)}, or this account has no right on them.",
                unchanged="Nothing was changed.",
                todo="Create them with `stickysync setup` or on the Configuration tab, or hand this to a DBA (with the "
                "rights: stickysync setup --show-sql):\n" + ddl([t.plugin.tables[name] for name in absent]),
            )

    def require_writable_state(self) -> None:
        """Raise `DatabaseRefused` when a newer program owns our two tables."""
        if self.newer_version is not None:
            raise DatabaseRefused(
                happened=self.problems()[0],
                unchanged="Nothing was changed.",
                todo="Install the newer version here too.",
            )

    def require_ids_fit(self, organization_ids: Iterable[int], entry_ids: Iterable[int]) -> None:
        """Raise `IdDoesNotFit` when an id that exists in the account is too big for its column."""
        for ids, (table, column), largest in (
            (organization_ids, _ID_COLUMNS[0], self.largest_organization_id),
            (entry_ids, _ID_COLUMNS[1], self.largest_entry_id),
        ):
            greatest = max(ids, default=0)
            if greatest > largest:
                raise too_big(table, column, greatest)


def too_big(table: str, column: str, number: int) -> IdDoesNotFit:
    """The error for one id that does not fit, with the statement that widens the column."""
    return IdDoesNotFit(
        happened=f"IT Glue's id {number} does not fit into {table}.{column}.",
        unchanged="It was not written; a smaller column would turn it into another id.",
        todo=f"Let a DBA run:\n{widen(table, column)}",
    )


def widen(table: str, column: str) -> str:
    """The statement that makes an id column wide enough."""
    return f"ALTER TABLE {table} MODIFY {column} BIGINT;"


def find_tables(connection: Connection) -> TablesFound:
    """Look at the plugin's tables, under whichever engine; needs no right beyond seeing them."""
    wanted = [table.name for table in (*t.PLUGIN_TABLES, *t.OWN_TABLES)]
    columns = (
        _sqlite_columns(connection, wanted) if connection.dialect.name == "sqlite" else _columns(connection, wanted)
    )
    present = tuple(name for name in wanted if name in columns)
    largest: dict[tuple[str, str], int] = {}
    for table, column in _ID_COLUMNS:
        kind = columns.get(table, {}).get(column.casefold())
        if kind is not None and kind.largest is not None:
            largest[(table, column)] = kind.largest
    key_column = columns.get(t.settings.name, {}).get("apikey")
    versions = [
        int(kind.default)
        for table in t.OWN_TABLES
        if (kind := columns.get(table.name, {}).get("schemaversion")) is not None and kind.default.isdigit()
    ]
    newest = max(versions, default=t.SCHEMA_VERSION)
    return TablesFound(
        present,
        tuple(name for name in wanted if name not in columns),
        largest,
        key_column.length if key_column else None,
        newest if newest > t.SCHEMA_VERSION else None,
        _has_transactions(connection, t.passwordmap.name),
    )


def _has_transactions(connection: Connection, table: str) -> bool:
    if connection.dialect.name == "sqlite":
        return True
    statement = text(
        "SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND LOWER(TABLE_NAME) = :name"
    )
    return str(connection.scalar(statement, {"name": table})).lower() == "innodb"


@dataclass(frozen=True, slots=True)
class _Column:
    largest: int | None
    length: int | None
    default: str


def _columns(connection: Connection, wanted: list[str]) -> dict[str, dict[str, _Column]]:
    # information_schema and not SHOW CREATE TABLE: it needs no SELECT on the whole table.
    statement = text(
        "SELECT LOWER(TABLE_NAME), LOWER(COLUMN_NAME), DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, COLUMN_DEFAULT"
        " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND LOWER(TABLE_NAME) IN :names"
    ).bindparams(bindparam("names", expanding=True))
    found: dict[str, dict[str, _Column]] = {}
    for table, column, data_type, column_type, length, default in connection.execute(statement, {"names": wanted}):
        largest = _LARGEST.get(str(data_type).lower())
        if largest is not None and "unsigned" in str(column_type).lower():
            largest = largest * 2 + 1
        found.setdefault(table, {})[column] = _Column(largest, length, str(default or "").strip("'"))
    return found


def _sqlite_columns(connection: Connection, wanted: list[str]) -> dict[str, dict[str, _Column]]:
    found: dict[str, dict[str, _Column]] = {}
    for table in wanted:
        for row in connection.exec_driver_sql(f"PRAGMA table_info({table})"):
            # SQLite's integers are 64 bits wide whatever the column is called.
            column = _Column(_LARGEST["bigint"], None, str(row[4] or "").strip("'"))
            found.setdefault(table, {})[str(row[1]).casefold()] = column
    return found


def create_missing(connection: Connection) -> tuple[str, ...]:
    """Create the tables that are not there; return their names."""
    missing = find_tables(connection).missing
    for name in missing:
        connection.execute(CreateTable(t.plugin.tables[name], if_not_exists=True))
    return missing


def ddl(wanted: Iterable[Table]) -> str:
    """CREATE TABLE statements for MySQL and MariaDB."""
    dialect = mysql.dialect()
    statements = (str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)) for table in wanted)
    return "\n".join(statement.strip().replace("\t", "  ") + ";" for statement in statements)


def setup_sql(schema: str, user: str = "stickysync", host: str = "10.0.0.25") -> str:
    """What a DBA runs once: the missing tables and a least-privilege account (automate-db.md 8).

    Args:
        schema: Automate's schema.
        user, host: the account; only specific hosts or subnets survive Automate's own account maintenance.
    """
    account = f"'{user}'@'{host}'"
    grants = [
        f"GRANT SELECT ({columns}) ON `{schema}`.`{table}` TO {account};" for table, columns in _GRANTED_COLUMNS.items()
    ] + [
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{schema}`.`{table.name}` TO {account};"
        for table in (*t.PLUGIN_TABLES, *t.OWN_TABLES)
    ]
    return "\n".join(
        (
            "-- Tables (existing ones stay as they are)",
            f"USE `{schema}`;",
            ddl((*t.PLUGIN_TABLES, *t.OWN_TABLES)),
            "",
            "-- Account: replace host and password; add REQUIRE SSL where the server has TLS",
            f"CREATE USER {account} IDENTIFIED BY '<password>';",
            *grants,
        )
    )
