"""The Org Mapping tab: clients left, organizations right, dragged onto each other or mapped by key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

from stickysync_gui.domain.overview import MappingOverview
from stickysync_gui.errors import MappingChanged
from stickysync_gui.ui.garbage import keep, sweep
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.mapping.clients import ClientLine, ClientModel
from stickysync_gui.ui.mapping.csv_exchange import CsvExchange
from stickysync_gui.ui.mapping.lists import build_lists
from stickysync_gui.ui.mapping.menus import mapping_menu
from stickysync_gui.ui.mapping.organizations import OrganizationModel
from stickysync_gui.ui.mapping.panels import ClientPanel, MappingBar, OrganizationPanel, clients_called
from stickysync_gui.ui.mapping.questions import Entries, apply_to_entries, asked
from stickysync_gui.ui.mapping.suggestions import SuggestionPanel
from stickysync_gui.ui.mapping.undo import MapCommand, Remap
from stickysync_gui.ui.row_list import RowList
from stickysync_gui.ui.table import Table
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend
    from stickysync_gui.domain.matching import Suggestion

READ = "Read the mapping"
SAVE = "Save the mapping"
DRAG_POLL_SECONDS = 0.05


class MappingPage(QWidget):
    """Shows and changes the company map.

    Args:
        jobs: where its coroutines run.
        say: shows a passing remark in the window's corner.
    """

    mapping_changed = Signal()
    """A mapping was written, so the passwords' plan is another."""
    passwords_asked = Signal(int)
    """The id of a client whose passwords the user wants to see."""

    def __init__(self, jobs: Jobs, say: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._csv = CsvExchange(self, jobs, say)
        self._csv.imported.connect(self._import)
        self._backend: Backend | None = None
        self._overview: MappingOverview | None = None
        self._suggestions: list[Suggestion] = []
        self.stack = QUndoStack(self)
        self.clients = ClientModel(self)
        self.organizations = OrganizationModel(self)
        self.left = ClientPanel(self.clients)
        self.right = OrganizationPanel(self.organizations)
        self.suggestions = SuggestionPanel()
        self.bar = MappingBar(
            map_=self.map_selected,
            unmap=self.unmap_selected,
            undo=self.stack.undo,
            redo=self.stack.redo,
            suggest=self.show_suggestions,
            import_=self.import_csv,
            export=self.export_csv,
            refresh=self.refresh,
        )
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.addWidget(self.left)
        sides.addWidget(self.right)
        sides.setStretchFactor(0, 1)
        sides.setStretchFactor(1, 1)
        sides.setSizes([650, 590])
        sides.setChildrenCollapsible(False)
        self.suggestions.hide()
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(sides)
        split.addWidget(self.suggestions)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addWidget(split, 1)
        layout.addWidget(self.bar)
        self._connect()
        self._show_usable()

    def _connect(self) -> None:
        self.clients.map_requested.connect(self.map_clients)
        self.organizations.map_requested.connect(self.map_clients)
        for panel in (self.left, self.right):
            panel.table.selected.connect(self._show_usable)
            panel.table.entered_row.connect(self.map_selected)
            panel.table.menu_wanted.connect(partial(self._show_menu, panel.table))
        self.left.table.delete_pressed.connect(self.unmap_selected)
        self.left.table.lit.connect(self._show_drop)
        self.right.table.lit.connect(self._show_drop)
        self.suggestions.accepted.connect(self._accept)
        self.suggestions.dismissed.connect(self._dismiss)
        self.suggestions.bring_back_asked.connect(self._bring_back)
        self.stack.indexChanged.connect(self._show_usable)
        self._jobs.changed.connect(self._show_usable)

    # -- reading -----------------------------------------------------------------------------------------------------

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend
        self.stack.clear()

    def forget(self) -> None:
        """Show nothing, because there is no connection any more."""
        self._overview = None
        self._suggestions = []
        self.stack.clear()
        self.clients.show_rows([])
        self.organizations.show_rows([])
        self.suggestions.show_list(RowList(self.suggestions.model.columns, self.suggestions.model.list.key))

    def refresh(self, *, replacing: bool = False) -> None:
        """Read both lists anew, organizations included; `replacing` a reading from elsewhere that is on."""
        if self._backend is not None:
            self._jobs.start(READ, self._read(self._backend, refresh=True), exclusive=READ, replacing=replacing)

    async def _read(self, backend: Backend, *, refresh: bool = False) -> None:
        sweep()
        if self._overview is None:
            for panel in (self.left, self.right):
                panel.table.show_state("status-checking", "Reading…", busy=True)
        try:
            overview = await backend.mapping_overview(refresh=refresh)
            self._suggestions = await backend.suggestions() if backend.itglue_state is not None else []
        except Exception:
            for panel in (self.left, self.right):
                panel.table.show_state("error", "The lists could not be read.", "Try again", self.refresh)
            raise
        await self._show(overview)
        keep()

    async def _show(self, overview: MappingOverview) -> None:
        views = (self.clients.list, self.organizations.list, self.suggestions.model.list)
        built = await asyncio.to_thread(build_lists, overview, self._suggestions, views)
        while self.left.table.is_dragging or self.right.table.is_dragging:
            # Rows must not change under a drag.
            await asyncio.sleep(DRAG_POLL_SECONDS)
        self._overview = overview
        self.clients.known = built.organization_ids
        self.organizations.known = built.client_ids
        # A search may have changed while the lists were built.
        built.clients.filter_like(self.clients.list)
        built.organizations.filter_like(self.organizations.list)
        self.clients.show_list(built.clients)
        self.organizations.show_list(built.organizations)
        self.left.say_why_empty()
        self.right.say_why_empty(reachable=self._backend is not None and self._backend.itglue_state is not None)
        self.suggestions.show_list(built.suggestions)
        self.suggestions.show_dismissed(len(self._backend.settings.dismissed_suggestions) if self._backend else 0)
        self.bar.show_suggestion_count(len(self._suggestions))
        self.bar.counts.setText(f"{built.mapped:,} of {counted(len(built.client_ids), 'client')} mapped")
        self._show_usable()

    def _organization_name(self, id_: int) -> str:
        row = self.organizations.list.find(id_)
        return row.organization.name if row else f"organization {id_}"

    # -- acts --------------------------------------------------------------------------------------------------------

    def map_selected(self) -> None:
        """Map the selected clients to the selected organization."""
        clients = [line for line in self.left.table.selected_rows() if line.row.exists]
        organizations = [row for row in self.right.table.selected_rows() if row.exists]
        if clients and len(organizations) == 1:
            self.map_clients([line.id for line in clients], organizations[0].organization.id)

    def menu(self, table: Table[Any]) -> QMenu:
        """The context menu for the selected rows of one of the lists."""
        clients, organizations = self.left.table.selected_rows(), self.right.table.selected_rows()
        target = self.right.table.called(organizations) if len(organizations) == 1 else ""
        shown = partial(self.passwords_asked.emit, clients[0].id) if len(clients) == 1 else None
        words = _drop_words(clients, target) if target else ""
        return mapping_menu(
            table, self.bar, map_words=words, show_passwords=shown if table is self.left.table else None
        )

    def _show_menu(self, table: Table[Any], at: QPoint) -> None:
        if table.selected_lines():
            menu = self.menu(table)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(at)

    def _show_drop(self, line: int) -> None:
        onto_client = self.left.table.drop_line >= 0
        left, right = self.left.table, self.right.table
        if line < 0:
            words = ""
        elif onto_client:
            words = _drop_words([self.clients.list.at(line)], right.called(right.selected_rows()))
        else:
            words = _drop_words(left.selected_rows(), right.called([self.organizations.list.at(line)]))
        self.bar.show_drop(words)

    def unmap_selected(self) -> None:
        """Unmap the selected clients."""
        lines = [line for line in self.left.table.selected_rows() if line.row.organization_ids]
        if lines:
            self._change({line.id: None for line in lines}, f"Unmap {clients_called(lines)}")

    def map_clients(self, client_ids: Sequence[int], organization_id: int) -> None:
        """Map these clients; asks first where that changes a mapping."""
        lines = [line for id_ in client_ids if (line := self.clients.list.find(id_)) is not None]
        words = f"Map {clients_called(lines)} to {self._organization_name(organization_id)}"
        self._change({line.id: organization_id for line in lines}, words)

    def _change(self, wanted: Mapping[int, int | None], words: str) -> None:
        before = self._before(wanted)
        wanted = {id_: org for id_, org in wanted.items() if before[id_] != (() if org is None else (org,))}
        if self._backend is not None and wanted:
            remap = Remap(words, {id_: before[id_] for id_ in wanted}, wanted)
            self._jobs.start(SAVE, self._do(self._backend, remap), exclusive=SAVE)

    def _before(self, client_ids: Mapping[int, object]) -> dict[int, tuple[int, ...]]:
        found = {id_: self.clients.list.find(id_) for id_ in client_ids}
        return {id_: line.row.organization_ids if line else () for id_, line in found.items()}

    async def _do(self, backend: Backend, remap: Remap) -> None:
        standing = {id_: org for id_, org in remap.after.items() if remap.before[id_]}
        entries: Entries | None = Entries.LATER
        if standing:
            target = next((self._organization_name(org) for org in standing.values() if org is not None), "")
            entries = await asked(self, backend, standing, self._names(standing), target)
        if entries is None:
            return
        await self._write(backend, remap)
        self.stack.push(MapCommand(remap, self._write_again))
        await apply_to_entries(backend, standing.keys(), entries)
        self.mapping_changed.emit()

    def _write_again(self, remap: Remap) -> None:
        if self._backend is not None:
            self._jobs.start(SAVE, self._undo_or_redo(self._backend, remap), exclusive=SAVE)

    async def _undo_or_redo(self, backend: Backend, remap: Remap) -> None:
        try:
            await self._write(backend, remap)
        except BaseException:
            # What the stack says was done no longer fits what is there.
            self.stack.clear()
            raise
        self.mapping_changed.emit()

    async def _write(self, backend: Backend, remap: Remap) -> None:
        try:
            await backend.map_clients(remap.after, remap.before)
        except MappingChanged:
            await self._read(backend)
            raise
        await self._read(backend)

    def _names(self, ids: Mapping[int, object]) -> dict[int, str]:
        return {id_: line.row.client.name for id_ in ids if (line := self.clients.list.find(id_)) is not None}

    # -- suggestions, CSV --------------------------------------------------------------------------------------------

    def show_suggestions(self) -> None:
        """Open the panel of suggestions."""
        self.suggestions.show()
        self.suggestions.table.take_focus()

    def _accept(self, pairs: list[tuple[int, int]]) -> None:
        words = f"Accept {counted(len(pairs), 'suggestion')}"
        self._change(dict(pairs), words)

    def _dismiss(self, pairs: list[tuple[int, int]]) -> None:
        if self._backend is None:
            return
        for client_id, organization_id in pairs:
            self._backend.dismiss_suggestion(client_id, organization_id)
        self._jobs.start(READ, self._read(self._backend), exclusive=READ)

    def _bring_back(self) -> None:
        if self._backend is not None:
            self._backend.bring_back_suggestions()
            self._jobs.start(READ, self._read(self._backend), exclusive=READ)

    def _import(self, wanted: dict[int, int | None]) -> None:
        self._change(wanted, f"Import {counted(len(wanted), 'mapping')}")

    def import_csv(self) -> None:
        """Map what a file says, after showing it."""
        if self._overview is not None:
            self._csv.start_import(self._overview)

    def export_csv(self) -> None:
        """Write the mapping to a file."""
        if self._overview is not None:
            self._csv.start_export(self._overview)

    def _show_usable(self, *_: object) -> None:
        saving = self._jobs.is_on(SAVE) or self._jobs.is_busy(RUN)
        self.clients.locked = self.organizations.locked = saving
        self.suggestions.lock(saving)
        lines, targets = self.left.table.selected_rows(), self.right.table.selected_rows()
        self.bar.show_usable(
            can_map=not saving and any(line.row.exists for line in lines) and len(targets) == 1 and targets[0].exists,
            can_unmap=not saving and any(line.row.organization_ids for line in lines),
            undo="" if saving else self.stack.undoText(),
            redo="" if saving else self.stack.redoText(),
            loaded=self._overview is not None,
        )

    # -- memory ------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Columns and filters, for the settings file."""
        return {"clients": self.left.state(), "organizations": self.right.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""
        self.left.restore(dict(state.get("clients", {})))
        self.right.restore(dict(state.get("organizations", {})))


def _drop_words(lines: Sequence[ClientLine], organization: str) -> str:
    mapped = [line for line in lines if line.row.organization_ids]
    now = f", in place of {mapped[0].organization}" if len(lines) == 1 and mapped else ""
    return f"Map {clients_called(lines)} to {organization}{now}" if lines else ""
