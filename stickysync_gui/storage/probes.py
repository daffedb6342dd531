"""Small questions to the database for the self-check; none leaves anything behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    Connection,
    DateTime,
    Executable,
    and_,
    delete,
    false,
    func,
    insert,
    null,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from stickysync_gui.domain.records import ValueState
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.decrypt import decrypt
from stickysync_gui.storage.failures import DENIED, error_code

READ_TABLES = ("clients", "locations", "passwords")
SAMPLE = 50
_SLACK = timedelta(seconds=60)


def read_one(connection: Connection, table: str) -> None:
    """Read every column that the program uses, of at most one row."""
    connection.execute(select(t.automate.tables[table]).limit(1)).all()


def write_and_undo(connection: Connection) -> None:
    """Use each right on each of the plugin's tables, on no row at all, so that also MyISAM is left as it is."""
    for table in (*t.PLUGIN_TABLES, *t.OWN_TABLES):
        column = next(iter(table.columns))
        # No row is both, whatever it holds; the column is named, so that the right to read it is asked for too.
        nowhere = and_(column.is_(None), column.is_not(None))
        connection.execute(update(table).where(nowhere).values({column.name: column}))
        connection.execute(delete(table).where(nowhere))
        connection.execute(insert(table).from_select([column.name], select(column).where(nowhere)))


def account(connection: Connection) -> str:
    """The account as the server knows it and as GRANT wants it; empty for the stand-in."""
    if connection.dialect.name == "sqlite":
        return ""
    name, _, host = str(connection.scalar(select(func.CURRENT_USER()))).rpartition("@")
    return "@".join("'" + part.replace("'", "''") + "'" for part in (name, host))


def unreadable_columns(connection: Connection, table: str) -> list[str]:
    """Of the columns that the program reads, those that this account may not."""
    columns = t.automate.tables[table].columns
    return [column.name for column in columns if not _may(connection, select(column).limit(1))]


def rights_lacking(connection: Connection, table: str) -> list[str]:
    """Which of the four rights on one of the plugin's tables this account lacks. No row is touched."""
    whole = t.plugin.tables[table]
    column = next(iter(whole.columns))
    tries: dict[str, Executable] = {
        "SELECT": select(column).limit(1),
        # None of these reads the table, so that each asks for its own right alone.
        "INSERT": insert(whole).from_select([column.name], select(null()).where(false())),
        "UPDATE": update(whole).where(false()).values({column.name: 0}),
        "DELETE": delete(whole).where(false()),
    }
    return [right for right, statement in tries.items() if not _may(connection, statement)]


def _may(connection: Connection, statement: Executable) -> bool:
    try:
        connection.execute(statement)
    except DBAPIError as error:
        if error_code(error) not in DENIED:
            raise
        return False
    return True


def links_newer_than_our_runs(connection: Connection) -> int:
    """Links that something else synced after our last run; 0 before our first."""
    last = connection.scalar(select(func.max(t.run.c.LastSignAt)))
    now, utc = connection.execute(select(func.NOW(type_=DateTime), func.UTC_TIMESTAMP(type_=DateTime))).one()
    if not isinstance(last, datetime):
        return 0
    # The run table is in UTC, LastSync in server time.
    local = last + (now - utc) + _SLACK
    c = t.passwordmap.c
    return connection.scalar(select(func.count()).select_from(t.passwordmap).where(c.LastSync > local)) or 0


def sample_values(connection: Connection) -> list[ValueState]:
    """What up to 50 stored values turn out to be."""
    c = t.passwords.c
    rows = connection.execute(
        select(c.ClientID, c.Password).where(c.Password.is_not(None), func.length(c.Password) > 0).limit(SAMPLE)
    )
    return [decrypt(client_id or 0, stored).state for client_id, stored in rows]
