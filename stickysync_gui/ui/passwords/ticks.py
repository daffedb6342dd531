"""AutoSync ticks: shown at once, written in one transaction, and undone as one act."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from stickysync_gui.ui.jobs import Jobs
from stickysync_gui.ui.passwords.model import PasswordRow
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

JOB = "Change AutoSync"
AT_ONCE = 2_000
"""Rows redrawn in one go, so that ticking all of them never stops the window."""


class _TickCommand(QUndoCommand):
    """A change of ticks that is already written when it is pushed."""

    def __init__(self, ticks: Ticks, ids: tuple[int, ...], on: bool) -> None:
        super().__init__(f"AutoSync {'on' if on else 'off'} for {counted(len(ids), 'password')}")
        self._ticks = ticks
        self._ids = ids
        self._on = on
        self._written = True

    def redo(self) -> None:
        """Write it again; the push that follows the first writing does nothing."""
        if self._written:
            self._written = False
        else:
            self._ticks.write(self._ids, self._on)

    def undo(self) -> None:
        """Write the opposite, for exactly the rows that were changed."""
        self._ticks.write(self._ids, not self._on)


class Ticks(QObject):
    """Writes ticks for a model's rows."""

    shown = Signal()
    """Ticks changed on the screen."""
    written = Signal(object, bool)
    """Password ids, and whether AutoSync is on for them now."""

    def __init__(self, model: RowModel[PasswordRow], jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._jobs = jobs
        self._backend: Backend | None = None
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(50)

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on; there is nothing to undo in another database."""
        self._backend = backend
        self.stack.clear()

    def request(self, rows: Sequence[PasswordRow], on: bool) -> None:
        """Tick or untick these rows; those that are so already are left out."""
        ids = tuple(row.id for row in rows if row.ticked is not on)
        if ids and self.write(ids, on):
            self.stack.push(_TickCommand(self, ids, on))

    def write(self, ids: tuple[int, ...], on: bool) -> bool:
        """Show and write ticks without touching the undo stack; False while another change is being written."""
        if self._backend is None:
            return False
        return self._jobs.start(JOB, self._write(self._backend, ids, on), exclusive=JOB)

    async def _write(self, backend: Backend, ids: tuple[int, ...], on: bool) -> None:
        await self._show(ids, on)
        try:
            await backend.set_autosync(ids, on)
            self.written.emit(ids, on)
        except BaseException:
            await self._show(ids, not on)
            self.stack.clear()
            raise

    async def _show(self, ids: tuple[int, ...], on: bool) -> None:
        for start in range(0, len(ids), AT_ONCE):
            rows = (self._model.list.find(id_) for id_ in ids[start : start + AT_ONCE])
            self._model.replace([row._replace(ticked=on) for row in rows if row is not None])
            await asyncio.sleep(0)
        self.shown.emit()
