"""A run from lock to summary: read, plan, guard, apply, settle, and tell the run table how it ended."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from stickysync_gui.domain.guards import Guard, GuardLimits, check_guards, tripped_guards
from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Action, Plan, PlannedRow, Rules, Status
from stickysync_gui.domain.progress import Outcome, Phase, PhaseStarted, Report, Step, Summary, Waiting, no_report
from stickysync_gui.domain.snapshot import EVERYTHING, Scope, Snapshot
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import LockHeld, StickySyncError
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import wait_or_stop
from stickysync_gui.storage import plugin, sending
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.run_lock import PING_SECONDS, RunLock
from stickysync_gui.storage.run_table import RunBegun, begin_run, end_run, last_good_password_count, sign_of_life
from stickysync_gui.storage.schema import TablesFound
from stickysync_gui.storage.sending import WritingRules
from stickysync_gui.sync.batch_writer import BatchWriter, into_batches
from stickysync_gui.sync.snapshot import newest_ids, read_snapshot

WORKERS = 16
"""As many as may be in flight (`pacing.Budget`), and some that store what IT Glue answered."""
COMMIT_ALONE_UP_TO = 100
"""Rows of a run up to which each is committed by itself; above, those that meet at the database share a commit."""
PLAN_IN_THREAD_FROM = 2000
"""Passwords from which planning would be felt in the window."""


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run depends on besides the two sides.

    Args:
        approved: the previewed (password id, action) pairs; None applies everything in scope.
        overrides: guards confirmed by the user, with the number; `override_all` takes whatever number comes first.
        lock_wait_seconds: how long to wait for another run to end.
    """

    scope: Scope = EVERYTHING
    kind: str = "sync"
    rules: Rules = field(default_factory=Rules)
    limits: GuardLimits = field(default_factory=GuardLimits)
    overrides: Mapping[Guard, int] = field(default_factory=dict)
    override_all: bool = False
    approved: frozenset[tuple[int, Action]] | None = None
    category_id: int | None = None
    allow_windows_1252: bool = False
    bulk_creation: bool = False
    lock_wait_seconds: float = 0


@dataclass(slots=True)
class RunResult:
    """A run's summary, and both sides as it left them, for whoever shows them."""

    summary: Summary
    snapshot: Snapshot | None = None


