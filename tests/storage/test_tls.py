"""TLS to the database: what each mode takes and refuses, and that no log-in leaves before that is decided."""

import hashlib
import ssl
from pathlib import Path

import pytest

from stickysync_gui.domain.connection import TlsMode
from stickysync_gui.errors import DatabaseRefused, StickySyncError, UnknownCertificate
from stickysync_gui.storage.database import Database, ServerFacts
from tests.certificates import ServerCertificate, make_server_certificate
from tests.mariadb import MariaDb
from tests.storage.fake_server import fake_server, greeting, packet
from tests.storage.ground import Opener

PASSWORD = "hunter2-canary"


def fingerprint(certificate: ServerCertificate) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.certificate_file.read_text())).hexdigest()


def serving(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)
    return context


@pytest.fixture
def stranger(tmp_path: Path) -> ServerCertificate:
    """A certificate that another authority made, for another name (and for 127.0.0.1)."""
    return make_server_certificate(tmp_path, ("db.example",))


async def refused(database: Database) -> StickySyncError:
    with pytest.raises(DatabaseRefused) as caught:
        await database.open()
    return caught.value


# --- refused, before the log-in --------------------------------------------------------------------------------


async def test_verify_refuses_an_unknown_authority(
    opens: Opener, stranger: ServerCertificate, mariadb: MariaDb
) -> None:
    with fake_server(greeting(with_tls=True), tls=serving(stranger)) as server:
        database = opens(PASSWORD, port=server.port, tls=TlsMode.VERIFY, tls_ca=str(mariadb.ca_file))
        error = await refused(database)

    assert "could not be verified" in error.happened
    assert "log-in was not sent" in error.todo
    assert server.received == b""


async def test_verify_without_a_ca_file_asks_the_systems_authorities(opens: Opener) -> None:
    error = await refused(opens(tls=TlsMode.VERIFY))

    assert "could not be verified" in error.happened


async def test_verify_refuses_another_host_name(opens: Opener, stranger: ServerCertificate) -> None:
    with fake_server(greeting(with_tls=True), tls=serving(stranger)) as server:
        database = opens(PASSWORD, host="localhost", port=server.port, tls=TlsMode.VERIFY, tls_ca=str(stranger.ca_file))
        error = await refused(database)

    assert "could not be verified" in error.happened
    assert "localhost" in error.happened
    assert server.received == b""


@pytest.mark.parametrize("mode", [TlsMode.VERIFY, TlsMode.PIN])
async def test_a_server_without_tls_is_refused(opens: Opener, mariadb: MariaDb, mode: TlsMode) -> None:
    with fake_server(greeting(with_tls=False)) as server:
        database = opens(
            PASSWORD,
            port=server.port,
            tls=mode,
            tls_ca=str(mariadb.ca_file),
            pinned_fingerprint=fingerprint(mariadb.certificate),
        )
        error = await refused(database)

    assert "TLS" in error.happened
    assert "log-in was not sent" in error.happened
    assert server.received == b""


async def test_pin_refuses_another_certificate(opens: Opener, stranger: ServerCertificate, mariadb: MariaDb) -> None:
    with fake_server(greeting(with_tls=True), tls=serving(stranger)) as server:
        pinned = fingerprint(mariadb.certificate)
        error = await refused(opens(PASSWORD, port=server.port, tls=TlsMode.PIN, pinned_fingerprint=pinned))

    assert isinstance(error, UnknownCertificate)
    assert error.changed
    assert error.fingerprint == fingerprint(stranger)
    assert server.connections == 1
    assert server.received == b""


