"""Whoever steals the whole database and has the source code, too, does not have the API key."""

import ast
import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import stickysync_gui
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import WrongPassphrase
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.storage import sealing
from stickysync_gui.storage.decrypt import client_key
from tests.automate_schema import seed_client, seed_password
from tests.backend.conftest import PASSPHRASE
from tests.mariadb import Database

NONCE = slice(17, 29)


def dump(database: Database) -> dict[str, list[bytes]]:
    """Every value of every table, by table and column."""
    found: dict[str, list[bytes]] = {}
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM `{table}`")
            columns = [description[0] for description in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    found.setdefault(f"{table}.{column}", []).append(raw)
    return found


def constants_of_the_source() -> set[bytes]:
    """Every text, number and run of bytes that stands in the program's code."""
    found: set[bytes] = set()
    for file in Path(stickysync_gui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes | int):
                value = node.value
                found.add(value if isinstance(value, bytes) else str(value).encode())
    return found


def as_keys(value: bytes) -> Iterator[bytes]:
    """32-byte keys that a careless program would derive from something that stands beside the lock."""
    yield value.ljust(32, b"\0")[:32]
    yield (value * 32)[:32] if value else bytes(32)
    for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5):
        made = digest(value)
        yield made.digest().ljust(32, b"\0")
        yield made.hexdigest().encode()[:32].ljust(32, b"\0")
        yield (made.digest() * 2)[:32]


@pytest.fixture
def stolen(automate: Database) -> Database:
    """An Automate with clients and passwords."""
    with automate.connect() as connection, connection.cursor() as cursor:
        for number in range(3):
            seed_client(connection, number, f"Client {number}")
            seed_password(connection, number, f"Entry {number}", f"value {number}".encode(), user_name="admin")
        cursor.execute("ALTER TABLE plugin_stickysync_companymap MODIFY ITGOrgID BIGINT")
        cursor.execute("ALTER TABLE plugin_stickysync_passwordmap MODIFY ITGPasswordID BIGINT")
    return automate


@pytest.mark.timeout(900)
async def test_the_dump_and_the_source_do_not_open_the_key(
    stolen: Database, sandbox: SandboxServer, pc: Callable[..., object]
) -> None:
    organization = sandbox.glue.add_organization("Contoso")
    async with pc() as backend:
        await backend.map_clients({0: organization, 1: organization, 2: organization})
        summary = await backend.sync()
        assert summary.created == 3
    values = dump(stolen)
    (sealed,) = (value.decode() for value in values["plugin_stickysync_settings.APIKey"])
    raw = base64.b64decode(sealed)
    key = sandbox.glue.key.encode()

    # No byte of the key shows, in no table.
    everything = b"\0".join(chain.from_iterable(values.values())) + raw
    for part in (key[n : n + 6] for n in range(4, len(key) - 6)):
        assert part not in everything
        assert base64.b64encode(part)[:7] not in everything
        assert part.hex().encode() not in everything
    assert PASSPHRASE.reveal().encode() not in everything

    # No value, constant or name opens the seal by itself.
    candidates = set(chain.from_iterable(values.values())) | constants_of_the_source() | {stolen.schema.encode()}
    candidates |= {name.encode() for name in values}
    candidates |= set(filter(None, map(_decoded, candidates)))
    keys = {key_ for value in candidates for key_ in as_keys(value)}
    keys |= {client_key(client_id) * 2 for client_id in range(-1, 50)}
    assert len(keys) > 10_000
    assert not [key_ for key_ in keys if _opens(key_, raw)]

    # Nor is any of the database's values the passphrase, which has 12 characters or more; a guess costs half a second,
    # too much to try the source's as well.
    texts = {value.decode("utf-8", "replace") for value in chain.from_iterable(values.values())} | {stolen.schema}
    guesses = [Secret(text) for text in texts if len(text) >= sealing.LEAST_CHARACTERS]

    def opens(guess: Secret) -> bool:
        try:
            sealing.unseal(sealed, guess)
        except WrongPassphrase:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert not any(pool.map(opens, guesses))
    assert len(guesses) > 10
    assert opens(PASSPHRASE), "the right one does"


def _opens(key: bytes, raw: bytes) -> bool:
    try:
        AESGCM(key).decrypt(raw[NONCE], raw[29:], raw[:29])
    except InvalidTag:
        return False
    return True


def _decoded(value: bytes) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""


def test_a_proposed_passphrase_cannot_be_guessed() -> None:
    proposed = {sealing.propose_passphrase().reveal() for _ in range(200)}

    assert len(proposed) == 200
    assert all(len(text.replace("-", "")) * 5 >= 100 for text in proposed), "of at least 100 bits"
    letters = "".join(proposed).replace("-", "")
    assert len(set(letters)) == 32
    assert max(map(letters.count, set(letters))) < len(letters) / 32 * 1.6
