"""Whole jobs over servers as they are in the field: every shape of the tables, few rights, another encryption."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.automate_schema import VARIANTS, load_automate_schema, seed_stored_password
from tests.cli.conftest import ACCOUNT, ACCOUNT_PASSWORD, OWN_TABLES, PASSPHRASE, Desk, Done
from tests.mariadb import HOST, Database, MariaDb
from tests.storage.test_grants import grants_of_the_facts

ODD_SCHEMA = "CW-Automate 2.x"


@pytest.fixture
def automate(mariadb: MariaDb, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh Automate database of the variant that the test names; "odd_schema" is the usual one by another name."""
    mariadb.ensure_running()
    variant = getattr(request, "param", "bigint")
    database = mariadb.create_database(ODD_SCHEMA if variant == "odd_schema" else None)
    with database.connect() as connection:
        load_automate_schema(connection, "bigint" if variant == "odd_schema" else variant)
    yield database
    mariadb.ensure_running()
    database.drop()


def ended(done: Done, *codes: int) -> Done:
    assert done.code in codes, done
    return done


# --- every shape of the tables ---------------------------------------------------------------------------------


def oddities(desk: Desk, organization: int) -> dict[str, str]:
    """What automate-db.md 11 says must be tolerated; returns status by title of the passwords."""
    expected = {"client level": "new", "": "new", "twin": "new", "of a domain": "new", "breaks": "new"}
    desk.client(2, " Contoso ", organization)
    desk.client(0, "Nobody's", None)
    desk.sql("INSERT INTO locations (LocationID, ClientID, Name) VALUES (5, 999, 'Of another client')")
    desk.password(1, "client level", "Zürich 🔑 1", location_id=0)
    desk.password(1, "", "untitled-one", user_name="admin", location_id=5)
    for number in (1, 2):
        desk.password(1, "twin", f"twin-value-{number}", user_name="same")
    desk.password(2, "of a domain", " blanks stay ", user_name=r"CONTOSO\admin")
    desk.password(1, "breaks", "line one\r\nline two")
    for title, value, status in (("null", None, "no_password"), ("empty", "", "no_password")):
        desk.password(1, title, value)
        expected[title] = status
    seed_stored_password(desk.connection, 1, "junk", b"\x00" * 17)
    seed_stored_password(desk.connection, 1, "of another key", desk.sql("SELECT AES_ENCRYPT('x', 'another')")[0][0])
    desk.password(0, "nobody's", "client-zero")
    desk.password(77, "of no client", "client-gone")
    expected |= {"junk": "unreadable", "of another key": "unreadable"}
    expected |= {"nobody's": "client_not_mapped", "of no client": "client_not_mapped"}
    return expected


def plugins_oddities(desk: Desk, keyed: bool) -> None:
    """Rows and columns that the Control Center plugin or somebody else left in its tables."""
    company_map, auto_sync, password_map, settings = OWN_TABLES[:4]
    desk.sql(f"ALTER TABLE {company_map} ADD COLUMN Remark VARCHAR(20)")
    desk.sql(f"INSERT INTO {auto_sync} (PasswordID, AutoSync) VALUES (1, NULL), (2, 7), (999, 1)")
    desk.sql("SET SESSION sql_mode = ''")
    for number, moment in enumerate((None, "0000-00-00 00:00:00", "2099-01-01 00:00:00"), start=9001):
        desk.sql(f"INSERT INTO {password_map} (PasswordID, ITGPasswordID, LastSync) VALUES (%s, 5, %s)", number, moment)
    if not keyed:
        desk.sql(f"INSERT INTO {company_map} (ClientID, ITGOrgID) SELECT ClientID, ITGOrgID FROM {company_map}")
    desk.sql(f"INSERT INTO {settings} VALUES (NULL), (''), ('zqG1vN8xY0u2h3k4l5m6nw==')")