async def test_pin_without_a_pin_tells_the_fingerprint(opens: Opener, stranger: ServerCertificate) -> None:
    with fake_server(greeting(with_tls=True), tls=serving(stranger)) as server:
        error = await refused(opens(PASSWORD, port=server.port, tls=TlsMode.PIN))

    assert isinstance(error, UnknownCertificate)
    assert not error.changed
    assert error.fingerprint == fingerprint(stranger)
    assert ":".join(error.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper() in error.happened
    assert error.unchanged == "The log-in was not sent."
    assert server.received == b""


@pytest.mark.parametrize("pin", ["ä" * 64, "0" * 64, "f"])
async def test_a_pin_that_is_none_refuses(opens: Opener, mariadb: MariaDb, pin: str) -> None:
    error = await refused(opens(tls=TlsMode.PIN, pinned_fingerprint=pin))

    assert isinstance(error, UnknownCertificate)
    assert error.fingerprint == fingerprint(mariadb.certificate)


async def test_the_real_server_sees_a_log_in_only_under_the_right_pin(opens: Opener, mariadb: MariaDb) -> None:
    attempts = "SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Connect' AND argument LIKE '%stranger-77%'"
    right = fingerprint(mariadb.certificate)
    seen = {}
    with mariadb.connect() as root, root.cursor() as cursor:
        cursor.execute("SET GLOBAL log_output = 'TABLE'")
        cursor.execute("SET GLOBAL general_log = 1")
        try:
            for pin in ("0" * 64, right):
                await refused(opens(PASSWORD, user="stranger-77", tls=TlsMode.PIN, pinned_fingerprint=pin))
                cursor.execute(attempts)
                seen[pin] = cursor.fetchone()[0]
        finally:
            cursor.execute("SET GLOBAL general_log = 0")
            cursor.execute("SET GLOBAL log_output = 'FILE'")

    assert seen["0" * 64] == 0
    assert seen[right] > 0


async def test_a_broken_handshake(opens: Opener) -> None:
    with fake_server(greeting(with_tls=True), then=b"this is no TLS at all, not by far" * 3) as server:
        error = await refused(opens(PASSWORD, port=server.port, tls=TlsMode.PIN))

    assert "TLS connection" in error.happened
    assert PASSWORD.encode() not in server.received


@pytest.mark.parametrize(
    "plugin", [b"mysql_clear_password", b"dialog", b"mysql_old_password", b"client_ed25519", b"unheard_of"]
)
async def test_without_tls_no_server_gets_the_password_by_asking_for_it(opens: Opener, plugin: bytes) -> None:
    asking = packet(b"\xfe" + plugin + b"\0" + b"\x04Password: ", 2)
    with fake_server(greeting(with_tls=False), then=asking) as server:
        error = await refused(opens(PASSWORD, port=server.port, tls=TlsMode.OFF))

    assert "a way that this program does not know, or not without TLS" in error.happened
    assert b"root" in server.received, "the log-in as such was sent"
    assert PASSWORD.encode() not in server.received
    assert server.connections == 1


# --- taken -----------------------------------------------------------------------------------------------------


async def opened(database: Database) -> ServerFacts:
    return await database.open()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_verify_takes_the_right_certificate(opens: Opener, mariadb: MariaDb, host: str) -> None:
    facts = await opened(opens(host=host, tls=TlsMode.VERIFY, tls_ca=str(mariadb.ca_file)))

    assert facts.encrypted


@pytest.mark.parametrize("spelling", [str, str.upper, lambda pin: ":".join(pin[i : i + 2] for i in range(0, 64, 2))])
async def test_pin_takes_the_right_certificate(opens: Opener, mariadb: MariaDb, spelling) -> None:
    pinned = spelling(fingerprint(mariadb.certificate))

    facts = await opened(opens(tls=TlsMode.PIN, pinned_fingerprint=pinned))

    assert facts.encrypted


async def test_what_pin_refused_can_be_confirmed(opens: Opener) -> None:
    error = await refused(opens(tls=TlsMode.PIN))
    assert isinstance(error, UnknownCertificate)

    facts = await opened(opens(tls=TlsMode.PIN, pinned_fingerprint=error.fingerprint))

    assert facts.encrypted


async def test_off_works_and_says_so(opens: Opener) -> None:
    facts = await opened(opens(tls=TlsMode.OFF))

    assert not facts.encrypted
    assert facts.version.startswith("10.")


async def test_off_where_the_account_demands_tls(opens: Opener, mariadb: MariaDb) -> None:
    mariadb.create_user("careful", PASSWORD, [f"SELECT ON {opens.schema.schema}.*"], require_ssl=True)

    error = await refused(opens(PASSWORD, user="careful", tls=TlsMode.OFF))
    facts = await opened(opens(PASSWORD, user="careful", tls=TlsMode.VERIFY, tls_ca=str(mariadb.ca_file)))

    assert "refuses user 'careful'" in error.happened
    assert "demand TLS" in error.todo
    assert facts.encrypted


async def test_off_where_the_server_demands_tls(opens: Opener, mariadb: MariaDb) -> None:
    with mariadb.connect() as root, root.cursor() as cursor:
        cursor.execute("SET GLOBAL require_secure_transport = ON")
        try:
            error = await refused(opens(tls=TlsMode.OFF))
        finally:
            cursor.execute("SET GLOBAL require_secure_transport = OFF")

    # MySQL says 3159 here (test_failures.py), MariaDB the same as for a wrong password.
    assert "refuses user 'root'" in error.happened
    assert "demand TLS" in error.todo
