"""The tray icon: how AutoSync stands while the window is away, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from stickysync_gui.ui import theme
from stickysync_gui.ui.autosync.rounds import Mood
from stickysync_gui.ui.autosync.standing import standing_words

if TYPE_CHECKING:
    from stickysync_gui.ui.autosync.rounds import Rounds

SIZES = (16, 20, 22, 24, 32, 48, 64)
MOOD_WORDS = {
    Mood.IDLE: "StickySync",
    Mood.RUNNING: "StickySync – AutoSync is running",
    Mood.FAILED: "StickySync – AutoSync failed",
    Mood.OVERDUE: "StickySync – AutoSync is overdue",
}


def is_available() -> bool:
    """Whether this desktop has a tray."""
    return QSystemTrayIcon.isSystemTrayAvailable()


class Tray(QObject):
    """Stands in the tray as long as it is wanted.

    Args:
        open_window: brings the window back.
        quit_program: ends the program, after a question where a run is on.
    """

    def __init__(
        self, rounds: Rounds, open_window: Callable[[], None], quit_program: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._rounds = rounds
        self._open_window = open_window
        self.icon = QSystemTrayIcon(self)
        # The tray takes no ownership of its menu.
        self.menu = QMenu()
        self.sync_now = self.menu.addAction("AutoSync &now", rounds.run_now)
        self.pause = self.menu.addAction("&Pause AutoSync")
        self.pause.setCheckable(True)
        self.pause.toggled.connect(rounds.pause)
        self.menu.addSeparator()
        self.open = self.menu.addAction("&Open", open_window)
        self.quit = self.menu.addAction("&Quit", quit_program)
        self.menu.setDefaultAction(self.open)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(open_window)
        self.mood: Mood | None = None
        rounds.changed.connect(self.show_state)
        rounds.troubled.connect(self._tell)
        self.show_state()

    @property
    def is_shown(self) -> bool:
        """Whether the icon stands in the tray, so that the window may go away."""
        return self.icon.isVisible()

    def show(self, wanted: bool) -> None:
        """Come or go."""
        self.icon.setVisible(wanted and is_available())

    def say(self, words: str) -> None:
        """Show a passing message beside the icon."""
        self.icon.showMessage("StickySync", words, tray_icon(Mood.IDLE))

    def show_state(self) -> None:
        """Show how AutoSync stands."""
        rounds = self._rounds
        if rounds.mood is not self.mood:
            self.mood = rounds.mood
            self.icon.setIcon(tray_icon(self.mood))
        words = MOOD_WORDS[rounds.mood]
        if rounds.state is not None and rounds.looked_at is not None:
            words += f"\n{standing_words(rounds.state, rounds.looked_at)}"
        self.icon.setToolTip(words + ("\nPaused on this PC" if rounds.paused else ""))
        self.sync_now.setEnabled(rounds.can_run)
        self.pause.setChecked(rounds.paused)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self._open_window()

    def _tell(self, words: str) -> None:
        if self.is_shown:
            self.icon.showMessage("AutoSync failed", words, tray_icon(Mood.FAILED))


def tray_icon(mood: Mood) -> QIcon:
    """The tray's icon for a mood, in sizes that trays ask for; in its own colours, for light and dark bars alike."""
    made = QIcon()
    drawn = theme.icon(f"tray-{mood.value}")
    for size in SIZES:
        made.addPixmap(drawn.pixmap(QSize(size, size), 1.0))
    return made
