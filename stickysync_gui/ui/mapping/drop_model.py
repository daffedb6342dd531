"""What both lists of Org Mapping have in common as models: rows that are dragged, and dropped upon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QMimeData, QModelIndex, QObject, Qt, Signal

from stickysync_gui.ui.mapping.drag_data import carried, carry
from stickysync_gui.ui.row_list import Column
from stickysync_gui.ui.rows import Index, RowModel

T = TypeVar("T")


class DropModel(RowModel[T]):
    """Gives rows to drag and asks for a mapping when rows of the other list are dropped. It writes nothing.

    Args:
        key: the id under which a row is dragged.
        exists: whether a row may be dragged and dropped upon.
        gives: the kind of what is dragged from here (see `drag_data`). takes: the kind of what is dropped here.
        means: the mapping (client ids, organization id) that a drop of these ids on the row of that id asks for; None
            where it makes no sense.
    """

    map_requested = Signal(list, object)
    """Client ids, and the organization id."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        key: Callable[[T], int],
        exists: Callable[[T], bool],
        *,
        gives: str,
        takes: str,
        means: Callable[[list[int], int], tuple[list[int], int] | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(columns, key, parent)
        self._id, self._exists = key, exists
        self._gives, self._takes, self._means = gives, takes, means
        self.known: frozenset[int] = frozenset()
        """The ids of the other list that may be dropped here."""
        self.locked = False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only what exists is dragged or dropped upon."""
        flags = super().flags(index)
        row = self.row_at(index)
        if row is not None and self._exists(row) and not self.locked:
            flags |= Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsDropEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        """What may be dropped here."""
        return [self._takes]

    def supportedDragActions(self) -> Qt.DropAction:
        """Copy, so that Qt takes no rows away."""
        return Qt.DropAction.CopyAction

    def supportedDropActions(self) -> Qt.DropAction:
        """Copy."""
        return Qt.DropAction.CopyAction

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The ids of the dragged rows, each once."""
        rows = {index.row(): self.list.at(index.row()) for index in indexes}
        return carry(self._gives, [self._id(row) for row in rows.values() if self._exists(row)])

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """What is known, on a row that exists."""
        return self._dropped(data, parent) is not None

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the mapping."""
        dropped = self._dropped(data, parent)
        if dropped is None:
            return False
        self.map_requested.emit(*dropped)
        return True

    def _dropped(self, data: QMimeData, parent: Index) -> tuple[list[int], int] | None:
        ids, row = carried(data, self._takes), self.row_at(parent)
        if self.locked or row is None or not self._exists(row) or not ids or not self.known.issuperset(ids):
            return None
        return self._means(ids, self._id(row))
