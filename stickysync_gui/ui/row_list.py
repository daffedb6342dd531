"""A list of records with its own filter and sort over prepared strings: plain Python, usable in any thread."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtGui import QColor, QIcon

T = TypeVar("T")

SORTED_AT_ONCE = 5_000
"""Sorting is one call that lets no other thread run, so a worker thread sorts in runs of this size and merges them."""


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column: what it shows, all by look-up.

    Args:
        title: the header.
        text: what the cell shows, and what copying gives.
        order: sort key; None sorts by the text without regard to case.
        icon, color, tip: further looks of a cell.
        checked: makes the cell a check box.
        spoken: the cell for a screen reader, where the text alone says too little.
        searched: whether the search box looks here.
        numeric: right-aligned.
        width: first width in pixels; shared out in proportion where there is more room, or less.
        fixed: keeps that width.
        header_tip: explains the header.
    """

    title: str
    text: Callable[[T], str]
    order: Callable[[T], Any] | None = None
    icon: Callable[[T], QIcon | None] | None = None
    color: Callable[[T], QColor | None] | None = None
    tip: Callable[[T], str] | None = None
    checked: Callable[[T], bool] | None = None
    spoken: Callable[[T], str] | None = None
    searched: bool = True
    numeric: bool = False
    width: int = 140
    fixed: bool = False
    header_tip: str = ""


def accept_all(row: object) -> bool:
    """A filter that leaves every row."""
    return True


