"""How the way to the database is protected; apart from the address, so that a command line is read without it."""

from __future__ import annotations

from enum import StrEnum


class TlsMode(StrEnum):
    """How the connection to MySQL is protected (product.md 3)."""

    VERIFY = "verify"
    """Certificate authority and host name are checked."""
    PIN = "pin"
    """Exactly the certificate whose fingerprint was confirmed."""
    OFF = "off"
    """In the clear; chosen knowingly and shown in the status bar."""
