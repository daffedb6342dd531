"""What a technician reads when the database cannot be reached or says no. Every failure is a real one."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from stickysync_gui.domain.connection import TlsMode
from stickysync_gui.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    ExitCode,
    StickySyncError,
    TablesMissing,
)
from stickysync_gui.storage import automate as reading
from stickysync_gui.storage import connecting, plugin
from stickysync_gui.storage.database import Database
from tests.canaries import assert_silent
from tests.deaf_port import deaf_port
from tests.storage.fake_server import fake_server, greeting, refusal
from tests.storage.ground import Opener
from tests.waiting import until

PASSWORD = "hünter2-cänary-€"


async def failure(database: Database, fn: Any = None, *args: Any) -> StickySyncError:
    """What the user is told; it has three sentences and leads to exit code 3."""
    with pytest.raises(StickySyncError) as caught:
        await (database.open() if fn is None else database.run(fn, *args))
    error = caught.value
    assert error.exit_code is ExitCode.DATABASE
    assert error.happened.endswith(".")
    assert error.unchanged.endswith(".")
    assert error.todo
    assert_silent(error, PASSWORD)
    return error


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited for each answer during a log-in, at most: no longer than 0.3 s, in tests that use this."""
    waits: list[float] = []
    read = connecting._Connection._read_bytes  # noqa: SLF001

    def reading(connection: Any, count: int) -> Any:
        waits.append(connection._read_timeout)  # noqa: SLF001
        return read(connection, count)

    monkeypatch.setattr(connecting._Connection, "_read_bytes", reading)  # noqa: SLF001
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.3)
    return waits


# --- no connection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["no-such-host.invalid", "refused.invalid", "a..b", "x" * 70 + ".invalid", "ho st"])
async def test_unknown_host_name(opens: Opener, host: str) -> None:
    error = await failure(opens(PASSWORD, host=host))

    assert isinstance(error, DatabaseUnreachable)
    assert "is not known" in error.happened
    assert host in error.happened
    assert "Cloud-hosted Automate" in error.todo


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nobody_listens(opens: Opener, host: str) -> None:
    with deaf_port() as port:
        error = await failure(opens(PASSWORD, host=host, port=port))

    assert isinstance(error, DatabaseUnreachable)
    assert "refused the connection" in error.happened
    assert f"{host}:{port}" in error.happened
    assert "Cloud-hosted Automate" in error.todo


async def test_a_port_that_is_none(opens: Opener) -> None:
    error = await failure(opens(PASSWORD, port=70000))

    assert isinstance(error, DatabaseUnreachable)
    assert "70000" in error.happened


async def test_a_socket_that_accepts_and_never_answers(opens: Opener, impatient: list[float]) -> None:
    with fake_server(b"") as silent:
        error = await failure(opens(PASSWORD, port=silent.port))

        assert impatient == [0.3]
        # It may be later in accepting than the program in giving up.
        await until(lambda: silent.connections)
        assert silent.connections == 1, "a server that does not answer is not asked again and again"
    assert isinstance(error, DatabaseUnreachable)
    assert "did not answer" in error.happened
    assert "Cloud-hosted Automate" in error.todo


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_falls_silent_during_the_log_in(opens: Opener) -> None:
    with fake_server(greeting(with_tls=False)) as silent:
        error = await failure(opens(PASSWORD, port=silent.port))

    assert isinstance(error, DatabaseUnreachable)
    assert "did not answer" in error.happened


@contextlib.contextmanager
def packets_dropped() -> Iterator[int]:
    """A port whose queue of waiting connections is full, so that further ones are not even refused."""
    with contextlib.ExitStack() as open_sockets:
        listening = open_sockets.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.mark.usefixtures("impatient")
async def test_packets_that_vanish(opens: Opener) -> None:
    with packets_dropped() as port:
        error = await failure(opens(PASSWORD, port=port))

    assert isinstance(error, DatabaseUnreachable)
    assert "did not answer" in error.happened
    assert "Cloud-hosted Automate" in error.todo


