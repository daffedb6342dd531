"""The Passwords tab: what each password is on both sides, and the runs that make them equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from stickysync_gui.domain.planned import Matching
from stickysync_gui.domain.progress import Step, Summary
from stickysync_gui.domain.snapshot import EVERYTHING, Scope
from stickysync_gui.ui.controls import ElidedLabel
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.action_bar import ActionBar
from stickysync_gui.ui.passwords.decisions import Decisions
from stickysync_gui.ui.passwords.filter_bar import FilterBar
from stickysync_gui.ui.passwords.leftovers import leftovers_words
from stickysync_gui.ui.passwords.links import open_entry
from stickysync_gui.ui.passwords.marks import Mark
from stickysync_gui.ui.passwords.model import COLUMNS, PasswordRow, Tally, after_step, password_key, row_words
from stickysync_gui.ui.passwords.password_table import PasswordTable
from stickysync_gui.ui.passwords.progress import RunProgress
from stickysync_gui.ui.passwords.reader import Reader
from stickysync_gui.ui.passwords.status_strip import StatusStrip
from stickysync_gui.ui.passwords.summary import SummaryBanner
from stickysync_gui.ui.passwords.sync_flow import SyncFlow
from stickysync_gui.ui.passwords.ticks import JOB as TICK
from stickysync_gui.ui.passwords.ticks import Ticks
from stickysync_gui.ui.row_list import RowList
from stickysync_gui.ui.rows import RowModel

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend


class PasswordsPage(QWidget):
    """Shows all passwords and starts runs.

    Args:
        jobs: where its coroutines run.
        say: shows a passing remark in the window's corner.
    """

    def __init__(self, jobs: Jobs, say: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._say = say
        self._backend: Backend | None = None
        self._counts: Counter[Mark] = Counter()
        self._in_client = 0
        self.model: RowModel[PasswordRow] = RowModel(COLUMNS, password_key, self)
        self.table = PasswordTable(self.model)
        self.row_line = ElidedLabel("The current password's status in full")
        self.ticks = Ticks(self.model, jobs, self)
        self.filters = FilterBar(self.refresh)
        self.strip = StatusStrip()
        self.progress = RunProgress(lambda client_id: self.reader.client_name(client_id))
        self.reader = Reader(self.model, jobs, self.progress, self)
        self.summary = SummaryBanner()
        self.flow = SyncFlow(self, jobs, self.progress, self.summary, self.reader.client_name)
        self.decisions = Decisions(self, jobs, self.reader.compared)
        self.action_bar = ActionBar(
            sync_all=self.sync_all,
            sync_selected=self.sync_selected,
            preview=lambda: self.sync_all(preview=True),
            undo=self.ticks.stack.undo,
            redo=self.ticks.stack.redo,
        )
        self._column = layout = QVBoxLayout(self)
        layout.setSpacing(6)
        for widget in (self.filters, self.strip, self.progress, self.summary):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.row_line)
        layout.addWidget(self.action_bar)
        self._connect()
        self._show_usable()

    def _connect(self) -> None:
        self.reader.reading.connect(self._say_reading)
        self.reader.unreadable.connect(self._say_unreadable)
        self.reader.ready.connect(self._show_rows)
        self.filters.changed.connect(self._filter)
        self.filters.search.went_down.connect(self.table.take_focus)
        self.strip.chosen.connect(self.filters.choose_mark)
        self.strip.leftovers_asked.connect(self._show_leftovers)
        self.table.ticks_wanted.connect(self.ticks.request)
        self.table.sync_wanted.connect(self._sync_rows)
        self.table.open_wanted.connect(self._open)
        self.table.choice_wanted.connect(self.decisions.choose)
        self.decisions.create_wanted.connect(self._create)
        self.table.selected.connect(self._show_counts)
        self.progress.steps_taken.connect(self._take_steps)
        self.summary.show_failed_asked.connect(lambda: self.filters.choose_mark(marks.FAILED))
        self.flow.ended.connect(self._run_ended)
        self.ticks.shown.connect(self.table.show_ticks)
        self.ticks.written.connect(self.reader.keep_ticks)
        self.ticks.stack.indexChanged.connect(self._show_usable)
        self._jobs.changed.connect(self._show_usable)

    def add_line(self, line: QWidget) -> None:
        """Put a line under everything else."""
        self._column.addWidget(line)

    # -- reading -----------------------------------------------------------------------------------------------------

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend
        for part in (self.reader, self.flow, self.ticks, self.decisions):
            part.set_backend(backend)

    def refresh(self, *, replacing: bool = False) -> None:
        """Read both sides anew (see `Reader.refresh`)."""
        self.reader.refresh(replacing=replacing)

    def compare(self) -> None:
        """Decide anew with IT Glue as last read: after a mapping or an option changed."""
        self.reader.compare()

    def forget(self) -> None:
        """Show nothing, because there is no connection any more."""
        self.reader.forget()
        self.ticks.stack.clear()
        self.model.show_rows([])
        self._recount()

    def _show_rows(self, rows: RowList[PasswordRow], tally: Tally) -> None:
        # Filters may have been changed while the records were built.
        rows.filter(self.filters.search.text(), self.filters.filter)
        self.model.show_list(rows)
        self._say_why_empty()
        self._recount(tally.marks)
        self._show_clients(tally.clients)
        plan = self.reader.plan
        self.strip.show_leftovers(leftovers_words(plan) if plan else "")
        self.filters.show_read_at(self._backend.itglue_read_at if self._backend else None)

    def _say_reading(self) -> None:
        self.table.show_state("status-checking", "Reading Automate…", busy=True)

    def _say_unreadable(self) -> None:
        self.table.show_state("error", "Automate could not be read.", "Try again", self.refresh)

    def _show_clients(self, counts: Counter[int]) -> None:
        self.filters.clients.show_clients({id_: self.reader.client_name(id_) for id_ in counts}, counts)

    # -- filters and counts ------------------------------------------------------------------------------------------

    def _filter(self) -> None:
        self.model.filter(self.filters.search.text(), self.filters.filter)
        self._recount()

    def _recount(self, everything: Counter[Mark] | None = None) -> None:
        """Count the rows by mark, as far as the client filter leaves them; `everything` is known without it."""
        client_id = self.filters.clients.client_id
        if client_id is None and everything is not None:
            self._counts = Counter(everything)
        else:
            rows = self.model.list.rows
            self._counts = Counter(row.mark for row in rows if client_id in (None, row.client_id))
        self._in_client = self._counts.total()
        self._show_marks()
        self._show_counts()

    def _show_marks(self) -> None:
        self.strip.show_chosen(self.filters.mark)
        self.strip.show_counts(self._counts)
        self.filters.show_counts(self._counts)

    def _show_counts(self) -> None:
        client_id = self.filters.clients.client_id
        name = self.reader.client_name(client_id) if client_id is not None else ""
        selected = self._show_row()
        self.action_bar.show_counts(len(self.model.list), self._in_client, name, selected)
        self._show_usable()

    def _show_row(self) -> int:
        """Tell the chosen row in full when it is one; returns how many are chosen."""
        lines = self.table.selected_lines()
        self.row_line.say(row_words(self.model.list.at(lines[0])) if len(lines) == 1 else "")
        return len(lines)

    def _say_why_empty(self) -> None:
        if self.model.list.rows:
            self.table.show_state("filter", "No password fits the filters.", "Clear the filters", self.filters.clear)
        else:
            self.table.show_state("passwords", "Automate holds no passwords.", "Read again", self.refresh)

    def _show_usable(self, *_: object) -> None:
        connected = self._backend is not None and self._backend.itglue_state is not None
        run = connected and bool(self.model.list.rows) and not self._jobs.is_busy(RUN) and not self.reader.is_busy
        stack = self.ticks.stack
        writing = self._jobs.is_on(TICK)
        self.action_bar.show_usable(
            run=run,
            selection=self.table.selectionModel().hasSelection(),
            undo="" if writing else stack.undoText(),
            redo="" if writing else stack.redoText(),
        )
        if self.table.runs_allowed is not run:
            self.table.allow_runs(run)
        self.filters.refresh.setEnabled(not self.reader.is_busy and not self._jobs.is_busy(RUN))

    # -- acts --------------------------------------------------------------------------------------------------------

    def sync_all(self, *, preview: bool | None = None) -> None:
        """Sync what the client filter leaves."""
        client_id = self.filters.clients.client_id
        if client_id is None:
            self.flow.start("Sync All", EVERYTHING, preview=preview)
        else:
            scope = Scope(client_ids=frozenset({client_id}))
            self.flow.start(f"Sync All – {self.reader.client_name(client_id)}", scope, preview=preview)

    def sync_selected(self) -> None:
        """Sync the selected rows."""
        self._sync_rows(self.table.selected_rows())

    def _sync_rows(self, rows: list[PasswordRow]) -> None:
        if rows:
            name = f"Sync “{rows[0].title}”" if len(rows) == 1 else f"Sync {len(rows):,} passwords"
            self.flow.start(name, Scope(password_ids=frozenset(row.id for row in rows)))

    def _create(self, rows: list[PasswordRow]) -> None:
        name = f"Create “{rows[0].title}”" if len(rows) == 1 else f"Create {len(rows):,} entries"
        scope = Scope(password_ids=frozenset(row.id for row in rows))
        self.flow.start(name, scope, preview=False, matching=Matching.ALWAYS_CREATE)

    def _take_steps(self, steps: list[Step]) -> None:
        changed = []
        for step in steps:
            row = self.model.list.find(step.password_id)
            if row is None:
                continue
            new = after_step(row, step)
            if new.mark is not row.mark and self.filters.clients.client_id in (None, row.client_id):
                self._counts[row.mark] -= 1
                self._counts[new.mark] += 1
            changed.append(new)
        self.model.replace(changed)
        self._show_row()
        self.strip.show_counts(self._counts)

    def _run_ended(self, summary: Summary | None) -> None:
        if summary is not None:
            self.reader.keep_failures(summary)
        self.compare()

    def take_round(self, summary: Summary | None, by_hand: bool) -> None:
        """Take up what an AutoSync round did; one that the user began is summed up like any run."""
        self.flow.take_round("AutoSync", summary, show=by_hand)

    def _open(self, row: PasswordRow) -> None:
        if not open_entry(row.entry_url):
            self._say("This entry's address is not one that is opened from here.")

    def names(self, password_id: int, client_id: int) -> tuple[str, str]:
        """Client name and title of a password, as far as they are known."""
        row = self.model.list.find(password_id)
        return (row.client, row.title) if row else (self.reader.client_name(client_id), f"password {password_id}")

    def _show_leftovers(self) -> None:
        if self.reader.plan is not None:
            self.decisions.show_leftovers(self.reader.plan, self.model.list.find)

    # -- memory ------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Columns and filters, for the settings file."""
        return {"table": self.table.layout_state(), "filters": self.filters.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""
        self.table.restore_layout(dict(state.get("table", {})))
        self.filters.restore(dict(state.get("filters", {})))
