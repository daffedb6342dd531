"""IT Glue's three hosts as a PC behind a company proxy meets them: real names, real TLS, all on loopback.

The program is told of a proxy and of an authority by the environment, as any PC's may be; the proxy leads each host to
a sandbox of its region, and nothing leaves this computer.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stickysync_gui.domain.connection import Region
from stickysync_gui.sandbox.faults import FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from tests.certificates import make_server_certificate

NAMES = tuple(str(urlsplit(region.url).hostname) for region in Region)
REFUSALS = {
    "forbids": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "wants a log-in": b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
}


@dataclass
class ItGlueHosts:
    """The three services; a key is known to those that it was added to."""

    servers: dict[Region, SandboxServer]
    port: int = 0
    mood: str = ""
    """One of REFUSALS, or empty."""
    asked: list[str] = field(default_factory=list)
    close: Callable[[], None] = lambda: None
    """Ends the proxy, so that its port refuses."""

    def glue(self, region: Region) -> Glue:
        return self.servers[region].glue

    def faults(self, region: Region) -> FaultScript:
        return self.servers[region].faults


@contextlib.contextmanager
def itglue_hosts(
    folder: Path,
    environment: pytest.MonkeyPatch,
    *,
    names: tuple[str, ...] = NAMES,
    expired: bool = False,
    trusted: bool = True,
) -> Iterator[ItGlueHosts]:
    """Serve the three hosts behind a proxy, and tell this process's environment of it.

    `names` are those in the certificate. A host that is not `trusted` shows one of an authority nobody knows.
    """
    folder.mkdir(exist_ok=True)
    made = make_server_certificate(folder, names, expired=expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate_file, made.key_file)
    with contextlib.ExitStack() as stack:
        servers = {}
        for region in Region:
            glue = Glue(region=region.value)
            servers[region] = stack.enter_context(SandboxServer(glue, faults=FaultScript()))
        hosts = ItGlueHosts(servers)
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        hosts.port = listening.getsockname()[1]
        # Closed alone, the socket would live on in the thread that waits at it.
        hosts.close = lambda: listening.shutdown(socket.SHUT_RDWR)
        _in_thread(_accept, listening, hosts, context)
        for name in ("https_proxy", "HTTPS_PROXY"):
            environment.setenv(name, f"http://user:proxy-canary@127.0.0.1:{hosts.port}")
        for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
            environment.delenv(name, raising=False)
        environment.setenv("SSL_CERT_FILE", str(made.ca_file if trusted else Path(__file__).parent / "none.pem"))
        environment.setenv("SSL_CERT_DIR", str(folder / "none"))
        yield hosts
        with contextlib.suppress(OSError):
            hosts.close()


def _in_thread(act: object, *arguments: object) -> None:
    threading.Thread(target=act, args=arguments, daemon=True).start()  # type: ignore[arg-type]


def _accept(listening: socket.socket, hosts: ItGlueHosts, context: ssl.SSLContext) -> None:
    # Ends when the socket is closed.
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            _in_thread(_serve, connection, hosts, context)


def _serve(connection: socket.socket, hosts: ItGlueHosts, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError), connection:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = connection.recv(1)
            if not part:
                return
            head += part
        method, target, _ = head.decode("ascii").split(" ", 2)
        assert method == "CONNECT"
        hosts.asked.append(target)
        if hosts.mood:
            connection.sendall(REFUSALS[hosts.mood])
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        region = Region(list(Region)[NAMES.index(target.removesuffix(":443"))])
        inner = urlsplit(hosts.servers[region].url)
        with (
            context.wrap_socket(connection, server_side=True) as outer,
            socket.create_connection((str(inner.hostname), int(inner.port or 0))) as sandbox,
        ):
            _in_thread(_pump, sandbox, outer)
            _pump(outer, sandbox)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
