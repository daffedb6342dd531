"""The claim to be the only window of a home folder; two real processes meet in tests/test_app.py."""

import asyncio
from pathlib import Path

from PySide6.QtCore import QObject

from stickysync_gui.ui.one_window import CALL, LOCK, QUIT, OneWindow
from tests.waiting import PATIENCE, until


async def test_a_call_is_answered_once_by_the_one_that_has_the_claim(tmp_path: Path) -> None:
    first, second, owner, shown = OneWindow(tmp_path), OneWindow(tmp_path), QObject(), []
    assert first.claim()
    first.answer(lambda: shown.append("first"), lambda: shown.append("quit"), owner)
    assert not second.claim()
    second.answer(lambda: shown.append("second"), lambda: shown.append("second quits"), owner)
    (tmp_path / CALL).touch()
    await until(lambda: not (tmp_path / CALL).exists())
    assert shown == ["first"]
    assert await asyncio.to_thread(second.call_first, PATIENCE, QUIT)
    assert shown == ["first", "quit"]
    # Nothing but the claim is left.
    assert [file.name for file in tmp_path.iterdir()] == [LOCK]
    first.release()
    assert second.claim()
    second.release()


def test_a_first_one_that_hangs_is_given_up_and_its_call_taken_back(tmp_path: Path) -> None:
    first, second = OneWindow(tmp_path), OneWindow(tmp_path)
    assert first.claim()
    assert not second.claim()
    assert not second.call_first(patience=0.1)
    assert not (tmp_path / CALL).exists()
    first.release()


def test_a_call_that_nobody_took_does_not_outlive_the_next_claim(tmp_path: Path) -> None:
    (tmp_path / CALL).touch()
    first = OneWindow(tmp_path)
    assert first.claim()
    assert not (tmp_path / CALL).exists()
    first.release()


def test_a_home_that_is_gone_is_no_reason_to_wait(tmp_path: Path) -> None:
    assert not OneWindow(tmp_path / "gone").call_first()
