"""What a run reports while it goes, and what it adds up to."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from stickysync_gui.domain.planned import Action, PlannedRow, Status


class Phase(StrEnum):
    """What a run is busy with."""

    READING_AUTOMATE = "Reading Automate"
    READING_ITGLUE = "Reading IT Glue"
    PLANNING = "Planning"
    APPLYING = "Syncing"
    SETTLING = "Waiting for interrupted passwords"


class Outcome(StrEnum):
    """How a row ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """The run goes over to something else; `total` is how many rows that will be, where known."""

    phase: Phase
    total: int | None = None


@dataclass(frozen=True, slots=True)
class PageRead:
    """One more page of IT Glue's list: entries so far, and in all where IT Glue said so."""

    entries: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run waits on purpose, for `seconds`, because of `why` (a sentence)."""

    seconds: float
    why: str


class Step(NamedTuple):
    """How one password ended. `status` and `action` are as planned; `reason` never holds a value.

    A tuple: each password of a run has one.
    """

    password_id: int
    client_id: int
    status: Status
    action: Action
    outcome: Outcome
    reason: str = ""
    entry_id: int | None = None

    @classmethod
    def of(cls, row: PlannedRow, outcome: Outcome, reason: str = "", entry_id: int | None = None) -> Step:
        """A step for a planned row; without a reason of its own it keeps the plan's."""
        return cls(
            row.password.id,
            row.password.client_id,
            row.status,
            row.action,
            outcome,
            reason or row.reason,
            entry_id if entry_id is not None else row.entry_id,
        )


Event = PhaseStarted | PageRead | Waiting | Step
Report = Callable[[Event], None]
"""Takes one event; must return at once and never raise."""


def no_report(event: Event) -> None:
    """A report for callers that do not watch."""


@dataclass(slots=True)
class Summary:
    """What a run did.

    Args:
        ended: "done", "rows_failed", "cancelled", or the kind of the error that stopped it.
        requests: sent to IT Glue. seconds: wall time.
        history_kept: whether this PC's history has the run; a full disk must not make a failure of a finished sync.
    """

    run_id: str
    steps: list[Step] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    ended: str = "done"
    history_kept: bool = True

    def _done(self, action: Action) -> int:
        done = Outcome.DONE
        return sum(1 for step in self.steps if step.outcome is done and step.action is action)

    def _ended(self, outcome: Outcome) -> int:
        return sum(1 for step in self.steps if step.outcome is outcome)

    @property
    def created(self) -> int:
        """Entries created."""
        return self._done(Action.CREATE)

    @property
    def linked(self) -> int:
        """Existing entries linked."""
        return self._done(Action.LINK)

    @property
    def updated(self) -> int:
        """Entries updated."""
        return self._done(Action.UPDATE)

    @property
    def unchanged(self) -> int:
        """Rows that were in sync already."""
        return self._done(Action.NONE)

    @property
    def skipped(self) -> int:
        """Rows left alone, for the reason that their step gives."""
        return self._ended(Outcome.SKIPPED)

    @property
    def failed(self) -> int:
        """Rows that IT Glue or the database refused."""
        return self._ended(Outcome.FAILED)

    @property
    def skipped_by_status(self) -> Counter[Status]:
        """Skipped rows by the status they had at planning."""
        return Counter(step.status for step in self.steps if step.outcome is Outcome.SKIPPED)

    def sentence(self) -> str:
        """The counts in one line."""
        return (
            f"{self.created:,} created, {self.linked:,} linked, {self.updated:,} updated, "
            f"{self.unchanged:,} unchanged, {self.skipped:,} skipped, {self.failed:,} failed"
        )


class Tally:
    """Adds events up to what a progress bar shows; `now` is any steadily growing clock, in seconds."""

    RATE_WINDOW_SECONDS = 15.0

    def __init__(self) -> None:
        self.phase: Phase | None = None
        self.total: int | None = None
        self.done = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.waiting: Waiting | None = None
        self.client_id: int | None = None
        self._recent: deque[float] = deque()

    def take(self, event: Event, now: float) -> None:
        """Add one event."""
        match event:
            case PhaseStarted(phase, total):
                self.phase, self.total, self.done, self.waiting = phase, total, 0, None
                self._recent.clear()
            case PageRead(entries, total):
                self.done, self.total = entries, total
            case Waiting():
                self.waiting = event
            case Step():
                self.waiting = None
                self.done += 1
                self.outcomes[event.outcome] += 1
                self.client_id = event.client_id
                self._recent.append(now)

    def rate(self, now: float) -> float:
        """Rows per second over the last seconds; 0 while nothing can be said."""
        while self._recent and self._recent[0] < now - self.RATE_WINDOW_SECONDS:
            self._recent.popleft()
        if len(self._recent) < 2:
            return 0.0
        span = now - self._recent[0]
        return len(self._recent) / span if span > 0 else 0.0

    def seconds_left(self, now: float) -> float | None:
        """Time to the end at the present rate; None while unknown."""
        rate = self.rate(now)
        if not rate or self.total is None:
            return None
        return max(0.0, (self.total - self.done) / rate)
