"""The right list: IT Glue's organizations; clients are dropped here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QColor

from stickysync_gui.domain.overview import OrganizationRow
from stickysync_gui.ui import theme
from stickysync_gui.ui.mapping.drag_data import CLIENTS, ORGANIZATIONS, carried, carry
from stickysync_gui.ui.row_list import Column
from stickysync_gui.ui.rows import Index, RowModel
from stickysync_gui.ui.theme import Tone


def _gone_color(row: OrganizationRow) -> QColor | None:
    return None if row.exists else theme.color(Tone.BAD)


COLUMNS: tuple[Column[OrganizationRow], ...] = (
    Column(
        "Organization",
        lambda row: row.organization.name,
        color=_gone_color,
        tip=lambda row: f"Id {row.organization.id}",
        width=210,
    ),
    Column("Short name", lambda row: row.organization.short_name, width=90),
    Column("Type", lambda row: row.organization.type_name, width=100),
    Column("Status", lambda row: row.organization.status_name if row.exists else "Gone", color=_gone_color, width=90),
    Column(
        "Clients",
        lambda row: f"{row.client_count:,}" if row.client_count else "",
        order=lambda row: -row.client_count,
        searched=False,
        numeric=True,
        width=64,
        header_tip="How many clients are mapped to it",
    ),
)


def organization_key(row: OrganizationRow) -> int:
    """Organizations are known by their id."""
    return row.organization.id


class OrganizationModel(RowModel[OrganizationRow]):
    """Gives one organization to drag and takes any number of clients per drop. It writes nothing."""

    map_requested = Signal(list, object)
    """Client ids, and the organization id."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, organization_key, parent)
        self.known_clients: frozenset[int] = frozenset()
        self.locked = False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only what exists is dragged or dropped upon."""
        flags = super().flags(index)
        row = self.row_at(index)
        if row is not None and row.exists and not self.locked:
            flags |= Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsDropEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        """What may be dropped here."""
        return [CLIENTS]

    def supportedDragActions(self) -> Qt.DropAction:
        """Copy, so that Qt takes no rows away."""
        return Qt.DropAction.CopyAction

    def supportedDropActions(self) -> Qt.DropAction:
        """Copy."""
        return Qt.DropAction.CopyAction

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The id of the dragged organization."""
        rows = {index.row(): self.list.at(index.row()) for index in indexes}
        return carry(ORGANIZATIONS, [row.organization.id for row in rows.values() if row.exists])

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Known clients only, on an organization that exists."""
        return self._dropped(data, parent) is not None

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the mapping."""
        dropped = self._dropped(data, parent)
        if dropped is None:
            return False
        self.map_requested.emit(*dropped)
        return True

    def _dropped(self, data: QMimeData, parent: Index) -> tuple[list[int], int] | None:
        ids, row = carried(data, CLIENTS), self.row_at(parent)
        if self.locked or row is None or not row.exists or not ids or not self.known_clients.issuperset(ids):
            return None
        return ids, row.organization.id
