"""A tinted line that tells something: a state, an outcome, a warning."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.controls import label

SIGN_SIZE = 18


class _Sign(QWidget):
    """An icon that is drawn anew each time, so that it follows the scheme."""

    def __init__(self) -> None:
        super().__init__()
        self.look = ("info", theme.Tone.NEW)
        self.setFixedSize(SIGN_SIZE, SIGN_SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme.icon(*self.look).paint(painter, self.rect())
        painter.end()


class Banner(QFrame):
    """A sign, a text and perhaps buttons; hidden until it has something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = _Sign()
        self.text = label(selectable=True)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(10, 6, 10, 6)
        self._line.addWidget(self._sign, alignment=Qt.AlignmentFlag.AlignTop)
        self._line.addWidget(self.text, 1)
        self.hide()

    def add_button(self, button: QWidget) -> None:
        """Put a button at the end of the line."""
        self._line.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)

    def say(self, icon: str, tone: theme.Tone, words: str) -> None:
        """Show the words under a sign; empty words hide the banner."""
        self._sign.look = (icon, tone)
        self.text.setText(words)
        self.update()
        self.setVisible(bool(words))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tint the ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.tint(self._sign.look[1]))
        painter.end()
