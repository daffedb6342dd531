"""The runs of this PC and what became of each row, to look up and to export."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from stickysync_gui.domain.csv_text import csv_text
from stickysync_gui.domain.progress import Outcome, Step
from stickysync_gui.errors import UsageError
from stickysync_gui.ui import alerts, theme
from stickysync_gui.ui.controls import SearchBox, label, push_button
from stickysync_gui.ui.jobs import Jobs
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.row_list import Column
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table
from stickysync_gui.ui.theme import Tone
from stickysync_gui.ui.wording import duration

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

READ = "Read the history"
EXPORT = "Export the run"
FILES = "CSV (*.csv);;JSON (*.json)"
ENDS = {"done": "Done", "rows_failed": "Some rows failed", "cancelled": "Stopped by the user"}


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run as the list shows it; `counts` by the names of the record's fields."""

    run_id: str
    ended_at: str
    kind: str
    scope: str
    ended: str
    counts: dict[str, int]
    seconds: float

    @property
    def local_time(self) -> str:
        """The end in this PC's time."""
        return datetime.fromisoformat(self.ended_at).astimezone().strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True, slots=True)
class StepLine:
    """A row of a run, with the names that are known of it today."""

    step: Step
    client: str
    title: str


def _count(name: str) -> Column[RunLine]:
    return Column(
        name.capitalize(),
        lambda line: f"{line.counts[name]:,}" if line.counts[name] else "",
        order=lambda line: -line.counts[name],
        numeric=True,
        width=86,
        fixed=True,
    )


RUN_COLUMNS: tuple[Column[RunLine], ...] = (
    Column("Ended", lambda line: line.local_time, width=130),
    Column("Kind", lambda line: "AutoSync" if line.kind == "autosync" else "Sync", width=76),
    Column("Scope", lambda line: line.scope, width=150),
    Column(
        "How",
        lambda line: ENDS.get(line.ended, line.ended.replace("_", " ").capitalize()),
        icon=lambda line: theme.icon("ok", Tone.GOOD) if line.ended == "done" else theme.icon("warning", Tone.ALERT),
        width=160,
    ),
    *(_count(name) for name in ("created", "linked", "updated", "unchanged", "skipped", "failed", "requests")),
    Column("Time", lambda line: duration(line.seconds), order=lambda line: line.seconds, numeric=True, width=80),
)

_OUTCOMES = {
    Outcome.DONE: ("ok", Tone.GOOD),
    Outcome.FAILED: ("error", Tone.BAD),
    Outcome.SKIPPED: ("not-checked", Tone.QUIET),
}

STEP_COLUMNS: tuple[Column[StepLine], ...] = (
    Column("Client", lambda line: line.client, width=150),
    Column("Title", lambda line: line.title, width=180),
    Column(
        "Status",
        lambda line: line.step.status.label,
        icon=lambda line: marks.OF_STATUS[line.step.status].icon,
        width=190,
    ),
    Column("Action", lambda line: line.step.action.value.capitalize(), width=80),
    Column(
        "Outcome",
        lambda line: line.step.outcome.value.capitalize(),
        icon=lambda line: theme.icon(*_OUTCOMES[line.step.outcome]),
        width=100,
    ),
    Column("Reason", lambda line: line.step.reason, width=330),
)


