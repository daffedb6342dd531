"""Walking IT Glue's lists page by page: how big the pages are, where a list ends, and whether all of it came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from stickysync_gui.domain.progress import PageRead, Report
from stickysync_gui.domain.records import Entry
from stickysync_gui.itglue import documents

T = TypeVar("T")

PAGE_SIZES = (1000, 500, 250, 100)


class PageTooBig(Exception):
    """The page took too long; a smaller one may not."""


@dataclass(frozen=True, slots=True)
class Walk:
    """All entries of a list; `total` is how many rows IT Glue itself counted, where it said so."""

    entries: dict[int, Entry]
    total: int | None

    @property
    def is_complete(self) -> bool:
        """Whether as many rows came as IT Glue counted."""
        return self.total is None or self.total == len(self.entries)


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """One page of a list: its records, the number of the page that follows, and all rows as IT Glue counts them."""

    records: list[T]
    next_page: int | None
    total: int | None


class Get(Protocol):
    """How a page is fetched: `ItGlue`'s GET with retries, which raises `PageTooBig` when a smaller one may help."""

    async def __call__(
        self, path: str, params: dict[str, str], read: Callable[[bytes], T], *, smaller_may_help: bool
    ) -> T:
        """Fetch and read one page."""


class Walker:
    """Walks lists. Once a page took too long, all that follow are asked for at the smaller size.

    Args:
        get: fetches one page. report: told of each page of entries.
    """

    def __init__(self, get: Get, report: Report) -> None:
        self._get = get
        self._report = report
        self._size = PAGE_SIZES[0]

    async def pages(
        self, path: str, filters: Mapping[str, str], make: Callable[[dict[str, Any]], T]
    ) -> AsyncIterator[Rows[T]]:
        """Yield pages in order of id; a page that takes too long is asked for again in smaller parts.

        Args:
            make: turns a resource object into its record; `NotADocument` counts as a lost answer.
        """
        offset, former = 0, None
        while True:
            size = self._size
            number = offset // size + 1
            params = {**filters, "sort": "id", "page[size]": str(size), "page[number]": str(number)}
            try:
                rows = await self._get(
                    path, params, lambda body: _rows(body, make), smaller_may_help=size != PAGE_SIZES[-1]
                )
            except PageTooBig:
                self._size = PAGE_SIZES[PAGE_SIZES.index(size) + 1]
                continue
            if rows.records and rows.records[0] == former:
                # A server that knows of no pages sends the same one again.
                return
            yield rows
            if not rows.records:
                return
            following = rows.next_page
            if following is None and rows.total is None and len(rows.records) >= size:
                # Without `meta` (itglue-api.md 3) only a page that is not full is surely the last.
                following = number + 1
            if following is None or following <= number:
                return
            offset, former = (following - 1) * size, rows.records[0]

    async def entries(self, organization_id: int | None, most_pages: int | None) -> Walk | None:
        """Read the entries of one organization, or of the whole account; see `ItGlue.walk`."""
        filters = {"filter[organization_id]": str(organization_id)} if organization_id is not None else {}
        walk = await self._entries_once(filters, most_pages)
        if walk is not None and not walk.is_complete:
            again = await self._entries_once(filters, None)
            if again is not None:
                walk = again if again.is_complete else Walk({**walk.entries, **again.entries}, None)
        if walk is None or organization_id is None:
            return walk
        return Walk({i: e for i, e in walk.entries.items() if e.organization_id == organization_id}, None)

    async def _entries_once(self, filters: Mapping[str, str], most_pages: int | None) -> Walk | None:
        entries: dict[int, Entry] = {}
        totals: list[int] = []
        async for rows in self.pages("/passwords", filters, documents.entry):
            entries.update((entry.id, entry) for entry in rows.records)
            if rows.total is not None:
                totals.append(rows.total)
            self._report(PageRead(len(entries), rows.total))
            if most_pages is not None and rows.total is not None and rows.total > most_pages * self._size:
                return None
        # The greatest: a row deleted while the walk is on makes another one slip to a page that was read already.
        return Walk(entries, max(totals, default=None))


def _rows(body: bytes, make: Callable[[dict[str, Any]], T]) -> Rows[T]:
    page = documents.page(body)
    return Rows([make(item) for item in page.items], page.next_page, page.total)
