"""A listening socket that begins like a MySQL server, for what no real one does on request; it notes what it gets."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.waiting import PATIENCE

CLIENT_SSL = 1 << 11
# LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH
_CAPABILITIES = 1 | 1 << 3 | 1 << 9 | 1 << 15 | 1 << 19
_SSL_REQUEST_LENGTH = 36


def packet(payload: bytes, number: int = 0) -> bytes:
    """A packet of MySQL's protocol."""
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


def greeting(*, with_tls: bool) -> bytes:
    """What a server says first (protocol version 10)."""
    capabilities = _CAPABILITIES | (CLIENT_SSL if with_tls else 0)
    return packet(
        b"\x0a8.0.36\0"
        + struct.pack("<I", 7)
        + b"saltsalt\0"
        + struct.pack("<HBHHB", capabilities & 0xFFFF, 45, 2, capabilities >> 16, 21)
        + bytes(10)
        + b"saltsaltsalt\0"
        + b"mysql_native_password\0"
    )


def refusal(code: int, words: str, number: int = 0) -> bytes:
    """An error packet as a server sends it before or instead of its greeting."""
    return packet(b"\xff" + struct.pack("<H", code) + words.encode(), number)


@dataclass
class FakeServer:
    """`received` is everything that clients sent, TLS taken off; `connections` how many came."""

    port: int = 0
    received: bytearray = field(default_factory=bytearray)
    connections: int = 0


@contextlib.contextmanager
def fake_server(
    first: bytes, *, tls: ssl.SSLContext | None = None, then: bytes = b"", hang_up: bool = False
) -> Iterator[FakeServer]:
    """Serve `first` to each connection, take TLS up where the client asks for it, note what comes, answer `then`.

    With `hang_up` each connection is closed after `first`.
    """
    seen = FakeServer()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        seen.port = listening.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(listening, seen, first, tls, then, hang_up), daemon=True)
        thread.start()
        yield seen
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)


def _serve(
    listening: socket.socket,
    seen: FakeServer,
    first: bytes,
    tls: ssl.SSLContext | None,
    then: bytes,
    hang_up: bool,
) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            seen.connections += 1
            with contextlib.suppress(OSError):
                connection.settimeout(PATIENCE)
                connection.sendall(first)
                if not hang_up:
                    _listen(connection, seen, tls, then)
            connection.close()


def _listen(connection: socket.socket, seen: FakeServer, tls: ssl.SSLContext | None, then: bytes) -> None:
    if tls is not None:
        connection.recv(_SSL_REQUEST_LENGTH, socket.MSG_WAITALL)
        connection = tls.wrap_socket(connection, server_side=True)
    with connection:
        while data := connection.recv(65536):
            seen.received += data
            if then:
                connection.sendall(then)
