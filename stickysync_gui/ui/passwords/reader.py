"""Reads both sides and keeps the table's records up to date with what is known of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from stickysync_gui.domain.planned import Plan
from stickysync_gui.domain.progress import Outcome, Summary
from stickysync_gui.domain.snapshot import EVERYTHING, AutomateSide
from stickysync_gui.ui.garbage import keep, sweep
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.marks import Mark
from stickysync_gui.ui.passwords.model import PasswordRow, Tally, build_rows, prepared
from stickysync_gui.ui.passwords.progress import RunProgress
from stickysync_gui.ui.row_list import RowList, orders_of
from stickysync_gui.ui.rows import RowModel

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

READ = "Read the passwords"
COMPARE = "Compare with IT Glue"
SORT = "Prepare sorting"
MANY_ROWS = 20_000
"""From so many on, sorting is worked out before anybody clicks on a header."""
PAINT_SECONDS = 0.1
"""But only when the rows stand there: a busy worker thread doubles what painting them takes."""


class Reader(QObject):
    """Fills the model: from Automate at once, then with what IT Glue says."""

    reading = Signal()
    """Automate is being read for the first time."""
    unreadable = Signal()
    """Automate could not be read."""
    ready = Signal(object, object)
    """A RowList to show, and the Tally of its records."""

    def __init__(self, model: RowModel[PasswordRow], jobs: Jobs, progress: RunProgress, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._jobs = jobs
        self._progress = progress
        self._backend: Backend | None = None
        self._compare_later = False
        self._side: AutomateSide | None = None
        self.plan: Plan | None = None
        self._failures: dict[int, str] = {}
        jobs.changed.connect(self._jobs_changed)

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend

    @property
    def is_busy(self) -> bool:
        """Whether something is being read."""
        return self._jobs.is_busy(READ)

    def client_name(self, client_id: int) -> str:
        """The name of a client, as far as it is known."""
        client = self._side.clients.get(client_id) if self._side else None
        return client.name if client else f"client {client_id}"

    def forget(self) -> None:
        """Know nothing, because there is no connection any more."""
        self._side = self.plan = None
        self._compare_later = False
        self._failures.clear()

    def refresh(self, *, replacing: bool = False) -> None:
        """Read both sides anew; `replacing` a reading that is on, because it reads from elsewhere."""
        if self._backend is not None and not self._jobs.is_busy(RUN):
            stop = asyncio.Event()
            read = self._read(self._backend, stop)
            self._jobs.start(READ, read, exclusive=READ, stop=stop, replacing=replacing)

    def compare(self) -> None:
        """Decide anew with IT Glue as last read: after a mapping, an option or the entries changed."""
        if self._backend is None or self._side is None:
            return
        self._compare_later = self._jobs.is_busy(RUN) or self.is_busy
        if not self._compare_later:
            self._jobs.start(COMPARE, self.compared(self._backend), exclusive=READ)

    def keep_ticks(self, ids: Collection[int], on: bool) -> None:
        """Remember ticks that were written since Automate was read."""
        if self._side is not None:
            changed = frozenset(ids)
            ticked = self._side.ticked | changed if on else self._side.ticked - changed
            self._side = replace(self._side, ticked=ticked)

    def keep_failures(self, summary: Summary) -> None:
        """Remember which rows failed in a run and why, until they go well."""
        failed, done = Outcome.FAILED, Outcome.DONE
        for step in summary.steps:
            if step.outcome is failed:
                self._failures[step.password_id] = step.reason
            elif step.outcome is done:
                self._failures.pop(step.password_id, None)

    # -- inside jobs -------------------------------------------------------------------------------------------------

    async def compared(self, backend: Backend) -> None:
        """Read Automate, decide with IT Glue as last read, and show it."""
        sweep()
        self._side = await backend.automate_side()
        await self._show(await backend.replan(), marks.NOT_CHECKED)

    async def _read(self, backend: Backend, stop: asyncio.Event) -> None:
        sweep()
        if self._side is None:
            self.reading.emit()
        try:
            self._side = await backend.automate_side()
        except Exception:
            self.unreadable.emit()
            raise
        if backend.itglue_state is None:
            await self._show(None, marks.NOT_CHECKED)
            return
        await self._show(self.plan, marks.CHECKING)
        self._progress.begin(READ)
        try:
            plan = await backend.plan(EVERYTHING, report=self._progress.take, stop=stop)
            await self._show(plan, marks.NOT_CHECKED)
        except Exception:
            await self._show(self.plan, marks.NOT_CHECKED)
            raise
        finally:
            self._progress.end()

    async def _show(self, plan: Plan | None, unplanned: Mark) -> None:
        """Build the records in a worker thread, then show them in one go."""
        side, failures, like = self._side, dict(self._failures), self._model.list
        if side is None:
            return

        def build() -> tuple[RowList[PasswordRow], Tally]:
            rows = prepared(build_rows(side, plan, unplanned, failures), like)
            return rows, Tally.of(rows.rows)

        rows, tally = await asyncio.to_thread(build)
        self.plan = plan
        self.ready.emit(rows, tally)
        keep()
        if len(rows.rows) > MANY_ROWS:
            self._jobs.start(SORT, self._prepare_sorting(rows), replacing=True)

    async def _prepare_sorting(self, rows: RowList[PasswordRow]) -> None:
        await asyncio.sleep(PAINT_SECONDS)
        rows.take_orders(await asyncio.to_thread(orders_of, rows.columns, rows.snapshot()))

    def _jobs_changed(self) -> None:
        if self._compare_later and not self.is_busy and not self._jobs.is_busy(RUN):
            self.compare()
