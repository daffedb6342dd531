"""What was last read of IT Glue, so that a mapping or a tick can be judged anew without reading it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from stickysync_gui.domain.records import Entry, Organization
from stickysync_gui.domain.snapshot import ItGlueSide, Scope

if TYPE_CHECKING:
    from stickysync_gui.domain.matching import Matcher


class ItGlueMemory:
    """The last reading of the account, kept up to date with what this program learns and writes."""

    def __init__(self) -> None:
        self.organizations: dict[int, Organization] | None = None
        self.side: ItGlueSide | None = None
        self.read_at: datetime | None = None
        self._matcher: tuple[dict[int, Organization], Matcher] | None = None

    def matcher(self) -> Matcher:
        """Finds organizations for clients; made once for each reading, since that takes a while."""
        from stickysync_gui.domain.matching import Matcher

        organizations = self.organizations or {}
        if self._matcher is None or self._matcher[0] is not organizations:
            self._matcher = (organizations, Matcher(organizations.values()))
        return self._matcher[1]

    def forget(self) -> None:
        """Another account, or none."""
        self.organizations = self.side = self.read_at = self._matcher = None

    def take(self, side: ItGlueSide, scope: Scope) -> None:
        """Remember a reading; one of a part only renews what it holds."""
        self.organizations = dict(side.organizations)
        if scope.is_everything:
            self.side, self.read_at = side, datetime.now().astimezone()
        elif self.side is not None:
            entries = {**self.side.entries, **side.entries}
            gone = (self.side.gone | side.gone) - side.entries.keys()
            self.side = replace(self.side, entries=entries, gone=gone)

    def take_entry(self, entry: Entry) -> None:
        """Remember one entry that was looked up."""
        if self.side is not None:
            self.side = replace(self.side, entries={**self.side.entries, entry.id: entry})
