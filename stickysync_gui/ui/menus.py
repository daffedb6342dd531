"""The menu bar: the same acts as the buttons, with their keys in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from stickysync_gui.ui import theme
from stickysync_gui.ui.configuration.page import OPTIONS

if TYPE_CHECKING:
    from stickysync_gui.ui.contents import Contents


def fill_menus(contents: Contents) -> None:
    """Give the window its menus."""
    bar, tabs = contents.window.menuBar(), contents.tabs
    bar.clear()
    file = bar.addMenu("&File")
    _set_up(file.addAction("&Refresh"), contents.refresh, "F5", "refresh")
    file.addSeparator()
    _set_up(file.addAction("&Quit"), contents.quit, "Ctrl+Q")
    view = bar.addMenu("&View")
    for number in range(tabs.count()):
        action = view.addAction(tabs.tabIcon(number), tabs.tabText(number))
        _set_up(action, _opener(contents, number), f"Ctrl+{number + 1}")
    view.addSeparator()
    _set_up(view.addAction(theme.icon("history"), "&History…"), contents.show_history, "Ctrl+H")
    _set_up(view.addAction("&Problems"), contents.toggle_problems, "Ctrl+Shift+P")
    _add_autosync(contents, bar.addMenu("&AutoSync"))
    help_ = bar.addMenu("&Help")
    about = help_.addAction("&About StickySync")
    about.setMenuRole(QAction.MenuRole.AboutRole)
    _set_up(about, lambda: contents.jobs.start("About", _show_about(contents)))


async def _show_about(contents: Contents) -> None:
    # It lists the parts of this program, which takes the machinery of package metadata: nothing for the start.
    from stickysync_gui.ui.about import show_about

    await show_about(contents)


def _add_autosync(contents: Contents, menu: QMenu) -> None:
    rounds = contents.rounds
    now = menu.addAction("AutoSync &now")
    _set_up(now, rounds.run_now, "Ctrl+Shift+A", "sync")
    pause = menu.addAction("&Pause AutoSync")
    pause.setCheckable(True)
    pause.setToolTip("Begin no rounds on this PC until the program ends")
    pause.toggled.connect(rounds.pause)
    menu.addSeparator()
    _set_up(menu.addAction("&Options…"), lambda: contents.open_section(OPTIONS), "", "options")

    def show_state() -> None:
        now.setEnabled(rounds.can_run)
        pause.setChecked(rounds.paused)

    rounds.changed.connect(show_state)
    show_state()


def _set_up(action: QAction, act: Callable[[], object], keys: str = "", icon: str = "") -> None:
    if keys:
        action.setShortcut(QKeySequence(keys))
    if icon:
        action.setIcon(theme.icon(icon))
    action.triggered.connect(lambda: act())


def _opener(contents: Contents, tab: int) -> Callable[[], None]:
    return lambda: contents.tabs.setCurrentIndex(tab)
