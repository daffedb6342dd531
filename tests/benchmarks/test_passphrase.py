"""What one guess at the team's passphrase costs whoever has the sealed key (product.md 8)."""

import time

import pytest

from stickysync_gui.domain.connection import Region
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import WrongPassphrase
from stickysync_gui.storage.sealing import SealedKey, seal, unseal

LEAST_SECONDS = 0.1
GUESSES = 5


@pytest.mark.bench
def test_a_guess_is_slow() -> None:
    sealed = seal(SealedKey(Secret("ITG." + "x" * 97), Region.US), Secret("correct horse battery"))
    durations = []
    for number in range(GUESSES):
        began = time.perf_counter()
        with pytest.raises(WrongPassphrase):
            unseal(sealed, Secret(f"guess {number}"))
        durations.append(time.perf_counter() - began)

    middle = sorted(durations)[GUESSES // 2]
    print(f"\none guess at the passphrase: {middle * 1000:.0f} ms and 128 MiB")
    assert middle >= LEAST_SECONDS
