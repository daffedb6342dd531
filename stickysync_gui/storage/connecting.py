"""Opening one MySQL connection: TLS, log-in, session settings, and patience that fits each step."""

from __future__ import annotations

import selectors
import struct
from typing import Any

import pymysql
from pymysql.constants import CLIENT, CR

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.storage.tls import PinnedContext, verifying_context

CONNECT_SECONDS = 10.0
"""For the connection, and again for each answer until the log-in is done."""
ANSWER_SECONDS = 60.0
"""For each answer to a statement."""
# Strict on every engine, so that a value that does not fit is refused and never clamped; nothing else, so that
# modes such as ANSI_QUOTES of the server cannot change what our statements mean.
SESSION = "SET SESSION sql_mode = 'STRICT_ALL_TABLES', SESSION innodb_lock_wait_timeout = 5"
SILENT_SECONDS = 120
"""After so much silence the server ends any session of ours: a PC that sleeps in the middle of a write must hold
neither the run lock nor the map lock for the server's usual eight hours."""
_GIBBERISH = (AssertionError, LookupError, ValueError, struct.error)
"""What PyMySQL's parser comes to when the other side speaks another protocol."""


_IN_THE_CLEAR = (b"mysql_clear_password", b"dialog")
"""Ways of logging in that show the password to whoever reads along."""
_NOT_KNOWN = (b"mysql_old_password", b"client_ed25519")
"""Of the first PyMySQL knows but the name; for the second it wants a library that does not come along."""


_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.DefaultSelector)
"""Linux's default opens and closes a file for each question."""


class NotMySql(Exception):
    """What answers is no MySQL server."""


class _Connection(pymysql.connections.Connection):  # type: ignore[misc]
    """PyMySQL's, which would wait for the greeting as long as for a statement, and lets some failures through raw."""

    _read_timeout: float
    _secure: bool
    _sock: Any

    def connect(self, sock: Any = None) -> None:
        patience, self._read_timeout = self._read_timeout, CONNECT_SECONDS
        cause: BaseException
        try:
            super().connect(sock)
        except pymysql.err.OperationalError as error:
            if error.args[0] != CR.CR_SERVER_LOST:
                raise
            cause = TimeoutError() if "timed out" in str(error) else ConnectionResetError()
        except pymysql.err.InternalError as error:
            if isinstance(error.args[0], int):
                raise
            cause = NotMySql()
        except UnicodeError:
            # A host name that cannot be one.
            cause = UnicodeError()
        except OverflowError:
            # A port beyond 65535.
            cause = OverflowError()
        except _GIBBERISH:
            cause = NotMySql()
        else:
            self._read_timeout = patience
            return
        failure = pymysql.err.OperationalError(CR.CR_CONN_HOST_ERROR, "no connection")
        failure.original_exception = cause
        raise failure

    def _process_auth(self, plugin_name: bytes, auth_packet: Any, handler: Any = None) -> Any:
        # The server chooses, and without TLS anybody may pose as it.
        if (plugin_name in _IN_THE_CLEAR and not self._secure) or plugin_name in _NOT_KNOWN:
            raise pymysql.err.OperationalError(CR.CR_AUTH_PLUGIN_CANNOT_LOAD, "not this way")
        return super()._process_auth(plugin_name, auth_packet, handler)

    def has_news(self) -> bool:
        """Whether something waits to be read though nothing was asked: the end of the session. No round trip."""
        try:
            with _Selector() as waiting:
                waiting.register(self._sock, selectors.EVENT_READ)
                return bool(waiting.select(0))
        except (OSError, ValueError):
            # Closed on this side.
            return True


def connect(address: DatabaseAddress, password: Secret | None) -> Any:
    """Open a connection, logged in and with our session settings.

    Raises:
        pymysql.err.Error: see failures.py; `original_exception` is what stood behind it.
        DatabaseRefused: the CA file cannot be used.
    """
    options: dict[str, Any] = {}
    match address.tls:
        case TlsMode.VERIFY:
            options["ssl"] = verifying_context(address.tls_ca)
        case TlsMode.PIN:
            options["ssl"] = PinnedContext(address.pinned_fingerprint)
        case TlsMode.OFF:
            options["ssl_disabled"] = True
    return _Connection(
        host=address.host,
        port=address.port,
        user=address.user,
        # As bytes: PyMySQL would send a str as Latin-1. An environment's odd bytes go as they came.
        password=password.reveal().encode("utf-8", "surrogateescape") if password else b"",
        database=address.schema,
        charset="utf8mb4",
        init_command=f"{SESSION}, SESSION wait_timeout = {SILENT_SECONDS}",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        write_timeout=ANSWER_SECONDS,
        # SQLAlchemy's own choice: UPDATE counts the rows it found, not those it changed.
        client_flag=CLIENT.FOUND_ROWS,
        **options,
    )
