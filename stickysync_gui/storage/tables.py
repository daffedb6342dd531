"""The tables as SQLAlchemy Core objects, under the names that work on Windows and Linux servers alike (all lower case).

Only columns that somebody's SQL proves to exist are named (automate-db.md 3 and 4). Our own definitions of the
plugin's tables are what `schema.create_missing` makes; tables that exist already may look otherwise.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

SCHEMA_VERSION = 1
"""Version of our own two tables; it stands as the default of their SchemaVersion column."""

# utf8mb4: an entry's name is kept in the sending mark exactly as sent. DYNAMIC rows exist from MySQL 5.7 on by default.
_OURS: Any = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}

automate = MetaData()
plugin = MetaData()

clients = Table(
    "clients",
    automate,
    Column("ClientID", Integer, primary_key=True),
    Column("Name", String(100), nullable=False, server_default=""),
    Column("Company", String(100)),
)

locations = Table(
    "locations",
    automate,
    Column("LocationID", Integer, primary_key=True),
    Column("ClientID", Integer, nullable=False, server_default="0"),
    Column("Name", String(100), nullable=False, server_default=""),
)

passwords = Table(
    "passwords",
    automate,
    Column("PasswordID", Integer, primary_key=True),
    Column("ClientID", Integer, nullable=False, server_default="0", index=True),
    Column("LocationID", Integer, nullable=False, server_default="0"),
    Column("Title", String(50), nullable=False, server_default=""),
    Column("UserName", String(100), nullable=False, server_default=""),
    Column("Password", LargeBinary),
    Column("URL", String(255), nullable=False, server_default=""),
    Column("Notes", Text),
)

companymap = Table(
    "plugin_stickysync_companymap",
    plugin,
    Column("ClientID", Integer, primary_key=True, autoincrement=False),
    Column("ITGOrgID", BigInteger),
    **_OURS,
)

passwordautosync = Table(
    "plugin_stickysync_passwordautosync",
    plugin,
    Column("PasswordID", Integer, primary_key=True, autoincrement=False),
    Column("AutoSync", SmallInteger),
    **_OURS,
)

passwordmap = Table(
    "plugin_stickysync_passwordmap",
    plugin,
    Column("PasswordID", Integer, primary_key=True, autoincrement=False),
    Column("ITGPasswordID", BigInteger),
    Column("LastSync", DateTime),
    **_OURS,
)

settings = Table(
    "plugin_stickysync_settings",
    plugin,
    Column("APIKey", String(255)),
    **_OURS,
)

syncstate = Table(
    "plugin_stickysync_syncstate",
    plugin,
    Column("PasswordID", Integer, primary_key=True, autoincrement=False),
    Column("SchemaVersion", SmallInteger, nullable=False, server_default=text(str(SCHEMA_VERSION))),
    Column("ITGPasswordID", BigInteger),
    Column("ValueHash", String(64)),
    Column("NotesHash", String(64)),
    Column("FieldsHash", String(64)),
    Column("ReturnedHash", String(64)),
    Column("PasswordUpdatedAt", String(40)),
    Column("AcceptedOrgID", BigInteger),
    Column("DriftPushes", Integer, nullable=False, server_default=text("0")),
    Column("LeftBehind", Text),
    Column("MarkKind", String(8)),
    Column("MarkRunID", String(32)),
    Column("MarkOrgID", BigInteger),
    Column("MarkName", Text),
    Column("MarkUserName", Text),
    Column("MarkSeen", Text),
    Column("MarkedAt", DateTime),
    **_OURS,
)

run = Table(
    "plugin_stickysync_run",
    plugin,
    Column("RunID", String(32), primary_key=True),
    Column("SchemaVersion", SmallInteger, nullable=False, server_default=text(str(SCHEMA_VERSION))),
    Column("StartedBy", String(128), nullable=False, server_default=""),
    Column("Computer", String(128), nullable=False, server_default=""),
    Column("Kind", String(16), nullable=False, server_default=""),
    Column("Scope", String(255), nullable=False, server_default=""),
    Column("StartedAt", DateTime),
    Column("LastSignAt", DateTime),
    Column("EndedAt", DateTime),
    Column("Ended", String(32)),
    Column("Created", Integer, nullable=False, server_default=text("0")),
    Column("Linked", Integer, nullable=False, server_default=text("0")),
    Column("Updated", Integer, nullable=False, server_default=text("0")),
    Column("Unchanged", Integer, nullable=False, server_default=text("0")),
    Column("Skipped", Integer, nullable=False, server_default=text("0")),
    Column("Failed", Integer, nullable=False, server_default=text("0")),
    Column("PasswordRows", Integer),
    **_OURS,
)

PLUGIN_TABLES = (companymap, passwordautosync, passwordmap, settings)
"""The four tables that the Control Center plugin knows."""
OWN_TABLES = (syncstate, run)
"""The two that only this program uses."""
