"""What Automate 2025 runs on: MySQL 8 and later. Optional, by `make test-mysql`, which fetches the server."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from stickysync_gui.domain.connection import TlsMode
from stickysync_gui.errors import DatabaseRefused, LockLost
from stickysync_gui.storage import schema
from stickysync_gui.storage.rereading import reread
from stickysync_gui.storage.run_lock import RunLock
from tests.automate_schema import seed_password
from tests.canaries import assert_silent
from tests.cli.conftest import ACCOUNT, OWN_TABLES, Desk
from tests.mariadb import Database
from tests.mysql.server import MySql
from tests.storage.ground import Opener, execute
from tests.storage.test_tls import fingerprint

pytestmark = [pytest.mark.mysql, pytest.mark.timeout(240)]

PASSWORD = "Dätabase-€-🔑-47110815"
WRONG = "wrong-canary"
WAYS = ["caching_sha2_password", "sha256_password"]


def account(mysql: MySql, automate: Database, plugin: str) -> None:
    """A new account: what an earlier log-in left in the server's cache would make the next one easier."""
    mysql.create_user("sticky", PASSWORD, [f"SELECT ON `{automate.schema}`.*"], plugin=plugin)
    with mysql.connect() as root, root.cursor() as cursor:
        cursor.execute("FLUSH PRIVILEGES")


# --- log-in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plugin", WAYS)
async def test_a_wrong_password_is_told_as_one(opens: Opener, mysql: MySql, automate: Database, plugin: str) -> None:
    account(mysql, automate, plugin)

    for tls in (TlsMode.OFF, TlsMode.VERIFY):
        with pytest.raises(DatabaseRefused) as caught:
            await opens(WRONG, user="sticky", tls=tls, tls_ca=str(mysql.ca_file)).open()
        assert "refuses user 'sticky' with this password" in caught.value.happened
        assert_silent(caught.value, WRONG)


@pytest.mark.parametrize("plugin", WAYS)
async def test_logging_in_over_tls(opens: Opener, mysql: MySql, automate: Database, plugin: str) -> None:
    account(mysql, automate, plugin)
    pinned = fingerprint(mysql.certificate)

    for options in (
        {"tls": TlsMode.VERIFY, "tls_ca": str(mysql.ca_file)},
        {"tls": TlsMode.PIN, "pinned_fingerprint": pinned},
    ):
        facts = await opens(PASSWORD, user="sticky", **options).open()
        assert facts.encrypted
        assert int(facts.version.split(".")[0]) >= 8


@pytest.mark.parametrize("plugin", WAYS)
async def test_logging_in_without_tls_by_the_servers_rsa_key(
    opens: Opener, mysql: MySql, automate: Database, plugin: str
) -> None:
    account(mysql, automate, plugin)

    # Cold, with the RSA key; then from the server's cache.
    for _ in range(2):
        facts = await opens(PASSWORD, user="sticky", tls=TlsMode.OFF).open()
        assert not facts.encrypted


async def test_off_where_the_server_demands_tls(opens: Opener, mysql: MySql) -> None:
    with mysql.connect(ssl=mysql.tls_context()) as root, root.cursor() as cursor:
        cursor.execute("SET GLOBAL require_secure_transport = ON")
        try:
            with pytest.raises(DatabaseRefused) as caught:
                await opens(tls=TlsMode.OFF).open()
        finally:
            cursor.execute("SET GLOBAL require_secure_transport = OFF")

    assert "takes encrypted connections only" in caught.value.happened


async def test_the_schema_that_is_missing_or_forbidden(opens: Opener, mysql: MySql, automate: Database) -> None:
    account(mysql, automate, "caching_sha2_password")

    with pytest.raises(DatabaseRefused) as caught:
        await opens(PASSWORD, user="sticky", schema="labtech_other").open()

    assert "'labtech_other'" in caught.value.happened


# --- the run lock ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["KILL", "DO RELEASE_ALL_LOCKS()", "SET @stickysync_lock = NULL"])
async def test_rows_are_not_read_again_under_a_lock_that_went(opens: Opener, automate: Database, end: str) -> None:
    """This server answers with an error of its own to a lock without a name, as in a session that replaced ours."""
    database = opens()
    with automate.connect() as connection:
        seed_password(connection, 1, "a", b"x")
    await database.run(schema.create_missing)
    lock = RunLock(database)
    await database.call(lock.take)

    def under(fn: Callable[[Connection], object]) -> object:
        with lock.units() as units:
            return units.unit(fn)

    assert await database.call(under, lambda c: list(reread(c, [1]))) == [1]
    if end == "KILL":
        execute(
            automate, f"KILL {execute(automate, 'SELECT IS_USED_LOCK(%s)', database.lock_name('stickysync'))[0][0]}"
        )
    else:
        await database.call(under, lambda c: c.execute(text(end)))

    with pytest.raises(LockLost):
        await database.call(under, lambda c: reread(c, [1]))
    with pytest.raises(LockLost):
        await database.call(lock.verify)
    await database.call(lock.release)


# --- the whole job ---------------------------------------------------------------------------------------------


def test_setup_doctor_plan_and_sync(bare_desk: Desk, mysql: MySql) -> None:
    """From an Automate with the plugin's tables to synced entries, by the least-privilege account."""
    desk = bare_desk
    desk.environment["STICKYSYNC_API_KEY"] = desk.glue.key
    desk.sql(f"DROP TABLE {', '.join(OWN_TABLES[:4])}")
    assert desk.run("setup", "--json").document["missing"] == []
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    values = {f"Entry {n}": f"Zürich 🔑 '\"\\ {n}" for n in range(30)}
    for title, value in values.items():
        desk.password(1, title, value, user_name="admin")
    desk.account()

    doctor = desk.run("doctor", "--json")
    assert doctor.code == 0, doctor
    assert {finding["verdict"] for finding in doctor.document["findings"]} == {"ok"}
    assert desk.run("plan").code == 7
    done = desk.run("sync", "--json")
    assert done.code == 0, done
    assert done.document["created"] == 30
    assert desk.values() == values
    assert len(desk.links()) == 30
    assert desk.run("plan").code == 0
    desk.sql("UPDATE passwords SET Title = 'Renamed' WHERE Title = 'Entry 3'")
    assert desk.run("sync", "--json").document["updated"] == 1
    desk.assert_no_secret_leaked()


def test_each_right_that_is_missing_is_named(desk: Desk) -> None:
    for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        table = "plugin_stickysync_passwordmap"
        desk.account(without=right, on=table)
        done = desk.call("doctor", "--json")
        failed = [f for f in done.document["findings"] if f["verdict"] == "failed"]
        assert done.code == 1, done
        assert any(f"GRANT {right} ON" in f["remedy"] and table in f["remedy"] for f in failed), failed
    assert ACCOUNT in failed[0]["words"]
