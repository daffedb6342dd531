"""The plan before it is applied: what would be done and why, row by row, each of which can be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QHBoxLayout, QVBoxLayout, QWidget

from stickysync_gui.domain.planned import Action, Plan, PlannedRow
from stickysync_gui.domain.records import Field
from stickysync_gui.domain.snapshot import entry_name
from stickysync_gui.ui import theme
from stickysync_gui.ui.controls import SearchBox, label, scroll_area
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.model import action_words, field_words
from stickysync_gui.ui.row_list import Column, accept_all
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table
from stickysync_gui.ui.wording import counted

MASKED = "••••••"
BLANK = "(blank)"
DETAIL_LINES = 7


@dataclass(frozen=True, slots=True)
class Change:
    """A field before and after; values masked."""

    field: Field
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A planned act, and whether it shall be done.

    Args:
        changes: the fields that would be sent.
    """

    planned: PlannedRow
    client: str
    wanted: bool
    action: str
    changes: tuple[Change, ...]

    @property
    def pair(self) -> tuple[int, Action]:
        """What a run is told of an approved row."""
        return (self.planned.password.id, self.planned.action)

    @property
    def creates(self) -> bool:
        """Whether there is no entry yet."""
        return self.planned.action is Action.CREATE

    @property
    def before(self) -> str:
        """The fields as they are in IT Glue."""
        return "" if self.creates else " · ".join(change.before or BLANK for change in self.changes)

    @property
    def after(self) -> str:
        """The fields as they would be."""
        texts = [change.after for change in self.changes]
        return " · ".join(text for text in texts if text) if self.creates else " · ".join(t or BLANK for t in texts)

    def details(self) -> str:
        """Each field on a line of its own, and the reason."""
        lines = [f"{self.client} – {self.planned.password.title or '(untitled)'}: {self.action}"]
        for change in self.changes:
            name = field_words(change.field.value)
            words = f"{name[:1].upper()}{name[1:]}: "
            words += change.after or BLANK if self.creates else f"{change.before or BLANK}  →  {change.after or BLANK}"
            lines.append(words)
        if self.planned.reason:
            lines.append(f"Why: {self.planned.reason}")
        return "\n".join(lines)


def preview_row(planned: PlannedRow, client: str) -> PreviewRow:
    """The row for a planned act, wanted at first."""
    return PreviewRow(planned, client, True, action_words(planned), _changes(planned))


def _changes(planned: PlannedRow) -> tuple[Change, ...]:
    password, entry = planned.password, planned.entry
    new = {
        Field.NAME: entry_name(password),
        Field.USERNAME: password.username,
        Field.PASSWORD: MASKED,
        Field.URL: password.url,
        Field.NOTES: "(Automate's notes)" if password.notes else "",
    }
    if planned.action is Action.CREATE or entry is None:
        return tuple(Change(field, "", text) for field, text in new.items() if text)
    old = {
        Field.NAME: entry.name,
        Field.USERNAME: entry.username,
        Field.PASSWORD: MASKED,
        Field.URL: entry.url,
        Field.NOTES: "(as it is)",
    }
    return tuple(Change(field, old[field], new[field]) for field in planned.fields)


COLUMNS: tuple[Column[PreviewRow], ...] = (
    Column(
        "Do",
        lambda row: "",
        order=lambda row: not row.wanted,
        checked=lambda row: row.wanted,
        spoken=lambda row: "will be done" if row.wanted else "left out",
        searched=False,
        width=40,
        fixed=True,
    ),
    Column("Client", lambda row: row.client, width=150),
    Column("Title", lambda row: row.planned.password.title, width=180),
    Column(
        "Status",
        lambda row: row.planned.status.label,
        order=lambda row: marks.OF_STATUS[row.planned.status].rank,
        icon=lambda row: marks.OF_STATUS[row.planned.status].icon,
        width=190,
    ),
    Column(
        "Action",
        lambda row: row.action,
        icon=lambda row: theme.icon("warning", theme.Tone.ALERT) if row.planned.overwrites else None,
        tip=lambda row: "Replaces what somebody typed in IT Glue" if row.planned.overwrites else "",
        width=210,
    ),
    Column("In IT Glue now", lambda row: row.before, width=170),
    Column("Then", lambda row: row.after, width=170),
    Column("Why", lambda row: row.planned.reason, width=260),
)


