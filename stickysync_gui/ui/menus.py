"""The menu bar: the same acts as the buttons, with their keys in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from stickysync_gui import __version__
from stickysync_gui.ui import alerts, theme

if TYPE_CHECKING:
    from stickysync_gui.ui.main_window import MainWindow


def fill_menus(window: MainWindow) -> None:
    """Give the window its menus."""
    file = window.menuBar().addMenu("&File")
    _set_up(file.addAction("&Refresh"), window.refresh, "F5", "refresh")
    file.addSeparator()
    _set_up(file.addAction("&Quit"), window.close, "Ctrl+Q")
    view = window.menuBar().addMenu("&View")
    for number in range(window.tabs.count()):
        action = view.addAction(window.tabs.tabIcon(number), window.tabs.tabText(number))
        _set_up(action, _opener(window, number), f"Ctrl+{number + 1}")
    view.addSeparator()
    _set_up(view.addAction("&Problems"), window.toggle_problems, "Ctrl+Shift+P")
    help_ = window.menuBar().addMenu("&Help")
    _set_up(help_.addAction("&About StickySync"), lambda: _about(window))


def _set_up(action: QAction, act: Callable[[], object], keys: str = "", icon: str = "") -> None:
    if keys:
        action.setShortcut(QKeySequence(keys))
    if icon:
        action.setIcon(theme.icon(icon))
    action.triggered.connect(lambda: act())


def _opener(window: MainWindow, tab: int) -> Callable[[], None]:
    return lambda: window.tabs.setCurrentIndex(tab)


def _about(window: MainWindow) -> None:
    question = alerts.Question(
        "About StickySync",
        f"StickySync for Desktop {__version__}",
        "Copies client credentials one way, from ConnectWise Automate into IT Glue, where it never deletes anything.",
        (),
        cancel="Close",
    )
    window.jobs.start("About", alerts.ask(window, question))