class HistoryDialog(QDialog):
    """Lists the runs above and the chosen run's rows below; leaves the window usable.

    Args:
        names: client name and title of a password id, as far as they are known.
        run_id: the run to choose first; the latest when it is empty or gone.
    """

    def __init__(
        self,
        parent: QWidget,
        jobs: Jobs,
        backend: Backend,
        names: Callable[[int, int], tuple[str, str]],
        run_id: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("History")
        self.resize(1160, 680)
        self._jobs = jobs
        self._backend = backend
        self._names = names
        self._shown_run = ""
        self.runs: RowModel[RunLine] = RowModel(RUN_COLUMNS, lambda line: line.run_id, self)
        self.steps: RowModel[StepLine] = RowModel(STEP_COLUMNS, lambda line: line.step.password_id, self)
        self.run_table = Table(self.runs, "Runs of this PC")
        self.step_table = Table(self.steps, "Rows of the run")
        self.run_search = SearchBox("Search runs", self._search_runs, "Ctrl+F")
        self.step_search = SearchBox(
            "Search rows: client, title, status, outcome, reason", self._search_steps, "Ctrl+Shift+F"
        )
        self.run_search.went_down.connect(self.run_table.take_focus)
        self.step_search.went_down.connect(self.step_table.take_focus)
        self.run_table.selected.connect(self._run_chosen)
        self.export = push_button("Export…", self._export, icon="external", tip="Write the run's rows as CSV or JSON")
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(_part("Runs", self.run_search, self.run_table))
        split.addWidget(_part("Rows of the chosen run", self.step_search, self.step_table))
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.export, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label("Kept on this PC: what was done, never a password.", quiet=True))
        layout.addWidget(split, 1)
        layout.addWidget(buttons)
        self._say_why_empty()
        self.export.setEnabled(False)
        self.run_table.setFocus()
        self.read(run_id)

    def read(self, run_id: str = "") -> None:
        """Read the runs anew, and choose one."""
        self._jobs.start(READ, self._read(run_id), exclusive=READ, replacing=True)

    async def _read(self, run_id: str) -> None:
        counts = ("created", "linked", "updated", "unchanged", "skipped", "failed", "requests")
        records = await self._backend.runs()
        self.runs.show_rows(
            RunLine(r.run_id, r.ended_at, r.kind, r.scope, r.ended, {n: getattr(r, n) for n in counts}, r.seconds)
            for r in records
        )
        known = [record.run_id for record in records]
        if known:
            self.run_table.select_only(run_id if run_id in known else known[0])
        self._say_why_empty()

    def _search_runs(self, text: str) -> None:
        self.runs.filter(text)
        self._say_why_empty()

    def _search_steps(self, text: str) -> None:
        self.steps.filter(text)
        self._say_why_empty()

    def _say_why_empty(self) -> None:
        if self.runs.list.rows:
            self.run_table.show_state("search", "No run fits the search.", "Show all", self.run_search.clear)
        else:
            self.run_table.show_state("history", "This PC has not run a sync yet.")
        if self.steps.list.rows:
            self.step_table.show_state("search", "No row fits the search.", "Show all", self.step_search.clear)
        elif self._chosen() is None:
            self.step_table.show_state("info", "Choose a run to see its rows.")
        else:
            self.step_table.show_state("ok", "Nothing to list: rows that were in sync already are only counted.")

    def _chosen(self) -> RunLine | None:
        chosen = self.run_table.selected_rows()
        return chosen[0] if len(chosen) == 1 else None

    def _run_chosen(self) -> None:
        line = self._chosen()
        run_id = line.run_id if line is not None else ""
        self.export.setEnabled(bool(run_id))
        if run_id == self._shown_run:
            return
        self._shown_run = run_id
        self.steps.show_rows([])
        self._say_why_empty()
        if run_id:
            self._jobs.start("Read the run", self._read_rows(run_id), replacing=True)

    async def _read_rows(self, run_id: str) -> None:
        steps = await self._backend.run_rows(run_id)
        self.steps.show_rows(StepLine(step, *self._names(step.password_id, step.client_id)) for step in steps)
        self._say_why_empty()

    def _export(self) -> None:
        line = self._chosen()
        if line is not None:
            self._jobs.start(EXPORT, self._write(line, list(self.steps.list.rows)))

    async def _write(self, run: RunLine, lines: list[StepLine]) -> None:
        path = await alerts.choose_file(self, EXPORT, FILES, save_as=f"stickysync-{run.run_id[:8]}.csv")
        if not path:
            return
        text = as_json(run, lines) if path.casefold().endswith(".json") else as_csv(lines)
        try:
            Path(path).write_text(text, encoding="utf-8" if path.endswith(".json") else "utf-8-sig", newline="")
        except OSError as damage:
            raise UsageError(
                happened=f"{path} cannot be written: {damage.strerror}.",
                unchanged="The history was left as it is.",
                todo="Choose another file, or close the program that holds it.",
            ) from None


def _part(title: str, search: QWidget, table: QWidget) -> QWidget:
    part = QWidget()
    head = QHBoxLayout()
    head.addWidget(label(title, bold=True, wrap=False))
    head.addWidget(search, 1)
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.addLayout(head)
    column.addWidget(table, 1)
    return part


def _row(line: StepLine) -> dict[str, Any]:
    step = line.step
    return {
        "password_id": step.password_id,
        "client_id": step.client_id,
        "client": line.client,
        "title": line.title,
        "itglue_password_id": step.entry_id,
        "status": step.status.value,
        "action": step.action.value,
        "outcome": step.outcome.value,
        "reason": step.reason,
    }


def as_csv(lines: list[StepLine]) -> str:
    """The rows of a run as CSV with a header."""
    rows = [_row(line) for line in lines]
    return csv_text(list(rows[0]) if rows else ["password_id"], (row.values() for row in rows))


def as_json(run: RunLine, lines: list[StepLine]) -> str:
    """A run and its rows as JSON."""
    return json.dumps({**asdict(run), "rows": [_row(line) for line in lines]}, ensure_ascii=False, indent=2)
