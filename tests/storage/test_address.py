"""Database URLs as the console takes them: wrong ones first, and never repeated."""

import pytest

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.errors import ExitCode, UsageError
from stickysync_gui.storage.address import address_from_url
from tests.canaries import assert_silent

CANARY = "hunter2-canary"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "labtech",
        "://",
        f"mysql+pymysql//u:{CANARY}@host/labtech",
        f"mysql+pymysql://u:{CANARY}@host:port/labtech",
        f"postgresql://u:{CANARY}@host/labtech",
        f"mysql://u:{CANARY}@/labtech",
        "mysql+pymysql://host/labtech",
        "sqlite://",
        f"mysql+pymysql://u:{CANARY}@host:99999/labtech",
        f"mysql+pymysql://u:{CANARY}@host:0/labtech",
    ],
)
@pytest.mark.parametrize("password_allowed", [True, False])
def test_a_wrong_url_is_refused_and_not_repeated(url: str, password_allowed: bool) -> None:
    with pytest.raises(UsageError) as caught:
        address_from_url(url, password_allowed=password_allowed)

    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.todo
    assert_silent(caught.value, CANARY)


def test_a_password_is_taken_only_where_nobody_else_can_read_it() -> None:
    url = f"mysql+pymysql://sticky:{CANARY}%40%C3%A4%E2%82%AC@db.example:3307/autom"

    with pytest.raises(UsageError) as caught:
        address_from_url(url, password_allowed=False)
    address, password = address_from_url(url, password_allowed=True)

    assert_silent(caught.value, CANARY)
    assert address == DatabaseAddress("db.example", 3307, "autom", "sticky")
    assert password is not None
    assert password.reveal() == f"{CANARY}@ä€"
    assert CANARY not in repr(address)


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"])
def test_schema_and_port_have_defaults_and_tls_is_on(scheme: str) -> None:
    address, password = address_from_url(f"{scheme}://sticky@10.0.0.9", password_allowed=False)

    assert (address.port, address.schema, password) == (3306, "labtech", None)
    assert address.tls is TlsMode.PIN


def test_the_stand_in_is_a_file() -> None:
    address, password = address_from_url("sqlite:////tmp/demo.sqlite", password_allowed=False)

    assert (address.sqlite_file, address.tls, password) == ("/tmp/demo.sqlite", TlsMode.OFF, None)


def test_an_ipv6_host() -> None:
    address, _ = address_from_url("mysql://u@[::1]:3306/labtech", password_allowed=False)

    assert address.host == "::1"
    assert address.is_loopback
