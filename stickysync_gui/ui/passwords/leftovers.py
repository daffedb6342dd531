"""What stands beside the passwords: links whose password is gone, and entries left in a former organization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from stickysync_gui.domain.planned import LeftBehind, Plan
from stickysync_gui.domain.records import Link
from stickysync_gui.ui import theme
from stickysync_gui.ui.controls import label, push_button
from stickysync_gui.ui.row_list import Column
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table
from stickysync_gui.ui.wording import counted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LeftBehindRow:
    """A left-behind entry with what is known of its password."""

    item: LeftBehind
    client: str
    title: str

    @property
    def url(self) -> str:
        """The entry's page."""
        return self.item.entry.resource_url if self.item.entry else ""


ORPHAN_COLUMNS: tuple[Column[Link], ...] = (
    Column("Password id", lambda row: str(row.password_id), order=lambda row: row.password_id, numeric=True, width=110),
    Column("Entry in IT Glue", lambda row: str(row.entry_id), order=lambda row: row.entry_id, numeric=True, width=150),
    Column("Last sync", lambda row: row.last_sync, width=180),
)

LEFT_COLUMNS: tuple[Column[LeftBehindRow], ...] = (
    Column("Client", lambda row: row.client, width=170),
    Column("Title in Automate", lambda row: row.title, width=190),
    Column("Entry", lambda row: row.item.entry.name if row.item.entry else "", width=190),
    Column(
        "Entry id", lambda row: str(row.item.entry_id), order=lambda row: row.item.entry_id, numeric=True, width=110
    ),
    Column(
        "Organization id",
        lambda row: str(row.item.entry.organization_id) if row.item.entry else "",
        numeric=True,
        width=120,
    ),
)


def leftovers_words(plan: Plan) -> str:
    """One sentence about both lists; empty when both are."""
    parts = []
    if plan.orphans:
        parts.append(counted(len(plan.orphans), "orphaned link"))
    if plan.left_behind:
        parts.append(f"{counted(len(plan.left_behind), 'entry', 'entries')} left behind in IT Glue")
    return " and ".join(parts)


class _Pane(QWidget, Generic[T]):
    """A table with a word of explanation above and one button below."""

    def __init__(self, words: str, table: Table[T], button: str, icon: str, act: Callable[[list[T]], None]) -> None:
        super().__init__()
        self.table = table
        self.button = push_button(button, lambda: act(table.selected_rows()), icon=icon)
        self.button.setEnabled(False)
        table.selected.connect(lambda: self.button.setEnabled(bool(table.selected_rows())))
        line = QHBoxLayout()
        line.addWidget(self.button)
        line.addStretch()
        layout = QVBoxLayout(self)
        layout.addWidget(label(words))
        layout.addWidget(table, 1)
        layout.addLayout(line)


class Leftovers(QDialog):
    """Lists both kinds.

    Args:
        plan: the last plan of everything.
        names: client name and title of a PasswordID.
    """

    unlink_asked = Signal(list)
    """Password ids whose orphaned links are to be removed."""
    open_asked = Signal(str)
    """The address of an entry to open."""

    def __init__(self, parent: QWidget, plan: Plan, names: Callable[[int], tuple[str, str]]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Beside the passwords")
        self.resize(860, 480)
        orphans = RowModel(ORPHAN_COLUMNS, lambda row: (row.password_id, row.entry_id), self)
        orphans.show_rows(plan.orphans)
        left = RowModel(LEFT_COLUMNS, lambda row: (row.item.password_id, row.item.entry_id), self)
        left.show_rows(LeftBehindRow(item, *names(item.password_id)) for item in plan.left_behind)
        self.orphans = _Pane(
            "The password of these links is gone from Automate. Removing a link leaves the entry in IT Glue as it is.",
            Table(orphans, "Orphaned links"),
            "Remove the selected links",
            "unlink",
            self._unlink,
        )
        self.left_behind = _Pane(
            "After a remap these entries stand in a former organization and hold a live credential: archive it there.",
            Table(left, "Entries left behind in IT Glue"),
            "Open in IT Glue",
            "external",
            self._open,
        )
        self.orphans.table.show_state("ok", "There are no orphaned links.")
        self.left_behind.table.show_state("ok", "No entry was left behind.")
        tabs = QTabWidget()
        tabs.addTab(self.orphans, theme.icon("unlink"), f"Orphaned links ({len(plan.orphans):,})")
        tabs.addTab(self.left_behind, theme.icon("status-moved"), f"Left behind in IT Glue ({len(plan.left_behind):,})")
        if plan.left_behind and not plan.orphans:
            tabs.setCurrentWidget(self.left_behind)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(tabs)
        layout.addWidget(buttons)

    def _unlink(self, rows: list[Link]) -> None:
        self.unlink_asked.emit([row.password_id for row in rows])
        self.accept()

    def _open(self, rows: list[LeftBehindRow]) -> None:
        for row in rows[:5]:
            if row.url:
                self.open_asked.emit(row.url)
