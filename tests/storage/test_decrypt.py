"""Automate's cipher: the published vectors, the server's own AES, and everything that must stay unreadable."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stickysync_gui.domain.records import ValueState
from stickysync_gui.storage.decrypt import BLOCK, client_key, decrypt, encrypt

# automate-db.md 5, "Test vectors": client, plaintext, folded key, stored bytes.
VECTORS = [
    (1, b"P@ssw0rd!", "333f3c623c653063550705010056550d", "34442b11034ab87b0e942604719e01f5"),
    (0, b"", "666e60313c62386001520a0004010a57", "8335002527aab6778e35ff460b2690ff"),
    (
        41,
        b"exactly16bytes!!",
        "66316e3f306c686a02005b05540a5409",
        "a269205b6813ada42a11d8243fe02dadb96e3450382c35338f10541825246837",
    ),
    (
        123,
        "Zürich Straße 🔑 42".encode(),
        "66633330366d3034070f080550505656",
        "cb5c133e29ea0c8a153c703b7b1e8e02921ac3eba198f7a15e6fc9ffe9cf7952",
    ),
    (
        99999,
        b"a b\tc  ",
        "646e62666730376502005e5554570254",
        "c66638202f63667516d0ab6b22c13a6e",
    ),
]


@pytest.mark.parametrize(("client_id", "plain", "key", "stored"), VECTORS)
def test_published_vectors(client_id: int, plain: bytes, key: str, stored: str) -> None:
    assert client_key(client_id).hex() == key
    assert encrypt(client_id, plain).hex() == stored
    found = decrypt(client_id, bytes.fromhex(stored))
    if plain:
        assert found.state is ValueState.READABLE
        assert found.value is not None
        assert found.value.reveal().encode() == plain
    else:
        assert (found.state, found.value) == (ValueState.EMPTY, None)


@pytest.mark.parametrize("stored", [None, b""])
def test_no_bytes_mean_no_password(stored: bytes | None) -> None:
    assert decrypt(1, stored).state is ValueState.NONE


@pytest.mark.parametrize("length", [1, 15, 17, 31, 33, 255])
def test_a_length_that_is_no_multiple_of_the_block_is_unreadable(length: int) -> None:
    found = decrypt(1, (encrypt(1, b"x" * 300))[:length])

    assert (found.state, found.value) == (ValueState.UNREADABLE, None)
    assert found.reason


def test_a_cut_or_bent_value_is_unreadable() -> None:
    stored = encrypt(7, b"correct horse battery staple")
    bent = bytes([stored[0] ^ 1]) + stored[1:]

    assert decrypt(7, stored[:BLOCK]).state is ValueState.UNREADABLE
    assert decrypt(7, bent).state is ValueState.UNREADABLE
    assert decrypt(7, stored[BLOCK:] + stored[:BLOCK]).state is ValueState.UNREADABLE


@given(text=st.text(st.characters(exclude_categories=["Cs"])), client_id=st.integers(0, 2**31 - 1))
def test_round_trip(text: str, client_id: int) -> None:
    found = decrypt(client_id, encrypt(client_id, text.encode()))

    assert (found.value.reveal() if found.value else "") == text


@pytest.mark.parametrize("stripped", [" lead", "trail ", "\ttab", "line\r\nbreak\n", "\x00nul\x00", "\ufeffmark"])
def test_blanks_and_control_characters_are_data(stripped: str) -> None:
    found = decrypt(3, encrypt(3, stripped.encode()))

    assert found.value is not None
    assert found.value.reveal() == stripped


def test_equal_to_the_servers_own_aes(automate) -> None:
    drawn = random.Random(5)
    with automate.connect() as connection, connection.cursor() as cursor:
        for length in (0, 1, 15, 16, 17, 255, 4096, *(drawn.randrange(2000) for _ in range(150))):
            client_id = drawn.choice((0, 1, -1, drawn.randrange(2**31 - 1)))
            plain = "".join(drawn.choices("aZ09 \t\n\"'\\äß€🔑漢\u0301", k=length)).encode()
            cursor.execute("SELECT AES_ENCRYPT(%s, SHA(CONCAT(' ', %s + 1)))", (plain, client_id))
            stored = cursor.fetchone()[0]
            assert encrypt(client_id, plain) == stored
            found = decrypt(client_id, stored)
            assert (found.value.reveal().encode() if found.value else b"") == plain


def test_what_the_server_calls_null_is_unreadable(automate) -> None:
    with automate.connect() as connection, connection.cursor() as cursor:
        drawn = random.Random(6)
        for _ in range(200):
            stored = drawn.randbytes(16 * drawn.randrange(1, 4))
            cursor.execute("SELECT AES_DECRYPT(%s, SHA(CONCAT(' ', 5 + 1)))", (stored,))
            if cursor.fetchone()[0] is None:
                assert decrypt(5, stored).state is ValueState.UNREADABLE


@pytest.mark.parametrize("allow_windows_1252", [False, True])
def test_another_clients_key_never_gives_readable_junk(allow_windows_1252: bool) -> None:
    drawn = random.Random(7)
    lengths = (3, 8, 12, 15, 16, 20, 31, 40)

    for number in range(20_000):
        stored = encrypt(number, drawn.randbytes(drawn.choice(lengths)).hex().encode())
        found = decrypt(number + 1 + drawn.randrange(50), stored, allow_windows_1252=allow_windows_1252)
        assert found.state is ValueState.UNREADABLE, f"try {number} gave {found.state}"
        assert found.value is None


@pytest.mark.parametrize("text", ["Grüße", "Zürich Straße 42!", "€uro", "naïve café déjà", "ß"])
def test_windows_1252_only_when_switched_on(text: str) -> None:
    stored = encrypt(9, text.encode("cp1252"))

    refused, guessed = decrypt(9, stored), decrypt(9, stored, allow_windows_1252=True)

    assert (refused.state, refused.value) == (ValueState.UNREADABLE, None)
    assert "UTF-8" in refused.reason
    assert guessed.state is ValueState.GUESSED
    assert guessed.value is not None
    assert guessed.value.reveal() == text


def test_utf8_is_never_taken_for_windows_1252() -> None:
    found = decrypt(9, encrypt(9, "Zürich".encode()), allow_windows_1252=True)

    assert found.state is ValueState.READABLE
    assert found.value is not None
    assert found.value.reveal() == "Zürich"


@pytest.mark.parametrize("junk", [b"\x81\x8d\x8f", b"\x01\xfc\x02", b"\xfc\x00"])
def test_bytes_that_are_no_text_in_windows_1252_either_stay_unreadable(junk: bytes) -> None:
    found = decrypt(9, encrypt(9, junk), allow_windows_1252=True)

    assert (found.state, found.value) == (ValueState.UNREADABLE, None)


@settings(max_examples=300)
@given(stored=st.binary(max_size=100), client_id=st.integers(-(2**31), 2**31 - 1), allow=st.booleans())
def test_whatever_is_stored_gives_a_state_and_no_exception(stored: bytes, client_id: int, allow: bool) -> None:
    found = decrypt(client_id, stored, allow_windows_1252=allow)

    assert (found.value is not None) == (found.state in (ValueState.READABLE, ValueState.GUESSED))
    assert bool(found.reason) == (found.state is ValueState.UNREADABLE)


def test_neither_value_nor_bytes_are_told_by_the_finding() -> None:
    found = decrypt(1, encrypt(1, b"hunter2-canary"))

    assert "hunter2" not in repr(found)
    assert "hunter2" not in str(found)
