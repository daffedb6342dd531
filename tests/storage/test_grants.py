"""A least-privilege account does everything, and each right that is taken from it is named."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from stickysync_gui.domain.findings import Finding, Verdict
from stickysync_gui.domain.planned import Action, PlannedRow, Status
from stickysync_gui.domain.progress import Summary
from stickysync_gui.domain.records import Entry, Field, SyncState
from stickysync_gui.errors import DatabaseRefused, StickySyncError
from stickysync_gui.storage import automate as reading
from stickysync_gui.storage import choices, plugin, probes, run_lock, run_table, schema, sending
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.automate_side import automate_side
from stickysync_gui.storage.database import Database
from stickysync_gui.sync.doctor import check_database
from tests.automate_schema import seed_client, seed_password
from tests.mariadb import HOST
from tests.mariadb import Database as Schema
from tests.storage.ground import Opener

# automate-db.md 8, word for word, but for the host.
_OF_THE_FACTS = """
GRANT SELECT (ClientID, Name, Company, ExternalID, Last_Date) ON {s}.clients TO {a};
GRANT SELECT (LocationID, ClientID, Name) ON {s}.locations TO {a};
GRANT SELECT (PasswordID, ClientID, LocationID, Title, UserName, Password, URL, Notes, ExpireDate, Last_User, Last_Date)
  ON {s}.passwords TO {a};
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.plugin_stickysync_companymap TO {a};
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.plugin_stickysync_passwordautosync TO {a};
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.plugin_stickysync_passwordmap TO {a};
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.plugin_stickysync_settings TO {a};
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.plugin_stickysync_syncstate TO {a};
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.plugin_stickysync_run TO {a};
"""
ACCOUNT = f"'sticky'@'{HOST}'"


def grants_of_the_facts(schema_name: str) -> list[str]:
    return [g.strip() for g in _OF_THE_FACTS.format(s=schema_name, a=ACCOUNT).split(";") if g.strip()]


def grants_of_ours(schema_name: str) -> list[str]:
    return re.findall(r"^(GRANT .*);$", schema.setup_sql(schema_name, "sticky", HOST), re.MULTILINE)


@pytest.fixture
def seeded(automate: Schema, complete: Database, sql) -> int:
    """A mapped client with one password; returns its id."""
    with automate.connect() as connection:
        seed_client(connection, 1, "Contoso")
        password_id = seed_password(connection, 1, "Router", b"secret")
    sql("INSERT INTO plugin_stickysync_companymap VALUES (1, 77)")
    sql("INSERT INTO plugin_stickysync_settings VALUES ('old'), ('older')")
    return password_id


@pytest.fixture
def account(seeded: int, automate: Schema) -> Iterator[None]:
    """An account without rights; the test grants it what it needs."""
    automate.server.create_user("sticky", "x", [])
    yield
    with automate.server.connect() as root, root.cursor() as cursor:
        cursor.execute(f"DROP USER {ACCOUNT}")


def as_root(automate: Schema, *statements: str) -> None:
    with automate.server.connect() as root, root.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


async def do_everything(database: Database, password_id: int) -> None:
    """Every reading and every writing that the program does on this side."""
    await database.open()
    tables = await database.run(schema.find_tables)
    tables.require((*t.PLUGIN_TABLES, *t.OWN_TABLES))
    side = await database.run(automate_side, tables, False)
    (password,) = side.passwords
    assert await database.run(reading.password_counts) == {1: 1}

    lock = run_lock.RunLock(database)
    await database.call(lock.take)
    begun = run_table.RunBegun("sync", "everything")
    await database.run(run_table.begin_run, begun)
    await database.run(run_table.sign_of_life, begun.id, 1)
    await database.call(lock.verify)

    rules = sending.WritingRules(begun.id, only_ticked=True, allow_windows_1252=False, largest_entry_id=2**31)
    await database.write_map(plugin.write_ticks, [password_id], True)
    row = PlannedRow(
        password, Status.NEW, Action.CREATE, mapped=frozenset((77,)), organization_id=77, fields=(Field.PASSWORD,)
    )
    ready = await database.run(sending.prepare, row, row.fields, (), rules)
    assert ready is not None
    await database.run(sending.take_back, ready, rules)
    entry = Entry(4411, 77, "Router", password_updated_at="2025-01-01T00:00:00.000Z")
    assert await database.run(sending.prepare, row, row.fields, (), rules) is not None
    await database.write_map(sending.store, row, entry, row.fields, rules)
    await database.run(sending.confirm, [password_id])

    assert await database.run(choices.linked_counts, [1]) == {1: 1}
    await database.write_map(choices.keep_moved, {password_id: 78})
    await database.write_map(choices.unlink, password_id)
    await database.write_map(choices.link, password_id, 4412)
    await database.write_map(choices.map_clients, {1: 78}, {1: (77,)})
    await database.write_map(choices.map_clients, {1: None}, {1: (78,)})
    await database.write_map(choices.map_clients, {1: 77}, {1: ()})
    await database.write_map(plugin.write_ticks, [password_id], False)
    await database.write_map(plugin.write_key, "sealed")
    await database.run(plugin.write_state, SyncState(password_id))
    await database.write_map(plugin.remove_link, password_id)

    await database.run(run_table.end_run, Summary(begun.id))
    assert await database.run(run_table.last_good_password_count) == 1
    assert await database.run(run_table.open_run) is None
    await database.call(lock.release)
    for table in probes.READ_TABLES:
        await database.run(probes.read_one, table)
    await database.run(probes.write_and_undo)
    await database.run(probes.links_newer_than_our_runs)
    assert len(await database.run(probes.sample_values)) == 1


@pytest.mark.parametrize("grants_of", [grants_of_the_facts, grants_of_ours])
@pytest.mark.usefixtures("account")
async def test_the_granted_rights_are_enough(opens: Opener, automate: Schema, seeded: int, grants_of) -> None:
    as_root(automate, *grants_of(automate.schema))

    await do_everything(opens("x", user="sticky"), seeded)


async def check_all(database: Database) -> list[StickySyncError]:
    """What the self-check finds, reading and writing."""
    found = []
    for probe, *arguments in (*((probes.read_one, table) for table in probes.READ_TABLES), (probes.write_and_undo,)):
        try:
            await database.run(probe, *arguments)
        except StickySyncError as error:
            found.append(error)
    return found


@pytest.mark.usefixtures("account")
async def test_each_right_that_is_missing_is_named(opens: Opener, automate: Schema) -> None:
    rights = [
        *((f"SELECT ON {automate.schema}.{table}", "SELECT", table) for table in probes.READ_TABLES),
        *(
            (f"{right} ON {automate.schema}.{table}", right, table)
            for table in t.plugin.tables
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
        ),
    ]
    as_root(automate, *(f"GRANT {right} TO {ACCOUNT}" for right, _, _ in rights))
    database = opens("x", user="sticky")
    assert await check_all(database) == []

    for right, command, table in rights:
        as_root(automate, f"REVOKE {right} FROM {ACCOUNT}")
        (error,) = await check_all(database)
        as_root(automate, f"GRANT {right} TO {ACCOUNT}")
        assert isinstance(error, DatabaseRefused)
        assert f"lacks the right {command} on {automate.schema}.{table}" in error.happened
        assert f"GRANT {command} ON `{automate.schema}`.`{table}` TO" in error.todo


@pytest.mark.usefixtures("account")
async def test_each_column_that_may_not_be_read_is_named(opens: Opener, automate: Schema) -> None:
    as_root(automate, *grants_of_ours(automate.schema))
    database = opens("x", user="sticky")

    for table in t.automate.tables.values():
        for column in table.columns:
            right = f"SELECT ({column.name}) ON {automate.schema}.{table.name}"
            as_root(automate, f"REVOKE {right} FROM {ACCOUNT}")
            (error,) = await check_all(database)
            as_root(automate, f"GRANT {right} TO {ACCOUNT}")
            assert f"SELECT ({column.name}) on {automate.schema}.{table.name}" in error.happened
            assert f"GRANT SELECT ({column.name}) ON `{automate.schema}`.`{table.name}`" in error.todo


@pytest.mark.usefixtures("account")
async def test_the_self_check_lists_all_that_is_missing_with_statements_to_paste(
    opens: Opener, automate: Schema
) -> None:
    """One right or column after the other is taken away and found, alone and together with those before it."""
    as_root(automate, *grants_of_ours(automate.schema))
    database = opens("x", user="sticky")
    assert await failed_checks(database) == []
    taken = []
    for table in t.plugin.tables:
        for right in ("INSERT", "UPDATE", "DELETE", "SELECT"):
            as_root(automate, f"REVOKE {right} ON {automate.schema}.{table} FROM {ACCOUNT}")
            failed = await failed_checks(database)
            taken.append((right, table))
            # Without any right a table is not even seen.
            seen = [(r, t_) for r, t_ in taken if t_ == table or not gone(taken, t_)]
            if gone(taken, table):
                assert any(table in finding.words and finding.name == "Plugin tables" for finding in failed)
            else:
                assert all(any(r in f.words and f.name == f"Rights on {t_}" for f in failed) for r, t_ in seen)
        as_root(automate, f"GRANT SELECT ON {automate.schema}.{table} TO {ACCOUNT}")
        taken.remove(("SELECT", table))
    for table in t.automate.tables.values():
        for column in table.columns:
            as_root(automate, f"REVOKE SELECT ({column.name}) ON {automate.schema}.{table.name} FROM {ACCOUNT}")
            (reading_it,) = [f for f in await failed_checks(database) if f.name == f"Read {table.name}"]
            assert column.name in reading_it.words

    failed = await failed_checks(database)
    as_root(automate, *(found.remedy.removeprefix("Let a DBA run: ") for found in failed if "GRANT" in found.remedy))

    assert len(failed) == len(t.plugin.tables) + len(t.automate.tables) + 1, "the values could not be tried either"
    assert all(f.words.endswith("Looking and planning work all the same.") for f in failed if "Rights" in f.name)
    assert await failed_checks(database) == []


def gone(taken: list[tuple[str, str]], table: str) -> bool:
    return sum(1 for _, other in taken if other == table) == 4


async def failed_checks(database: Database) -> list[Finding]:
    found: list[Finding] = []
    facts = await database.open()
    await check_database(database, await database.run(schema.find_tables), facts, found.append)
    return [finding for finding in found if finding.verdict in (Verdict.FAILED, Verdict.NOT_CHECKED)]


@pytest.mark.usefixtures("account")
async def test_a_statement_of_the_remedy_helps(opens: Opener, automate: Schema) -> None:
    as_root(automate, *(g for g in grants_of_ours(automate.schema) if "passwordmap" not in g))
    as_root(automate, f"GRANT SELECT ON {automate.schema}.plugin_stickysync_passwordmap TO {ACCOUNT}")
    database = opens("x", user="sticky")

    for _ in range(4):
        errors = await check_all(database)
        if not errors:
            break
        (remedy,) = re.findall(r"^GRANT .*;$", errors[0].todo, re.MULTILINE)
        as_root(automate, remedy.replace("<account>", ACCOUNT))

    assert errors == []


@pytest.mark.usefixtures("account")
async def test_creating_tables_without_the_right(opens: Opener, automate: Schema, sql) -> None:
    sql("DROP TABLE plugin_stickysync_run")
    as_root(automate, *(g for g in grants_of_ours(automate.schema) if "_run" not in g))

    with pytest.raises(DatabaseRefused) as caught:
        await opens("x", user="sticky").run(schema.create_missing)

    assert f"lacks the right CREATE on {automate.schema}.plugin_stickysync_run" in caught.value.happened


def test_a_schema_with_a_dash_is_named_whole(mariadb) -> None:
    odd = mariadb.create_database("lab-tech.x")
    try:
        with odd.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE clients (ClientID INT, Name INT, Company INT)")
            cursor.execute("CREATE TABLE other (ClientID INT)")
        mariadb.create_user("sticky", "x", ["SELECT ON `lab-tech.x`.other"])
        opener = Opener(odd, [])
        with pytest.raises(DatabaseRefused) as caught:
            asyncio.run(opener("x", user="sticky").run(reading.clients))
        asyncio.run(opener.opened[0].close())
    finally:
        odd.drop()

    assert "SELECT on lab-tech.x.clients" in caught.value.happened
    assert "GRANT SELECT ON `lab-tech.x`.`clients`" in caught.value.todo
