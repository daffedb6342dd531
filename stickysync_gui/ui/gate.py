"""A page that stands behind what it needs: until that is there, it says what is missing and leads there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.banner import Banner
from stickysync_gui.ui.controls import push_button
from stickysync_gui.ui.overlay import Notice


class Gate(QWidget):
    """Shows a notice instead of the page, or the page with a hint above it.

    Args:
        page: what is behind the gate.
    """

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page = page
        self.notice = Notice()
        self.hint = Banner()
        self._act: Callable[[], None] = self.open
        self._lead = push_button("", lambda: self._act())
        self.hint.add_button(self._lead)
        behind = QWidget()
        column = QVBoxLayout(behind)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.hint)
        column.addWidget(page, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.notice)
        self._stack.addWidget(behind)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    @property
    def is_open(self) -> bool:
        """Whether the page is shown."""
        return self._stack.currentIndex() == 1

    def open(self, words: str = "", button: str = "", act: Callable[[], None] | None = None) -> None:
        """Show the page, with a hint above it when there are words.

        Args:
            words: what does not work yet.
            button, act: what leads to where that is mended.
        """
        self.hint.say("warning", theme.Tone.ALERT, words)
        self._lead.setText(button)
        if act is not None:
            self._act = act
        self._stack.setCurrentIndex(1)

    def shut(
        self, icon: str, words: str, button: str = "", act: Callable[[], None] | None = None, *, busy: bool = False
    ) -> None:
        """Show what is missing (see `Notice.say`)."""
        self.notice.say(icon, words, button, act, busy=busy, tone=theme.Tone.QUIET)
        self._stack.setCurrentIndex(0)
