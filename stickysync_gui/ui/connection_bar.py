"""The status bar: how both connections stand, what is going on, and how many problems there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStatusBar, QToolButton, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.theme import Tone
from stickysync_gui.ui.wording import counted, elided

if TYPE_CHECKING:
    from stickysync_gui.domain.connection import DatabaseState, ItGlueState

ADDRESS_LENGTH = 48


class ConnectionBar(QStatusBar):
    """Stands under every tab.

    Args:
        open_database, open_itglue: lead to the sections where these are set up.
        open_problems: opens or closes the panel of problems.
    """

    def __init__(
        self,
        open_database: Callable[[], None],
        open_itglue: Callable[[], None],
        open_problems: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(True)
        self.database = _flat_button(open_database, "Set up the database")
        self.no_tls = _flat_button(open_database, "The database connection is not encrypted")
        self.no_tls.setText("no TLS")
        self.no_tls.setIcon(theme.icon("lock-open", Tone.ALERT))
        self.itglue = _flat_button(open_itglue, "Set up IT Glue")
        self.activity = QLabel()
        self.problems = _flat_button(open_problems, "Show or hide the last problems (Ctrl+Shift+P)")
        self.problems.setIcon(theme.icon("error", Tone.BAD))
        for widget in (self.database, self.no_tls, self.itglue):
            self.addWidget(widget)
        self.addPermanentWidget(self.activity)
        self.addPermanentWidget(self.problems)
        self.show_database(None)
        self.show_itglue(None)
        self.show_problem_count(0)

    def show_database(self, state: DatabaseState | None, *, busy: bool = False) -> None:
        """Show how the database stands."""
        if state is None:
            self.database.setText("Connecting…" if busy else "No database")
            self.database.setIcon(theme.icon("status-checking" if busy else "database", Tone.QUIET))
            self.database.setToolTip("Set up the database")
        else:
            demo = bool(state.address.sqlite_file)
            words = "Demo database" if demo else elided(state.address.words(), ADDRESS_LENGTH)
            self.database.setText(words)
            self.database.setIcon(theme.icon("database", Tone.GOOD))
            self.database.setToolTip(f"{state.address.words()}\n{state.server}, {state.tls}")
        unprotected = state is not None and not state.encrypted and not state.address.sqlite_file
        self.no_tls.setVisible(unprotected)

    def show_itglue(self, state: ItGlueState | None) -> None:
        """Show how IT Glue stands."""
        if state is None:
            self.itglue.setText("No IT Glue key")
            self.itglue.setIcon(theme.icon("itglue", Tone.QUIET))
            self.itglue.setToolTip("Set up IT Glue")
        else:
            region = f"IT Glue {state.region.label}" if state.region else "IT Glue"
            self.itglue.setText(region)
            self.itglue.setIcon(theme.icon("itglue", Tone.GOOD))
            self.itglue.setToolTip(f"{state.url}, {state.words}")

    def show_activity(self, names: list[str]) -> None:
        """Show which jobs are on."""
        self.activity.setText(f"{names[0]}…" if len(names) == 1 else f"{len(names)} jobs…" if names else "")
        self.activity.setToolTip("\n".join(names))

    def show_problem_count(self, count: int) -> None:
        """Show how many problems the panel holds."""
        self.problems.setText(counted(count, "problem"))
        self.problems.setVisible(count > 0)


def _flat_button(clicked: Callable[[], None], tip: str) -> QToolButton:
    made = QToolButton()
    made.setAutoRaise(True)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setToolTip(tip)
    made.clicked.connect(lambda: clicked())
    return made
