"""One planned row to IT Glue and back into the database: mark before, send once, store after."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from stickysync_gui.domain.planned import Action, PlannedRow
from stickysync_gui.domain.progress import Outcome, Report, Step, Waiting
from stickysync_gui.domain.records import Entry, Field
from stickysync_gui.domain.snapshot import Identity, entry_name, identity
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import DatabaseUnreachable, IdDoesNotFit, KeyRefused, StickySyncError
from stickysync_gui.itglue.access import no_password_access
from stickysync_gui.itglue.answers import AnswerLost, HeldBack, MayGo, NotSent, Refused, Throttled
from stickysync_gui.itglue.client import THROTTLED_ATTEMPTS, ItGlue
from stickysync_gui.itglue.documents import Payload
from stickysync_gui.itglue.pacing import wait_or_stop
from stickysync_gui.storage import connecting, sending
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.run_lock import RunLock
from stickysync_gui.storage.sending import CHANGED_MEANWHILE, SETTLED_BY_ANOTHER, Ready, WritingRules
from stickysync_gui.sync.grouping import Grouped

CREATED_FIELDS = (Field.NAME, Field.USERNAME, Field.PASSWORD, Field.URL, Field.NOTES)
NO_CONNECTION_ATTEMPTS = 4
UPDATE_ATTEMPTS = 3
REFUSALS_OF_RIGHTS = 5
"""So many refusals of rights without a single success mean the key, not the records."""

OVERSLEPT_SHARE = 0.25
"""Of the time after which a silent holder loses the lock. So long between asking for the lock and sending means that
the computer slept: nothing is sent before the lock was asked for again."""
OVERSLEPT_AT_MOST = 12
"""In a row, three times for each place in flight. A computer that woke up gets on; a database that always takes so long
would keep the run at it for ever."""

Send = Callable[[Payload, MayGo], Awaitable[Entry]]
Sent = TypeVar("Sent")
_NoEntry = Refused | Throttled | NotSent | AnswerLost
_Unprepared = tuple[PlannedRow, tuple[Field, ...], Identity | None]


class RowWriter:
    """Applies rows, several at once; every failure of one row comes back as its step.

    Args:
        lock: asked before each request; raises when it is lost.
        category_id: for new entries.
        commit_together: rows that meet at the database share statements and a commit, not only a reading.
        goes_on: whether the run does; asked right before each request, since the failure of another row may end it.
    """

    def __init__(
        self,
        database: Database,
        glue: ItGlue,
        lock: RunLock,
        rules: WritingRules,
        *,
        category_id: int | None,
        commit_together: bool,
        goes_on: Callable[[], bool],
        stop: asyncio.Event | None,
        report: Report,
    ) -> None:
        self._database = database
        self._glue = glue
        self._lock = lock
        self._rules = rules
        self._category_id = category_id
        self._commit_together = commit_together
        self._goes_on = goes_on
        self._stop = stop
        self._report = report
        self._created: defaultdict[Identity, list[int]] = defaultdict(list)
        self._preparing = Grouped(database, self._prepare_each)
        self._storing = Grouped(database, self._store_each, behind=self._preparing)
        self._successes = 0
        self._overslept = 0
        self._doubts = 0
        self._trusted = asyncio.Event()
        self._trusted.set()
        self._refusals_of_rights = 0
        self.unsettled: set[int] = set()
        """Passwords whose create got no answer in this run."""
        self.entries: dict[int, Entry] = {}
        """Entries as IT Glue returned them for what this run wrote."""

    async def apply(self, row: PlannedRow) -> Step | None:
        """Carry out one row; None when its create got no answer and is to be settled at the end of the run.

        Raises:
            StickySyncError: the run cannot go on. StopRequested: the user stopped it before this row was sent.
        """
        try:
            match row.action:
                case Action.CREATE:
                    return await self._create(row)
                case Action.LINK:
                    return await self._link(row)
                case _:
                    return await self._update(row, row)
        except IdDoesNotFit as problem:
            return not_stored(row, problem)

    async def _create(self, row: PlannedRow) -> Step | None:
        organization_id = row.organization_id or 0
        key = identity(organization_id, entry_name(row.password), row.password.username)

        async def send(payload: Payload, may_go: MayGo) -> Entry:
            entry = await self._glue.create(organization_id, payload, self._category_id, may_go)
            self._created[key].append(entry.id)
            return entry

        return await self._send(row, row, CREATED_FIELDS, send, key)

    async def _link(self, row: PlannedRow) -> Step | None:
        await self._database.call(self._lock.verify)
        linked = await self._database.write_map(sending.link, row, self._rules)
        if linked is None:
            return Step.of(row, Outcome.SKIPPED, CHANGED_MEANWHILE)
        if not row.fields:
            return self._done(row, row.entry)
        return await self._update(row, linked)

    async def _update(self, planned: PlannedRow, row: PlannedRow) -> Step | None:
        entry = row.entry
        assert entry is not None
        if not row.fields:
            await self._database.call(self._lock.verify)
            ready = await self._database.run(sending.prepare, row, (), (), self._rules)
            if ready is None:
                return Step.of(planned, Outcome.SKIPPED, CHANGED_MEANWHILE)
            return await self._store(planned, row, entry, ())
        return await self._send(planned, row, row.fields, partial(self._glue.update, entry.id))

    async def _send(
        self, planned: PlannedRow, row: PlannedRow, fields: tuple[Field, ...], send: Send, key: Identity | None = None
    ) -> Step | None:
        """Mark, send once, store; again where that does no harm.

        Args:
            planned: the row as it is reported. row: the row as it stands now.
            key: of a create: entries of this name made by this run are among those seen before.
        """
        throttled = unconnected = lost = 0
        while True:
            await self._trusted.wait()
            async with self._glue.turn():
                if not self._goes_on():
                    raise StopRequested
                if not self._trusted.is_set():
                    continue
                # With the place in hand: what is read now waits for nothing before it is sent.
                asked, ready = time.time(), await self._preparing.ask((row, fields, key))
                if ready is None:
                    return Step.of(planned, Outcome.SKIPPED, CHANGED_MEANWHILE)
                answer = await self._attempt(asked, partial(send, ready.payload))
            # What follows may send a request of its own, or wait.
            match answer:
                case Entry():
                    self._successes += 1
                    return await self._store(planned, row, answer, fields)
                case Refused():
                    return await self._refused(planned, ready, answer)
                case HeldBack():
                    await self._database.run(sending.take_back, ready, self._rules)
                    self._require_in_time()
                case Throttled():
                    await self._database.run(sending.take_back, ready, self._rules)
                    if (throttled := throttled + 1) >= THROTTLED_ATTEMPTS:
                        raise self._glue.still_throttled()
                case NotSent():
                    await self._database.run(sending.take_back, ready, self._rules)
                    if (unconnected := unconnected + 1) >= NO_CONNECTION_ATTEMPTS:
                        raise self._glue.unreachable(answer)
                    await self._back_off(unconnected)
                case AnswerLost():
                    if key is not None:
                        # The mark stays; a dead network stops the run here, by the probe.
                        self.unsettled.add(planned.password.id)
                        await self._glue.probe()
                        return None
                    if (lost := lost + 1) >= UPDATE_ATTEMPTS:
                        return await self._not_confirmed(planned, answer)
                    await self._back_off(lost)

    def _may_send(self, asked: float) -> bool:
        """Whether what was made ready still goes out."""
        stopped = self._stop is not None and self._stop.is_set()
        return self._lock_seems_ours(asked) and self._trusted.is_set() and self._goes_on() and not stopped

    def _lock_seems_ours(self, asked: float) -> bool:
        """Whether nothing speaks against it.

        Args:
            asked: when the lock was asked for, by the wall clock.
        """
        return not _was_overslept(asked) and self._lock.seems_ours()

    def _require_in_time(self) -> None:
        """Raises: DatabaseUnreachable: row after row took so long that nothing could be sent."""
        if self._overslept >= OVERSLEPT_AT_MOST:
            raise DatabaseUnreachable(
                happened="The database takes so long for each password that the run cannot rely on its lock meanwhile.",
                unchanged="Nothing was sent since; what was synced before stays.",
                todo="Check the server's load and the network, then start the run again.",
            )

    async def _attempt(self, asked: float, send: Callable[[MayGo], Awaitable[Sent]]) -> Sent | _NoEntry:
        """Send once; what came of it is a value, so that it can be dealt with outside the place in flight.

        Args:
            send: gets what to ask once more when its connection stands; to make one takes time.
        """
        self._overslept = self._overslept + 1 if _was_overslept(asked) else 0
        if not self._may_send(asked):
            return HeldBack()
        try:
            return await send(partial(self._lock_seems_ours, asked))
        except (Refused, Throttled, NotSent, AnswerLost) as answer:
            return answer

    def _prepare_each(self, group: Sequence[_Unprepared]) -> list[Ready | StickySyncError | None]:
        """On the database thread, under the lock: the statement that reads the rows asks for it, too."""
        asked = [(row, fields, self._seen(row, key) if key is not None else ()) for row, fields, key in group]
        all_at_once = partial(sending.prepare_together, rules=self._rules)
        one_by_one = partial(sending.prepare_each, rules=self._rules)
        with self._lock.units() as units:
            return units.together(all_at_once, one_by_one, asked, at_once=self._commit_together)

    def _store_each(self, group: Sequence[sending.Answered]) -> list[bool | StickySyncError]:
        """On the database thread, serialised with the map writes of all PCs."""
        all_at_once = partial(sending.store_together, rules=self._rules)
        one_by_one = partial(sending.store_each, rules=self._rules)
        return self._database.together(all_at_once, one_by_one, group, at_once=self._commit_together, map_lock=True)

    def _seen(self, row: PlannedRow, key: Identity) -> tuple[int, ...]:
        return tuple(sorted({*row.seen, *self._created[key]}))

    async def _store(self, planned: PlannedRow, row: PlannedRow, entry: Entry, sent: tuple[Field, ...]) -> Step:
        return self._stored(planned, entry, await self._storing.ask((row, entry, sent)))

    def _stored(self, planned: PlannedRow, entry: Entry, ours: bool) -> Step:
        return self._done(planned, entry) if ours else Step.of(planned, Outcome.SKIPPED, SETTLED_BY_ANOTHER)

    def _done(self, planned: PlannedRow, entry: Entry | None) -> Step:
        if entry is None:
            return Step.of(planned, Outcome.DONE)
        self.entries[entry.id] = entry
        return Step.of(planned, Outcome.DONE, entry_id=entry.id)

    async def _refused(self, planned: PlannedRow, ready: Ready, refused: Refused) -> Step:
        if refused.is_about_rights:
            async with self._doubting():
                await self._database.run(sending.take_back, ready, self._rules)
                # A dead key and a record that is not ours look alike; only the first also fails here, with KeyRefused.
                await self._glue.probe()
            self._refusals_of_rights += 1
            if self._refusals_of_rights >= REFUSALS_OF_RIGHTS and not self._successes:
                raise self._no_access(refused)
        else:
            await self._database.run(sending.take_back, ready, self._rules)
        return Step.of(planned, Outcome.FAILED, f"IT Glue refused it ({refused.status}): {refused.words}")

    @asynccontextmanager
    async def _doubting(self, *, whatever_went_well: bool = False) -> AsyncIterator[None]:
        """While the key is in doubt, nothing else is sent; unless something went well, which speaks for it."""
        self._doubts += 1
        if whatever_went_well or not self._successes:
            self._trusted.clear()
        try:
            yield
        finally:
            self._doubts -= 1
            if not self._doubts:
                self._trusted.set()

    def _no_access(self, refused: Refused) -> KeyRefused:
        return no_password_access(self._glue.host, refused)

    async def _not_confirmed(self, planned: PlannedRow, problem: AnswerLost) -> Step:
        await self._glue.probe()
        reason = f"IT Glue did not confirm the update ({problem.words}); the next run sends it again."
        return Step.of(planned, Outcome.FAILED, reason)

    async def _back_off(self, attempt: int) -> None:
        seconds = min(2.0**attempt, 30.0) * (0.5 + random.random() / 2)
        self._report(Waiting(seconds, "IT Glue did not answer; trying again."))
        await wait_or_stop(seconds, self._stop)


def _was_overslept(asked: float) -> bool:
    return abs(time.time() - asked) > connecting.SILENT_SECONDS * OVERSLEPT_SHARE


def not_stored(planned: PlannedRow, problem: IdDoesNotFit) -> Step:
    """The step of a row that IT Glue confirmed under an id that is too big for the password map."""
    return Step.of(planned, Outcome.FAILED, f"{problem.happened} {problem.todo}")
