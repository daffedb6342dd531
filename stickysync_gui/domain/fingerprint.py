"""Hashes that tell "unchanged" without keeping a value: SHA-256, salted with the PasswordID.

Automate's cipher is deterministic per client, so equal stored bytes under one ClientID mean an equal value
(automate-db.md 1.3) and nothing needs to be decrypted to see a change.
"""

from __future__ import annotations

import hashlib

from stickysync_gui.domain.records import Entry, StoredPassword


def _digest(password_id: int, purpose: str, *parts: bytes) -> str:
    framed = [f"stickysync:{purpose}:{password_id}".encode()]
    for part in parts:
        # The length in front keeps ("ab", "c") and ("a", "bc") apart.
        framed += (len(part).to_bytes(8, "big"), part)
    return hashlib.sha256(b"".join(framed)).hexdigest()


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def value_hash(password: StoredPassword) -> str:
    """Hash of ClientID and stored bytes."""
    return _digest(password.id, "value", str(password.client_id).encode(), password.cipher or b"")


def notes_hash(password: StoredPassword) -> str:
    """Hash of the notes."""
    return _digest(password.id, "notes", _text(password.notes))


def fields_hash(password: StoredPassword) -> str:
    """Hash of title, user name and URL as stored in Automate."""
    return _digest(password.id, "fields", _text(password.title), _text(password.username), _text(password.url))


def returned_hash(password_id: int, entry: Entry) -> str:
    """Hash of name, user name and URL as IT Glue returned them, so that its own normalising is no drift."""
    return _digest(password_id, "returned", _text(entry.name), _text(entry.username), _text(entry.url))
