from datetime import UTC, datetime, timedelta

import pytest

from stickysync_gui.ui.wording import ago, counted, duration, elided

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0.5, "just now"), (12, "12 min ago"), (59.9, "59 min ago"), (185, "3 h ago"), (3000, "on 12 Mar, 10:00")],
)
def test_ages(minutes: float, words: str) -> None:
    assert ago(NOW - timedelta(minutes=minutes), NOW) == words


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (59.4, "59 s"), (65, "1 min 05 s"), (4321, "1 h 12 min")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_numbers_and_cuts() -> None:
    assert counted(1, "password") == "1 password"
    assert counted(1240, "password") == "1,240 passwords"
    assert counted(2, "entry", "entries") == "2 entries"
    assert elided("a short one", 20) == "a short one"
    assert elided("one that is too long", 10) == "one that…"
