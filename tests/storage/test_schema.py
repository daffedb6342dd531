"""Tables as they are found in the field, what fits into them, and the SQL that makes them."""

import re

import pytest

from stickysync_gui.domain.records import MarkKind, SendingMark, SyncState
from stickysync_gui.errors import DatabaseRefused, ExitCode, IdDoesNotFit, TablesMissing
from stickysync_gui.storage import plugin, schema
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.automate_side import automate_side
from stickysync_gui.storage.database import Database
from tests.automate_schema import VARIANTS, seed_client, seed_password
from tests.mariadb import Database as Schema
from tests.storage.ground import sqlite_database

THEIRS = tuple(table.name for table in t.PLUGIN_TABLES)
OURS = tuple(table.name for table in t.OWN_TABLES)
EU_ID = 2_100_000_000_000_001


# --- what is there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("automate", VARIANTS, indirect=True)
async def test_every_shape_is_recognised_completed_and_works(database: Database, automate: Schema, request) -> None:
    variant = VARIANTS[request.node.callspec.params["automate"]]
    with automate.connect() as connection:
        seed_client(connection, 1, "Contoso")
        password_id = seed_password(connection, 1, "Router", b"secret", notes="n")

    before = await database.run(schema.find_tables)
    made = await database.run(schema.create_missing)
    after = await database.run(schema.find_tables)

    assert before.present == (THEIRS if variant.plugin_tables else ())
    assert before.missing == made == (OURS if variant.plugin_tables else (*THEIRS, *OURS))
    assert (after.missing, after.newer_version) == ((), None)
    assert after.api_key_length == 255
    fits = variant.entry_id == "BIGINT" or not variant.plugin_tables
    assert after.largest_entry_id == after.largest_organization_id == (2**63 - 1 if fits else 2**31 - 1)
    entry_id = EU_ID if fits else 4411
    await database.write_map(plugin.write_mapping, 1, entry_id)
    await database.write_map(plugin.write_link, password_id, entry_id)
    await database.write_map(plugin.write_ticks, [password_id], True)
    await database.write_map(plugin.write_key, "sealed")
    mark = SendingMark(MarkKind.CREATE, "r", EU_ID, "Name 🔑", "ü", (EU_ID, EU_ID + 1))
    await database.run(plugin.write_state, SyncState(password_id, entry_id=EU_ID, mark=mark))
    side = await database.run(automate_side, after, False)
    assert [(m.client_id, m.organization_id) for m in side.mappings] == [(1, entry_id)]
    assert [(link.password_id, link.entry_id) for link in side.links] == [(password_id, entry_id)]
    assert side.links[0].last_sync
    assert side.ticked == {password_id}
    assert [p.notes for p in side.passwords] == ["n"]
    found = side.states[password_id].mark
    assert found is not None
    assert (found.name, found.username, found.seen_entry_ids) == ("Name 🔑", "ü", (EU_ID, EU_ID + 1))
    assert await database.run(plugin.stored_keys) == ["sealed"]


async def test_creating_twice_changes_nothing(complete: Database) -> None:
    assert await complete.run(schema.create_missing) == ()


@pytest.mark.parametrize("automate", ["without_plugin_tables"], indirect=True)
async def test_our_own_tables_are_as_the_contract_says(complete: Database, sql, automate: Schema) -> None:
    shapes = sql(
        "SELECT TABLE_NAME, ENGINE, TABLE_COLLATION FROM information_schema.TABLES"
        " WHERE TABLE_SCHEMA = %s AND TABLE_NAME LIKE 'plugin%%'",
        automate.schema,
    )
    keys = dict(
        sql(
            "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS"
            " WHERE TABLE_SCHEMA = %s AND COLUMN_KEY = 'PRI' AND TABLE_NAME LIKE 'plugin%%'",
            automate.schema,
        )
    )

    assert len(shapes) == 6
    assert {engine for _, engine, _ in shapes} == {"InnoDB"}
    assert all(collation.startswith("utf8mb4") for _, _, collation in shapes)
    assert keys == {
        "plugin_stickysync_companymap": "ClientID",
        "plugin_stickysync_passwordautosync": "PasswordID",
        "plugin_stickysync_passwordmap": "PasswordID",
        "plugin_stickysync_syncstate": "PasswordID",
        "plugin_stickysync_run": "RunID",
    }


async def test_missing_tables_are_named_with_their_sql(database: Database) -> None:
    found = await database.run(schema.find_tables)

    with pytest.raises(TablesMissing) as caught:
        found.require([t.companymap, t.syncstate])

    assert "plugin_stickysync_syncstate" in caught.value.happened
    assert "companymap" not in caught.value.happened
    assert "CREATE TABLE IF NOT EXISTS plugin_stickysync_syncstate" in caught.value.todo
    assert caught.value.exit_code is ExitCode.DATABASE


async def test_a_table_without_a_single_right_may_be_there_all_the_same(opens, complete: Database, automate) -> None:
    automate.server.create_user("blind", "x", [f"SELECT ON {automate.schema}.clients"])
    found = await opens("x", user="blind").run(schema.find_tables)

    with pytest.raises(TablesMissing) as caught:
        found.require(t.PLUGIN_TABLES)

    assert "no right" in caught.value.happened
    assert "--show-sql" in caught.value.todo


