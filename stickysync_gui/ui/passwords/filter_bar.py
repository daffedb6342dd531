"""The line of filters over the passwords: client, status, text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from stickysync_gui.ui.controls import SearchBox, label, tool_button
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.client_filter import ClientFilter
from stickysync_gui.ui.passwords.marks import Mark
from stickysync_gui.ui.passwords.model import PasswordFilter, PasswordRow
from stickysync_gui.ui.row_list import accept_all
from stickysync_gui.ui.wording import ago

TYPING_MS = 60
"""Filtering waits that long for the next key."""
CLOCK_MS = 30_000


class FilterBar(QWidget):
    """What is shown. It emits one signal for whatever changed.

    Args:
        refresh: reads both sides anew.
    """

    changed = Signal()

    def __init__(self, refresh: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.clients = ClientFilter()
        self.clients.chosen.connect(self.changed)
        self.statuses = QComboBox()
        self.statuses.setAccessibleName("Status")
        self.statuses.setToolTip("Show one status")
        self.statuses.setMinimumWidth(190)
        self.statuses.addItem("Every status", None)
        self.statuses.activated.connect(lambda _: self._status_chosen())
        self._wanted_mark = ""
        self.search = SearchBox("Search client, title, user name, URL…", lambda _: self._typing.start(), "Ctrl+F")
        self.search.setAccessibleName("Search in the passwords")
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self.changed)
        self.search.went_down.connect(self._flush)
        self._read_at: datetime | None = None
        self.age = label(quiet=True, wrap=False)
        self._clock = QTimer(self, interval=CLOCK_MS)
        self._clock.timeout.connect(self._show_age)
        self._clock.start()
        self.refresh = tool_button("refresh", "Read Automate and IT Glue again (F5)", refresh)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.clients)
        layout.addWidget(self.statuses)
        layout.addWidget(self.search, 1)
        layout.addWidget(self.age)
        layout.addWidget(self.refresh)

    def _flush(self) -> None:
        if self._typing.isActive():
            self._typing.stop()
            self.changed.emit()

    @property
    def filter(self) -> Callable[[PasswordRow], bool]:
        """What client and status filter let through."""
        if self.clients.client_id is None and self.mark is None:
            return accept_all
        return PasswordFilter(self.clients.client_id, self.mark.name if self.mark else None)

    @property
    def mark(self) -> Mark | None:
        """The chosen status, or None for every."""
        return marks.BY_NAME.get(self._wanted_mark)

    def choose_mark(self, mark: Mark | None) -> None:
        """Filter by a status."""
        self._wanted_mark = mark.name if mark else ""
        self._show_mark()
        self.changed.emit()

    def show_counts(self, counts: Counter[Mark]) -> None:
        """Offer the statuses that occur, and the chosen one."""
        self.statuses.clear()
        self.statuses.addItem("Every status", None)
        for mark in marks.ALL:
            if counts[mark] or mark is self.mark:
                self.statuses.addItem(mark.icon, f"{mark.label} ({counts[mark]:,})", mark.name)
        self._show_mark()

    def show_read_at(self, read_at: datetime | None) -> None:
        """Show how old the reading of IT Glue is."""
        self._read_at = read_at
        self._show_age()

    def clear(self) -> None:
        """Show everything."""
        self._wanted_mark = ""
        self._show_mark()
        self.search.clear()
        self._typing.stop()
        self.clients.choose(None)

    def state(self) -> dict[str, object]:
        """The filters, for the settings file."""
        client_id = self.clients.client_id
        state: dict[str, object] = {"status": self._wanted_mark, "text": self.search.text()}
        return state if client_id is None else {**state, "client": client_id}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what `state` gave."""
        client, status = state.get("client"), str(state.get("status", ""))
        self.clients.remember(client if isinstance(client, int) else None)
        self._wanted_mark = status if status in marks.BY_NAME else ""
        self.search.setText(str(state.get("text", "")))

    def _status_chosen(self) -> None:
        self._wanted_mark = str(self.statuses.currentData() or "")
        self.changed.emit()

    def _show_mark(self) -> None:
        self.statuses.setCurrentIndex(max(0, self.statuses.findData(self._wanted_mark or None)))

    def _show_age(self) -> None:
        now = datetime.now().astimezone()
        self.age.setText(f"IT Glue read {ago(self._read_at, now)}" if self._read_at else "")
