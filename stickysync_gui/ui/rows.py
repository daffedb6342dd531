"""Shows a RowList to Qt as a table model; no proxy model."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from stickysync_gui.ui.row_list import Column, RowList, accept_all

T = TypeVar("T")
Index = QModelIndex | QPersistentModelIndex

_DISPLAY = Qt.ItemDataRole.DisplayRole
_ICON = Qt.ItemDataRole.DecorationRole
_TIP = Qt.ItemDataRole.ToolTipRole
_CHECK = Qt.ItemDataRole.CheckStateRole
_ALIGN = Qt.ItemDataRole.TextAlignmentRole
_COLOR = Qt.ItemDataRole.ForegroundRole
_SPOKEN = Qt.ItemDataRole.AccessibleTextRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_DISTANCE = "\u2002"
"""Behind right-aligned text, which would run into the column that follows."""
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_TICK_FLAGS = _FLAGS | Qt.ItemFlag.ItemIsUserCheckable
_NO_FLAGS = Qt.ItemFlag.NoItemFlags


class RowModel(QAbstractTableModel, Generic[T]):
    """Shows a RowList. It writes nothing: a click on a check box is a request to whoever listens."""

    tick_requested = Signal(object, bool)
    """A record whose check box was clicked, and the wanted state."""
    rows_shown = Signal()
    """Other lines are shown than before."""

    def __init__(
        self, columns: Sequence[Column[T]], key: Callable[[T], Hashable], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.columns = columns
        self._looks = [_looks(column) for column in columns]
        self.list: RowList[T] = RowList(columns, key)
        self.tickable = True
        self.changed_lines: frozenset[int] = frozenset()
        """The lines that the last `dataChanged` was about; it names only the first and the last of them."""

    def show_list(self, rows: RowList[T]) -> None:
        """Show a list that may have been prepared in another thread."""
        self.beginResetModel()
        self.list = rows
        self.endResetModel()
        self.rows_shown.emit()

    def show_rows(self, rows: Iterable[T]) -> None:
        """Show these records, sorted and filtered as before."""
        self.show_list(self.list.same_view(rows))

    def filter(self, text: str, accepts: Callable[[T], bool] = accept_all) -> None:
        """Show only the records that fit (see `RowList.filter`)."""
        self.beginResetModel()
        self.list.filter(text, accepts)
        self.endResetModel()
        self.rows_shown.emit()

    def settle(self) -> None:
        """Bring records that changed in place to where sort and filter put them."""
        self.beginResetModel()
        self.list.settle()
        self.endResetModel()
        self.rows_shown.emit()

    def replace(self, rows: Iterable[T]) -> None:
        """Exchange records by key, with one signal for all of them."""
        lines = self.list.replace(rows)
        if lines:
            self.changed_lines = frozenset(lines)
            first, last = self.index(min(lines), 0), self.index(max(lines), len(self.columns) - 1)
            self.dataChanged.emit(first, last)

    def row_at(self, index: Index) -> T | None:
        """The record of a cell; None outside the table."""
        return self.list.at(index.row()) if index.isValid() and index.row() < len(self.list) else None

    # -- what Qt asks ------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """How many lines are shown."""
        return 0 if parent.isValid() else len(self.list.shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many columns there are."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """Look up what a cell shows. Painting a window full of cells asks some two thousand times."""
        look = self._looks[index.column()].get(role)
        return look(self.list.at(index.row())) if look and index.isValid() else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for a tick; the model shows it when somebody replaces the record."""
        row = self.row_at(index)
        if role != _CHECK or row is None or not self.tickable or self.columns[index.column()].checked is None:
            return False
        self.tick_requested.emit(row, Qt.CheckState(value) is Qt.CheckState.Checked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Selectable, and checkable where there is a check box."""
        if not index.isValid():
            return _NO_FLAGS
        return _TICK_FLAGS if self.tickable and _CHECK in self._looks[index.column()] else _FLAGS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """The columns' titles."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == _DISPLAY:
            return column.title + _DISTANCE if column.numeric else column.title
        if role == _TIP:
            return column.header_tip or column.title or None
        if role == _ALIGN and column.numeric:
            return _RIGHT
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Put the lines in order of a column; a negative one asks for the list's own order and changes nothing."""
        if column < 0:
            return
        self.beginResetModel()
        self.list.sort(column, order is Qt.SortOrder.DescendingOrder)
        self.endResetModel()


def _looks(column: Column[T]) -> dict[int, Callable[[T], Any]]:
    """What a column answers, by Qt's roles; it has no answer to any other."""
    text, checked = column.text, column.checked
    looks = {
        _DISPLAY: (lambda row: text(row) + _DISTANCE) if column.numeric else text,
        _ALIGN: (lambda row: _RIGHT) if column.numeric else None,
        _CHECK: (lambda row: _check_state(checked(row))) if checked else None,
        _ICON: column.icon,
        _TIP: column.tip,
        _COLOR: column.color,
        _SPOKEN: column.spoken,
    }
    return {int(role): look for role, look in looks.items() if look}


def _check_state(checked: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
