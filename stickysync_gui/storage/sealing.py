"""The API key under the team passphrase, as it stands in `plugin_stickysync_settings` (product.md 8).

Layout before base64: version (1 byte), salt (16), nonce (12), AES-256-GCM ciphertext with its tag (16). The sealed text
is the region's name, a line break, and the key.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from stickysync_gui.domain.connection import Region
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ForeignKeyStored, WrongPassphrase

VERSION = 1
_SALT, _NONCE, _TAG = 16, 12, 16
_HEAD = 1 + _SALT + _NONCE
PROPOSED_BYTES = 16
"""128 bits of randomness in a proposed passphrase."""
LEAST_CHARACTERS = 12
"""Of a passphrase that the team chooses itself."""


@dataclass(frozen=True, slots=True)
class SealedKey:
    """What was sealed: the key, and the region it belongs to (None: another address, such as the sandbox's)."""

    key: Secret
    region: Region | None


def _derive(passphrase: Secret, salt: bytes) -> bytes:
    # 2^17 blocks of 1 KiB: 128 MiB and some tenths of a second for each guess.
    scrypt = Scrypt(salt=salt, length=32, n=2**17, r=8, p=1)
    # Odd bytes of an environment count as they came.
    return scrypt.derive(passphrase.reveal().encode("utf-8", "surrogateescape"))


def seal(sealed: SealedKey, passphrase: Secret) -> str:
    """Seal the key. Slow on purpose: call it off the window's thread."""
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    region = sealed.region.value if sealed.region else ""
    plain = f"{region}\n{sealed.key.reveal()}".encode()
    head = bytes([VERSION]) + salt + nonce
    # The head is authenticated too, so that the version cannot be changed under a valid key.
    return base64.b64encode(head + AESGCM(_derive(passphrase, salt)).encrypt(nonce, plain, head)).decode("ascii")


def is_ours(stored: str) -> bool:
    """Whether a stored value has our form; says nothing about the passphrase."""
    raw = _raw(stored)
    return raw is not None and raw[0] == VERSION and len(raw) > _HEAD + _TAG


def unseal(stored: str, passphrase: Secret) -> SealedKey:
    """Open a stored value. Slow on purpose.

    Raises:
        ForeignKeyStored: another program, or a newer version, wrote it.
        WrongPassphrase: it does not open.
    """
    raw = _raw(stored)
    if raw is None or not is_ours(stored):
        raise _foreign()
    head, nonce = raw[:_HEAD], raw[1 + _SALT : _HEAD]
    try:
        plain = AESGCM(_derive(passphrase, raw[1 : 1 + _SALT])).decrypt(nonce, raw[_HEAD:], head)
    except InvalidTag:
        raise WrongPassphrase(
            happened="The stored API key does not open with this passphrase.",
            unchanged="Nothing was overwritten.",
            todo="Enter the team's passphrase (stickysync passphrase set). If it is lost, apply the API key again "
            "with a new passphrase.",
        ) from None
    region, _, key = plain.decode("utf-8").partition("\n")
    if region and region not in set(Region):
        # Sealed by a newer version; the key must go to none of the hosts that this one knows.
        raise _foreign()
    return SealedKey(Secret(key), Region(region) if region else None)


def _foreign() -> ForeignKeyStored:
    return ForeignKeyStored(
        happened="The stored API key was written by another program; this one cannot read it.",
        unchanged="The stored value was left as it is.",
        todo="Apply the API key again and confirm the replacement (stickysync key set --replace). "
        "The Control Center plugin cannot read the new value and stops syncing.",
    )


def _raw(stored: str) -> bytes | None:
    try:
        raw = base64.b64decode(stored.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw or None


def propose_passphrase() -> Secret:
    """A passphrase of 128 random bits in groups that people can copy and read aloud."""
    text = base64.b32encode(os.urandom(PROPOSED_BYTES)).decode("ascii").rstrip("=").lower()
    return Secret("-".join(text[start : start + 5] for start in range(0, len(text), 5)))
