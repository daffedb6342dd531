"""Many rows in one request, confirmed row by row; whatever is not confirmed goes back to the careful ways.

Nobody has documented what a bulk route does with a part that fails (itglue-api.md 13, U8), so an answer counts only for
the rows that it names. An update that is not among them is sent alone, which does no harm; a create keeps its mark and
is settled at the end of the run. The first refusal of a form ends that form for the run.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property, partial

from stickysync_gui.domain.planned import Action, PlannedRow
from stickysync_gui.domain.progress import Outcome, Step
from stickysync_gui.domain.records import Entry
from stickysync_gui.domain.snapshot import Identity, entry_name, identity
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import DatabaseRefused, IdDoesNotFit, StickySyncError
from stickysync_gui.itglue.answers import AnswerLost, HeldBack, MayGo, NotSent, Refused, Throttled
from stickysync_gui.itglue.client import THROTTLED_ATTEMPTS
from stickysync_gui.storage import sending
from stickysync_gui.storage.sending import CHANGED_MEANWHILE, Ready
from stickysync_gui.sync.grouping import Grouped
from stickysync_gui.sync.writer import CREATED_FIELDS, NO_CONNECTION_ATTEMPTS, RowWriter, not_stored

BATCH_ROWS = 25
UPDATES_IN_BATCHES_ABOVE = 200

Batch = tuple[PlannedRow, ...]


def into_batches(rows: Iterable[PlannedRow], *, bulk_creation: bool) -> list[Batch]:
    """Group rows as they may be sent together; most come out alone.

    Args:
        bulk_creation: the option; without it every create is a request of its own.

    Twins (same name and user name in one organization) never share a batch, since its answer could not tell them apart.
    """
    rows = list(rows)
    updates = [row for row in rows if row.action is Action.UPDATE and row.fields]
    many = {row.password.id for row in updates} if len(updates) > UPDATES_IN_BATCHES_ABOVE else set()
    batches: list[Batch] = []
    groups: defaultdict[tuple[Action, int | None], _Group] = defaultdict(_Group)
    for row in rows:
        if row.password.id in many:
            groups[(Action.UPDATE, None)].add(row)
        elif bulk_creation and row.action is Action.CREATE:
            groups[(Action.CREATE, row.organization_id)].add(row)
        else:
            batches.append((row,))
    return batches + [tuple(batch) for group in groups.values() for batch in group.batches]


class _Group:
    """Rows that may share batches, each put where it fits first, in a time that does not grow with their number."""

    def __init__(self) -> None:
        self.batches: list[list[PlannedRow]] = []
        self._first_with_room = 0
        self._behind_twin: dict[Identity, int] = {}

    def add(self, row: PlannedRow) -> None:
        key = _identity(row)
        at = max(self._first_with_room, self._behind_twin.get(key, 0))
        while at < len(self.batches) and len(self.batches[at]) >= BATCH_ROWS:
            at += 1
        if at == len(self.batches):
            self.batches.append([])
        self.batches[at].append(row)
        self._behind_twin[key] = at + 1
        while self._first_with_room < len(self.batches) and len(self.batches[self._first_with_room]) >= BATCH_ROWS:
            self._first_with_room += 1


def _identity(row: PlannedRow) -> Identity:
    return identity(row.organization_id or 0, entry_name(row.password), row.password.username)


class BatchWriter(RowWriter):
    """A `RowWriter` that can also apply several rows with one request."""

    _refused_forms: frozenset[Action] = frozenset()

    @cached_property
    def _preparing_batches(self) -> Grouped[Batch, dict[int, Ready]]:
        return Grouped(self._database, self._prepare_batches)

    @cached_property
    def _storing_batches(self) -> Grouped[Sequence[sending.Answered], list[bool | StickySyncError]]:
        return Grouped(self._database, self._store_batches, behind=self._preparing_batches)

    async def apply_batch(self, batch: Batch) -> tuple[list[Step], list[PlannedRow]]:
        """Apply rows of one action together.

        Returns:
            the steps of rows that are through, and the rows to be applied alone. Creates in neither are unsettled.

        Raises:
            StickySyncError, StopRequested: as `apply`.
        """
        action = batch[0].action
        throttled = unconnected = 0
        while True:
            await self._trusted.wait()
            # Others may have met the refusal while this one waited. What was throttled has marks that only the form's
            # own answer tells about.
            if action in self._refused_forms and not throttled:
                return [], list(batch)
            async with self._glue.turn():
                if not self._goes_on():
                    raise StopRequested
                if not self._trusted.is_set() or (action in self._refused_forms and not throttled):
                    continue
                asked, ready = time.time(), await self._prepare_many(batch)
                sent = [row for row in batch if row.password.id in ready]
                answer = await self._attempt(asked, self._request(sent, ready)) if sent else []
            steps = [Step.of(r, Outcome.SKIPPED, CHANGED_MEANWHILE) for r in batch if r.password.id not in ready]
            match answer:
                case HeldBack():
                    if not throttled and not unconnected:
                        await self._database.run(sending.take_all_back, ready.values(), self._rules)
                    self._require_in_time()
                case Throttled():
                    # The marks stay: what a batch answer means is never taken for granted.
                    if (throttled := throttled + 1) >= THROTTLED_ATTEMPTS:
                        raise self._glue.still_throttled()
                case NotSent():
                    if (unconnected := unconnected + 1) >= NO_CONNECTION_ATTEMPTS:
                        raise self._glue.unreachable(answer)
                    await self._back_off(unconnected)
                case Refused():
                    self._refused_forms |= {action}
                    async with self._doubting(whatever_went_well=True):
                        await self._glue.probe()
                    return steps, self._unconfirmed(sent)
                case AnswerLost():
                    await self._glue.probe()
                    return steps, self._unconfirmed(sent)
                case _:
                    done, unconfirmed = await self._store_confirmed(sent, answer)
                    return steps + done, self._unconfirmed(unconfirmed)

    async def _prepare_many(self, batch: Batch) -> dict[int, Ready]:
        """The rows that are as planned, by PasswordID, read and marked together with other batches' that wait."""
        if self._commit_together:
            # Refused for all of them, each asks for itself: nothing else may lie between its marks and its request.
            with suppress(DatabaseRefused):
                return await self._preparing_batches.ask(batch)
        [ready] = await self._database.call(self._prepare_batches, [batch])
        return ready

    def _prepare_batches(self, batches: Sequence[Batch]) -> list[dict[int, Ready]]:
        """On the database thread, under the lock: all rows are read in one statement, which asks for it, too."""
        asked = [self._asked(row) for batch in batches for row in batch]
        with self._lock.units() as units:
            ready = units.unit(sending.prepare_many, asked, self._rules)
        return [
            {row.password.id: ready[row.password.id] for row in batch if row.password.id in ready} for batch in batches
        ]

    def _asked(self, row: PlannedRow) -> sending.Asked:
        if row.action is Action.CREATE:
            return row, CREATED_FIELDS, self._seen(row, _identity(row))
        return row, row.fields, ()

    def _store_batches(
        self, batches: Sequence[Sequence[sending.Answered]]
    ) -> list[list[bool | StickySyncError] | StickySyncError]:
        """On the database thread, serialised with the map writes of all PCs."""
        store = partial(sending.store_together, rules=self._rules)
        return self._database.batches_together(store, batches, at_once=self._commit_together, map_lock=True)

    def _request(
        self, sent: Sequence[PlannedRow], ready: dict[int, Ready]
    ) -> Callable[[MayGo], Awaitable[list[Entry]]]:
        payloads = {row.password.id: ready[row.password.id].payload for row in sent}
        if sent and sent[0].action is Action.CREATE:
            organization_id = sent[0].organization_id or 0
            return partial(self._glue.create_many, organization_id, list(payloads.values()), self._category_id)
        by_entry = {row.entry_id or 0: payloads[row.password.id] for row in sent}
        return partial(self._glue.update_many, by_entry)

    def _unconfirmed(self, rows: list[PlannedRow]) -> list[PlannedRow]:
        """Updates are sent again alone; creates may have happened and are settled at the end of the run."""
        self.unsettled.update(row.password.id for row in rows if row.action is Action.CREATE)
        return [row for row in rows if row.action is not Action.CREATE]

    async def _store_confirmed(
        self, sent: Sequence[PlannedRow], entries: Sequence[Entry]
    ) -> tuple[list[Step], list[PlannedRow]]:
        confirmed: list[sending.Answered] = []
        unconfirmed: list[PlannedRow] = []
        # Twins never share a batch, and an entry is updated once in it, so each row has one answer at most.
        answers = {_answer_key(entry, sent[0].action): entry for entry in reversed(entries)}
        for row in sent:
            key = _row_key(row)
            entry = answers.get(key)
            if entry is None:
                unconfirmed.append(row)
            elif row.action is Action.CREATE:
                confirmed.append((row, entry, CREATED_FIELDS))
                # Of a create this is its identity.
                self._created[key].append(entry.id)
            else:
                confirmed.append((row, entry, row.fields))
        self._successes += len(confirmed)
        stored = await self._storing_batches.ask(confirmed) if confirmed else []
        return [self._told(answered, what) for answered, what in zip(confirmed, stored, strict=True)], unconfirmed

    def _told(self, answered: sending.Answered, stored: bool | StickySyncError) -> Step:
        row, entry, _ = answered
        if isinstance(stored, IdDoesNotFit):
            return not_stored(row, stored)
        if isinstance(stored, StickySyncError):
            raise stored
        return self._stored(row, entry, stored)


def _row_key(row: PlannedRow) -> Identity:
    """What an entry must show to be taken for this row's answer: whose it is, and the names that were sent.

    URLs are left out: IT Glue may complete them.
    """
    whose = row.organization_id if row.action is Action.CREATE else row.entry_id
    return identity(whose or 0, entry_name(row.password), row.password.username)


def _answer_key(entry: Entry, action: Action) -> Identity:
    return identity(entry.organization_id if action is Action.CREATE else entry.id, entry.name, entry.username)
