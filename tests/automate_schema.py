"""The tables of an Automate database as far as the program reads them, in the shapes met in the field, and their rows.

Column names and the cipher follow automate-db.md 3 to 6; types and keys that nobody published are choices, which the
variants turn round.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pymysql

NO_SUCH_FUNCTION = 1305
PLUGIN_TABLES = (
    "plugin_stickysync_companymap",
    "plugin_stickysync_passwordautosync",
    "plugin_stickysync_passwordmap",
    "plugin_stickysync_settings",
)


@dataclass(frozen=True, slots=True)
class Variant:
    """What differs from server to server. `keys`: primary keys on the plugin's tables."""

    engine: str = "InnoDB"
    charset: str = "utf8"
    keys: bool = False
    entry_id: str = "INT"
    changed: str = "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    expires: str = "DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00'"
    notes: str = "TEXT"
    plugin_tables: bool = True


VARIANTS = {
    "plain": Variant(),
    "keyed": Variant(keys=True),
    "bigint": Variant(entry_id="BIGINT"),
    "keyed_bigint": Variant(keys=True, entry_id="BIGINT"),
    "myisam": Variant(engine="MyISAM"),
    "nullable_dates": Variant(changed="DATETIME DEFAULT NULL", expires="DATE DEFAULT NULL"),
    "varchar_notes": Variant(notes="VARCHAR(500) DEFAULT NULL"),
    "latin1": Variant(charset="latin1"),
    "without_plugin_tables": Variant(plugin_tables=False),
}