@pytest.mark.parametrize(
    "banner", [b"SSH-2.0-OpenSSH_9.2p1\r\n", b"220 mail.example ESMTP\r\n", b"\x05\x00\x00\x00\x0aabc\0", b"\0" * 64]
)
@pytest.mark.usefixtures("impatient")
async def test_a_port_that_speaks_something_else(opens: Opener, banner: bytes) -> None:
    with fake_server(banner) as other:
        error = await failure(opens(PASSWORD, port=other.port))

    assert f":{other.port}" in error.happened
    assert "bug" not in error.sentences()


@pytest.mark.parametrize("first", [b"", greeting(with_tls=False)])
async def test_a_server_that_hangs_up_at_once(opens: Opener, first: bytes) -> None:
    with fake_server(first, hang_up=True) as closing:
        error = await failure(opens(PASSWORD, port=closing.port))

    assert isinstance(error, DatabaseUnreachable)
    assert closing.connections == 1


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (1130, "Host '10.1.2.3' is not allowed to connect to this MySQL server", "no log-in from this PC"),
        (1129, "Host '10.1.2.3' is blocked because of many connection errors", "no log-in from this PC"),
        (1040, "Too many connections", "no more connections"),
    ],
)
async def test_a_server_that_turns_this_pc_away(opens: Opener, code: int, words: str, told: str) -> None:
    with fake_server(refusal(code, words)) as server:
        error = await failure(opens(PASSWORD, port=server.port))

    assert isinstance(error, DatabaseRefused)
    assert told in error.happened


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (1698, "Access denied for user 'root'@'10.1.2.3'", "refuses user 'root'"),
        (1862, "Your password has expired. To log in you must change it", "expired"),
        (3118, "Access denied for user 'x'@'10.1.2.3'. Account is locked.", "locked"),
        (3159, "Connections using insecure transport are prohibited while --require_secure_transport=ON.", "TLS"),
    ],
)
async def test_a_server_that_refuses_the_account(opens: Opener, code: int, words: str, told: str) -> None:
    with fake_server(greeting(with_tls=False), then=refusal(code, words, 2)) as server:
        error = await failure(opens(PASSWORD, port=server.port))

    assert isinstance(error, DatabaseRefused)
    assert told in error.happened
    assert server.received, "the log-in was sent"
    assert "not sent" not in error.sentences()


# --- log-in ----------------------------------------------------------------------------------------------------


async def test_wrong_password(opens: Opener) -> None:
    opens.schema.server.create_user("careful", "right", [f"SELECT ON {opens.schema.schema}.*"])

    error = await failure(opens(PASSWORD, user="careful"))

    assert isinstance(error, DatabaseRefused)
    assert "refuses user 'careful'" in error.happened


async def test_a_password_beyond_latin_1_logs_in(opens: Opener) -> None:
    opens.schema.server.create_user("careful", PASSWORD, [f"SELECT ON {opens.schema.schema}.*"])

    facts = await opens(PASSWORD, user="careful").open()

    assert "MariaDB" in facts.version


async def test_a_password_that_is_no_text_says_only_that_it_is_wrong(opens: Opener) -> None:
    opens.schema.server.create_user("careful", "right", [])
    from_the_environment = b"\xff\xfehunter2".decode("utf-8", "surrogateescape")

    error = await failure(opens(from_the_environment, user="careful"))

    assert "refuses user 'careful'" in error.happened


@pytest.mark.parametrize("user", ["root", "careful"])
async def test_unknown_schema(opens: Opener, user: str) -> None:
    opens.schema.server.create_user("careful", PASSWORD, [f"SELECT ON {opens.schema.schema}.*"])

    error = await failure(opens(None if user == "root" else PASSWORD, user=user, schema="labtehc"))

    assert isinstance(error, DatabaseRefused)
    assert "'labtehc'" in error.happened
    assert "labtech" in error.todo


