"""The API key under the team's passphrase: what opens it, what does not, and what another program left there."""

import base64
import os

import pytest

from stickysync_gui.domain.connection import Region
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ExitCode, ForeignKeyStored, WrongPassphrase
from stickysync_gui.storage import sealing
from stickysync_gui.storage.sealing import SealedKey, is_ours, seal, unseal
from tests.canaries import assert_silent

KEY = "ITG." + "Ab9_-" * 19 + "xy"
PASSPHRASE = Secret("correct horse bättery staple 🐎")
SEALED = seal(SealedKey(Secret(KEY), Region.EU), PASSPHRASE)
# automate-db.md 1.9: the example value is base64 of 16 bytes that are no text.
FOREIGN = [
    base64.b64encode(bytes(range(200, 216))).decode(),
    base64.b64encode(os.urandom(112).replace(b"\x01", b"\x02")).decode(),
    base64.b64encode(b"\x02" + os.urandom(120)).decode(),
    base64.b64encode(b"\x01" + os.urandom(44)).decode(),
    "ITG.0123456789abcdef",
    "plain text",
    "",
    "   ",
    "====",
    "ÄÖÜ",
    "AQ==",
    SEALED[:-1],
    SEALED + "!",
]


# --- not to be opened ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", FOREIGN)
def test_a_foreign_value_is_told_from_ours(stored: str) -> None:
    assert not is_ours(stored)
    with pytest.raises(ForeignKeyStored) as caught:
        unseal(stored, PASSPHRASE)

    assert caught.value.exit_code is ExitCode.ITGLUE
    assert "left as it is" in caught.value.unchanged
    assert "Control Center plugin" in caught.value.todo
    if stored.strip():
        assert stored not in caught.value.sentences()


def test_the_wrong_passphrase_is_said_in_words() -> None:
    for wrong in ("", PASSPHRASE.reveal() + " "):
        with pytest.raises(WrongPassphrase) as caught:
            unseal(SEALED, Secret(wrong))
        assert caught.value.exit_code is ExitCode.ITGLUE
        assert caught.value.unchanged == "Nothing was overwritten."
        assert_silent(caught.value, KEY, SEALED, *filter(None, [wrong.strip()]))


@pytest.mark.parametrize("position", ["salt", "nonce", "body", "tag"])
def test_a_damaged_value_does_not_open(position: str) -> None:
    raw = bytearray(base64.b64decode(SEALED))
    raw[{"salt": 1, "nonce": 17, "body": 29, "tag": len(raw) - 1}[position]] ^= 1
    damaged = base64.b64encode(raw).decode()

    assert is_ours(damaged)
    with pytest.raises(WrongPassphrase):
        unseal(damaged, PASSPHRASE)


def test_a_cut_value_does_not_open() -> None:
    cut = base64.b64encode(base64.b64decode(SEALED)[:-3]).decode()

    with pytest.raises(WrongPassphrase):
        unseal(cut, PASSPHRASE)


def test_the_version_is_sealed_too_and_a_newer_one_counts_as_foreign() -> None:
    newer = base64.b64encode(b"\x02" + base64.b64decode(SEALED)[1:]).decode()

    with pytest.raises(ForeignKeyStored):
        unseal(newer, PASSPHRASE)


def test_a_region_that_this_program_does_not_know_counts_as_a_newer_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Newer:
        value = "ca"

    sealed = seal(SealedKey(Secret(KEY), Newer()), PASSPHRASE)  # type: ignore[arg-type]

    with pytest.raises(ForeignKeyStored) as caught:
        unseal(sealed, PASSPHRASE)
    assert_silent(caught.value, KEY)


# --- opened ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "region"), [(KEY, Region.US), ("x", Region.AU), (KEY, None)])
def test_round_trip(key: str, region: Region | None) -> None:
    sealed = seal(SealedKey(Secret(key), region), PASSPHRASE)

    assert unseal(f" {sealed}\n", PASSPHRASE) == SealedKey(Secret(key), region)
    assert is_ours(sealed)


def test_nothing_of_it_is_the_same_twice() -> None:
    again = seal(SealedKey(Secret(KEY), Region.EU), PASSPHRASE)

    one, other = base64.b64decode(SEALED), base64.b64decode(again)
    assert one[0] == other[0] == sealing.VERSION
    assert one[1:17] != other[1:17], "salt"
    assert one[17:29] != other[17:29], "nonce"
    assert one[29:] != other[29:]


def test_odd_bytes_of_an_environment_make_a_passphrase_too() -> None:
    odd = Secret(b"p\xe4ssphrase \xff".decode("utf-8", "surrogateescape"))

    assert unseal(seal(SealedKey(Secret(KEY), Region.US), odd), odd).key == Secret(KEY)


def test_the_longest_key_that_fits_the_column() -> None:
    longest = seal(SealedKey(Secret("k" * 141), Region.US), PASSPHRASE)

    assert len(SEALED) <= 255
    # Base64 grows by four characters, and not a byte is free in these.
    assert len(longest) == 252
    assert not longest.endswith("=")


def test_what_was_sealed_does_not_print() -> None:
    assert KEY not in repr(unseal(SEALED, PASSPHRASE))


# --- the proposed passphrase -----------------------------------------------------------------------------------


def test_a_proposed_passphrase_is_long_and_never_the_same() -> None:
    proposed = {sealing.propose_passphrase().reveal() for _ in range(50)}

    assert len(proposed) == 50
    for text in proposed:
        letters = text.replace("-", "")
        assert set(letters) <= set("abcdefghijklmnopqrstuvwxyz234567")
        # Five bits a letter.
        assert len(letters) * 5 >= 128
        assert len(text) >= sealing.LEAST_CHARACTERS
        assert max(map(len, text.split("-"))) <= 5
