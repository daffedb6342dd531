"""What stands where rows would be: empty, loading and error states, with the button that leads on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from stickysync_gui.ui import theme

ICON_SIZE = 40
TEXT_WIDTH = 460


class Notice(QWidget):
    """An icon, a text and perhaps a button, in the middle of its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self._icon_name = ""
        self._tone = theme.Tone.QUIET
        self.text = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter, wordWrap=True)
        self.text.setFixedWidth(TEXT_WIDTH)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._busy = QProgressBar(textVisible=False, maximum=0, minimum=0)
        self._busy.setMaximumWidth(180)
        self._busy.setAccessibleName("Busy")
        self.button = QPushButton()
        self._act: Callable[[], None] | None = None
        self.button.clicked.connect(self._clicked)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(2)
        layout.addWidget(self._icon)
        for widget in (self.text, self._busy, self.button):
            line = QHBoxLayout()
            line.addStretch()
            line.addWidget(widget)
            line.addStretch()
            layout.addLayout(line)
        layout.addStretch(3)

    def say(
        self,
        icon: str,
        words: str,
        button: str = "",
        act: Callable[[], None] | None = None,
        *,
        busy: bool = False,
        tone: theme.Tone = theme.Tone.QUIET,
    ) -> None:
        """Change the notice.

        Args:
            icon: name of an icon.
            words: the text.
            button: its label; empty for none.
            act: what the button does.
            busy: show a moving bar.
        """
        self._icon_name, self._tone = icon, tone
        self._draw_icon()
        self.text.setText(words)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._act = act
        self._busy.setVisible(busy)

    def changeEvent(self, event: QEvent) -> None:
        """Redraw the icon for another scheme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._draw_icon()

    def _draw_icon(self) -> None:
        if self._icon_name:
            self._icon.setPixmap(theme.pixmap(self._icon_name, self._tone, ICON_SIZE, self.devicePixelRatioF()))

    def _clicked(self) -> None:
        if self._act is not None:
            self._act()


class Overlay(Notice):
    """A notice over an item view, visible while the view has no rows."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        # Opaque: otherwise each step of the moving bar would paint the view behind it, too.
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.hide()

    def say(
        self,
        icon: str,
        words: str,
        button: str = "",
        act: Callable[[], None] | None = None,
        *,
        busy: bool = False,
        tone: theme.Tone = theme.Tone.QUIET,
    ) -> None:
        """Change the notice (see `Notice.say`)."""
        super().say(icon, words, button, act, busy=busy, tone=tone)
        self.update_visibility()

    def update_visibility(self) -> None:
        """Show up exactly when there is nothing to cover."""
        model = self._view.model()
        empty = model.rowCount() == 0
        self.setVisible(empty and bool(self.text.text()))
        if empty:
            self.setGeometry(self._view.viewport().geometry())
            self.raise_()
