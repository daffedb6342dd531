"""What is read of Automate's tables and the plugin's: odd rows, odd types, odd servers."""

from collections.abc import Iterator

import pytest

from stickysync_gui.domain.records import Link, MarkKind, SendingMark, StoredPassword, SyncState, ValueState
from stickysync_gui.storage import automate as reading
from stickysync_gui.storage import plugin, probes, schema
from stickysync_gui.storage.automate_side import automate_side
from stickysync_gui.storage.database import Database
from tests.automate_schema import PLUGIN_TABLES, seed_client, seed_location, seed_password, seed_stored_password
from tests.mariadb import Database as Schema
from tests.storage.ground import Opener

COMPANY_MAP, AUTO_SYNC, PASSWORD_MAP, SETTINGS = PLUGIN_TABLES


# --- Automate's own tables -------------------------------------------------------------------------------------


async def test_nulls_and_zeros_everywhere(database: Database, automate: Schema, sql) -> None:
    for column, kind in (
        ("ClientID", "INT NULL"),
        ("LocationID", "INT NULL"),
        ("Title", "VARCHAR(50) NULL"),
        ("UserName", "VARCHAR(100) NULL"),
        ("URL", "VARCHAR(255) NULL"),
    ):
        sql(f"ALTER TABLE passwords MODIFY {column} {kind}")
    sql("ALTER TABLE clients MODIFY Name VARCHAR(100) NULL")
    sql("INSERT INTO passwords (ClientID, LocationID, Title, UserName, URL) VALUES (NULL, NULL, NULL, NULL, NULL)")
    sql("INSERT INTO clients (ClientID, Name) VALUES (5, NULL)")

    (found,) = await database.run(reading.passwords)
    (client,) = await database.run(reading.clients)

    assert found == StoredPassword(found.id, 0, 0, "", "", "", "", None)
    assert (client.id, client.name, client.company) == (5, "", "")
    assert await database.run(reading.password_counts) == {0: 1}
    assert await database.run(reading.password, found.id) == found
    assert await database.run(reading.password, found.id + 1) is None


async def test_every_password_comes_with_its_client_and_bytes(database: Database, automate: Schema) -> None:
    with automate.connect() as connection:
        seed_client(connection, 0, "(none)")
        seed_client(connection, 7, " Contoso ", "Contoso Ltd.")
        seed_location(connection, 3, 7, "Main")
        ids = [
            seed_password(connection, 0, "a", b"one", location_id=3, user_name=".\\admin"),
            seed_password(connection, 7, "a", b"one", url="https://x", notes="line\r\nline"),
            seed_stored_password(connection, 7, "b", None),
            seed_stored_password(connection, 7, "c", b""),
            seed_stored_password(connection, 7, "d", b"junk"),
            seed_password(connection, 7, "moved", b"x" * 5000, key_client_id=0),
            seed_password(connection, 8, "empty", b""),
        ]
    found = await database.run(reading.passwords)
    states = {id_: f.state for id_, f in reading.value_findings(found, allow_windows_1252=True).items()}

    assert [p.id for p in found] == ids
    assert [p.client_id for p in found] == [0, 7, 7, 7, 7, 7, 8]
    assert found[0].cipher != found[1].cipher, "the key follows from the client"
    assert (found[0].location_id, found[0].username) == (3, ".\\admin")
    assert found[1].notes == "line\r\nline"
    assert list(states.values()) == [
        ValueState.READABLE,
        ValueState.READABLE,
        ValueState.NONE,
        ValueState.NONE,
        ValueState.UNREADABLE,
        ValueState.UNREADABLE,
        ValueState.EMPTY,
    ]
    assert await database.run(reading.location_names) == {3: "Main"}
    assert [(c.id, c.name, c.company) for c in await database.run(reading.clients)] == [
        (0, "(none)", ""),
        (7, " Contoso ", "Contoso Ltd."),
    ]


async def test_findings_carry_no_value(database: Database, automate: Schema) -> None:
    with automate.connect() as connection:
        seed_password(connection, 1, "a", b"hunter2-canary")
    found = await database.run(reading.passwords)

    findings = reading.value_findings(found, allow_windows_1252=False)

    assert "canary" not in repr(findings)
    assert "canary" not in repr(found)
    assert repr(found[0].cipher) not in repr(found)


