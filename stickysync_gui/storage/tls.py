"""TLS to MySQL, checked before the log-in is sent (product.md 3).

PyMySQL verifies nothing on its own account, so it is always handed one of these contexts.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
from typing import Any

from stickysync_gui.errors import DatabaseRefused


class CertificateRefused(ssl.SSLError):
    """The server showed another certificate than the pinned one, or none is pinned yet.

    Args:
        fingerprint: SHA-256 of what the server showed, 64 lower-case hex digits.
        pinned: the expected one, or empty.
    """

    def __init__(self, fingerprint: str, pinned: str) -> None:
        super().__init__("the certificate is not the pinned one")
        self.fingerprint = fingerprint
        self.pinned = pinned


class _PinnedSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        # Raising here leaves nothing sent but the handshake: the log-in comes after it.
        shown = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
        context = self.context
        pinned = context.pinned if isinstance(context, PinnedContext) else ""
        if not hmac.compare_digest(shown.encode(), pinned.encode()):
            raise CertificateRefused(shown, pinned)


class PinnedContext(ssl.SSLContext):
    """Accepts exactly one certificate, whoever signed it: servers make their own, without a usable host name."""

    sslsocket_class = _PinnedSocket
    pinned = ""

    def __new__(cls, pinned: str) -> PinnedContext:
        """Make a context for the certificate of that SHA-256 fingerprint; empty refuses all, telling what it saw."""
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.pinned = pinned.replace(":", "").lower()
        return context

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Wrap as the base class does, with the check inside the handshake."""
        kwargs["do_handshake_on_connect"] = True
        return super().wrap_socket(sock, *args, **kwargs)


def verifying_context(ca_file: str) -> ssl.SSLContext:
    """A context that checks authority and host name.

    Args:
        ca_file: PEM file of the authority, or empty for the system's.

    Raises:
        DatabaseRefused: the file cannot be read or is no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as problem:
        reason = problem.reason if isinstance(problem, ssl.SSLError) else problem.strerror
        raise DatabaseRefused(
            happened=f"The CA file {ca_file} cannot be used ({reason or type(problem).__name__}).",
            unchanged="Nothing was sent.",
            todo="Give a PEM file with the certificate of the authority that signed the server's, or choose pin.",
        ) from None
