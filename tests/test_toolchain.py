"""The versions that pyproject.toml pins must not carry the faults they were chosen to avoid."""

import asyncio
import sys

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from tests.waiting import until

# Other code may take or drop a handful of references meanwhile; the fault takes one per call.
NOISE = 50


class Bell(QObject):
    rang = Signal(bool)


def test_calls_into_qt_leave_the_count_of_none_alone(qapp: QApplication) -> None:
    bell = Bell()
    first, *timers = [bell.startTimer(3_600_000) for _ in range(501)]
    # The first call of a kind prepares tables in the binding, which count too.
    bell.killTimer(first)
    before = sys.getrefcount(None)
    for timer in timers:
        bell.killTimer(timer)
    assert abs(sys.getrefcount(None) - before) < NOISE


def test_emitting_leaves_the_count_of_true_alone(qapp: QApplication) -> None:
    bell = Bell()
    bell.rang.emit(True)
    before = sys.getrefcount(True)
    for _ in range(200):
        bell.rang.emit(True)
    assert abs(sys.getrefcount(True) - before) < NOISE


async def test_the_qt_loop_runs_coroutines_and_events_together(qapp: QApplication) -> None:
    assert type(asyncio.get_running_loop()).__module__.startswith("qasync")
    bell = Bell()
    heard = []
    bell.rang.connect(heard.append)
    asyncio.get_running_loop().call_soon(bell.rang.emit, True)
    assert await until(lambda: heard) == [True]


async def test_waiting_in_vain_shows_the_condition() -> None:
    never = False
    with pytest.raises(AssertionError, match="until\\(lambda: never"):
        await until(lambda: never, timeout=0.01)


@pytest.mark.xvfb
async def test_a_window_reaches_a_real_screen(qapp: QApplication) -> None:
    assert QGuiApplication.platformName() == "xcb"
    window = QWidget()
    window.setStyleSheet("background: #12ab34")
    window.resize(200, 200)
    window.show()
    screen = window.screen()
    await until(lambda: screen.grabWindow(window.winId()).toImage().pixelColor(100, 100) == QColor("#12ab34"))
    window.close()
