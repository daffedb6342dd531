"""A tinted line that tells something: a state, an outcome, a warning."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.controls import label

SIGN_SIZE = 18


class Banner(QFrame):
    """A sign, a text and perhaps buttons; hidden until it has something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.sign = QLabel()
        self.text = label(selectable=True)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(10, 6, 10, 6)
        self._line.addWidget(self.sign, alignment=Qt.AlignmentFlag.AlignTop)
        self._line.addWidget(self.text, 1)
        self._look = ("info", theme.Tone.NEW)
        self.hide()

    def add_button(self, button: QWidget) -> None:
        """Put a button at the end of the line."""
        self._line.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)

    def say(self, icon: str, tone: theme.Tone, words: str) -> None:
        """Show the words under a sign; empty words hide the banner."""
        self._look = (icon, tone)
        self.text.setText(words)
        self._draw()
        self.setVisible(bool(words))

    def changeEvent(self, event: QEvent) -> None:
        """Redraw for another scheme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ApplicationPaletteChange:
            self._draw()

    def _draw(self) -> None:
        icon, tone = self._look
        self.sign.setPixmap(theme.pixmap(icon, tone, SIGN_SIZE, self.devicePixelRatioF()))
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, _mixed(theme.tint(tone), palette.color(QPalette.ColorRole.Window)))
        self.setPalette(palette)


def _mixed(tint: QColor, ground: QColor) -> QColor:
    share = tint.alphaF()
    return QColor.fromRgbF(
        tint.redF() * share + ground.redF() * (1 - share),
        tint.greenF() * share + ground.greenF() * (1 - share),
        tint.blueF() * share + ground.blueF() * (1 - share),
    )
