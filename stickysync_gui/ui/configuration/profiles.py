"""The choice of connection profile, and its making, renaming and removal."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from stickysync_gui.settings import Profile
from stickysync_gui.ui.controls import label, tool_button


class NameDialog(QDialog):
    """Asks for a profile's name, different from all others."""

    def __init__(self, parent: QWidget, title: str, name: str, taken: Iterable[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._taken = {other.casefold() for other in taken}
        self.name = QLineEdit(name)
        self.name.setAccessibleName("Name of the profile")
        self.name.setMinimumWidth(280)
        self._hint = label(quiet=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label("Name of the profile, for example the server's or the site's:"))
        for widget in (self.name, self._hint, buttons):
            layout.addWidget(widget)
        self.name.textChanged.connect(self._typed)
        self._typed(name)

    @property
    def text(self) -> str:
        """The name."""
        return self.name.text().strip()

    def _typed(self, _: str) -> None:
        taken = self.text.casefold() in self._taken
        self._hint.setText("Another profile has this name." if taken else "")
        self._ok.setEnabled(bool(self.text) and not taken)


class ProfileChoice(QWidget):
    """A combo box of profiles with three buttons."""

    chosen = Signal(str)
    """The chosen profile's id."""
    new_asked = Signal()
    rename_asked = Signal()
    remove_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.combo = QComboBox()
        self.combo.setAccessibleName("Connection profile")
        self.combo.setMinimumWidth(240)
        self.combo.activated.connect(lambda _: self.chosen.emit(self.profile_id))
        self.new = tool_button("add", "New profile", self.new_asked.emit)
        self.rename = tool_button("edit", "Rename this profile", self.rename_asked.emit)
        self.remove = tool_button("remove", "Remove this profile", self.remove_asked.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo)
        for button in (self.new, self.rename, self.remove):
            layout.addWidget(button)
        layout.addStretch()

    @property
    def profile_id(self) -> str:
        """The chosen profile's id; empty for one that was never saved."""
        return str(self.combo.currentData() or "")

    def show_profiles(self, profiles: Iterable[Profile], current: str) -> None:
        """Offer these profiles."""
        self.combo.clear()
        for profile in sorted(profiles, key=lambda p: p.name.casefold()):
            self.combo.addItem(profile.name, profile.id)
        if not self.combo.count():
            self.combo.addItem("New connection", "")
        self.combo.setCurrentIndex(max(0, self.combo.findData(current)))
        for button in (self.rename, self.remove):
            button.setEnabled(bool(self.profile_id))