@pytest.mark.parametrize("automate", [*VARIANTS, "odd_schema"], indirect=True)
def test_a_whole_job_over_every_shape(bare_desk: Desk, request: pytest.FixtureRequest) -> None:
    desk = bare_desk
    variant = request.node.callspec.params["automate"]
    desk.environment["STICKYSYNC_API_KEY"] = desk.glue.key
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso")
    made = ended(desk.call("setup", "--json"), 0).document
    if any("ALTER TABLE" in problem for problem in made["problems"]):
        # Before a DBA widened the columns, no id of IT Glue's is clamped into them.
        refused = ended(desk.call("map", "1", str(organization), "--json"), 3)
        assert "does not fit" in refused.error["happened"]
        assert desk.sql("SELECT COUNT(*) FROM plugin_stickysync_companymap") == [(0,)]
        for problem in made["problems"]:
            desk.sql(re.findall(r"ALTER TABLE .*;", problem)[0])
    ended(desk.call("map", "1", str(organization)), 0)
    expected = oddities(desk, organization)
    plugins_oddities(desk, keyed=variant.startswith("keyed") or variant == "without_plugin_tables")

    doctor = ended(desk.call("doctor", "--json"), 0).document["findings"]
    assert {finding["name"] for finding in doctor if finding["verdict"] != "ok"} <= {"TLS"}
    plan = ended(desk.call("plan", "--json"), 7).document
    titles = dict(desk.sql("SELECT PasswordID, Title FROM passwords"))
    assert {titles[row["password_id"]]: row["status"] for row in plan["rows"]} == expected
    done = ended(desk.call("sync", "--json"), 0).document
    assert done["created"] == 6
    values = sorted(record.password or "" for record in desk.glue.passwords())
    assert values == sorted(
        ["Zürich 🔑 1", "untitled-one", "twin-value-1", "twin-value-2", " blanks stay ", "line one\r\nline two"]
    )
    assert ended(desk.call("plan", "--json"), 0).document is not None
    again = ended(desk.call("sync", "--json"), 0).document
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 6)
    desk.assert_no_secret_leaked()


# --- few rights ------------------------------------------------------------------------------------------------


def test_the_account_of_the_documentation_does_the_whole_job(bare_desk: Desk) -> None:
    """automate-db.md 8 word for word; a DBA made the tables, and every command runs as a process of its own."""
    desk = bare_desk
    ended(desk.call("setup"), 0)
    mariadb = desk.automate.server
    mariadb.create_user(ACCOUNT, ACCOUNT_PASSWORD)
    with mariadb.connect() as root, root.cursor() as cursor:
        for grant in grants_of_the_facts(desk.automate.schema):
            cursor.execute(grant.replace("'sticky'", f"'{ACCOUNT}'"))
    desk.environment["STICKYSYNC_DATABASE"] = desk.automate.url_for(ACCOUNT)
    desk.environment["STICKYSYNC_DB_PASSWORD"] = ACCOUNT_PASSWORD
    organizations = [desk.glue.add_organization(name) for name in ("Contoso", "Fabrikam")]
    desk.client(1, "Contoso Ltd")
    passwords = [desk.password(1, f"Entry {number}", f"value-number-{number}") for number in range(5)]

    ended(desk.run("passphrase", "set", typed=PASSPHRASE), 0)
    ended(desk.run("key", "set", typed=desk.glue.key), 0)
    ended(desk.run("key", "check"), 0)
    doctor = ended(desk.run("doctor", "--json"), 0).document["findings"]
    assert {finding["verdict"] for finding in doctor} == {"ok"}
    ended(desk.run("setup"), 0)
    ended(desk.run("map", "--suggest", "--accept-above", "90"), 0)
    ended(desk.run("autosync-set", "on", "--all"), 0)
    ended(desk.run("plan"), 7)
    assert ended(desk.run("sync", "--json"), 0).document["created"] == 5
    ended(desk.run("plan"), 0)
    assert ended(desk.run("autosync"), 0).code == 0
    entry = desk.links()[passwords[0]]
    ended(desk.run("unlink", str(passwords[0])), 0)
    ended(desk.run("link", str(passwords[0]), str(entry)), 0)
    ended(desk.run("map", "1", str(organizations[1]), "--replace"), 0)
    ended(desk.run("keep", str(passwords[0])), 0)
    assert ended(desk.run("sync", "--json"), 0).document["skipped_by_status"] == {"moved": 4}
    for command in ("status", "history", "clients", "orgs"):
        ended(desk.run(command), 0)
    ended(desk.run("unmap", "1"), 0)
    desk.secrets.add(PASSPHRASE)
    desk.assert_no_secret_leaked()


