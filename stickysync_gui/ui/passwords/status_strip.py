"""The stacked bar over the table: how many passwords stand where; a click filters."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPalette
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QToolButton, QToolTip, QVBoxLayout, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.marks import Mark

BAR_HEIGHT = 12
LEAST_SEGMENT = 4
GAP = 1


class _Flow(QLayout):
    """Puts its items one behind the other and begins a new line where one no longer fits."""

    SPACING = 4

    def __init__(self) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        x, y, line = rect.x(), rect.y(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y, line = rect.x(), y + line + self.SPACING, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self.SPACING
            line = max(line, size.height())
        return y + line - rect.y()


class StatusBarChart(QWidget):
    """The bar itself: for the eye and the mouse; the buttons below it say the same to everybody."""

    clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._segments: list[tuple[Mark, int]] = []
        self.chosen: Mark | None = None
        self.setFixedHeight(BAR_HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, segments: list[tuple[Mark, int]]) -> None:
        """Show these segments, none of them zero."""
        self._segments = segments
        self.update()

    def segment_at(self, x: float) -> Mark | None:
        """The mark whose segment is there."""
        return next((mark for mark, left, width in self._edges() if left <= x < left + width + GAP), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the segments; those filtered away are faint."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(self.rect()), BAR_HEIGHT / 2, BAR_HEIGHT / 2)
        painter.setClipPath(clip)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Mid))
        for mark, left, width in self._edges():
            shade = theme.color(mark.tone)
            if self.chosen is not None and mark is not self.chosen:
                painter.fillRect(QRectF(left, 0, width, BAR_HEIGHT), self.palette().color(QPalette.ColorRole.Window))
                shade.setAlpha(70)
            painter.fillRect(QRectF(left, 0, width, BAR_HEIGHT), shade)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the segment under the mouse."""
        mark = self.segment_at(event.position().x())
        if (
            event.button() is Qt.MouseButton.LeftButton
            and mark is not None
            and self.rect().contains(event.position().toPoint())
        ):
            self.clicked.emit(mark)

    def event(self, event: QEvent) -> bool:
        """Say what a segment stands for."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            mark = self.segment_at(event.pos().x())
            count = dict(self._segments).get(mark, 0) if mark else 0
            QToolTip.showText(event.globalPos(), f"{mark.label}: {count:,}" if mark else "", self)
            return True
        return super().event(event)

    def _edges(self) -> list[tuple[Mark, float, float]]:
        total = sum(count for _, count in self._segments)
        if not total:
            return []
        room = self.width() - GAP * (len(self._segments) - 1)
        widths = [max(float(LEAST_SEGMENT), room * count / total) for _, count in self._segments]
        scale = room / sum(widths)
        edges, left = [], 0.0
        for (mark, _), width in zip(self._segments, widths, strict=True):
            edges.append((mark, left, width * scale))
            left += width * scale + GAP
        return edges


class StatusStrip(QWidget):
    """Bar and buttons: one for each status that occurs."""

    chosen = Signal(object)
    """The mark to filter by, or None for all."""
    leftovers_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Passwords by status")
        self.bar = StatusBarChart()
        self.bar.clicked.connect(self._clicked)
        self._chosen: Mark | None = None
        flow = _Flow()
        self.buttons = {mark: self._button(mark) for mark in marks.ALL}
        for button in self.buttons.values():
            flow.addWidget(button)
        self.leftovers = self._leftovers_button()
        flow.addWidget(self.leftovers)
        chips = QWidget()
        chips.setLayout(flow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addWidget(chips)

    def show_counts(self, counts: Counter[Mark]) -> None:
        """Show how many rows carry each mark."""
        for mark, button in self.buttons.items():
            count = counts[mark]
            button.setVisible(count > 0 or mark is self._chosen)
            button.setText(f"{mark.label} {count:,}")
        self.bar.show_counts([(mark, counts[mark]) for mark in marks.ALL if counts[mark]])

    def show_chosen(self, mark: Mark | None) -> None:
        """Show by which status the table is filtered."""
        self._chosen = mark
        self.bar.chosen = mark
        self.bar.update()
        for other, button in self.buttons.items():
            button.setChecked(other is mark)

    def show_leftovers(self, words: str) -> None:
        """Show the button to what stands beside the passwords, when there is something."""
        self.leftovers.setText(f"{words}…" if words else "")
        self.leftovers.setVisible(bool(words))

    def _leftovers_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(theme.icon("info", theme.Tone.ALERT))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip("Orphaned links, and entries left behind in a former organization")
        button.clicked.connect(self.leftovers_asked)
        button.hide()
        return button

    def _button(self, mark: Mark) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setIcon(mark.icon)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(f"Show only “{mark.label}”")
        button.clicked.connect(lambda: self._clicked(mark))
        button.hide()
        return button

    def _clicked(self, mark: Mark) -> None:
        self.chosen.emit(None if mark is self._chosen else mark)
