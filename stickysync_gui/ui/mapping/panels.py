"""The two lists of Org Mapping with their search boxes, and the line of buttons below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from stickysync_gui.domain.overview import OrganizationRow
from stickysync_gui.ui import theme
from stickysync_gui.ui.controls import ElidedLabel, SearchBox, label, push_button, tool_button
from stickysync_gui.ui.mapping.clients import ClientLine, ClientModel, unmapped_only
from stickysync_gui.ui.mapping.drop_table import DropTable
from stickysync_gui.ui.mapping.organizations import OrganizationModel
from stickysync_gui.ui.row_list import accept_all
from stickysync_gui.ui.wording import counted


def clients_called(lines: Sequence[ClientLine]) -> str:
    """One client by its name, several by their number."""
    return lines[0].row.client.name if len(lines) == 1 else counted(len(lines), "client")


def organizations_called(rows: list[OrganizationRow]) -> str:
    """One organization by its name, several by their number."""
    return rows[0].organization.name if len(rows) == 1 else counted(len(rows), "organization")


class ClientPanel(QWidget):
    """Automate's clients."""

    def __init__(self, model: ClientModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.table: DropTable[ClientLine] = DropTable(model, "Automate clients", "client", clients_called)
        self.search = SearchBox("Search clients", self._filter, "Ctrl+F")
        self.search.went_down.connect(self.table.take_focus)
        self.unmapped = QCheckBox("&Unmapped only")
        self.unmapped.toggled.connect(self._filter)
        head = QHBoxLayout()
        head.addWidget(label("Automate clients", bold=True, wrap=False))
        head.addWidget(self.search, 1)
        head.addWidget(self.unmapped)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 4, 0)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)

    def say_why_empty(self) -> None:
        """Word what the empty list means."""
        if self._model.list.rows:
            words = "Every client is mapped." if self.unmapped.isChecked() else "No client fits the search."
            self.table.show_state("ok", words, "Show all", self.clear)
        else:
            self.table.show_state("client", "Automate holds no clients.")

    def clear(self) -> None:
        """Show all clients."""
        self.search.clear()
        self.unmapped.setChecked(False)

    def _filter(self, *_: object) -> None:
        self._model.filter(self.search.text(), unmapped_only if self.unmapped.isChecked() else accept_all)
        if self._model.list.rows:
            self.say_why_empty()

    def state(self) -> dict[str, Any]:
        """Columns and filters, for the settings file."""
        return {"table": self.table.layout_state(), "unmapped_only": self.unmapped.isChecked()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""
        self.table.restore_layout(dict(state.get("table", {})))
        self.unmapped.setChecked(bool(state.get("unmapped_only", False)))


class OrganizationPanel(QWidget):
    """IT Glue's organizations."""

    def __init__(self, model: OrganizationModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.table: DropTable[OrganizationRow] = DropTable(
            model, "IT Glue organizations", "organization", organizations_called
        )
        self.search = SearchBox("Search organizations", self._filter, "Ctrl+Shift+F")
        self.search.went_down.connect(self.table.take_focus)
        head = QHBoxLayout()
        head.addWidget(label("IT Glue organizations", bold=True, wrap=False))
        head.addWidget(self.search, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)

    def say_why_empty(self, *, reachable: bool = True) -> None:
        """Word what the empty list means."""
        if self._model.list.rows:
            self.table.show_state("search", "No organization fits the search.", "Show all", self.search.clear)
        elif reachable:
            self.table.show_state("organization", "This API key sees no organizations in IT Glue.")
        else:
            self.table.show_state("itglue", "IT Glue is not connected, so there is nothing to map to.")

    def _filter(self, text: str) -> None:
        self._model.filter(text)

    def state(self) -> dict[str, Any]:
        """Columns, for the settings file."""
        return {"table": self.table.layout_state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""
        self.table.restore_layout(dict(state.get("table", {})))


HINT = "Drag an organization onto a client, or clients onto an organization."


class MappingBar(QWidget):
    """Counts and buttons of the tab.

    Args:
        map_, unmap, undo, redo, suggest, import_, export, refresh: what the buttons do.
    """

    def __init__(
        self,
        *,
        map_: Callable[[], None],
        unmap: Callable[[], None],
        undo: Callable[[], None],
        redo: Callable[[], None],
        suggest: Callable[[], None],
        import_: Callable[[], None],
        export: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        super().__init__()
        self.counts = label(quiet=True, wrap=False)
        self.refresh = tool_button("refresh", "Read clients and organizations again (F5)", refresh)
        self.undo = tool_button("undo", "Undo", undo, shortcut="Ctrl+Z")
        self.redo = tool_button("redo", "Redo", redo, shortcut="Ctrl+Y")
        self.files = QToolButton()
        self.files.setText("CSV")
        self.files.setAccessibleName("Import or export the mapping as CSV")
        self.files.setToolTip("Import or export the mapping as CSV")
        self.files.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.files)
        menu.addAction("Import…").triggered.connect(lambda: import_())
        menu.addAction("Export…").triggered.connect(lambda: export())
        self.files.setMenu(menu)
        self.suggest = push_button("Suggestions", suggest, icon="suggest", shortcut="Ctrl+G")
        self.unmap = push_button(
            "Unmap", unmap, icon="unlink", tip="Remove the mapping of the selected clients (Delete)"
        )
        self.map = push_button(
            "Map", map_, icon="link", tip="Map the selected clients to the selected organization (Enter)"
        )
        # Gives way first when the window is narrow.
        self.hint = ElidedLabel("What a drag would do")
        self.hint.say(HINT)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.counts)
        layout.addSpacing(12)
        layout.addWidget(self.hint, 1)
        for widget in (self.refresh, self.undo, self.redo, self.files, self.suggest, self.unmap, self.map):
            layout.addWidget(widget)

    def show_drop(self, words: str) -> None:
        """Say what a drop would do now; the general hint when it would do nothing."""
        self.hint.say(words or HINT)

    def show_suggestion_count(self, count: int) -> None:
        """Say how many suggestions there are."""
        self.suggest.setText(f"Suggestions ({count:,})" if count else "Suggestions")
        self.suggest.setIcon(theme.icon("suggest", theme.Tone.NEW if count else theme.Tone.TEXT))

    def show_usable(self, *, can_map: bool, can_unmap: bool, undo: str, redo: str, loaded: bool) -> None:
        """Enable what can be used now.

        Args:
            undo, redo: the act that can be undone or redone, in words; empty for none.
        """
        self.map.setEnabled(can_map)
        self.unmap.setEnabled(can_unmap)
        self.files.setEnabled(loaded)
        self.undo.setEnabled(bool(undo))
        self.redo.setEnabled(bool(redo))
        self.undo.setToolTip(f"Undo: {undo} (Ctrl+Z)" if undo else "Nothing to undo (Ctrl+Z)")
        self.redo.setToolTip(f"Redo: {redo} (Ctrl+Y)" if redo else "Nothing to redo (Ctrl+Y)")
