"""A port of loopback at which nobody listens, for as long as a test needs that to be so."""

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Taken and never listened at: connections are refused, and no other program can come to listen there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
