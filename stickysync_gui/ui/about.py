"""The About box: versions, licences, and the facts that help from afar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from stickysync_gui.parts import Part, parts
from stickysync_gui.ui import alerts, theme
from stickysync_gui.ui.controls import label, push_button
from stickysync_gui.ui.diagnostics import diagnostics, versions

if TYPE_CHECKING:
    from stickysync_gui.ui.contents import Contents

ICON_SIZE = 64
LICENCES_SIZE = (860, 560)
LIST_WIDTH = 260
WHAT_IT_IS = (
    "Copies client credentials one way, from ConnectWise Automate into IT Glue, where it never deletes anything. "
    "Free software under the MIT License."
)


class AboutBox(QDialog):
    """Which program this is.

    Args:
        listed: its parts.
        facts: gives the text for the clipboard.
    """

    def __init__(self, parent: QWidget, listed: Sequence[Part], facts: Callable[[], str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("About StickySync")
        self._parts = listed
        self._facts = facts
        self.copied = label(quiet=True)
        self.licences = push_button("&Licences…", self._show_licences)
        self.copy = push_button(
            "&Copy diagnostics", self._copy, icon="copy", tip="Versions, screen, states and options; no secret"
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in (self.licences, self.copy):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 14)
        column.setSpacing(14)
        column.addLayout(self._head())
        column.addWidget(self.copied)
        column.addWidget(buttons)

    def _head(self) -> QHBoxLayout:
        sign = QLabel()
        sign.setPixmap(theme.application_icon().pixmap(QSize(ICON_SIZE, ICON_SIZE), self.devicePixelRatioF()))
        title = label("StickySync for Desktop", bold=True)
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.4)
        title.setFont(font)
        what = label(WHAT_IT_IS)
        what.setMinimumWidth(420)
        rows = QFormLayout()
        rows.setHorizontalSpacing(18)
        for name, words in versions():
            rows.addRow(label(name, quiet=True, wrap=False), label(words, selectable=True))
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(title)
        right.addWidget(what)
        right.addLayout(rows)
        head = QHBoxLayout()
        head.setSpacing(18)
        head.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
        head.addLayout(right, 1)
        return head

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._facts())
        self.copied.setText("Copied. It names no server, account or client, and holds no secret.")

    def _show_licences(self) -> None:
        box = LicencesBox(self, self._parts)
        box.finished.connect(box.deleteLater)
        box.open()


class LicencesBox(QDialog):
    """The licence texts of all parts, from the program's own folder."""

    def __init__(self, parent: QWidget, listed: Sequence[Part]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Licences")
        self.resize(*LICENCES_SIZE)
        self._parts = listed
        self.list = QListWidget()
        self.list.setAccessibleName("Parts of the program")
        self.list.setFixedWidth(LIST_WIDTH)
        self.list.addItems([f"{part.name} {part.version}" for part in listed])
        self.licence = label(bold=True, selectable=True)
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setAccessibleName("Licence text")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        right = QVBoxLayout()
        right.addWidget(self.licence)
        right.addWidget(self.text, 1)
        both = QHBoxLayout()
        both.addWidget(self.list)
        both.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.addLayout(both, 1)
        column.addWidget(buttons)
        self.list.currentRowChanged.connect(self._show)
        self.list.setCurrentRow(0)

    def _show(self, row: int) -> None:
        if not 0 <= row < len(self._parts):
            return
        part = self._parts[row]
        self.licence.setText(part.licence)
        try:
            self.text.setPlainText(part.text() or "Its distribution brings no licence text.")
        except OSError as problem:
            self.text.setPlainText(f"The licence text cannot be read: {problem.strerror}.")


async def show_about(contents: Contents) -> None:
    """Show the About box until it is closed."""
    # In a Python environment this looks through all that is installed.
    listed = await asyncio.to_thread(parts)
    window = contents.window

    def facts() -> str:
        return contents.bugs.redact(diagnostics(listed, contents.backend, window))

    await alerts.shown(AboutBox(window, listed, facts))
