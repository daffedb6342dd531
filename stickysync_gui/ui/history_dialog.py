"""The runs of this PC and what became of each row, to look up and to export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QSplitter, QVBoxLayout, QWidget

from stickysync_gui.domain.progress import Outcome, Step
from stickysync_gui.errors import UsageError
from stickysync_gui.ui import alerts, theme
from stickysync_gui.ui.controls import label, push_button
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
        width=74,
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
    """Lists the runs above and the chosen run's rows below.

    Args:
        names: client name and title of a password id, as far as they are known.
    """

    def __init__(
        self, parent: QWidget, jobs: Jobs, backend: Backend, names: Callable[[int, int], tuple[str, str]]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("History")
        self.resize(1100, 640)
        self._jobs = jobs
        self._backend = backend
        self._names = names
        self.runs: RowModel[RunLine] = RowModel(RUN_COLUMNS, lambda line: line.run_id, self)
        self.steps: RowModel[StepLine] = RowModel(STEP_COLUMNS, lambda line: line.step.password_id, self)
        self.run_table = Table(self.runs, "Runs of this PC")
        self.step_table = Table(self.steps, "Rows of the run")
        self.run_table.show_state("history", "This PC has not run a sync yet.")
        self.step_table.show_state("info", "Rows that were in sync already are only counted.")
        self.run_table.selected.connect(self._run_chosen)
        self.export = push_button("Export…", self._export, icon="external", tip="Write the run's rows as CSV or JSON")
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.run_table)
        split.addWidget(self.step_table)
        split.setChildrenCollapsible(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.export, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label("Kept on this PC: what was done, never a password.", quiet=True))
        layout.addWidget(split, 1)
        layout.addWidget(buttons)
        self._run_chosen()
        jobs.start(READ, self._read(), exclusive=READ, replacing=True)

    async def _read(self) -> None:
        counts = ("created", "linked", "updated", "unchanged", "skipped", "failed", "requests")
        records = await self._backend.runs()
        self.runs.show_rows(
            RunLine(r.run_id, r.ended_at, r.kind, r.scope, r.ended, {n: getattr(r, n) for n in counts}, r.seconds)
            for r in records
        )
        if records:
            self.run_table.select_only(records[0].run_id)

    def _chosen(self) -> RunLine | None:
        chosen = self.run_table.selected_rows()
        return chosen[0] if len(chosen) == 1 else None

    def _run_chosen(self) -> None:
        line = self._chosen()
        self.export.setEnabled(line is not None)
        if line is not None:
            self._jobs.start("Read the run", self._read_rows(line.run_id), replacing=True)
        else:
            self.steps.show_rows([])

    async def _read_rows(self, run_id: str) -> None:
        steps = await self._backend.run_rows(run_id)
        self.steps.show_rows(StepLine(step, *self._names(step.password_id, step.client_id)) for step in steps)

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
    out = io.StringIO()
    columns = list(_row(lines[0])) if lines else ["password_id"]
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_row(line) for line in lines)
    return out.getvalue()


def as_json(run: RunLine, lines: list[StepLine]) -> str:
    """A run and its rows as JSON."""
    return json.dumps({**asdict(run), "rows": [_row(line) for line in lines]}, ensure_ascii=False, indent=2)
