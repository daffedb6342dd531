"""Units of work on one session with the database: each is one transaction, where the session has any, and is done again
where that can help."""

from __future__ import annotations

import random
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain, islice
from typing import Concatenate, ParamSpec, TypeVar

import pymysql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.errors import DatabaseRefused, StickySyncError
from stickysync_gui.storage.failures import LOST, REPEATABLE, error_code, translate

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

InTurn = Callable[[Connection, Sequence[Item]], Iterable[T]]
"""Reads for all items, then writes for one after the other; what it yields for each is committed before the next."""

REPEATS = 3


class MapLockBusy(DatabaseRefused):
    """Somebody else has been writing the map all the time."""

    kind = "map_lock_busy"


class Units(ABC):
    """Work on one session. Everything here blocks and belongs on the database thread."""

    address: DatabaseAddress

    @abstractmethod
    def session(self, *, map_lock: bool) -> AbstractContextManager[Connection]:
        """The connection for one attempt at a unit; what is not committed at its end is undone.

        On the run lock's session each statement commits itself, so there a refused unit may be half done: what writes
        there must bear being done again.

        Args:
            map_lock: held meanwhile; it serialises the map writes of all PCs (product.md 2).
        """

    def commit(self, connection: Connection) -> None:
        """Make what a unit wrote last."""
        connection.commit()

    def unit(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One transaction."""
        return self._one(lambda connection: fn(connection, *args, **kwargs), map_lock=False)

    def map_unit(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One transaction under the map lock."""
        return self._one(lambda connection: fn(connection, *args, **kwargs), map_lock=True)

    def together(
        self,
        all_at_once: Callable[[Connection, Sequence[Item]], Sequence[T | StickySyncError]],
        one_by_one: InTurn[Item, T | StickySyncError],
        items: Sequence[Item],
        *,
        at_once: bool,
        map_lock: bool = False,
    ) -> list[T | StickySyncError]:
        """One transaction for all items; where the server refuses that, as `each`.

        Args:
            at_once: False makes a transaction for each from the outset.
        """
        if not at_once or len(items) == 1:
            return self.each(one_by_one, items, map_lock=map_lock)
        try:
            return list(self._one(lambda connection: all_at_once(connection, items), map_lock=map_lock))
        except DBAPIError as error:
            if error_code(error) in LOST:
                raise
        return self.each(one_by_one, items, map_lock=map_lock)

    def batches_together(
        self,
        fn: Callable[[Connection, Sequence[Item]], Sequence[T]],
        batches: Sequence[Sequence[Item]],
        *,
        at_once: bool,
        map_lock: bool = False,
    ) -> list[list[T] | StickySyncError]:
        """`together` for batches: `fn` gets the items of all of them; those of one after the other where it must be."""

        def all_at_once(connection: Connection, batches: Sequence[Sequence[Item]]) -> list[list[T]]:
            results = iter(fn(connection, list(chain.from_iterable(batches))))
            return [list(islice(results, len(batch))) for batch in batches]

        def one_by_one(connection: Connection, batches: Sequence[Sequence[Item]]) -> Iterator[list[T]]:
            return (list(fn(connection, batch)) for batch in batches)

        return self.together(all_at_once, one_by_one, batches, at_once=at_once, map_lock=map_lock)

    def each(self, fn: InTurn[Item, T], items: Sequence[Item], *, map_lock: bool = False) -> list[T | StickySyncError]:
        """A transaction for each item, with one reading and one map lock for all of them.

        Returns:
            what `fn` yielded, in order of the items. An item that is refused fails alone, with the error in its place;
            after a lost connection or a deadlock those that are not committed yet are repeated.
        """
        done: list[T | StickySyncError] = []

        def once() -> None:
            with self.session(map_lock=map_lock) as connection:
                for result in fn(connection, items[len(done) :]):
                    self.commit(connection)
                    done.append(result)

        while len(done) < len(items):
            try:
                self._repeated(once)
            except (StickySyncError, SQLAlchemyError, pymysql.err.Error, sqlite3.Error, OSError) as error:
                failure = error if isinstance(error, StickySyncError) else translate(error, self.address)
                is_about_all = isinstance(error, MapLockBusy) or error_code(error) in LOST
                done += [failure] * (len(items) - len(done) if is_about_all else 1)
        return done

    def _one(self, fn: Callable[[Connection], T], *, map_lock: bool) -> T:
        def once() -> T:
            with self.session(map_lock=map_lock) as connection:
                result = fn(connection)
                self.commit(connection)
                return result

        return self._repeated(once)

    def _repeated(self, once: Callable[[], T]) -> T:
        for attempt in range(REPEATS):
            try:
                return once()
            except MapLockBusy:
                if attempt == REPEATS - 1:
                    raise
            except DBAPIError as error:
                if error_code(error) not in REPEATABLE or attempt == REPEATS - 1:
                    raise
                time.sleep(0.05 * 2**attempt * (1 + random.random()))
        raise AssertionError("unreachable")
