"""Painted cells: the link to the entry and the Sync button. A click on them is the table's `clicked`."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionButton, QStyleOptionViewItem

from stickysync_gui.ui import theme
from stickysync_gui.ui.passwords.model import PasswordRow
from stickysync_gui.ui.rows import RowModel

Index = QModelIndex | QPersistentModelIndex
ICON_SIZE = 16


def _row(index: Index) -> PasswordRow | None:
    model = index.model()
    row = model.row_at(index) if isinstance(model, RowModel) else None
    return row if isinstance(row, PasswordRow) else None


class LinkDelegate(QStyledItemDelegate):
    """Draws a link where there is an entry to open, and says so where its address is not known."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Link colour and underline."""
        super().initStyleOption(option, index)
        row = _row(index)
        if row is None or row.entry_id is None:
            return
        # Ids of sixteen digits say nothing to the eye; copying and the tool tip give them.
        option.text = "Open" if row.entry_url else "Linked"
        if row.entry_url:
            option.font.setUnderline(True)
            link = option.palette.color(QPalette.ColorRole.Link)
            option.palette.setColor(QPalette.ColorRole.Text, link)


class SyncButtonDelegate(QStyledItemDelegate):
    """Draws a push button with the sync icon. `enabled` is off while a run is on."""

    enabled = True

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the button over the cell's ground."""
        super().paint(painter, option, index)
        row = _row(index)
        if row is None:
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        usable = self.enabled and row.can_sync
        if usable and state & QStyle.StateFlag.State_MouseOver:
            button = QStyleOptionButton()
            button.rect = rect.adjusted(4, 2, -4, -2)
            button.state = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Raised
            QApplication.style().drawControl(QStyle.ControlElement.CE_PushButtonBevel, button, painter)
        elif usable and state & QStyle.StateFlag.State_Selected:
            selected = QIcon.Mode.Selected
            theme.icon("sync").paint(painter, self._middle(rect), Qt.AlignmentFlag.AlignCenter, selected)
            return
        tone = theme.Tone.NEW if usable else theme.Tone.QUIET
        painter.save()
        painter.setOpacity(1.0 if usable else 0.35)
        theme.icon("sync", tone).paint(painter, self._middle(rect))
        painter.restore()

    @staticmethod
    def _middle(rect: QRect) -> QRect:
        left = rect.x() + (rect.width() - ICON_SIZE) // 2
        top = rect.y() + (rect.height() - ICON_SIZE) // 2
        return QRect(left, top, ICON_SIZE, ICON_SIZE)