class PreviewTable(Table[PreviewRow]):
    """Space takes the selected rows out or in again."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space acts on the whole selection."""
        rows = self.selected_rows()
        if event.key() == Qt.Key.Key_Space and rows:
            wanted = not all(row.wanted for row in rows)
            self.rows.replace([replace(row, wanted=wanted) for row in rows])
            return
        super().keyPressEvent(event)


class Preview(QDialog):
    """Asks whether this plan shall be applied.

    Args:
        plan: the rows in the run's scope.
        client_name: the name of a client id.
        name: the run's name: "Sync All".
    """

    def __init__(self, parent: QWidget, plan: Plan, client_name: Callable[[int], str], name: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Preview – {name}")
        self.resize(1120, 720)
        self.model = RowModel(COLUMNS, lambda row: row.planned.password.id, self)
        pending = sorted(plan.pending(), key=lambda row: not row.overwrites)
        self.model.show_rows(preview_row(row, client_name(row.password.client_id)) for row in pending)
        self.model.tick_requested.connect(self._ticked)
        self.model.dataChanged.connect(self._count)
        self.table = PreviewTable(self.model, "Planned actions")
        self.table.show_state("ok", "No row fits the search.")
        self.search = SearchBox("Search in the plan", self._filter, "Ctrl+F")
        self.search.went_down.connect(self.table.take_focus)
        self._only_overwrites = QCheckBox("Only rows that replace what somebody typed in IT Glue")
        self._only_overwrites.toggled.connect(self._filter)
        self.counts = label(bold=True)
        self.details = label(selectable=True)
        self.details.setAccessibleName("The chosen row in full")
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        details = scroll_area(self.details)
        # Room for the longest row there is, so that nothing jumps while one walks through the plan.
        details.setFixedHeight(DETAIL_LINES * self.details.fontMetrics().lineSpacing() + 6)
        self.table.selected.connect(self._show_details)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.apply = buttons.addButton("Sync", QDialogButtonBox.ButtonRole.AcceptRole)
        # Enter stays with the table, where somebody walks through the rows.
        self.apply.setAutoDefault(False)
        apply_now = QShortcut(QKeySequence("Ctrl+Return"), self)
        apply_now.activated.connect(self.apply.click)
        keys = apply_now.key().toString(QKeySequence.SequenceFormat.NativeText)
        self.apply.setToolTip(f"Do what is ticked ({keys})")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        filters = QHBoxLayout()
        filters.addWidget(self.search, 1)
        filters.addWidget(self._only_overwrites)
        layout = QVBoxLayout(self)
        layout.addWidget(self.counts)
        layout.addLayout(filters)
        layout.addWidget(self.table, 1)
        layout.addWidget(details)
        layout.addWidget(
            label(
                f"Space leaves the selected rows out, {keys} syncs. Rows that change meanwhile are not applied.",
                quiet=True,
            )
        )
        layout.addWidget(buttons)
        self._count()
        self.table.selectRow(0)
        self.table.setFocus()

    def _show_details(self) -> None:
        row = self.model.row_at(self.table.currentIndex())
        self.details.setText(row.details() if row is not None else "")

    def approved(self) -> frozenset[tuple[int, Action]]:
        """The (password id, action) pairs that shall be done."""
        return frozenset(row.pair for row in self.model.list.rows if row.wanted)

    def _ticked(self, row: PreviewRow, wanted: bool) -> None:
        self.model.replace([replace(row, wanted=wanted)])

    def _filter(self, *_: object) -> None:
        only = self._only_overwrites.isChecked()
        self.model.filter(self.search.text(), _overwrites if only else accept_all)

    def _count(self, *_: object) -> None:
        wanted = [row for row in self.model.list.rows if row.wanted]
        self.counts.setText(count_words(row.planned for row in wanted))
        self.apply.setText(f"Sync {counted(len(wanted), 'password')}")
        self.apply.setEnabled(bool(wanted))


def _overwrites(row: object) -> bool:
    return isinstance(row, PreviewRow) and row.planned.overwrites


def count_words(rows: Iterable[PlannedRow]) -> str:
    """How many of each action, and how many replace what somebody typed."""
    rows = list(rows)
    counts = Counter(row.action for row in rows)
    names = {Action.CREATE: "to create", Action.LINK: "to link", Action.UPDATE: "to update"}
    parts = [f"{counts[action]:,} {words}" for action, words in names.items() if counts[action]]
    overwrites = sum(1 for row in rows if row.overwrites)
    words = ", ".join(parts) or "Nothing to do"
    return f"{words}. {overwrites:,} of them replace what somebody typed in IT Glue." if overwrites else f"{words}."
