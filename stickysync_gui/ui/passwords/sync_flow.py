"""One run from click to summary: preview, the run itself, what a guard asks, and the retry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from stickysync_gui.domain.guards import Guard
from stickysync_gui.domain.planned import Action, Matching, Plan
from stickysync_gui.domain.progress import Outcome, Summary
from stickysync_gui.domain.snapshot import Scope
from stickysync_gui.errors import GuardStopped, StickySyncError
from stickysync_gui.ui import alerts
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.passwords.preview import Preview
from stickysync_gui.ui.passwords.progress import RunProgress
from stickysync_gui.ui.passwords.summary import SummaryBanner, summary_words

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

T = TypeVar("T")
Approved = frozenset[tuple[int, Action]]

FRESH = timedelta(minutes=5)
"""So old may a reading of IT Glue be for a preview; the run itself always reads anew."""


class _Left(Exception):
    """The user backed out of a question, or stopped while it was open."""


@dataclass(frozen=True)
class _Wanted:
    """A run as it was asked for (see `SyncFlow.start`), and what stops it."""

    backend: Backend
    name: str
    scope: Scope
    preview: bool | None
    matching: Matching | None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


class SyncFlow(QObject):
    """Starts runs and shows how they end.

    Args:
        page: over which questions are asked.
        client_name: the name of a client id.
    """

    ended = Signal(object)
    """A run that had begun has ended; the Summary, or None when nothing is known of it."""

    def __init__(
        self,
        page: QWidget,
        jobs: Jobs,
        progress: RunProgress,
        banner: SummaryBanner,
        client_name: Callable[[int], str],
    ) -> None:
        super().__init__(page)
        self._page = page
        self._jobs = jobs
        self._progress = progress
        self._banner = banner
        self._client_name = client_name
        self._backend: Backend | None = None
        self._last_failed: frozenset[int] = frozenset()
        progress.stop_asked.connect(lambda: jobs.stop(progress.name))
        progress.stop_now_asked.connect(lambda: jobs.cancel(progress.name))
        banner.retry_asked.connect(self.retry_failed)
        jobs.changed.connect(self._jobs_changed)

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend

    def start(self, name: str, scope: Scope, *, preview: bool | None = None, matching: Matching | None = None) -> bool:
        """Begin a run; False while another one is on.

        Args:
            preview: True shows the preview in any case, False never, None as the options say.
            matching: what is done about existing entries, other than the options say; only without a preview.
        """
        if self._backend is None:
            return False
        wanted = _Wanted(self._backend, name, scope, preview, matching)
        return self._jobs.start(name, self._run(wanted), exclusive=RUN, stop=wanted.stop)

    def retry_failed(self) -> None:
        """Run again what failed."""
        if self._last_failed:
            self.start("Retry failed", Scope(password_ids=self._last_failed))

    def take_round(self, name: str, summary: Summary | None, *, show: bool) -> None:
        """Take up what a run did that was begun elsewhere.

        Args:
            show: whether to sum it up; a round in the background only does so by the rows that failed.
        """
        if summary is not None:
            failed = _failed_ids(summary)
            if failed or show:
                self._last_failed = failed
            if show:
                self._banner.show_summary(summary_words(name, summary), len(failed), summary)
        self.ended.emit(summary)

    # -- inside the job ----------------------------------------------------------------------------------------------

    async def _run(self, wanted: _Wanted) -> None:
        self._banner.hide()
        try:
            await self._apply(wanted, await self._approved(wanted))
        except _Left:
            return
        finally:
            self._progress.end()

    async def _approved(self, wanted: _Wanted) -> Approved | None:
        """The pairs that the user let pass; None when no preview is wanted.

        Where nothing would be replaced none is shown, and the run is held to that: what would be replaced by the time
        it plans anew was not looked at by anybody.
        """
        previewed = wanted.preview
        if not (wanted.backend.settings.options.preview_first if previewed is None else previewed):
            return None
        self._progress.begin(wanted.name)
        plan = await self._plan(wanted)
        self._progress.end()
        if wanted.stop.is_set():
            raise _Left
        if not previewed and not any(row.overwrites for row in plan.rows):
            return frozenset((row.password.id, row.action) for row in plan.pending())
        dialog = Preview(self._page, plan, self._client_name, wanted.name)
        if not await _unless_stopped(alerts.shown(dialog), wanted.stop):
            raise _Left
        return dialog.approved()

    async def _plan(self, wanted: _Wanted) -> Plan:
        backend, scope = wanted.backend, wanted.scope
        read_at = backend.itglue_read_at
        if read_at is not None and datetime.now().astimezone() - read_at < FRESH:
            plan = await backend.replan()
            if plan is not None:
                return Plan(tuple(row for row in plan.rows if scope.includes(row.password, row.ticked)))
        return await backend.plan(scope, report=self._progress.take, stop=wanted.stop)

    async def _apply(self, wanted: _Wanted, approved: Approved | None) -> None:
        name = wanted.name
        overrides: dict[Guard, int] = {}
        while True:
            self._progress.begin(name)
            try:
                summary = await wanted.backend.sync(
                    wanted.scope,
                    report=self._progress.take,
                    stop=wanted.stop,
                    overrides=overrides,
                    approved=approved,
                    matching=wanted.matching,
                )
            except GuardStopped as stopped:
                self._progress.end()
                await self._confirmed(stopped, wanted.stop)
                overrides[Guard(stopped.guard)] = stopped.number
                continue
            except asyncio.CancelledError:
                self.ended.emit(None)
                raise
            except StickySyncError as error:
                await self._show(name, getattr(error, "summary", None))
                raise
            await self._show(name, summary)
            return

    async def _confirmed(self, stopped: GuardStopped, stop: asyncio.Event) -> None:
        text = f"{stopped.happened}\n\n{stopped.unchanged}"
        question = alerts.confirm_by_typing(self._page, "A guard stopped the run", text, stopped.number, "Sync anyway")
        if not await _unless_stopped(question, stop):
            raise _Left

    async def _show(self, name: str, summary: Summary | None) -> None:
        words = await asyncio.to_thread(summary_words, name, summary) if summary is not None else ""
        # Together: each of the two moves the table, which is then painted anew.
        self._progress.end()
        if summary is not None:
            self._last_failed = _failed_ids(summary)
            self._banner.show_summary(words, len(self._last_failed), summary)
        self.ended.emit(summary)

    def _jobs_changed(self) -> None:
        if self._progress.name and self._jobs.is_stopping(self._progress.name):
            self._progress.show_stopping()


def _failed_ids(summary: Summary) -> frozenset[int]:
    failed = Outcome.FAILED
    return frozenset(step.password_id for step in summary.steps if step.outcome is failed)


async def _unless_stopped(question: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """The answer to a question, or None when the job was stopped while it was open."""
    asking = asyncio.ensure_future(question)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({asking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else None
    finally:
        for task in (asking, stopped):
            task.cancel()
        await asyncio.gather(asking, stopped, return_exceptions=True)