def test_a_read_only_account_looks_and_plans_and_is_told_what_a_sync_needs(desk: Desk) -> None:
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    desk.password(1, "Router", "s3cret-value")
    schema = desk.automate.schema
    desk.automate.server.create_user(ACCOUNT, ACCOUNT_PASSWORD, [f"SELECT ON `{schema}`.*"])
    desk.environment["STICKYSYNC_DATABASE"] = desk.automate.url_for(ACCOUNT)
    desk.environment["STICKYSYNC_DB_PASSWORD"] = ACCOUNT_PASSWORD

    for command in ("clients", "orgs", "status"):
        ended(desk.call(command), 0)
    assert ended(desk.call("plan", "--json"), 7).document["rows"][0]["status"] == "new"
    doctor = ended(desk.call("doctor", "--json"), 1).document["findings"]
    failed = [finding for finding in doctor if finding["verdict"] == "failed"]
    assert [finding["name"] for finding in failed] == [f"Rights on {table}" for table in OWN_TABLES]
    for finding in failed:
        assert finding["words"].endswith("Looking and planning work all the same.")
        grant = re.findall(r"GRANT .*;", finding["remedy"])[0]
        assert f"TO '{ACCOUNT}'@'{HOST}';" in grant
    refused = ended(desk.call("sync", "--json"), 3)
    assert "lacks the right" in refused.error["happened"]
    assert "GRANT" in refused.error["todo"]
    assert desk.writes() == []

    with desk.automate.server.connect() as root, root.cursor() as cursor:
        for finding in failed:
            cursor.execute(re.findall(r"GRANT .*;", finding["remedy"])[0])
    ended(desk.call("doctor"), 0)
    assert ended(desk.call("sync", "--json"), 0).document["created"] == 1


# --- another encryption ----------------------------------------------------------------------------------------


def of_another_scheme(desk: Desk, count: int) -> None:
    """Values as a server would store them whose key follows from something else than the ClientID."""
    for number in range(count):
        key = hashlib.sha1(b"the server's id").hexdigest()
        (stored,) = desk.sql("SELECT AES_ENCRYPT(%s, %s)", f"value of another scheme {number}", key)[0]
        seed_stored_password(desk.connection, 1, f"Entry {number}", stored)


def test_the_newer_encryption_stops_before_any_push(desk: Desk) -> None:
    desk.client(1, "Contoso", desk.glue.add_organization("Contoso"))
    of_another_scheme(desk, 20)
    desk.password(1, "of the usual scheme", "s3cret-value")

    doctor = ended(desk.call("doctor", "--json"), 1).document["findings"]
    (found,) = [finding for finding in doctor if finding["name"] == "Encryption"]
    assert (found["verdict"], found["words"]) == ("failed", "1 of 21 values tried can be decrypted.")
    assert "newer encryption" in found["remedy"]
    assert "guard" in ended(desk.call("plan", "--json"), 5).document
    stopped = ended(desk.call("sync", "--json"), 5)
    assert stopped.error["happened"] == "20 of 21 stored values cannot be decrypted."
    assert "newer encryption" in stopped.error["todo"]
    assert desk.writes() == []
    assert desk.links() == {}


def test_a_mixed_table_syncs_what_can_be_read(desk: Desk) -> None:
    desk.client(1, "Contoso", desk.glue.add_organization("Contoso"))
    of_another_scheme(desk, 3)
    values: dict[str, Any] = {f"Usual {number}": f"usual-value-{number}" for number in range(6)}
    for title, value in values.items():
        desk.password(1, title, value)

    done = ended(desk.call("sync", "--json"), 0).document

    assert done["skipped_by_status"] == {"unreadable": 3}
    assert desk.values() == values