async def test_an_account_with_too_many_connections(opens: Opener, sql) -> None:
    # Of a name of its own: connections that earlier tests closed may still be counted.
    opens.schema.server.create_user("limited", PASSWORD, [f"SELECT ON {opens.schema.schema}.*"])
    sql("ALTER USER limited@127.0.0.1 WITH MAX_USER_CONNECTIONS 1")
    first, second = opens(PASSWORD, user="limited"), opens(PASSWORD, user="limited")
    await first.open()

    error = await failure(second)

    assert "no more connections" in error.happened


# --- statements ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("automate", ["without_plugin_tables"], indirect=True)
async def test_missing_tables_say_whose_they_are(database: Database, sql) -> None:
    ours = await failure(database, plugin.mappings)
    sql("DROP TABLE clients")
    automates = await failure(database, reading.clients)

    assert isinstance(ours, TablesMissing)
    assert "no table plugin_stickysync_companymap" in ours.happened
    assert "stickysync setup" in ours.todo
    assert isinstance(automates, TablesMissing)
    assert "no table clients" in automates.happened
    assert "schema" in automates.todo


async def test_missing_column(database: Database, sql) -> None:
    sql("ALTER TABLE passwords DROP COLUMN Notes")

    error = await failure(database, reading.passwords)

    assert isinstance(error, DatabaseRefused)
    assert "Notes" in error.happened


async def test_read_only_server(complete: Database, sql, opens: Opener) -> None:
    schema = opens.schema.schema
    opens.schema.server.create_user("careful", PASSWORD, [f"SELECT, INSERT, UPDATE, DELETE ON {schema}.*"])
    database = opens(PASSWORD, user="careful")
    sql("SET GLOBAL read_only = 1")
    try:
        error = await failure(database, plugin.write_mapping, 1, 2)
        assert await database.run(plugin.mappings) == []
    finally:
        sql("SET GLOBAL read_only = 0")

    assert isinstance(error, DatabaseRefused)
    assert "read-only" in error.happened
    assert "planning" in error.todo


async def test_values_are_in_no_error(complete: Database) -> None:
    def too_long(connection: Connection) -> None:
        plugin.write_key(connection, PASSWORD * 100)

    def twice(connection: Connection) -> None:
        connection.execute(text("CREATE TEMPORARY TABLE once (value VARCHAR(50) PRIMARY KEY)"))
        for _ in range(2):
            connection.execute(text("INSERT INTO once VALUES (:value)"), {"value": PASSWORD})

    def quoted(connection: Connection) -> None:
        connection.scalar(select(func.nonsense(PASSWORD)))

    def no_date(connection: Connection) -> None:
        connection.execute(text("CREATE TEMPORARY TABLE dated (day DATE)"))
        connection.execute(text("INSERT INTO dated VALUES (:value)"), {"value": PASSWORD})

    for fn in (too_long, twice, quoted, no_date):
        await failure(complete, fn)


async def test_a_value_that_does_not_fit(complete: Database) -> None:
    error = await failure(complete, plugin.write_key, "x" * 300)

    assert "does not fit" in error.happened


# --- TLS settings that cannot work -----------------------------------------------------------------------------


async def test_a_ca_file_that_is_not_there(opens: Opener, tmp_path) -> None:
    error = await failure(opens(PASSWORD, tls=TlsMode.VERIFY, tls_ca=str(tmp_path / "missing.pem")))

    assert "missing.pem" in error.happened
    assert "CA file" in error.sentences()


async def test_a_ca_file_that_holds_no_certificate(opens: Opener, tmp_path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate\n")

    error = await failure(opens(PASSWORD, tls=TlsMode.VERIFY, tls_ca=str(tmp_path / "empty.pem")))

    assert "empty.pem" in error.happened
    assert "CA file" in error.sentences()


# --- the stand-in ----------------------------------------------------------------------------------------------


async def test_a_stand_in_whose_folder_is_missing(opens: Opener, tmp_path) -> None:
    error = await failure(opens(sqlite_file=str(tmp_path / "no" / "demo.sqlite")))

    assert "demo.sqlite" in error.happened
    assert "unable to open" in error.sentences()