class Engine:
    """Runs one sync. Make a new one for each run.

    Args:
        report: takes every step. stop: set by the user; the requests in flight still end and are stored.
    """

    def __init__(
        self,
        database: Database,
        tables: TablesFound,
        glue: ItGlue,
        options: RunOptions,
        *,
        report: Report = no_report,
        stop: asyncio.Event | None = None,
    ) -> None:
        self._database = database
        self._tables = tables
        self._glue = glue
        self._options = options
        self._report = report
        self._stop = stop or asyncio.Event()
        self._lock = RunLock(database)
        self._run = RunBegun(options.kind, options.scope.words())
        self._overrides: dict[Guard, int] = dict(options.overrides)
        self._begun = False
        self._halted: StickySyncError | None = None
        self._steps: dict[int, Step] = {}
        self.result = RunResult(Summary(self._run.id))

    @property
    def has_begun(self) -> bool:
        """Whether the run got its lock, so that there is something to tell of it."""
        return self._begun

    async def run(self) -> RunResult:
        """Sync what is in scope.

        Raises:
            TablesMissing, DatabaseRefused: before anything happens.
            LockHeld: another run is on.
            StickySyncError: the run could not go on; `self.result.summary` holds what it did until then.
        """
        self._tables.require((*t.PLUGIN_TABLES, *t.OWN_TABLES))
        self._tables.require_writable_state()
        await self._take_lock()
        self._begun = True
        started, requests = time.monotonic(), self._glue.requests
        summary = self.result.summary
        _log.info("run %s begins: %s, %s", self._run.id, self._options.kind, self._options.scope.words())
        try:
            await self._database.run(begin_run, self._run)
            pinging = asyncio.create_task(self._keep_lock(), name="run lock ping")
            try:
                await self._work()
                summary.ended = "rows_failed" if summary.failed else "done"
            finally:
                pinging.cancel()
                with suppress(asyncio.CancelledError):
                    await pinging
        except StopRequested:
            summary.ended = "cancelled"
        except StickySyncError as error:
            summary.ended = error.kind
            raise
        except asyncio.CancelledError:
            summary.ended = "cancelled"
            raise
        except Exception:
            summary.ended = "bug"
            raise
        finally:
            summary.seconds = time.monotonic() - started
            summary.requests = self._glue.requests - requests
            await self._leave()
            _log.info("run %s ended: %s; %s", self._run.id, summary.ended, summary.sentence())
        return self.result

    async def _take_lock(self) -> None:
        deadline = time.monotonic() + self._options.lock_wait_seconds
        while True:
            try:
                await self._database.call(self._lock.take)
            except LockHeld as held:
                if time.monotonic() >= deadline:
                    raise
                self._report(Waiting(deadline - time.monotonic(), held.happened))
                await wait_or_stop(1.0, self._stop)
            else:
                return

    async def _leave(self) -> None:
        """Store how the run ended, then give the lock back; with the database gone neither can be done."""
        with suppress(StickySyncError):
            await self._database.run(end_run, self.result.summary)
        with suppress(StickySyncError):
            await self._database.call(self._lock.release)

    async def _keep_lock(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            try:
                await self._database.call(self._lock.verify)
                await self._database.run(sign_of_life, self._run.id)
            except StickySyncError as error:
                self._halt(error)
                return

    # --- the work -----------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        options = self._options
        plan = await self._read_and_plan(options.scope)
        todo, waiting = self._sorted_out(plan, options.approved)
        writer = BatchWriter(
            self._database,
            self._glue,
            self._lock,
            WritingRules(
                self._run.id,
                only_ticked=options.scope.autosync_only,
                allow_windows_1252=options.allow_windows_1252,
                largest_entry_id=self._tables.largest_entry_id,
                map_has_transactions=self._tables.map_has_transactions,
            ),
            category_id=options.category_id,
            commit_together=len(todo) > COMMIT_ALONE_UP_TO,
            goes_on=lambda: self._halted is None,
            stop=self._stop,
            report=self._report,
        )
        await self._confirm(plan)
        try:
            await self._apply(writer, todo)
            await self._settle(writer, waiting)
        finally:
            self._note_unreached(plan, writer)
            self._show_written(writer)
            self.result.summary.steps = list(self._steps.values())

    async def _read_and_plan(self, scope: Scope) -> Plan:
        options = self._options
        snapshot = await read_snapshot(
            self._database,
            self._tables,
            self._glue,
            scope,
            allow_windows_1252=options.allow_windows_1252,
            report=self._report,
            limits=None if options.override_all or Guard.MISSING_ENTRIES in self._overrides else options.limits,
        )
        self._take(snapshot)
        # What was just read stays for the whole run; going through it for garbage would slow down planning, and a full
        # collection later would stall the window (measured).
        gc.freeze()
        self._report(PhaseStarted(Phase.PLANNING))
        if len(snapshot.automate.passwords) >= PLAN_IN_THREAD_FROM:
            plan = await asyncio.to_thread(make_plan, snapshot, options.rules, scope)
        else:
            plan = make_plan(snapshot, options.rules, scope)
        gc.freeze()
        self._tables.require_ids_fit(*newest_ids(snapshot.itglue))
        await self._guard(plan, snapshot, scope)
        return plan

    def _take(self, snapshot: Snapshot) -> None:
        """Keep what was read for whoever shows it; a later look at some organizations only renews their entries."""
        first = self.result.snapshot
        if first is not None:
            entries = {**first.itglue.entries, **snapshot.itglue.entries}
            snapshot = replace(first, itglue=replace(first.itglue, entries=entries))
        self.result.snapshot = snapshot

    async def _guard(self, plan: Plan, snapshot: Snapshot, scope: Scope) -> None:
        last_good = await self._database.run(last_good_password_count)
        await self._database.run(sign_of_life, self._run.id, len(snapshot.automate.passwords))
        limits = self._options.limits
        if self._options.override_all and not self._overrides:
            self._overrides = tripped_guards(plan, snapshot.automate, scope, last_good, limits)
        check_guards(plan, snapshot.automate, scope, last_good, limits, self._overrides)

    def _sorted_out(
        self, plan: Plan, approved: frozenset[tuple[int, Action]] | None
    ) -> tuple[list[PlannedRow], list[PlannedRow]]:
        """Split a plan into rows to apply now and rows whose mark must age; the others get their step at once."""
        todo, waiting = [], []
        for row in plan.rows:
            if row.action is Action.NONE:
                in_sync = row.status is Status.IN_SYNC
                self._steps[row.password.id] = Step.of(row, Outcome.DONE if in_sync else Outcome.SKIPPED)
            elif approved is not None and (row.password.id, row.action) not in approved:
                reason = "Unticked in the preview, or changed since then."
                self._steps[row.password.id] = Step.of(row, Outcome.SKIPPED, reason)
            elif row.wait_seconds > 0:
                waiting.append(row)
            else:
                todo.append(row)
        return todo, waiting

    async def _confirm(self, plan: Plan) -> None:
        pushed = [r.password.id for r in plan.rows if r.status is Status.IN_SYNC and r.state and r.state.drift_pushes]
        if pushed:
            await self._database.run(sending.confirm, pushed)

    async def _apply(self, writer: BatchWriter, todo: Iterable[PlannedRow]) -> None:
        """Feed the rows to the workers. After a stop or a fatal failure, what is in flight still ends."""
        rows = list(todo)
        queue = deque(into_batches(rows, bulk_creation=self._options.bulk_creation))
        self._report(PhaseStarted(Phase.APPLYING, len(rows)))

        async def work() -> None:
            while queue and self._halted is None and not self._stop.is_set():
                batch = queue.popleft()
                try:
                    if len(batch) == 1:
                        step = await writer.apply(batch[0])
                        steps = [step] if step is not None else []
                    else:
                        steps, alone = await writer.apply_batch(batch)
                        queue.extendleft((row,) for row in alone)
                except StickySyncError as error:
                    self._halt(error)
                    return
                except StopRequested:
                    return
                except BaseException:
                    # A bug, or the impatient stop: the other workers end with what they have in flight.
                    queue.clear()
                    raise
                for step in steps:
                    self._steps[step.password_id] = step
                    self._report(step)

        ended = await asyncio.gather(*(work() for _ in range(WORKERS)), return_exceptions=True)
        for bug in ended:
            if bug is not None:
                raise bug
        if self._halted is not None:
            raise self._halted
        if self._stop.is_set():
            raise StopRequested

    def _halt(self, error: StickySyncError) -> None:
        if self._halted is None:
            self._halted = error

    async def _settle(self, writer: BatchWriter, waiting: list[PlannedRow]) -> None:
        """Find out what became of creates without an answer, and create again what never arrived."""
        pending = {row.password.id for row in waiting}
        if writer.unsettled:
            pending |= writer.unsettled
            pending = await self._settle_round(writer, pending, at_once=True)
        if pending:
            await self._settle_round(writer, pending, at_once=False)

    async def _settle_round(self, writer: BatchWriter, pending: set[int], *, at_once: bool) -> set[int]:
        scope = Scope(password_ids=frozenset(pending), autosync_only=self._options.scope.autosync_only)
        if not at_once:
            await self._wait_for_marks(pending)
        writer.unsettled.clear()
        plan = await self._read_and_plan(scope)
        # A create that was approved may be a link by now: what is settled was approved before it was sent.
        todo, waiting = self._sorted_out(plan, approved=None)
        await self._apply(writer, todo)
        return {row.password.id for row in waiting} | writer.unsettled

    async def _wait_for_marks(self, pending: set[int]) -> None:
        states = await self._database.run(plugin.states)
        ages = [s.mark.age_seconds for id_, s in states.items() if id_ in pending and s.mark is not None]
        # The server's clock counts whole seconds, so one more makes sure.
        seconds = max((self._options.rules.settle_seconds - age for age in ages), default=0.0) + 1.0
        self._report(PhaseStarted(Phase.SETTLING, len(pending)))
        if seconds > 0:
            words = f"{len(pending)} passwords got no answer; IT Glue is given time to show whether it created them."
            self._report(Waiting(seconds, words))
            await wait_or_stop(seconds, self._stop)

    # --- what is left to say ------------------------------------------------------------------------------------

    def _note_unreached(self, plan: Plan, writer: BatchWriter) -> None:
        stopped = self._stop.is_set() or self._halted is not None
        for row in plan.rows:
            if row.password.id in self._steps:
                continue
            if row.password.id in writer.unsettled or row.wait_seconds > 0:
                reason = "IT Glue gave no answer; the next run finds out whether the entry was created."
                self._steps[row.password.id] = Step.of(row, Outcome.FAILED, reason)
            elif stopped:
                self._steps[row.password.id] = Step.of(row, Outcome.SKIPPED, "The run ended before its turn.")

    def _show_written(self, writer: BatchWriter) -> None:
        """Put what IT Glue returned into the snapshot, so that whoever shows it need not walk again."""
        snapshot = self.result.snapshot
        if snapshot is not None and writer.entries:
            entries = {**snapshot.itglue.entries, **writer.entries}
            self.result.snapshot = replace(snapshot, itglue=replace(snapshot.itglue, entries=entries))
