"""The window: three tabs, the status bar, the problems, and the way out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QTabWidget, QVBoxLayout, QWidget

from stickysync_gui.bugs import Bugs
from stickysync_gui.errors import StickySyncError, UsageError
from stickysync_gui.ui import alerts, theme
from stickysync_gui.ui.configuration import page as sections
from stickysync_gui.ui.configuration.page import ConfigurationPage
from stickysync_gui.ui.configuration.tables_form import PLUGIN_TABLES
from stickysync_gui.ui.connection_bar import ConnectionBar
from stickysync_gui.ui.gate import Gate
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.mapping.page import MappingPage
from stickysync_gui.ui.memory import Memory
from stickysync_gui.ui.menus import fill_menus
from stickysync_gui.ui.passwords.page import PasswordsPage
from stickysync_gui.ui.problems import Problem, Problems, Toast

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

CONFIGURATION, MAPPING, PASSWORDS = range(3)
START = "Connect"
FIRST_SIZE = (1240, 780)
PATIENCE_SECONDS = 15.0


class MainWindow(QMainWindow):
    """Shown before there is a backend; takes one with `set_backend`.

    Args:
        bugs: words unexpected errors.
        looks: `Settings.window` as last saved.
        demo: whether demo data is shown.
    """

    def __init__(self, bugs: Bugs, looks: dict[str, Any] | None = None, *, demo: bool = False) -> None:
        super().__init__()
        self._demo = demo
        self._backend: Backend | None = None
        self._connected_profile = ""
        self.memory = Memory(looks)
        self.closed = asyncio.Event()
        """Set when the user wants to leave; whoever runs the window then stops the jobs and ends."""
        self.setWindowTitle("StickySync – DEMO" if demo else "StickySync")
        self.setWindowIcon(theme.application_icon())
        self.jobs = Jobs(bugs, self)
        self.problems = Problems()
        self.configuration = ConfigurationPage(self.jobs)
        self.mapping = MappingPage(self.jobs, self._remark)
        self.passwords = PasswordsPage(self.jobs, self._remark)
        self.mapping_gate = Gate(self.mapping)
        self.passwords_gate = Gate(self.passwords)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for widget, icon, title in (
            (self.configuration, "configuration", "Configuration"),
            (self.mapping_gate, "mapping", "Org Mapping"),
            (self.passwords_gate, "passwords", "Passwords"),
        ):
            number = self.tabs.addTab(widget, theme.icon(icon), title)
            self.tabs.setTabToolTip(number, f"{title} (Ctrl+{number + 1})")
        self.bar = ConnectionBar(
            lambda: self.open_section(sections.DATABASE),
            lambda: self.open_section(sections.ITGLUE),
            self.toggle_problems,
        )
        self._lay_out()
        self.toast = Toast(self)
        self.toast.opened.connect(self.problems.show)
        fill_menus(self)
        self._connect()
        self._restore_geometry()
        self.show_state()

    def _lay_out(self) -> None:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.problems)
        self.setCentralWidget(centre)
        self.setStatusBar(self.bar)
        self.setMinimumSize(820, 520)

    def _connect(self) -> None:
        self.jobs.changed.connect(self.show_state)
        self.jobs.failed.connect(self._failed)
        self.jobs.bug_found.connect(lambda report, doing: self.problems.add(Problem.bug(report, doing)))
        self.problems.count_changed.connect(self.bar.show_problem_count)
        self.problems.added.connect(self._point_at)
        self.configuration.connection_changed.connect(self._connection_changed)
        self.configuration.rules_changed.connect(self.passwords.compare)
        self.mapping.mapping_changed.connect(self.passwords.compare)

    # -- backend -----------------------------------------------------------------------------------------------------

    def set_backend(self, backend: Backend, profile_name: str = "") -> None:
        """Take the backend and let it connect.

        Args:
            profile_name: connect this profile instead of the last one.
        """
        self._backend = backend
        self.memory.tree = dict(backend.settings.window)
        for page in (self.configuration, self.mapping, self.passwords):
            page.set_backend(backend)
        self._recall()
        self.jobs.start(START, self._start(backend, profile_name), exclusive="connection")

    async def _start(self, backend: Backend, profile_name: str) -> None:
        try:
            if profile_name:
                _choose_profile(backend, profile_name)
            await backend.start()
        finally:
            self.configuration.set_backend(backend)
            self._connection_changed()

    def _connection_changed(self) -> None:
        backend = self._backend
        if backend is None:
            return
        profile = backend.profile.id if backend.profile else ""
        if profile != self._connected_profile:
            self._remember()
            self._connected_profile = profile
            self._recall()
        self.mapping.forget()
        self.passwords.forget()
        self.configuration.refresh()
        self.show_state()
        if self.mapping_gate.is_open:
            self.mapping.refresh(replacing=True)
        if self.passwords_gate.is_open:
            self.passwords.refresh(replacing=True)

    # -- state -------------------------------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Show on every tab how both connections stand."""
        backend = self._backend
        database = backend.database_state if backend else None
        connecting = backend is None or self.jobs.is_busy("connection")
        self.bar.show_database(database, busy=connecting)
        self.bar.show_itglue(backend.itglue_state if backend else None)
        self.bar.show_activity(self.jobs.names)
        self.configuration.show_state()
        for gate in (self.mapping_gate, self.passwords_gate):
            self._show_gate(gate, connecting=connecting)

    def _show_gate(self, gate: Gate, *, connecting: bool) -> None:
        state = self._backend.database_state if self._backend else None
        missing = [name for name in state.missing_tables if name in PLUGIN_TABLES] if state else []
        if state is not None and not missing:
            self._open_gate(gate)
        elif state is not None:
            words = f"The database lacks tables of the plugin: {', '.join(missing)}."
            gate.shut("tables", words, "Create them", lambda: self.open_section(sections.TABLES))
        elif connecting:
            gate.shut("status-checking", "Starting…" if self._backend is None else "Connecting…", busy=True)
        else:
            words = "No database is connected, so there is nothing to show yet."
            gate.shut("database", words, "Set up the database", lambda: self.open_section(sections.DATABASE))

    def _open_gate(self, gate: Gate) -> None:
        backend = self._backend
        state = backend.database_state if backend else None
        if backend is None or state is None:
            return
        if backend.itglue_state is None and not self.jobs.is_busy("connection"):
            words = "There is no usable IT Glue key, so nothing can be compared or synced."
            gate.open(words, "Set up IT Glue", lambda: self.open_section(sections.ITGLUE))
        elif gate is self.passwords_gate and state.missing_tables:
            words = f"A sync needs tables that are missing: {', '.join(state.missing_tables)}."
            gate.open(words, "Create them", lambda: self.open_section(sections.TABLES))
        else:
            gate.open()

    def open_section(self, section: int) -> None:
        """Lead to a section of the Configuration tab."""
        self.tabs.setCurrentIndex(CONFIGURATION)
        self.configuration.open(section)

    def refresh(self) -> None:
        """Read anew what the open tab shows."""
        {
            CONFIGURATION: self.configuration.refresh,
            MAPPING: self.mapping.refresh,
            PASSWORDS: self.passwords.refresh,
        }[self.tabs.currentIndex()]()

    def toggle_problems(self) -> None:
        """Show or hide the panel of problems."""
        self.problems.setVisible(self.problems.isHidden() and bool(self.problems.problems()))

    def _point_at(self, problem: Problem) -> None:
        if self.problems.isHidden():
            self.toast.say(problem.happened)

    def _failed(self, error: StickySyncError, doing: str) -> None:
        self.problems.add_error(error, doing)

    def _remark(self, words: str) -> None:
        self.toast.say(words, icon="info", tone=theme.Tone.NEW, details=False)

    # -- leaving -----------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave when nothing runs; ask first when a run is on. The window itself goes when all has ended."""
        event.ignore()
        if self.jobs.is_busy(RUN):
            self.jobs.start("Quit", self._ask_to_leave())
        else:
            self.leave()

    def leave(self) -> None:
        """Remember the looks and let the program end, without a question."""
        self._remember()
        self.closed.set()

    async def _ask_to_leave(self) -> None:
        question = alerts.Question(
            "Quit StickySync",
            "Stop the sync and quit?",
            "The requests in flight are finished and stored; the rest is left for the next run.",
            ("Stop and quit",),
            cancel="Go on",
            modeless=True,
        )
        if await alerts.ask(self, question):
            self.leave()

    # -- memory ------------------------------------------------------------------------------------------------------

    def _pages(self) -> dict[str, ConfigurationPage | MappingPage | PasswordsPage]:
        return {"configuration": self.configuration, "mapping": self.mapping, "passwords": self.passwords}

    def _remember(self) -> None:
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        self.memory.keep("window", {"geometry": geometry, "tab": self.tabs.currentIndex()}, any_profile=True)
        self.memory.profile_id = self._connected_profile
        for name, page in self._pages().items():
            self.memory.keep(name, page.state())
        if self._backend is not None:
            self._backend.save_settings(replace(self._backend.settings, window=self.memory.tree))

    def _recall(self) -> None:
        profile = self._backend.profile if self._backend else None
        self._connected_profile = profile.id if profile else ""
        self.memory.profile_id = self._connected_profile
        for name, page in self._pages().items():
            page.restore(self.memory.recall(name))

    def _restore_geometry(self) -> None:
        kept = self.memory.recall("window", any_profile=True)
        geometry = QByteArray.fromBase64(str(kept.get("geometry", "")).encode())
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self.resize(*FIRST_SIZE)
        tab = kept.get("tab")
        if isinstance(tab, int) and CONFIGURATION <= tab <= PASSWORDS:
            self.tabs.setCurrentIndex(tab)
        elif self._demo:
            self.tabs.setCurrentIndex(PASSWORDS)


def _choose_profile(backend: Backend, name: str) -> None:
    profile = backend.settings.profile(name)
    if profile is None:
        raise UsageError(
            happened=f"There is no profile “{name}”.",
            unchanged="Nothing was connected.",
            todo="Choose a profile on the Configuration tab.",
        )
    backend.save_settings(replace(backend.settings, current_profile=profile.id))