class RowList(Generic[T]):
    """The records, their order and which of them are shown.

    Args:
        columns: what is sorted by and searched in.
        key: names a record for good; a record of the same key replaces it.
        rows: the records; their order is the order of an unsorted table.
    """

    def __init__(self, columns: Sequence[Column[T]], key: Callable[[T], Hashable], rows: Iterable[T] = ()) -> None:
        self.columns = columns
        self.key = key
        self.rows = list(rows)
        self.shown: list[int] = list(range(len(self.rows)))
        self.sorted_by: tuple[int, bool] | None = None
        self.words: tuple[str, ...] = ()
        self.accepts: Callable[[T], bool] = accept_all
        searched = [column.text for column in columns if column.searched]
        self._searched = searched
        self._texts = ["\n".join([text(row) for text in searched]).casefold() for row in self.rows]
        self._places = {key(row): place for place, row in enumerate(self.rows)}
        self._order = list(range(len(self.rows)))
        self._lines: dict[int, int] | None = None
        self._orders: dict[int, list[int]] = {}
        self._touched: set[int] = set()
        # Records changed in place since the last full filter: what is shown is no base for a narrower one.
        self._moved = False

    def __len__(self) -> int:
        return len(self.shown)

    def at(self, line: int) -> T:
        """The record shown in that line."""
        return self.rows[self.shown[line]]

    def find(self, key: Hashable) -> T | None:
        """The record of that key, shown or not."""
        place = self._places.get(key)
        return None if place is None else self.rows[place]

    def line_of(self, key: Hashable) -> int | None:
        """In which line the record is shown; None when it is not."""
        place = self._places.get(key)
        return None if place is None else self._line_of_place(place)

    def sort(self, column: int, descending: bool) -> None:
        """Put the records in order of a column; ascending, equal ones keep the order of the list."""
        order = self._orders.get(column)
        if order is None:
            keys = sort_keys(self.columns[column], self.rows)
            order = self._orders[column] = sorted(range(len(self.rows)), key=keys.__getitem__)
        self._order = order[::-1] if descending else order
        self.sorted_by = (column, descending)
        self._refill(self._order)

    def snapshot(self) -> list[T]:
        """The records, to work out orders for in another thread (see `orders_of`)."""
        self._touched.clear()
        return list(self.rows)

    def take_orders(self, orders: dict[int, list[int]]) -> None:
        """Keep orders of the last snapshot by column, as far as no record changed under them."""
        for column, order in orders.items():
            if column not in self._touched:
                self._orders.setdefault(column, order)

    def filter(self, text: str, accepts: Callable[[T], bool] = accept_all) -> None:
        """Show the records that hold every word of `text` and that `accepts` lets through."""
        words = tuple(text.casefold().split())
        narrower = not self._moved and accepts == self.accepts and text.casefold().startswith(" ".join(self.words))
        self.words, self.accepts = words, accepts
        self._refill(self.shown if narrower else self._order)

    def replace(self, rows: Iterable[T]) -> list[int]:
        """Exchange records by key, where they stand; return the shown lines that changed. Unknown ones are left out."""
        changed = []
        for row in rows:
            place = self._places.get(self.key(row))
            if place is None:
                continue
            self._forget_orders(self.rows[place], row)
            self.rows[place] = row
            self._moved = True
            self._texts[place] = "\n".join([text(row) for text in self._searched]).casefold()
            line = self._line_of_place(place)
            if line is not None:
                changed.append(line)
        return changed

    def shown_rows(self) -> list[T]:
        """The shown records, in their order."""
        rows = self.rows
        return [rows[place] for place in self.shown]

    def same_view(self, rows: Iterable[T]) -> RowList[T]:
        """A list of other records, sorted and filtered like this one; for a worker thread, where they are many."""
        other = RowList(self.columns, self.key, rows)
        other.words, other.accepts = self.words, self.accepts
        if self.sorted_by is not None:
            column = self.sorted_by[0]
            other._orders[column] = _order_in_runs(self.columns[column], other.rows)
            other.sort(*self.sorted_by)
        else:
            other.settle()
        return other

    def filter_like(self, other: RowList[T]) -> None:
        """Show what the filter of another list lets through, sorted as that one is."""
        if (self.words, self.accepts, self.sorted_by) != (other.words, other.accepts, other.sorted_by):
            self.words, self.accepts, self.sorted_by = other.words, other.accepts, other.sorted_by
            self.settle()

    def settle(self) -> None:
        """Sort and filter anew, after records changed in place."""
        if self.sorted_by is not None:
            self.sort(*self.sorted_by)
        else:
            self._refill(self._order)

    def _forget_orders(self, old: T, new: T) -> None:
        for number, column in enumerate(self.columns):
            look = column.order or column.text
            known = number in self._touched and number not in self._orders
            if not known and look(old) != look(new):
                self._touched.add(number)
                self._orders.pop(number, None)

    def _refill(self, places: list[int]) -> None:
        texts, rows, accepts = self._texts, self.rows, self.accepts
        self._moved = self._moved and places is not self._order
        for word in self.words:
            places = [place for place in places if word in texts[place]]
        if accepts is not accept_all:
            places = [place for place in places if accepts(rows[place])]
        self.shown = list(places) if places is self._order else places
        self._lines = None

    def _line_of_place(self, place: int) -> int | None:
        if self._lines is None:
            self._lines = {shown: line for line, shown in enumerate(self.shown)}
        return self._lines.get(place)


def sort_keys(column: Column[T], rows: Sequence[T]) -> list[Any]:
    """What a column sorts the records by."""
    if column.order is not None:
        return [column.order(row) for row in rows]
    text = column.text
    return [text(row).casefold() for row in rows]


def orders_of(columns: Sequence[Column[T]], rows: Sequence[T]) -> dict[int, list[int]]:
    """The ascending order of the records by each column that sorts texts; slow, and made for a worker thread."""
    orders = {}
    for number, column in enumerate(columns):
        if column.order is None:
            orders[number] = _order_in_runs(column, rows)
    return orders


def _order_in_runs(column: Column[T], rows: Sequence[T]) -> list[int]:
    key = sort_keys(column, rows).__getitem__
    starts = range(0, len(rows), SORTED_AT_ONCE)
    runs = [sorted(range(start, min(start + SORTED_AT_ONCE, len(rows))), key=key) for start in starts]
    return list(heapq.merge(*runs, key=key)) if len(runs) > 1 else [place for run in runs for place in run]