# --- ids -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "largest"),
    [
        ("INT", 2**31 - 1),
        ("INT UNSIGNED", 2**32 - 1),
        ("INT(11)", 2**31 - 1),
        ("MEDIUMINT", 2**23 - 1),
        ("BIGINT", 2**63 - 1),
        ("BIGINT UNSIGNED", 2**64 - 1),
    ],
)
async def test_ids_too_big_for_a_column_are_refused_with_the_statement_that_helps(
    complete: Database, sql, kind: str, largest: int
) -> None:
    sql(f"ALTER TABLE plugin_stickysync_passwordmap MODIFY ITGPasswordID {kind}")
    found = await complete.run(schema.find_tables)
    assert found.largest_entry_id == largest
    found.require_ids_fit([], [largest])

    with pytest.raises(IdDoesNotFit) as caught:
        found.require_ids_fit([], [5, largest + 1])

    assert str(largest + 1) in caught.value.happened
    widening = re.search(r"^ALTER TABLE .*;$", caught.value.todo, re.MULTILINE)
    assert widening is not None
    if largest < EU_ID:
        assert any(widening[0] in problem for problem in found.problems())
        sql(widening[0])
        (await complete.run(schema.find_tables)).require_ids_fit([], [EU_ID])


async def test_organization_ids_are_held_against_the_company_map(complete: Database, sql) -> None:
    sql("ALTER TABLE plugin_stickysync_passwordmap MODIFY ITGPasswordID BIGINT")
    found = await complete.run(schema.find_tables)

    found.require_ids_fit([], [EU_ID])
    found.require_ids_fit([], [])
    with pytest.raises(IdDoesNotFit, match=r"companymap\.ITGOrgID"):
        found.require_ids_fit([EU_ID], [])


async def test_the_room_for_the_key_is_known(complete: Database, sql) -> None:
    lengths = {}
    for kind in ("VARCHAR(40)", "VARCHAR(255)", "TEXT"):
        sql(f"ALTER TABLE plugin_stickysync_settings MODIFY APIKey {kind}")
        lengths[kind] = (await complete.run(schema.find_tables)).api_key_length

    assert lengths == {"VARCHAR(40)": 40, "VARCHAR(255)": 255, "TEXT": 65535}


# --- versions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", OURS)
async def test_tables_of_a_newer_program_are_read_and_never_written(complete: Database, sql, table: str) -> None:
    sql("INSERT INTO plugin_stickysync_syncstate (PasswordID, MarkKind, MarkedAt) VALUES (1, 'rename', NOW())")
    sql(f"ALTER TABLE {table} ALTER COLUMN SchemaVersion SET DEFAULT 2, ADD COLUMN Shiny INT NOT NULL DEFAULT 5")

    found = await complete.run(schema.find_tables)

    assert found.newer_version == 2
    with pytest.raises(DatabaseRefused, match="version 2"):
        found.require_writable_state()
    side = await complete.run(automate_side, found, False)
    assert side.states[1].mark is not None, "a mark of a kind unknown here still means that something was sent"


async def test_our_own_version_is_no_newer_one(complete: Database) -> None:
    found = await complete.run(schema.find_tables)

    found.require_writable_state()
    found.require((*t.PLUGIN_TABLES, *t.OWN_TABLES))


# --- the SQL for a DBA -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("automate", ["without_plugin_tables", "plain"], indirect=True)
async def test_the_sql_to_hand_over_runs_as_it_stands(database: Database, automate: Schema, sql) -> None:
    shown = schema.setup_sql(automate.schema, "sticky", "127.0.0.1").replace("<password>", "x")
    sql("DROP USER IF EXISTS sticky@127.0.0.1")
    with automate.server.connect() as connection, connection.cursor() as cursor:
        for statement in filter(None, map(str.strip, re.sub(r"^--.*$", "", shown, flags=re.MULTILINE).split(";"))):
            cursor.execute(statement)

    assert (await database.run(schema.find_tables)).missing == ()
    granted = " ".join(line[0] for line in sql("SHOW GRANTS FOR sticky@127.0.0.1"))
    assert "passwords" in granted
    assert not re.search(r"(INSERT|UPDATE|DELETE|ALL)[^.]*ON `[^`]+`\.`(passwords|clients|locations)`", granted)


def test_the_sql_names_every_table_and_no_star() -> None:
    shown = schema.setup_sql("labtech")

    assert "*" not in shown
    for table in (*t.automate.tables, *t.plugin.tables):
        assert f"ON `labtech`.`{table}`" in shown
    for table in t.plugin.tables:
        assert f"CREATE TABLE IF NOT EXISTS {table} (" in shown
    # Exactly the columns that are read.
    for table in t.automate.tables.values():
        (columns,) = re.findall(rf"GRANT SELECT \(([^)]*)\) ON `labtech`.`{table.name}`", shown)
        assert set(columns.split(", ")) == {column.name for column in table.columns}


# --- the stand-in ----------------------------------------------------------------------------------------------


async def test_the_stand_in_holds_ids_of_any_width(tmp_path) -> None:
    database = sqlite_database(tmp_path / "demo.sqlite")
    made = await database.run(schema.create_missing)
    found = await database.run(schema.find_tables)

    assert made == (*THEIRS, *OURS)
    assert (found.missing, found.problems(), found.newer_version) == ((), [], None)
    found.require_ids_fit([EU_ID], [EU_ID])
    await database.close()
