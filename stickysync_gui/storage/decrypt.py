"""Automate's own obfuscation of `passwords.Password`, undone in the program and never by SQL (automate-db.md 5)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from stickysync_gui.domain.records import ValueState
from stickysync_gui.domain.secret import Secret

BLOCK = 16


@dataclass(frozen=True, slots=True)
class Decrypted:
    """What became of one stored value.

    Args:
        state: readable, empty, none or unreadable.
        value: the text when readable, else None.
        reason: why it is unreadable, in words without any of its bytes.
    """

    state: ValueState
    value: Secret | None = None
    reason: str = ""


class Scheme(Protocol):
    """A way of turning stored bytes into the plain bytes; a server may use a second one (automate-db.md 1.4)."""

    def plain_bytes(self, client_id: int, stored: bytes) -> bytes | None:
        """Return the plain bytes, or None where key or scheme do not fit."""


@lru_cache(maxsize=8192)
def client_key(client_id: int) -> bytes:
    """The 16-byte AES key of a client: SHA-1 hex of " <ClientID + 1>", folded by XOR as MySQL does."""
    digest = hashlib.sha1(f" {client_id + 1}".encode("ascii"), usedforsecurity=False).hexdigest()
    key = bytearray(BLOCK)
    for position, character in enumerate(digest.encode("ascii")):
        key[position % BLOCK] ^= character
    return bytes(key)


class ClientIdScheme:
    """AES-128-ECB with PKCS#7 padding under a key that follows from ClientID alone."""

    def plain_bytes(self, client_id: int, stored: bytes) -> bytes | None:
        """Return the plain bytes, or None when length or padding is wrong."""
        if not stored or len(stored) % BLOCK:
            return None
        padded = self._decryptor(client_id).update(stored)
        padding = padded[-1]
        if not 1 <= padding <= BLOCK or padded[-padding:] != bytes([padding]) * padding:
            return None
        return padded[:-padding]

    def _decryptor(self, client_id: int) -> CipherContext:
        # ECB is Automate's choice, not ours. It carries nothing from one whole block to the next.
        return Cipher(AES(client_key(client_id)), modes.ECB()).decryptor()


class ManyValues(ClientIdScheme):
    """The same for many values in one thread: a client's decryptor is made once."""

    def __init__(self) -> None:
        self._decryptors: dict[int, CipherContext] = {}

    def _decryptor(self, client_id: int) -> CipherContext:
        known = self._decryptors.get(client_id)
        if known is None:
            known = self._decryptors[client_id] = super()._decryptor(client_id)
        return known


CLIENT_ID_SCHEME = ClientIdScheme()


def encrypt(client_id: int, plain: bytes) -> bytes:
    """Encrypt as Automate does; for the demo's stand-in and the tests, since Automate is never written to."""
    padding = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(AES(client_key(client_id)), modes.ECB()).encryptor()
    return encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()


def decrypt(
    client_id: int, stored: bytes | None, *, allow_windows_1252: bool = False, scheme: Scheme = CLIENT_ID_SCHEME
) -> Decrypted:
    """Decrypt one stored value.

    Valid padding alone proves nothing (a wrong key looks right once in some 290 times), so strict UTF-8 is
    demanded as well; blanks and line breaks are data and stay.

    Args:
        client_id: the row's ClientID, read in the same statement as the bytes.
        stored: the column's bytes; None and no bytes both mean "no password".
        allow_windows_1252: read bytes that are not UTF-8 as Windows-1252, marked as guessed, where they look like text.
        scheme: how the server encrypts.
    """
    if not stored:
        return Decrypted(ValueState.NONE)
    plain = scheme.plain_bytes(client_id, bytes(stored))
    if plain is None:
        return Decrypted(ValueState.UNREADABLE, reason="it cannot be decrypted with this client's key")
    if not plain:
        return Decrypted(ValueState.EMPTY)
    try:
        return Decrypted(ValueState.READABLE, Secret(plain.decode("utf-8")))
    except UnicodeDecodeError:
        pass
    guessed = _windows_1252(plain) if allow_windows_1252 else None
    if guessed is not None:
        return Decrypted(ValueState.GUESSED, Secret(guessed))
    return Decrypted(ValueState.UNREADABLE, reason="its bytes are not UTF-8 text")


def is_readable(client_id: int, stored: bytes, scheme: Scheme) -> bool:
    """Whether `decrypt` would find a value that is readable as it stands; the plain text is let go at once."""
    plain = scheme.plain_bytes(client_id, stored)
    try:
        return bool(plain and plain.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _windows_1252(plain: bytes) -> str | None:
    """The text, or None where the bytes are more likely a wrong key's junk: this code page has a sign for most bytes.

    A text that leaves one byte of its last block free has that byte of padding as its only proof (one in 256 is right
    by chance). So texts of such a length, and longer ones, must be mostly ASCII, and letters where they are not.
    """
    try:
        text = plain.decode("cp1252")
    except UnicodeDecodeError:
        return None
    if any(character < " " and character not in "\t\r\n" for character in text) or "\x7f" in text:
        return None
    beyond = [character for character in text if not character.isascii()]
    is_likely = len(beyond) * 10 <= len(text) * 3 and all(c.isalpha() or c in "€£§" for c in beyond)
    return text if is_likely or len(text) < BLOCK - 1 else None
