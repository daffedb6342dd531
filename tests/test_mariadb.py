"""The database that other tests stand on must itself behave."""

import ssl

import pymysql
import pytest

from tests.automate_schema import PLUGIN_TABLES, VARIANTS, load_automate_schema, seed_client, seed_password
from tests.mariadb import Database, MariaDb


def fetch(database: Database, statement: str) -> tuple[tuple[object, ...], ...]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchall())


def test_tls_is_verified_against_the_servers_own_authority(mariadb: MariaDb) -> None:
    with mariadb.connect(ssl=mariadb.tls_context()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        row = cursor.fetchone()
    assert row is not None
    assert row[1] != ""


def test_a_stranger_to_the_authority_is_refused(mariadb: MariaDb) -> None:
    refused = pytest.raises(pymysql.err.OperationalError, match="CERTIFICATE_VERIFY_FAILED")
    with refused, mariadb.connect(ssl=ssl.create_default_context()):
        pytest.fail("connected without knowing the authority")


def test_a_user_who_must_use_tls_is_refused_without(automate: Database) -> None:
    automate.server.create_user("careful", "pässwörd €", [f"SELECT ON {automate.schema}.clients"], require_ssl=True)
    refused = pytest.raises(pymysql.err.OperationalError, match="Access denied")
    with refused, automate.connect("careful", "pässwörd €"):
        pytest.fail("connected in the clear")
    encrypted = automate.connect("careful", "pässwörd €", ssl=automate.server.tls_context())
    with encrypted as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM clients")
        with pytest.raises(pymysql.err.OperationalError, match="1142"):
            cursor.execute("SELECT COUNT(*) FROM passwords")


@pytest.mark.parametrize("end", [MariaDb.restart, MariaDb.kill])
def test_data_and_port_survive_the_servers_end(automate: Database, end) -> None:
    with automate.connect() as connection:
        seed_client(connection, 7, "Contoso")
    port = automate.port
    end(automate.server)
    automate.server.start()
    assert automate.port == port
    assert fetch(automate, "SELECT ClientID, Name FROM clients") == ((7, "Contoso"),)


def test_a_paused_server_answers_nobody_until_it_goes_on(automate: Database) -> None:
    with automate.connect(read_timeout=0.3) as connection, connection.cursor() as cursor:
        automate.server.pause()
        with pytest.raises(pymysql.err.OperationalError, match="timed out"):
            cursor.execute("SELECT 1")
    automate.server.resume()
    assert fetch(automate, "SELECT 1") == ((1,),)


def test_a_database_is_dropped_under_an_open_transaction(mariadb: MariaDb) -> None:
    database = mariadb.create_database()
    with database.connect() as connection:
        load_automate_schema(connection)
    with database.connect(autocommit=False) as forgotten, forgotten.cursor() as cursor:
        cursor.execute("SELECT * FROM clients")
        database.drop()
    with mariadb.connect() as root, root.cursor() as cursor:
        cursor.execute("SHOW DATABASES LIKE %s", (database.schema,))
        assert cursor.fetchall() == ()


@pytest.mark.parametrize("automate", VARIANTS, indirect=True)
def test_every_variant_loads_and_takes_rows(automate: Database) -> None:
    with automate.connect() as connection:
        seed_client(connection, 0, "(no client)")
        password_id = seed_password(connection, 0, "Router", b"")
        mode = fetch(automate, "SELECT @@SESSION.sql_mode")
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@SESSION.sql_mode")
            assert tuple(cursor.fetchall()) == mode
    assert fetch(automate, "SELECT ClientID FROM clients") == ((0,),)
    # automate-db.md 5, the test vector for client 0 and an empty text.
    assert fetch(automate, "SELECT PasswordID, LOWER(HEX(Password)) FROM passwords") == (
        (password_id, "8335002527aab6778e35ff460b2690ff"),
    )


def test_the_variants_differ_in_what_they_are_named_for(mariadb: MariaDb) -> None:
    seen = {}
    for name in VARIANTS:
        database = mariadb.create_database()
        with database.connect() as connection:
            load_automate_schema(connection, name)
        seen[name] = fetch(
            database,
            f"""SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.COLUMN_KEY, t.ENGINE,
                       t.TABLE_COLLATION
                FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
                WHERE c.TABLE_SCHEMA = '{database.schema}'""",
        )
        database.drop()
    assert len(set(map(frozenset, seen.values()))) == len(VARIANTS)
    assert {row[0] for row in seen["without_plugin_tables"]}.isdisjoint(PLUGIN_TABLES)
    assert {row[5] for row in seen["myisam"]} == {"MyISAM"}