def load_automate_schema(connection: pymysql.Connection, variant: str = "plain") -> None:
    """Create the tables of `VARIANTS[variant]` in the connection's current, empty schema."""
    chosen = VARIANTS[variant]
    statements = [*_core_tables(chosen), *(_plugin_tables(chosen) if chosen.plugin_tables else ())]
    with _lenient(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def seed_client(
    connection: pymysql.Connection, client_id: int, name: str, company: str | None = None, external_id: int = 0
) -> None:
    """Add a client; `client_id` may be 0, which MySQL would otherwise take for "the next number"."""
    _insert(connection, "clients", ClientID=client_id, Name=name, Company=company, ExternalID=external_id)


def seed_location(connection: pymysql.Connection, location_id: int, client_id: int, name: str) -> None:
    """Add a location of a client."""
    _insert(connection, "locations", LocationID=location_id, ClientID=client_id, Name=name)


def seed_password(
    connection: pymysql.Connection,
    client_id: int,
    title: str,
    value: bytes | None,
    *,
    key_client_id: int | None = None,
    password_id: int | None = None,
    location_id: int = 0,
    user_name: str = "",
    url: str = "",
    notes: str | None = None,
) -> int:
    """Add a password as the Control Center stores it, encrypted by the server, and return its PasswordID.

    `value` is the plaintext's bytes, None for NULL. `key_client_id` encrypts under another client's key, which makes
    the row unreadable. The key is the text SHA(CONCAT(' ', ClientID + 1)) (automate-db.md 5).
    """
    key_id = client_id if key_client_id is None else key_client_id
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT AES_ENCRYPT(%s, SHA(CONCAT(' ', %s + 1)))", (value, key_id))
        except pymysql.err.OperationalError as error:
            if error.args[0] != NO_SUCH_FUNCTION:
                raise
            # MySQL 9 has no SHA() any more.
            cursor.execute("SELECT AES_ENCRYPT(%s, %s)", (value, hashlib.sha1(f" {key_id + 1}".encode()).hexdigest()))
        row = cursor.fetchone()
    assert row is not None
    return seed_stored_password(
        connection,
        client_id,
        title,
        row[0],
        password_id=password_id,
        location_id=location_id,
        user_name=user_name,
        url=url,
        notes=notes,
    )


def seed_stored_password(
    connection: pymysql.Connection,
    client_id: int,
    title: str,
    stored: bytes | None,
    *,
    password_id: int | None = None,
    location_id: int = 0,
    user_name: str = "",
    url: str = "",
    notes: str | None = None,
) -> int:
    """Add a password whose column holds exactly `stored` (NULL, no bytes, junk, another scheme), return PasswordID."""
    columns: dict[str, Any] = {
        "ClientID": client_id,
        "LocationID": location_id,
        "Title": title,
        "UserName": user_name,
        "Password": stored,
        "URL": url,
        "Notes": notes,
    }
    if password_id is not None:
        columns["PasswordID"] = password_id
    return _insert(connection, "passwords", **columns)


def _insert(connection: pymysql.Connection, table: str, **columns: Any) -> int:
    names = ", ".join(f"`{name}`" for name in columns)
    places = ", ".join(["%s"] * len(columns))
    with _lenient(connection, "NO_AUTO_VALUE_ON_ZERO"), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO `{table}` ({names}) VALUES ({places})", tuple(columns.values()))
        return int(cursor.lastrowid)


@contextmanager
def _lenient(connection: pymysql.Connection, mode: str = "") -> Iterator[None]:
    """Zero dates and client 0 exist in the field, and a strict session would not write them."""
    with connection.cursor() as cursor:
        cursor.execute("SET @former_mode = @@SESSION.sql_mode, SESSION sql_mode = %s", (mode,))
        try:
            yield
        finally:
            cursor.execute("SET SESSION sql_mode = @former_mode")


def _core_tables(variant: Variant) -> tuple[str, ...]:
    end = f"ENGINE={variant.engine} DEFAULT CHARSET={variant.charset}"
    return (
        f"""CREATE TABLE clients (
            ClientID INT NOT NULL AUTO_INCREMENT,
            Name VARCHAR(100) NOT NULL DEFAULT '',
            Company VARCHAR(100) DEFAULT NULL,
            FirstName VARCHAR(50) DEFAULT NULL,
            LastName VARCHAR(50) DEFAULT NULL,
            City VARCHAR(50) DEFAULT NULL,
            State VARCHAR(50) DEFAULT NULL,
            ExternalID INT NOT NULL DEFAULT 0,
            Flags INT NOT NULL DEFAULT 0,
            Comment TEXT,
            Last_User VARCHAR(50) DEFAULT NULL,
            Last_Date {variant.changed},
            PRIMARY KEY (ClientID), KEY Name (Name)) {end}""",
        f"""CREATE TABLE locations (
            LocationID INT NOT NULL AUTO_INCREMENT,
            ClientID INT NOT NULL DEFAULT 0,
            Name VARCHAR(100) NOT NULL DEFAULT '',
            PasswordID INT NOT NULL DEFAULT 0,
            ContactID INT NOT NULL DEFAULT 0,
            Comments TEXT,
            Last_User VARCHAR(50) DEFAULT NULL,
            Last_Date DATETIME DEFAULT NULL,
            PRIMARY KEY (LocationID), KEY ClientID (ClientID)) {end}""",
        f"""CREATE TABLE computers (
            ComputerID INT NOT NULL,
            ClientID INT NOT NULL DEFAULT 0,
            LocationID INT NOT NULL DEFAULT 0,
            Name VARCHAR(100) DEFAULT NULL,
            Domain VARCHAR(100) DEFAULT NULL,
            OS VARCHAR(100) DEFAULT NULL,
            LastContact DATETIME DEFAULT NULL,
            UNIQUE KEY ComputerID (ComputerID)) {end}""",
        f"""CREATE TABLE passwords (
            PasswordID INT NOT NULL AUTO_INCREMENT,
            ClientID INT NOT NULL DEFAULT 0,
            LocationID INT NOT NULL DEFAULT 0,
            Title VARCHAR(50) NOT NULL DEFAULT '',
            UserName VARCHAR(100) NOT NULL DEFAULT '',
            Password BLOB,
            URL VARCHAR(255) NOT NULL DEFAULT '',
            Notes {variant.notes},
            ExpireDate {variant.expires},
            Last_User VARCHAR(50) DEFAULT NULL,
            Last_Date {variant.changed},
            PRIMARY KEY (PasswordID), KEY ClientID (ClientID), KEY LocationID (LocationID)) {end}""",
    )


def _plugin_tables(variant: Variant) -> tuple[str, ...]:
    end = f"ENGINE={variant.engine} DEFAULT CHARSET={variant.charset}"
    client_key = ", PRIMARY KEY (ClientID)" if variant.keys else ""
    password_key = ", PRIMARY KEY (PasswordID)" if variant.keys else ""
    company_map, auto_sync, password_map, settings = PLUGIN_TABLES
    return (
        f"CREATE TABLE {company_map} (ClientID INT, ITGOrgID {variant.entry_id}{client_key}) {end}",
        f"CREATE TABLE {auto_sync} (PasswordID INT, AutoSync TINYINT{password_key}) {end}",
        f"""CREATE TABLE {password_map}
            (PasswordID INT, ITGPasswordID {variant.entry_id}, LastSync DATETIME{password_key}) {end}""",
        f"CREATE TABLE {settings} (APIKey VARCHAR(255)) {end}",
    )
