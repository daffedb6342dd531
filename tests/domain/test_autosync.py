"""When a round is due and when it is overdue."""

from datetime import datetime, timedelta

import pytest

from stickysync_gui.domain.autosync import AutoSyncState, LastRound

NOW = datetime(2026, 3, 29, 2, 30)


def state(minutes_ago: float | None, *, ticked: int = 1) -> AutoSyncState:
    last = None if minutes_ago is None else LastRound(NOW - timedelta(minutes=minutes_ago), "anna", "PC-1")
    return AutoSyncState(NOW, 15, last, ticked)


@pytest.mark.parametrize(
    ("minutes_ago", "due", "overdue"),
    [
        (None, True, False),
        (0, False, False),
        (14.9, False, False),
        (15, True, False),
        (44.9, True, False),
        (45, True, True),
    ],
)
def test_due_and_overdue(minutes_ago: float | None, due: bool, overdue: bool) -> None:
    assert (state(minutes_ago).is_due, state(minutes_ago).is_overdue) == (due, overdue)


def test_nothing_ticked_is_never_overdue() -> None:
    assert not state(1000, ticked=0).is_overdue


def test_next_due() -> None:
    assert state(5).next_due == NOW + timedelta(minutes=10)
    assert state(None).next_due == NOW
