"""The table of passwords: ticks by click, Space and header; links and Sync buttons in cells; its context menu."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.passwords import model as columns
from stickysync_gui.ui.passwords.choices import Choice, shared_choices
from stickysync_gui.ui.passwords.delegates import LinkDelegate, SyncButtonDelegate
from stickysync_gui.ui.passwords.links import is_safe
from stickysync_gui.ui.passwords.model import PasswordRow
from stickysync_gui.ui.passwords.tick_header import TickHeader
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table
from stickysync_gui.ui.wording import counted


class PasswordTable(Table[PasswordRow]):
    """Says what the user wants; does nothing itself."""

    ticks_wanted = Signal(list, bool)
    """Records, and whether AutoSync shall be on for them."""
    sync_wanted = Signal(list)
    open_wanted = Signal(object)
    choice_wanted = Signal(list, object)
    """Records and the Choice for all of them."""

    def __init__(self, model: RowModel[PasswordRow], parent: QWidget | None = None) -> None:
        super().__init__(model, "Passwords", parent)
        self.header = TickHeader(columns.AUTOSYNC, self)
        self.setHorizontalHeader(self.header)
        self._set_up_header()
        self.runs_allowed = False
        self._link_delegate = LinkDelegate(self)
        self._sync_delegate = SyncButtonDelegate(self)
        self.setItemDelegateForColumn(columns.ENTRY, self._link_delegate)
        self.setItemDelegateForColumn(columns.SYNC, self._sync_delegate)
        self.setMouseTracking(True)
        self.header.toggled.connect(lambda on: self.ticks_wanted.emit(model.list.shown_rows(), on))
        model.tick_requested.connect(lambda row, on: self.ticks_wanted.emit([row], on))
        model.rows_shown.connect(self.show_ticks)
        self.clicked.connect(self._cell_clicked)
        self.menu_wanted.connect(self._show_menu)
        self.entered_row.connect(self._open_current)

    def allow_runs(self, allowed: bool) -> None:
        """Enable or grey the Sync buttons."""
        self.runs_allowed = allowed
        self._sync_delegate.enabled = allowed
        left, width = self.columnViewportPosition(columns.SYNC), self.columnWidth(columns.SYNC)
        self.viewport().update(left, 0, width, self.viewport().height())

    def show_ticks(self) -> None:
        """Show in the header whether all, some or none of the shown rows are ticked."""
        shown = self.rows.list
        ticked = sum(map(attrgetter("ticked"), map(shown.rows.__getitem__, shown.shown)))
        if not ticked:
            state = Qt.CheckState.Unchecked
        else:
            state = Qt.CheckState.Checked if ticked == len(shown) else Qt.CheckState.PartiallyChecked
        self.header.show_state(state)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space ticks or unticks all selected rows together."""
        rows = self.selected_rows()
        if event.key() == Qt.Key.Key_Space and not event.modifiers() and rows:
            self.ticks_wanted.emit(rows, not all(row.ticked for row in rows))
            return
        super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a hand over what can be clicked."""
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        row = self.rows.row_at(index)
        link = row is not None and index.column() == columns.ENTRY and bool(row.entry_url)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if link else Qt.CursorShape.ArrowCursor)

    def menu(self, rows: Sequence[PasswordRow]) -> QMenu:
        """The context menu for these records."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        sync = menu.addAction(theme.icon("sync"), f"Sync {counted(len(rows), 'password')}\tCtrl+Return")
        sync.setEnabled(self.runs_allowed)
        sync.triggered.connect(lambda: self.sync_wanted.emit(list(rows)))
        menu.addSeparator()
        on = menu.addAction("Turn AutoSync on\tSpace" if not any(r.ticked for r in rows) else "Turn AutoSync on")
        on.setEnabled(not all(row.ticked for row in rows))
        on.triggered.connect(lambda: self.ticks_wanted.emit(list(rows), True))
        off = menu.addAction("Turn AutoSync off")
        off.setEnabled(any(row.ticked for row in rows))
        off.triggered.connect(lambda: self.ticks_wanted.emit(list(rows), False))
        menu.addSeparator()
        if len(rows) == 1:
            self._add_open(menu, rows[0])
        self._add_choices(menu, rows)
        copy = menu.addAction(theme.icon("copy"), "Copy the rows (never passwords)\tCtrl+C")
        copy.triggered.connect(self.copy_selection)
        return menu

    def _add_open(self, menu: QMenu, row: PasswordRow) -> None:
        entry = menu.addAction(theme.icon("external"), "Open the entry in IT Glue\tReturn")
        entry.setEnabled(is_safe(row.entry_url))
        entry.triggered.connect(lambda: self.open_wanted.emit(row))

    def _add_choices(self, menu: QMenu, rows: Sequence[PasswordRow]) -> None:
        plans = [row.planned for row in rows if row.planned is not None]
        if len(plans) == len(rows):
            for choice in shared_choices(plans):
                self._add_choice(menu, rows, choice)
        menu.addSeparator()

    def _add_choice(self, menu: QMenu, rows: Sequence[PasswordRow], choice: Choice) -> None:
        icons = {"keep": "check", "anew": "add", "pick": "link", "create": "add", "unlink": "unlink"}
        action = menu.addAction(theme.icon(icons[choice.name]), choice.words if len(rows) == 1 else choice.many)
        # A decision in the middle of a run would change the ground under it.
        action.setEnabled(self.runs_allowed)
        action.triggered.connect(lambda: self.choice_wanted.emit(list(rows), choice))

    def _show_menu(self, at: QPoint) -> None:
        rows = self.selected_rows()
        if rows:
            menu = self.menu(rows)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(at)

    def _cell_clicked(self, index: QModelIndex) -> None:
        row = self.rows.row_at(index)
        if row is None:
            return
        if index.column() == columns.ENTRY and row.entry_url:
            self.open_wanted.emit(row)
        elif index.column() == columns.SYNC and self.runs_allowed and row.can_sync:
            self.sync_wanted.emit([row])

    def _open_current(self) -> None:
        row = self.rows.row_at(self.currentIndex())
        if row is not None and row.entry_url:
            self.open_wanted.emit(row)
