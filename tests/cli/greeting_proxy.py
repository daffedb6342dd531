"""A way to MariaDB on which the server seems to offer no TLS: one bit of its greeting is taken away."""

import contextlib
import socket
import threading
from types import TracebackType

from tests.waiting import PATIENCE

TLS = 0x0800


class GreetingProxy:
    """Has a port of loopback, which refuses connections until the block begins and then passes them on to another."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "GreetingProxy":
        self._listening.listen()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listening, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [near, far]
            near.sendall(without_tls(far.recv(4096)))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def without_tls(greeting: bytes) -> bytes:
    """The greeting with the capability taken out.

    Behind a header of 4 bytes: the protocol, the version ended by a zero byte, the connection's id (4 bytes), a part of
    the challenge (8 and a zero byte), and the lower half of the capabilities (MySQL's Protocol::HandshakeV10).
    """
    at = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
    lower = int.from_bytes(greeting[at : at + 2], "little") & ~TLS
    return greeting[:at] + lower.to_bytes(2, "little") + greeting[at + 2 :]


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
