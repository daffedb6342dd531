"""When the next AutoSync round is due, and when it is overdue. Pure: all times are the database server's, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OVERDUE_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class LastRound:
    """The last AutoSync round that ended well, on any PC."""

    ended: datetime
    who: str
    computer: str


@dataclass(frozen=True, slots=True)
class AutoSyncState:
    """Where AutoSync stands.

    Args:
        now: by the same clock as the rounds'.
        interval_minutes: between rounds.
        ticked: passwords with AutoSync on.
        other_plugin_links: links that something else synced after our last run; the Control Center plugin, probably.
    """

    now: datetime
    interval_minutes: int
    last: LastRound | None = None
    ticked: int = 0
    other_plugin_links: int = 0

    @property
    def next_due(self) -> datetime:
        """When the next round is due."""
        return self.last.ended + timedelta(minutes=self.interval_minutes) if self.last else self.now

    @property
    def is_due(self) -> bool:
        """Whether a round should run now."""
        return self.now >= self.next_due

    @property
    def is_overdue(self) -> bool:
        """Whether rounds did run once, something is ticked, and none has ended well for three intervals."""
        if self.last is None or not self.ticked:
            return False
        return self.now - self.last.ended >= timedelta(minutes=self.interval_minutes * OVERDUE_INTERVALS)
