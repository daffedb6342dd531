"""What fills the window: three pages, the status bar, the problems, and how they hear of each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from stickysync_gui.bugs import Bugs
from stickysync_gui.domain.progress import Summary
from stickysync_gui.errors import StickySyncError, UsageError
from stickysync_gui.ui import alerts, theme
from stickysync_gui.ui.autosync.other_plugin import ask_about_the_plugin
from stickysync_gui.ui.autosync.rounds import LOOK, ROUND, Rounds
from stickysync_gui.ui.autosync.standing import AutoSyncBanners, AutoSyncLine
from stickysync_gui.ui.autosync.tray import Tray
from stickysync_gui.ui.configuration import page as sections
from stickysync_gui.ui.configuration.database_form import CONNECT, CONNECTION, START
from stickysync_gui.ui.configuration.page import ConfigurationPage
from stickysync_gui.ui.configuration.tables_form import PLUGIN_TABLES
from stickysync_gui.ui.connection_bar import ConnectionBar
from stickysync_gui.ui.gate import Gate
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.main_window import CONFIGURATION, MAPPING, PASSWORDS, MainWindow
from stickysync_gui.ui.mapping.page import MappingPage
from stickysync_gui.ui.memory import Memory
from stickysync_gui.ui.menus import fill_menus
from stickysync_gui.ui.passwords.page import PasswordsPage
from stickysync_gui.ui.problems import Problem, Problems, Toast

if TYPE_CHECKING:
    from stickysync_gui.autostart import Autostart
    from stickysync_gui.backend import Backend
    from stickysync_gui.backend.autosync import AutoSync
    from stickysync_gui.ui.history_dialog import HistoryDialog


class Contents(QObject):
    """Everything inside the window; takes a backend with `set_backend`.

    Args:
        window: gets the pages in place of its notices.
        bugs: words unexpected errors.
        autostart: whether the program starts at log-on; None offers no choice.
    """

    def __init__(self, window: MainWindow, bugs: Bugs, autostart: Autostart | None = None) -> None:
        super().__init__(window)
        self.window = window
        self.tabs = window.tabs
        self._backend: Backend | None = None
        self._connected_profile = ""
        self._history: HistoryDialog | None = None
        self.memory = Memory(window.looks)
        self.bugs = bugs
        self.jobs = Jobs(bugs, self)
        self.problems = Problems()
        self.configuration = ConfigurationPage(self.jobs, autostart)
        self.mapping = MappingPage(self.jobs, self._remark)
        self.passwords = PasswordsPage(self.jobs, self._remark)
        self.rounds = Rounds(self.jobs, self.passwords.progress, self)
        self.line = AutoSyncLine(self.rounds)
        self.passwords.add_line(self.line)
        self.banners = AutoSyncBanners(self.rounds, lambda: ask_about_the_plugin(self.window, self.jobs, self.rounds))
        self.tray = Tray(self.rounds, window.to_front, self.quit, self)
        self.mapping_gate = Gate(self.mapping)
        self.passwords_gate = Gate(self.passwords)
        self.bar = ConnectionBar(
            lambda: self.open_section(sections.DATABASE),
            lambda: self.open_section(sections.ITGLUE),
            self.toggle_problems,
        )
        self.toast = Toast(window)
        self._connect()
        self.show_state()
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.banners)
        column.addWidget(self.problems)
        window.fill((self.configuration, self.mapping_gate, self.passwords_gate), below, self.bar)
        window.ask_to_leave, window.leave, window.quit = self._close_wanted, self.leave, self.quit
        fill_menus(self)

    def _connect(self) -> None:
        self.jobs.changed.connect(self.show_state)
        self.jobs.failed.connect(self._failed)
        self.jobs.bug_found.connect(lambda report, doing: self.problems.add(Problem.bug(report, doing)))
        self.problems.count_changed.connect(self.bar.show_problem_count)
        self.problems.added.connect(self._point_at)
        self.toast.opened.connect(self.problems.show)
        self.configuration.connection_changed.connect(self._connection_changed)
        self.configuration.mapping_wanted.connect(lambda: self.tabs.setCurrentIndex(MAPPING))
        self.configuration.rules_changed.connect(self.passwords.compare)
        self.configuration.options.conduct_changed.connect(self._take_conduct)
        self.mapping.mapping_changed.connect(self.passwords.compare)
        self.mapping.passwords_asked.connect(self._show_passwords)
        self.passwords.summary.details_asked.connect(self.show_history)
        self.passwords.ticks.written.connect(lambda *_: self.rounds.look())
        self.rounds.ended.connect(self._round_ended)
        self.rounds.locked_out.connect(lambda: self._remark("Another run is on; AutoSync goes on after it."))

    # -- backend -----------------------------------------------------------------------------------------------------

    def set_backend(self, backend: Backend, autosync: AutoSync, profile_name: str = "") -> None:
        """Take the backend and let it connect.

        Args:
            autosync: rounds over the same backend.
            profile_name: connect this profile instead of the last one.
        """
        self._backend = backend
        self.memory.tree = dict(backend.settings.window)
        for page in (self.configuration, self.mapping, self.passwords):
            page.set_backend(backend)
        self.rounds.set_backend(backend, autosync)
        self._take_conduct()
        self._recall()
        self.jobs.start(START, self._start(backend, profile_name), exclusive=CONNECTION)

    @property
    def backend(self) -> Backend | None:
        """What `set_backend` gave, if it did already."""
        return self._backend

    async def _start(self, backend: Backend, profile_name: str) -> None:
        try:
            if profile_name:
                _choose_profile(backend, profile_name)
            await backend.start()
        except StickySyncError as error:
            self.configuration.database.show_failure(error)
            raise
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
        if backend.database_state is not None:
            # What earlier attempts complained of is over.
            for name in (START, CONNECT):
                self.problems.dismiss_of(name)
            if not self.problems.problems():
                self.toast.hide()
        self.mapping.forget()
        self.passwords.forget()
        self.configuration.refresh()
        self.show_state()
        if self.mapping_gate.is_open:
            self.mapping.refresh(replacing=True)
        if self.passwords_gate.is_open:
            self.passwords.refresh(replacing=True)
        self.rounds.look()

    # -- state -------------------------------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Show on every tab how both connections stand."""
        backend = self._backend
        database = backend.database_state if backend else None
        connecting = backend is None or self.jobs.is_busy(CONNECTION)
        self.bar.show_database(database, busy=connecting)
        self.bar.show_itglue(backend.itglue_state if backend else None)
        # A look each minute is no news.
        self.bar.show_activity([name for name in self.jobs.names if name != LOOK])
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
        if backend.itglue_state is None and not self.jobs.is_busy(CONNECTION):
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

    def show_history(self, run_id: str = "") -> None:
        """Show the runs of this PC beside the window, which stays usable."""
        if self._backend is None:
            return
        if self._history is None:
            from stickysync_gui.ui.history_dialog import HistoryDialog

            self._history = HistoryDialog(self.window, self.jobs, self._backend, self.passwords.names, run_id)
            self._history.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._history.finished.connect(self._history_gone)
        else:
            self._history.read(run_id)
        self._history.show()
        self._history.raise_()
        self._history.activateWindow()

    def _history_gone(self) -> None:
        self._history = None

    def _show_passwords(self, client_id: int) -> None:
        self.passwords.filters.clear()
        self.passwords.filters.clients.choose(client_id)
        self.tabs.setCurrentIndex(PASSWORDS)

    def toggle_problems(self) -> None:
        """Show or hide the panel of problems."""
        self.problems.setVisible(self.problems.isHidden() and bool(self.problems.problems()))

    def _point_at(self, problem: Problem) -> None:
        if self.problems.isHidden():
            self.toast.say(problem.happened)

    def _failed(self, error: StickySyncError, doing: str) -> None:
        if error.summary is not None and error.summary.failed:
            self.problems.add_error(error, doing, "Retry failed", self.passwords.flow.retry_failed)
        else:
            self.problems.add_error(error, doing)

    def _remark(self, words: str) -> None:
        self.toast.say(words, icon="info", tone=theme.Tone.NEW, details=False)

    # -- AutoSync ----------------------------------------------------------------------------------------------------

    def _take_conduct(self) -> None:
        if self._backend is not None:
            self.tray.show(self._backend.settings.options.minimise_to_tray)
            self.rounds.look()

    def _round_ended(self, summary: Summary | None, by_hand: bool) -> None:
        if summary is not None and summary.ended == "done":
            self.problems.dismiss_of(ROUND)
        self.passwords.take_round(summary, by_hand)

    # -- leaving -----------------------------------------------------------------------------------------------------

    def quit(self) -> None:
        """Leave when nothing runs; ask first when a run is on."""
        if self.jobs.is_busy(RUN):
            self.window.to_front()
            self.jobs.start("Quit", self._ask_to_leave())
        else:
            self.leave()

    def _close_wanted(self) -> None:
        """Go to the tray where the user wants that, else leave."""
        if not self.tray.is_shown:
            self.quit()
            return
        self._remember()
        self.window.hide()
        if not self.memory.recall("tray", any_profile=True):
            self.memory.keep("tray", {"told": True}, any_profile=True)
            self._remember()
            self.tray.say("StickySync goes on here. Click to open it; quit it with its menu.")

    def leave(self) -> None:
        """Remember the looks and let the program end, without a question."""
        self._remember()
        self.tray.show(False)
        self.window.close_for_good()

    async def _ask_to_leave(self) -> None:
        question = alerts.Question(
            "Quit StickySync",
            "Stop the sync and quit?",
            "The requests in flight are finished and stored; the rest is left for the next run.",
            ("Stop and quit",),
            cancel="Go on",
            modeless=True,
        )
        if await alerts.ask(self.window, question):
            self.leave()

    # -- memory ------------------------------------------------------------------------------------------------------

    def _pages(self) -> dict[str, ConfigurationPage | MappingPage | PasswordsPage]:
        return {"configuration": self.configuration, "mapping": self.mapping, "passwords": self.passwords}

    def _remember(self) -> None:
        self.memory.keep("window", self.window.state(), any_profile=True)
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


def _choose_profile(backend: Backend, name: str) -> None:
    profile = backend.settings.profile(name)
    if profile is None:
        raise UsageError(
            happened=f"There is no profile “{name}”.",
            unchanged="Nothing was connected.",
            todo="Choose a profile on the Configuration tab.",
        )
    backend.save_settings(replace(backend.settings, current_profile=profile.id))
