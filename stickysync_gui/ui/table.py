"""A table view over a RowModel: keyed selection, remembered columns, copying, and states instead of emptiness."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QHelpEvent, QKeyEvent, QKeySequence, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from stickysync_gui.ui import theme
from stickysync_gui.ui.overlay import Overlay
from stickysync_gui.ui.rows import Index, RowModel

T = TypeVar("T")

ROW_PADDING = 10
LEAST_SHARE = 0.72
"""Columns are not made narrower than this share of their first width to fit the window."""
# Beyond that, finding all selected rows again after a sort costs more than it is worth to anybody.
KEPT_SELECTION = 20_000


class TickDelegate(QStyledItemDelegate):
    """Draws check boxes whose outline can be seen in a dark window, too."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Another ground for the outline; the cell itself is drawn over it."""
        super().initStyleOption(option, index)
        option.palette.setColor(QPalette.ColorRole.Window, theme.box_ground())


class Table(QTableView, Generic[T]):
    """A read-only table of records.

    Args:
        model: what it shows.
        name: spoken by screen readers, and the key of its remembered columns.
    """

    entered_row = Signal()
    """Enter was pressed or a row double-clicked."""
    delete_pressed = Signal()
    menu_wanted = Signal(QPoint)
    """A context menu is asked for, at this global position."""
    selected = Signal()
    """The selection changed."""

    def __init__(self, model: RowModel[T], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = model
        self._kept: list[Hashable] = []
        self._kept_current: Hashable | None = None
        # Until the user, or an earlier session, gave the columns widths of their own.
        self._fits = True
        self.setAccessibleName(name)
        self.setModel(model)
        self.overlay = Overlay(self)
        self._set_up()
        model.modelAboutToBeReset.connect(self._keep_selection)
        model.modelReset.connect(self._restore_selection)
        self.selectionModel().selectionChanged.connect(self._selection_changed)

    def _set_up(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        ticks = TickDelegate(self)
        for section, column in enumerate(self.rows.columns):
            if column.checked is not None:
                self.setItemDelegateForColumn(section, ticks)
        self.setTabKeyNavigation(False)
        # Without that, enabling would sort by the first column at once.
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        lines = self.verticalHeader()
        lines.setVisible(False)
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        lines.setDefaultSectionSize(self.fontMetrics().height() + ROW_PADDING)
        self._set_up_header()

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setStretchLastSection(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicatorClearable(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        for section, column in enumerate(self.rows.columns):
            self.setColumnWidth(section, column.width)
        header.sectionResized.connect(self._resized_by_somebody)

    # -- selection ---------------------------------------------------------------------------------------------------

    def selected_lines(self) -> list[int]:
        """The selected lines in order, from the selection's ranges: thousands of rows cost nothing."""
        lines: set[int] = set()
        for part in self.selectionModel().selection().toList():
            lines.update(range(part.top(), part.bottom() + 1))
        return sorted(lines)

    def selected_rows(self) -> list[T]:
        """The selected records in order of their lines."""
        count = len(self.rows.list)
        return [self.rows.list.at(line) for line in self.selected_lines() if line < count]

    def select_keys(self, keys: list[Hashable], current: Hashable | None = None) -> None:
        """Select these records where they are shown, and nothing else."""
        lines = sorted(line for key in keys if (line := self.rows.list.line_of(key)) is not None)
        selection, last = QItemSelection(), len(self.rows.columns) - 1
        start = 0
        for position, line in enumerate(lines):
            if position + 1 == len(lines) or lines[position + 1] != line + 1:
                selection.select(self.rows.index(lines[start], 0), self.rows.index(line, last))
                start = position + 1
        chosen = self.selectionModel()
        line_of_current = self.rows.list.line_of(current) if current is not None else None
        if line_of_current is not None:
            column = max(0, self.currentIndex().column())
            chosen.setCurrentIndex(self.rows.index(line_of_current, column), QItemSelectionModel.SelectionFlag.NoUpdate)
        chosen.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def select_only(self, key: Hashable) -> None:
        """Select one record, make it current and bring it into sight."""
        self.select_keys([key], key)
        self.scrollTo(self.currentIndex())

    def take_focus(self) -> None:
        """Go on here from a search box: with the row that was chosen, or with the first."""
        if not self.selected_lines() and len(self.rows.list):
            self.selectRow(0)
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _keep_selection(self) -> None:
        rows, key = self.selected_rows(), self.rows.list.key
        self._kept = [key(row) for row in rows] if len(rows) <= KEPT_SELECTION else []
        current = self.rows.row_at(self.currentIndex())
        self._kept_current = key(current) if current is not None else None

    def _restore_selection(self) -> None:
        # Left to itself, Qt does so behind the first paint of the new rows, and paints them once more.
        self.executeDelayedItemsLayout()
        if self._kept or self._kept_current is not None:
            self.select_keys(self._kept, self._kept_current)
        self.selected.emit()
        self.overlay.update_visibility()

    def _selection_changed(self, *_: object) -> None:
        self.selected.emit()

    # -- keys, copying, tool tips ------------------------------------------------------------------------------------

    def copy_selection(self) -> None:
        """Put the selected rows on the clipboard as tab-separated text, in the order seen on screen."""
        header = self.horizontalHeader()
        sections = [header.logicalIndex(place) for place in range(header.count())]
        columns = [self.rows.columns[section] for section in sections if not header.isSectionHidden(section)]
        columns = [column for column in columns if column.title]
        lines = ["\t".join(column.title for column in columns)]
        lines += ["\t".join(" ".join(c.text(row).split()) for c in columns) for row in self.selected_rows()]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, Enter, Delete and the menu key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered_row.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: Any) -> None:
        """Ask for a menu at the mouse, or at the current row when it was a key."""
        if event.reason() == event.Reason.Keyboard:
            at = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        else:
            at = event.globalPos()
        self.menu_wanted.emit(at)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint the lines in sight that changed; between the first and the last of them most did not."""
        model = self.rows
        top, bottom = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        end = last.row() if bottom < 0 else min(last.row(), bottom)
        for line in range(max(first.row(), top), end + 1):
            if line in model.changed_lines:
                super().dataChanged(model.index(line, first.column()), model.index(line, last.column()), roles)

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the whole text of a cell that is cut off."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            tip = index.data(Qt.ItemDataRole.ToolTipRole)
            if not tip and index.isValid():
                text = str(index.data() or "")
                inner = self.visualRect(index).width() - 8
                tip = text if self.fontMetrics().horizontalAdvance(text) > inner else ""
            if tip:
                QToolTip.showText(event.globalPos(), tip, self.viewport(), self.visualRect(index))
                return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the state text over the rows' place."""
        super().resizeEvent(event)
        self.overlay.setGeometry(self.viewport().geometry())
        if self._fits:
            self._fit_columns()

    def _fit_columns(self) -> None:
        """Share the room out in proportion to the columns' first widths; narrow windows scroll instead."""
        columns = self.rows.columns
        fixed = sum(column.width for column in columns if column.fixed)
        elastic = sum(column.width for column in columns if not column.fixed)
        share = max(LEAST_SHARE, (self.viewport().width() - fixed) / elastic) if elastic else 1.0
        # Told of each new width, Qt would paint everything again, on a timer: after the paint that is due anyway.
        with QSignalBlocker(self.horizontalHeader()):
            for section, column in enumerate(columns):
                self.setColumnWidth(section, column.width if column.fixed else int(column.width * share))
        self.updateGeometries()
        self.viewport().update()

    def _resized_by_somebody(self, *_: object) -> None:
        self._fits = False

    def changeEvent(self, event: QEvent) -> None:
        """Follow the font's size."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + ROW_PADDING)

    # -- states and memory -------------------------------------------------------------------------------------------

    def show_state(
        self, icon: str, words: str, button: str = "", act: Callable[[], None] | None = None, *, busy: bool = False
    ) -> None:
        """What stands in place of rows while there are none (see `Overlay.say`)."""
        self.overlay.say(icon, words, button, act, busy=busy)

    def layout_state(self) -> dict[str, Any]:
        """Widths, order and sorting of the columns, for the settings file."""
        header = self.horizontalHeader()
        columns = self.rows.columns
        widths = {column.title: self.columnWidth(n) for n, column in enumerate(columns) if column.title}
        state: dict[str, Any] = {
            "widths": {} if self._fits else widths,
            "order": [columns[header.logicalIndex(place)].title for place in range(header.count())],
        }
        if self.rows.list.sorted_by is not None:
            section, descending = self.rows.list.sorted_by
            state |= {"sorted_by": columns[section].title, "descending": descending}
        return state

    def restore_layout(self, state: dict[str, Any]) -> None:
        """Take up what `layout_state` gave; whatever no longer fits is passed over."""
        header = self.horizontalHeader()
        if state.get("widths"):
            self._fits = False
        titles = [column.title for column in self.rows.columns]
        for title, width in dict(state.get("widths", {})).items():
            if title in titles and isinstance(width, int) and width > 0:
                self.setColumnWidth(titles.index(title), width)
        for place, title in enumerate(state.get("order", [])):
            if title in titles and place < header.count():
                header.moveSection(header.visualIndex(titles.index(title)), place)
        if state.get("sorted_by") in titles:
            descending = bool(state.get("descending", False))
            order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
            self.sortByColumn(titles.index(state["sorted_by"]), order)