@pytest.mark.parametrize("automate", ["latin1", "plain", "nullable_dates", "varchar_notes", "myisam"], indirect=True)
async def test_names_beyond_ascii(database: Database, automate: Schema, sql) -> None:
    with automate.connect() as connection:
        seed_client(connection, 1, "Zürich Straße", "Müller & Söhne")
        seed_password(connection, 1, "Größe", "wertvoll €".encode(), user_name="jürgen", notes="café")

    (client,) = await database.run(reading.clients)
    (password,) = await database.run(reading.passwords)

    assert (client.name, client.company) == ("Zürich Straße", "Müller & Söhne")
    assert (password.title, password.username, password.notes) == ("Größe", "jürgen", "café")


async def test_titles_with_emoji_come_whole(database: Database, automate: Schema, sql) -> None:
    sql("ALTER TABLE passwords MODIFY Title VARCHAR(50) CHARACTER SET utf8mb4")
    with automate.connect() as connection:
        seed_password(connection, 1, "🔑 Router 🔒", b"x")

    (password,) = await database.run(reading.passwords)

    assert password.title == "🔑 Router 🔒"


# --- the plugin's tables ---------------------------------------------------------------------------------------


async def test_odd_rows_of_the_plugins_tables(database: Database, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 10), (1, 10), (2, NULL), (NULL, 5), (3, 0), (4, 30), (4, 40)")
    # By SELECT, since a strict session takes no zero date as a literal.
    sql("SET STATEMENT sql_mode = '' FOR INSERT INTO " + PASSWORD_MAP + " VALUES (1, 11, '0000-00-00 00:00:00')")
    sql(
        f"INSERT INTO {PASSWORD_MAP} VALUES (1, 11, '2025-01-02 03:04:05'), (2, 12, NULL), (3, NULL, NULL),"
        " (NULL, 9, NULL), (4, 0, NULL), (5, 13, '2099-01-01'), (5, 14, NULL)"
    )
    sql("SET STATEMENT sql_mode = '' FOR INSERT INTO " + PASSWORD_MAP + " VALUES (6, 15, '0000-00-00 00:00:00')")

    mappings = {(m.client_id, m.organization_id) for m in await database.run(plugin.mappings)}
    links = await database.run(plugin.links)

    assert mappings == {(1, 10), (4, 30), (4, 40)}
    assert sorted(links, key=lambda link: (link.password_id, link.entry_id)) == [
        Link(1, 11, "2025-01-02 03:04:05"),
        Link(2, 12, ""),
        Link(5, 13, "2099-01-01 00:00:00"),
        Link(5, 14, ""),
        Link(6, 15, ""),
    ]
    assert await database.run(plugin.organizations_of, 4) == {30, 40}
    assert await database.run(plugin.organizations_of, 3) == frozenset()
    assert await database.run(plugin.entries_of, 5) == {13, 14}
    assert await database.run(plugin.entries_of, 3) == frozenset()
    assert await database.run(plugin.holders_of, 9) == frozenset()


async def test_a_sync_state_comes_back_as_it_was_stored(complete: Database) -> None:
    seen = tuple(range(2_100_000_000_000_001, 2_100_000_000_000_201))
    mark = SendingMark(MarkKind.CREATE, "run1", seen[0], " Náme\\'\"🔑 ", "DOM\\user%s:x", seen)
    full = SyncState(5, seen[0], "v", "n", "f", "r", "2025-01-01T00:00:00.123Z", 77, 2, (1, 2), mark)

    for state in (full, SyncState(6), full, SyncState(5)):
        await complete.run(plugin.write_state, state)
        assert await complete.run(plugin.state, state.password_id) == state
    await complete.run(plugin.write_state, full)

    assert await complete.run(plugin.states) == {5: full, 6: SyncState(6)}
    assert await complete.run(plugin.state, 404) is None


@pytest.mark.usefixtures("still_clock")
async def test_a_marks_age_is_by_the_servers_clock(complete: Database, sql) -> None:
    mark = SendingMark(MarkKind.UPDATE, "run1", 7, "n", "u")
    await complete.run(plugin.write_state, SyncState(5, mark=mark))
    sql("UPDATE plugin_stickysync_syncstate SET MarkedAt = MarkedAt - INTERVAL 90 SECOND")

    found = await complete.run(plugin.state, 5)

    assert found is not None
    assert found.mark is not None
    assert found.mark.age_seconds == 90


