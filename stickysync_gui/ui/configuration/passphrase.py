"""The team passphrase: proposed on the first PC, asked for on every other."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from stickysync_gui.domain.secret import Secret
from stickysync_gui.ui.controls import label, line_edit, push_button

LEAST_CHARACTERS = 12
WIDTH = 520


class NewPassphrase(QDialog):
    """Gives the first PC a passphrase for the team's vault.

    Args:
        proposed: a strong one, shown so that it can be copied; an own one may be typed instead.
        changing: in place of one that is in use.
    """

    def __init__(self, parent: QWidget, proposed: Secret, *, changing: bool = False) -> None:
        super().__init__(parent)
        self.setWindowTitle("Change the team passphrase" if changing else "Set up the team passphrase")
        self.passphrase = QLineEdit(proposed.reveal())
        self.passphrase.setAccessibleName("Team passphrase")
        self.passphrase.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.passphrase.textChanged.connect(self._changed)
        copy = push_button("Copy", lambda: QGuiApplication.clipboard().setText(self.passphrase.text()), icon="copy")
        self.stored = QCheckBox("I have put it into our &team's vault")
        self.stored.toggled.connect(self._changed)
        self._hint = label(quiet=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = buttons.addButton("Use this passphrase", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        line = QHBoxLayout()
        line.addWidget(self.passphrase, 1)
        line.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        words = label(
            "The IT Glue API key is stored in Automate's database, sealed under a passphrase that your team shares. "
            + (
                "Sealed anew, it opens with the old one no more: every other PC asks for the new one once."
                if changing
                else "Every PC asks for it once and keeps it in the system's key store."
            )
        )
        words.setMinimumWidth(WIDTH)
        layout.addWidget(words)
        layout.addLayout(line)
        layout.addWidget(self._hint)
        layout.addWidget(
            label(
                "It cannot be recovered. When it is lost, apply the API key again with a new one, which every PC then "
                "asks for once.",
                bold=True,
            )
        )
        layout.addWidget(self.stored)
        layout.addWidget(buttons)
        self._changed()

    def take(self) -> Secret:
        """The passphrase, which leaves the field. To be called at once: a closed dialog does not live long."""
        return _taken(self.passphrase)

    def _changed(self, *_: object) -> None:
        short = len(self.passphrase.text().strip()) < LEAST_CHARACTERS
        self._hint.setText(
            f"An own passphrase needs at least {LEAST_CHARACTERS} characters."
            if short
            else "This one was made at random; you may type an own one instead."
        )
        self.use.setEnabled(self.stored.isChecked() and not short)


def _taken(field: QLineEdit) -> Secret:
    secret = Secret(field.text().strip())
    field.clear()
    return secret


class KnownPassphrase(QDialog):
    """Asks for the passphrase under which a key is stored already."""

    def __init__(self, parent: QWidget, words: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("Team passphrase")
        self.passphrase = line_edit("Team passphrase", secret=True, width=WIDTH)
        self.passphrase.textChanged.connect(self._changed)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = buttons.addButton("Use", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        text = label(f"{words} It is in your team's vault; this PC keeps it in the system's key store.")
        text.setMinimumWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        for widget in (text, self.passphrase, buttons):
            layout.addWidget(widget)
        self._changed("")

    def take(self) -> Secret:
        """The passphrase, which leaves the field. To be called at once: a closed dialog does not live long."""
        return _taken(self.passphrase)

    def _changed(self, text: str) -> None:
        self.use.setEnabled(bool(text.strip()))
