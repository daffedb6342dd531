"""A table that is dragged from and dropped upon, with the whole target row lit up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QIcon,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractItemView, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table

T = TypeVar("T")


CHIP_MARGIN = 8
CHIP_OFFSET = QPoint(-16, -18)
"""The chip hangs below and to the right of the mouse, so that the row that would take the drop stays in sight."""


class DropTable(Table[T]):
    """Drags rows of its own, takes rows of the other list.

    Args:
        icon: of what is dragged.
        called: how the dragged rows are called: "Contoso", "3 clients".
    """

    lit = Signal(int)
    """The line that would take the drop, or -1."""

    def __init__(
        self,
        model: RowModel[T],
        name: str,
        icon: str,
        called: Callable[[list[T]], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(model, name, parent)
        self._icon = icon
        self.called = called
        self.drop_line = -1
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        # A drop is meant for a row, never for the place between two.
        self.setDragDropOverwriteMode(True)
        self.setDropIndicatorShown(False)
        self.setAutoScroll(True)
        self.setAutoScrollMargin(28)

    @property
    def is_dragging(self) -> bool:
        """Whether a drag that began here is on; the model must not be reset under it."""
        return self.state() is QAbstractItemView.State.DraggingState

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag the selected rows as one small chip; pictures of whole rows would hide the row beneath."""
        indexes = [index for index in self.selectedIndexes() if index.flags() & Qt.ItemFlag.ItemIsDragEnabled]
        if not indexes:
            return
        drag = QDrag(self)
        drag.setMimeData(self.rows.mimeData(indexes))
        drag.setPixmap(self.chip(self.called(self.selected_rows())))
        drag.setHotSpot(CHIP_OFFSET)
        # The one nested loop that cannot be avoided: it begins in a mouse event, with no task on the stack.
        drag.exec(actions, Qt.DropAction.CopyAction)

    def chip(self, words: str) -> QPixmap:
        """The picture that goes along with the mouse."""
        metrics, ratio = self.fontMetrics(), self.devicePixelRatioF()
        side = metrics.height()
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, 40 * metrics.averageCharWidth())
        size = QSize(metrics.horizontalAdvance(words) + side + 3 * CHIP_MARGIN, side + CHIP_MARGIN)
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Highlight))
        painter.drawRoundedRect(QRect(QPoint(), size), size.height() / 2, size.height() / 2)
        icon = theme.icon(self._icon).pixmap(QSize(side, side), ratio, QIcon.Mode.Selected)
        painter.drawPixmap(CHIP_MARGIN, CHIP_MARGIN // 2, side, side, icon)
        painter.setPen(self.palette().color(QPalette.ColorRole.HighlightedText))
        room = QRect(2 * CHIP_MARGIN + side, 0, size.width(), size.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()
        return picture

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take drags that carry the right kind, wherever they come in."""
        if any(event.mimeData().hasFormat(kind) for kind in self.rows.mimeTypes()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Light up the row that would take the drop."""
        super().dragMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        allowed = index.isValid() and self.rows.canDropMimeData(
            event.mimeData(), Qt.DropAction.CopyAction, -1, -1, index
        )
        if allowed:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()
        self._light(index.row() if allowed else -1)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """No row is lit any more."""
        super().dragLeaveEvent(event)
        self._light(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the drop to the model; it only asks, nothing is moved here."""
        self._light(-1)
        index = self.indexAt(event.position().toPoint())
        taken = index.isValid() and self.rows.dropMimeData(event.mimeData(), Qt.DropAction.CopyAction, -1, -1, index)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(taken)
        self.stopAutoScroll()
        self.setState(QAbstractItemView.State.NoState)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the light over the target row."""
        super().paintEvent(event)
        if not 0 <= self.drop_line < self.rows.rowCount():
            return
        top = self.rowViewportPosition(self.drop_line)
        row = QRect(0, top, self.viewport().width() - 1, self.rowHeight(self.drop_line) - 1)
        shade = self.palette().color(QPalette.ColorRole.Highlight)
        painter = QPainter(self.viewport())
        painter.setPen(QPen(shade, 2))
        shade.setAlpha(70)
        painter.setBrush(shade)
        painter.drawRect(row)
        painter.end()

    def _light(self, line: int) -> None:
        if line != self.drop_line:
            self.drop_line = line
            self.lit.emit(line)
            self.viewport().update()