async def test_a_side_without_the_plugins_tables_is_empty_there(opens: Opener, automate: Schema, sql) -> None:
    with automate.connect() as connection:
        seed_password(connection, 1, "a", b"x")
    for table in PLUGIN_TABLES:
        sql(f"DROP TABLE {table}")
    database = opens()

    side = await database.run(automate_side, await database.run(schema.find_tables), False)

    assert len(side.passwords) == 1
    assert (side.mappings, side.links, side.states, side.ticked) == ([], [], {}, frozenset())


# --- odd servers -----------------------------------------------------------------------------------------------


@pytest.fixture
def odd_sql_mode(automate: Schema, sql) -> Iterator[None]:
    (mode,) = sql("SELECT @@GLOBAL.sql_mode")[0]
    sql("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,NO_ZERO_DATE'")
    yield
    sql("SET GLOBAL sql_mode = %s", mode)


@pytest.mark.usefixtures("odd_sql_mode")
async def test_the_servers_sql_mode_does_no_harm(opens: Opener, automate: Schema, sql) -> None:
    database = opens()
    await database.run(schema.create_missing)
    awkward = """back\\slash 'single' "double" \\' %s :name ` ; -- end"""
    mark = SendingMark(MarkKind.CREATE, "run1", 7, awkward, awkward)

    await database.run(plugin.write_state, SyncState(5, mark=mark))
    await database.write_map(plugin.write_key, awkward)
    await database.write_map(plugin.write_link, 5, 4411)

    found = await database.run(plugin.state, 5)
    assert found is not None
    assert found.mark == mark
    assert await database.run(plugin.stored_keys) == [awkward]


async def test_what_the_server_says_of_itself(database: Database) -> None:
    facts = await database.open()

    assert facts.version.startswith("10.")
    assert not facts.encrypted
    assert abs((facts.now - facts.utc).total_seconds()) < 15 * 3600


# --- the self-check's questions --------------------------------------------------------------------------------


@pytest.mark.parametrize("automate", ["plain", "keyed", "myisam"], indirect=True)
async def test_the_check_of_rights_leaves_every_row_as_it_is(complete: Database, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 10), (-2147483647, 1)")
    sql(f"INSERT INTO {SETTINGS} VALUES ('-'), ('key'), ('')")
    sql("INSERT INTO plugin_stickysync_run (RunID) VALUES ('-')")
    before = {table: sql(f"SELECT * FROM {table}") for table in (*PLUGIN_TABLES, "plugin_stickysync_run")}

    await complete.run(probes.write_and_undo)

    assert {table: sql(f"SELECT * FROM {table}") for table in before} == before


async def test_a_sample_of_the_values(database: Database, automate: Schema) -> None:
    with automate.connect() as connection:
        for number in range(60):
            seed_password(connection, 1, "a", b"x", key_client_id=1 if number % 2 else 99)
        seed_stored_password(connection, 1, "none", None)
        seed_stored_password(connection, 1, "no bytes", b"")

    states = await database.run(probes.sample_values)

    assert len(states) == probes.SAMPLE
    assert set(states) == {ValueState.READABLE, ValueState.UNREADABLE}


@pytest.mark.parametrize(
    ("last_sync", "counted"),
    [
        ("NOW() - INTERVAL 1 HOUR", 0),
        ("NOW() + INTERVAL 30 SECOND", 0),
        ("NOW() + INTERVAL 10 MINUTE", 1),
        ("NULL", 0),
    ],
)
async def test_links_of_another_plugin_are_those_newer_than_our_last_run(
    complete: Database, sql, last_sync: str, counted: int
) -> None:
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (1, 10, {last_sync})")
    before = await complete.run(probes.links_newer_than_our_runs)
    sql("INSERT INTO plugin_stickysync_run (RunID, LastSignAt) VALUES ('r', UTC_TIMESTAMP())")

    assert before == 0
    assert await complete.run(probes.links_newer_than_our_runs) == counted
