"""A header whose AutoSync section holds a check box for all shown rows."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import QHeaderView, QStyle, QStyleOptionButton, QStyleOptionHeader, QWidget

from stickysync_gui.ui import theme

MARGIN = 4


class TickHeader(QHeaderView):
    """Draws a check box at the left of one section.

    Args:
        section: which one.
    """

    toggled = Signal(bool)
    """The box was clicked; the state that is wanted for all shown rows."""

    def __init__(self, section: int, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._section = section
        self.box_state = Qt.CheckState.Unchecked
        self.setSectionsClickable(True)
        self.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def show_state(self, state: Qt.CheckState) -> None:
        """Show whether all, some or none of the rows are ticked."""
        if state is not self.box_state:
            self.box_state = state
            self.viewport().update()

    def box(self) -> QRect:
        """Where the check box is, in the viewport."""
        side = self.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth)
        left = self.sectionViewportPosition(self._section) + MARGIN
        return QRect(left, (self.height() - side) // 2, side, side)

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, logicalIndex: int) -> None:
        """Leave the section's left to the box."""
        super().initStyleOptionForIndex(option, logicalIndex)
        if logicalIndex == self._section:
            blank = max(1, self.fontMetrics().horizontalAdvance(" "))
            option.text = " " * math.ceil((self.box().width() + MARGIN) / blank) + option.text

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        """Draw the section, its text moved to the right of the box."""
        if logicalIndex != self._section:
            super().paintSection(painter, rect, logicalIndex)
            return
        painter.save()
        super().paintSection(painter, rect, logicalIndex)
        painter.restore()
        option = QStyleOptionButton()
        option.rect = self.box()
        option.palette = self.palette()
        option.palette.setColor(QPalette.ColorRole.Window, theme.box_ground())
        flags = {
            Qt.CheckState.Checked: QStyle.StateFlag.State_On,
            Qt.CheckState.PartiallyChecked: QStyle.StateFlag.State_NoChange,
            Qt.CheckState.Unchecked: QStyle.StateFlag.State_Off,
        }
        option.state = QStyle.StateFlag.State_Enabled | flags[self.box_state]
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorCheckBox, option, painter, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Toggle on the box; sort beside it."""
        if self.box().contains(event.position().toPoint()) and event.button() is Qt.MouseButton.LeftButton:
            # The press made the section look pressed; a release outside any section undoes that without sorting.
            self.toggled.emit(self.box_state is not Qt.CheckState.Checked)
            return
        super().mouseReleaseEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Keep the box's clicks from sorting."""
        if not self.box().contains(event.position().toPoint()):
            super().mousePressEvent(event)
