"""The choice whether the program starts when the user logs on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from stickysync_gui.autostart import AtLogOn
from stickysync_gui.ui.controls import label
from stickysync_gui.ui.jobs import Jobs

if TYPE_CHECKING:
    from stickysync_gui.autostart import Autostart

AT_LOG_ON = "Start at log-on"
HINT = "It then starts minimised: in the tray where the window minimises to it."
FOR_ALL = "An administrator switched this on for every user of this PC."


class LogOnChoice(QWidget):
    """A check box over the system's own autostart, which is read anew whenever the box comes in sight.

    Args:
        jobs: where a refusal of the system is reported.
    """

    def __init__(self, jobs: Jobs, autostart: Autostart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._autostart = autostart
        self.box = QCheckBox("&Start with Windows" if sys.platform == "win32" else "&Start when I log in")
        self.hint = label(HINT, quiet=True)
        self.hint.setMinimumWidth(460)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.box)
        column.addWidget(self.hint)
        self.show_state()
        self.box.clicked.connect(self._chosen)

    def show_state(self) -> None:
        """Show how things stand."""
        state = self._autostart.state()
        self.box.setChecked(state is not AtLogOn.NOTHING)
        # Only an administrator can take back what holds for all.
        self.box.setEnabled(state is not AtLogOn.STARTS_FOR_ALL)
        self.hint.setText(FOR_ALL if state is AtLogOn.STARTS_FOR_ALL else HINT)

    def showEvent(self, event: QShowEvent) -> None:
        """Look again: the installer and Windows' Task Manager change it, too."""
        super().showEvent(event)
        self.show_state()

    def _chosen(self, on: bool) -> None:
        self._jobs.start(AT_LOG_ON, self._switch(on))

    async def _switch(self, on: bool) -> None:
        try:
            self._autostart.switch(on)
        finally:
            self.show_state()
