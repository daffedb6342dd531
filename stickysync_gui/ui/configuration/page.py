"""The Configuration tab: sections at the left, each with the state it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.configuration.database_form import CONNECTION, DatabaseForm
from stickysync_gui.ui.configuration.itglue_form import ItGlueForm
from stickysync_gui.ui.configuration.next_step import NextStep, Place, next_step
from stickysync_gui.ui.configuration.options_form import OptionsForm
from stickysync_gui.ui.configuration.section import Section
from stickysync_gui.ui.configuration.self_check import SelfCheck
from stickysync_gui.ui.configuration.tables_form import TablesForm
from stickysync_gui.ui.controls import scroll_area
from stickysync_gui.ui.jobs import Jobs
from stickysync_gui.ui.theme import Tone

if TYPE_CHECKING:
    from stickysync_gui.autostart import Autostart
    from stickysync_gui.backend import Backend

DATABASE, TABLES, ITGLUE, OPTIONS, CHECK = range(5)
PLACES = {Place.DATABASE: DATABASE, Place.TABLES: TABLES, Place.ITGLUE: ITGLUE}
SIDE_WIDTH = 190


class ConfigurationPage(QWidget):
    """Where everything is set up.

    Args:
        jobs: where its coroutines run.
        autostart: whether the program starts at log-on; None offers no choice.
    """

    connection_changed = Signal()
    """Database, tables or key are others than before."""
    mapping_wanted = Signal()
    """Everything is set up, and the user wants to go on in Org Mapping."""
    rules_changed = Signal()
    """An option changed that the plan depends on."""

    def __init__(self, jobs: Jobs, autostart: Autostart | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._backend: Backend | None = None
        self._jobs = jobs
        self._acted = self._leading = False
        self.database = DatabaseForm(jobs, self.test)
        self.tables = TablesForm(jobs)
        self.itglue = ItGlueForm(jobs)
        self.options = OptionsForm(jobs, autostart)
        self.self_check = SelfCheck(jobs)
        self.side = QListWidget()
        self.side.setAccessibleName("Sections of the configuration")
        self.side.setFixedWidth(SIDE_WIDTH)
        self.side.setIconSize(QSize(18, 18))
        self.side.setSpacing(2)
        self._stack = QStackedWidget()
        self._add("Database", self.database)
        self._add("Plugin tables", self.tables)
        self._add("IT Glue", self.itglue)
        self._add("Options", self.options)
        self._add("Self-check", self.self_check)
        self.side.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.next_step = NextStep(self._go)
        right = QVBoxLayout()
        right.addWidget(self._stack, 1)
        right.addWidget(self.next_step)
        layout = QHBoxLayout(self)
        layout.addWidget(self.side)
        layout.addLayout(right, 1)
        self.side.currentRowChanged.connect(lambda _: self._show_next_step())
        jobs.changed.connect(self._show_next_step)
        self.database.connection_changed.connect(self._connection_changed)
        self.tables.tables_changed.connect(self._connection_changed)
        self.itglue.connection_changed.connect(self._connection_changed)
        self.options.rules_changed.connect(self.rules_changed)
        # Where somebody who was led to a section goes on with the keyboard.
        self._firsts = {
            DATABASE: self.database.fields.host,
            TABLES: self.tables.create_button,
            ITGLUE: self.itglue.key,
            CHECK: self.self_check.run_button,
        }
        self.side.setCurrentRow(DATABASE)
        self.show_state()

    def _add(self, title: str, section: Section) -> None:
        self.side.addItem(QListWidgetItem(title))
        self._stack.addWidget(scroll_area(section))

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend
        for section in (self.database, self.tables, self.itglue, self.options, self.self_check):
            section.set_backend(backend)
        self.show_state()

    def open(self, section: int) -> None:
        """Show a section: DATABASE, TABLES, ITGLUE, OPTIONS or CHECK."""
        self.side.setCurrentRow(section)
        first = self._firsts.get(section)
        (first if first is not None and first.isEnabled() else self.side).setFocus()

    def test(self) -> None:
        """Show the self-check and run it."""
        self.open(CHECK)
        self.self_check.run()

    def refresh(self) -> None:
        """Ask anew what is stored and offered."""
        self.itglue.refresh()
        self.options.refresh()
        self.show_state()

    def show_state(self) -> None:
        """Show in every section, and beside its name, how it stands."""
        database = self._backend.database_state if self._backend else None
        key = self._backend.itglue_state if self._backend else None
        missing = database is not None and bool(database.missing_tables or database.problems)
        todo = ("not-checked", Tone.QUIET)
        looks = {
            DATABASE: ("ok", Tone.GOOD) if database else todo,
            TABLES: todo if database is None else ("warning", Tone.ALERT) if missing else ("ok", Tone.GOOD),
            ITGLUE: ("ok", Tone.GOOD) if key else todo,
            OPTIONS: ("options", Tone.TEXT),
            CHECK: ("self-check", Tone.TEXT),
        }
        for row, look in looks.items():
            self.side.item(row).setIcon(theme.icon(*look))
        for section in (self.database, self.tables, self.itglue, self.self_check):
            section.show_state()
        self._show_next_step()

    def _connection_changed(self) -> None:
        # Only who sets something up is led on; who starts the program for the hundredth time is left alone.
        self._acted = self._leading = True
        self.connection_changed.emit()

    def _show_next_step(self) -> None:
        if self._backend is None or self._jobs.is_busy(CONNECTION):
            self.next_step.offer(None)
            return
        step = next_step(self._backend.database_state, self._backend.itglue_state)
        is_here = PLACES.get(step.place) == self.side.currentRow()
        is_news = step.place is not Place.MAPPING or self._acted
        self.next_step.offer(step if is_news and not is_here else None)
        if self._leading and self.next_step.isVisible():
            self._leading = False
            self.next_step.button.setFocus()

    def _go(self, place: Place) -> None:
        if place is Place.MAPPING:
            self._acted = False
            self._show_next_step()
            self.mapping_wanted.emit()
        else:
            self.open(PLACES[place])

    def state(self) -> dict[str, Any]:
        """The open section, for the settings file."""
        return {"section": self.side.currentRow()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""
        section = state.get("section")
        if isinstance(section, int) and DATABASE <= section <= CHECK:
            self.side.setCurrentRow(section)
