"""The panel of suggested mappings: accept one, accept many, or dismiss for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.controls import label, push_button, tool_button
from stickysync_gui.ui.row_list import Column, RowList
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.domain.matching import Suggestion

SAFE_SCORE = 95


@dataclass(frozen=True, slots=True)
class SuggestionLine:
    """A suggestion with both names."""

    suggestion: Suggestion
    client: str
    organization: str

    @property
    def pair(self) -> tuple[int, int]:
        """Client id and organization id."""
        return (self.suggestion.client_id, self.suggestion.organization_id)


COLUMNS: tuple[Column[SuggestionLine], ...] = (
    Column("Client", lambda line: line.client, width=190),
    Column("Organization", lambda line: line.organization, width=190),
    Column(
        "Score",
        lambda line: str(line.suggestion.score),
        order=lambda line: -line.suggestion.score,
        searched=False,
        numeric=True,
        width=58,
    ),
    Column("Reason", lambda line: line.suggestion.reason, width=320),
    Column(
        "Organizations of the same name",
        lambda line: line.suggestion.namesakes,
        icon=lambda line: theme.icon("warning", theme.Tone.ALERT) if line.suggestion.namesakes else None,
        width=420,
    ),
)


def _key(line: SuggestionLine) -> tuple[int, int]:
    return line.pair


class SuggestionPanel(QWidget):
    """Shows suggestions and says which the user accepts."""

    accepted = Signal(list)
    """(client id, organization id) pairs."""
    dismissed = Signal(list)
    """(client id, organization id) pairs."""
    bring_back_asked = Signal()
    """All dismissed pairs shall be suggested again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: RowModel[SuggestionLine] = RowModel(COLUMNS, _key, self)
        self.table = Table(self.model, "Suggested mappings")
        self.table.selected.connect(self._show_usable)
        self.table.entered_row.connect(self._accept_selected)
        self.table.delete_pressed.connect(self._dismiss_selected)
        self.accept = push_button(
            "Accept selected", self._accept_selected, icon="check", tip="Map these clients (Enter)"
        )
        self.level = QSpinBox(minimum=60, maximum=100, value=SAFE_SCORE)
        self.level.setAccessibleName("Least score")
        self.level.setToolTip("The least score that “Accept all from” takes")
        self.level.valueChanged.connect(self._show_usable)
        self.accept_all = push_button("", self._accept_all, icon="check")
        self.dismiss = push_button(
            "Dismiss", self._dismiss_selected, icon="close", tip="Never suggest these pairs again (Delete)"
        )
        self.bring_back = push_button("", self.bring_back_asked.emit, icon="undo")
        self.bring_back.setToolTip("Suggest again what was dismissed on this PC")
        self.bring_back.hide()
        line = QHBoxLayout()
        line.addWidget(label("Suggested mappings", bold=True, wrap=False))
        line.addStretch()
        for widget in (self.bring_back, self.accept, self.accept_all, self.level, self.dismiss):
            line.addWidget(widget)
        line.addWidget(tool_button("close", "Hide the suggestions", self.hide))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addLayout(line)
        layout.addWidget(self.table, 1)
        self._locked = False
        self.show_list(self.model.list)

    def show_list(self, lines: RowList[SuggestionLine]) -> None:
        """Show these suggestions, best first."""
        self.model.show_list(lines)
        self.table.show_state("ok", "Nothing to suggest: every client that resembles an organization is mapped.")
        self._show_usable()

    def show_dismissed(self, count: int) -> None:
        """Offer to bring back so many dismissed pairs."""
        self.bring_back.setText(f"Bring back dismissed ({count:,})")
        self.bring_back.setVisible(count > 0)

    def lock(self, locked: bool) -> None:
        """Allow nothing while a mapping is being written."""
        self._locked = locked
        self._show_usable()

    def _above(self) -> list[tuple[int, int]]:
        # Where organizations share a name, a person has to look.
        least = self.level.value()
        rows = self.model.list.rows
        return [row.pair for row in rows if row.suggestion.score >= least and not row.suggestion.namesakes]

    def _show_usable(self) -> None:
        chosen = bool(self.table.selected_lines()) and not self._locked
        self.accept.setEnabled(chosen)
        self.dismiss.setEnabled(chosen)
        count = len(self._above())
        self.accept_all.setText(f"Accept all from ({count:,}):")
        self.accept_all.setEnabled(count > 0 and not self._locked)
        self.accept_all.setToolTip(
            f"Map {counted(count, 'client')} whose score is at least {self.level.value()} "
            "and whose organization shares its name with no other"
        )

    def _accept_selected(self) -> None:
        pairs = [row.pair for row in self.table.selected_rows()]
        if pairs and not self._locked:
            self.accepted.emit(pairs)

    def _accept_all(self) -> None:
        self.accepted.emit(self._above())

    def _dismiss_selected(self) -> None:
        pairs = [row.pair for row in self.table.selected_rows()]
        if pairs and not self._locked:
            self.dismissed.emit(pairs)
