"""A way to the database that can be cut at the worst moment: after a statement got there, before its answer came."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

from tests.waiting import PATIENCE


class CuttingProxy:
    """Passes bytes on to a MySQL server. `cut_after` is a text; the next packet that holds it loses its answer."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.cut_after: bytes | None = None
        self.cuts = 0
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                thread = threading.Thread(target=self._pass_on, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, contextlib.suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    (server if ready is client else client).sendall(data)
                    if ready is client and self.cut_after is not None and self.cut_after in data:
                        self.cut_after = None
                        self.cuts += 1
                        server.recv(65536)  # done there; the answer is swallowed
                        return


@contextlib.contextmanager
def cutting_proxy(host: str, port: int) -> Iterator[CuttingProxy]:
    """A proxy in front of a server, for the length of the block. Connections must be closed before its end."""
    proxy = CuttingProxy((host, port))
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(PATIENCE)
