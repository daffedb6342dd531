"""The tray icon; the offscreen screen has no tray, so the question for one is answered here."""

from typing import Any

import pytest
from PySide6.QtWidgets import QMessageBox, QSystemTrayIcon

from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.ui.autosync import tray
from stickysync_gui.ui.autosync.rounds import ROUND, Mood
from stickysync_gui.ui.autosync.tray import tray_icon
from stickysync_gui.ui.configuration.page import OPTIONS
from stickysync_gui.ui.main_window import CONFIGURATION
from tests.ui.desk import LONG, click, demo_desk, dialog, press
from tests.waiting import until

# Of a tray icon on a screen without one.
pytestmark = pytest.mark.qt_log_ignore("systemTrayWindowChanged", extend=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A desktop with a tray; what was said beside the icon."""
    words: list[str] = []
    monkeypatch.setattr(tray, "is_available", lambda: True)
    monkeypatch.setattr(tray.Tray, "say", lambda _, text: words.append(text))
    return words


async def test_without_a_tray_the_option_is_not_offered_and_closing_leaves() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        desk.set_options(minimise_to_tray=True)
        desk.window.configuration.options.conduct_changed.emit()
        desk.window.open_section(OPTIONS)
        assert not desk.window.configuration.options.to_tray.isVisible()
        desk.frame.close()
        assert desk.frame.is_closed


async def test_closing_hides_to_the_tray_says_so_once_and_a_click_brings_it_back(told: list[str]) -> None:
    async with demo_desk(CONFIGURATION) as desk:
        desk.window.open_section(OPTIONS)
        click(desk.window.configuration.options.to_tray)
        assert desk.backend.settings.options.minimise_to_tray
        icon = desk.window.tray
        assert icon.is_shown
        for _ in range(2):
            desk.frame.close()
            assert not desk.frame.isVisible()
            assert not desk.frame.is_closed
            icon.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
            assert desk.frame.isVisible()
        assert len(told) == 1
        click(desk.window.configuration.options.to_tray)
        assert not icon.is_shown
        desk.frame.close()
        assert desk.frame.is_closed


async def test_the_menu_runs_pauses_opens_and_quits(told: list[str]) -> None:
    async with demo_desk(overdue=True) as desk:
        desk.set_options(minimise_to_tray=True)
        desk.window.configuration.options.conduct_changed.emit()
        icon = desk.window.tray
        await until(lambda: icon.mood is Mood.OVERDUE)
        icon.pause.trigger()
        assert desk.window.rounds.paused
        assert "Paused" in icon.icon.toolTip()
        icon.pause.trigger()
        assert not desk.window.rounds.paused
        await desk.idle()
        desk.frame.close()
        desk.backend.sandbox.faults.add(Fault("slow", times=None, seconds=600))
        icon.sync_now.trigger()
        await until(lambda: icon.mood is Mood.RUNNING)
        assert not icon.sync_now.isEnabled()
        # A run is on: quitting asks, over the window.
        icon.quit.trigger()
        press(await dialog(QMessageBox), "Go on")
        desk.backend.sandbox.faults.clear()
        assert desk.frame.isVisible()
        await until(lambda: not desk.window.jobs.is_on(ROUND), timeout=LONG)
        await desk.idle()
        assert icon.mood is Mood.IDLE
        icon.quit.trigger()
        assert desk.frame.is_closed
        assert not icon.is_shown


def test_each_mood_has_a_picture_of_its_own(qapp: Any) -> None:
    pictures = [tray_icon(mood).pixmap(32, 32).toImage() for mood in Mood]
    assert all(one != other for number, one in enumerate(pictures) for other in pictures[:number])
