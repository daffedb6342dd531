"""Errands to the database thread: who asks while one is out goes with the next, and each gets his own answer."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.errors import StickySyncError, UsageError
from stickysync_gui.storage.database import Database
from stickysync_gui.sync.grouping import Grouped
from tests.waiting import PATIENCE

REFUSED = UsageError(happened="This one alone.", unchanged="", todo="")


class Errands:
    """Doubles what it is asked; notes its groups, also where `all_groups` are noted, and waits at the first.

    It waits there until it may go on.
    """

    def __init__(self, all_groups: list[list[int]] | None = None) -> None:
        self.groups: list[list[int]] = []
        self.all_groups = all_groups if all_groups is not None else []
        self.go_on = threading.Event()

    def __call__(self, asked: Sequence[int]) -> list[int | StickySyncError]:
        self.groups.append(list(asked))
        self.all_groups.append(list(asked))
        if len(self.groups) == 1:
            assert self.go_on.wait(PATIENCE)
        return [REFUSED if number == 13 else 2 * number for number in asked]


async def under_way(errands: Errands, grouped: Grouped[int, int]) -> "asyncio.Task[int]":
    first = asyncio.create_task(grouped.ask(1))
    while not errands.groups:
        await asyncio.sleep(0)
    return first


def opened(tmp_path: Path) -> Database:
    return Database(DatabaseAddress(sqlite_file=str(tmp_path / "file.sqlite"), tls=TlsMode.OFF))


async def test_who_asks_meanwhile_goes_together(tmp_path: Path) -> None:
    database, errands = opened(tmp_path), Errands()
    grouped = Grouped(database, errands)
    first = await under_way(errands, grouped)
    others = [asyncio.create_task(grouped.ask(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    errands.go_on.set()
    assert [await first, *await asyncio.gather(*others)] == [2, 4, 6, 8]
    assert errands.groups == [[1], [2, 3, 4]]
    await database.close()


async def test_a_refusal_is_of_the_one_alone(tmp_path: Path) -> None:
    database, errands = opened(tmp_path), Errands()
    errands.go_on.set()
    grouped = Grouped(database, errands)
    answers = await asyncio.gather(*(grouped.ask(number) for number in (12, 13, 14)), return_exceptions=True)
    assert answers == [24, REFUSED, 28]
    await database.close()


async def test_an_errand_that_fails_fails_for_all_and_the_next_goes_on(tmp_path: Path) -> None:
    database = opened(tmp_path)
    failing = True

    def errand(asked: Sequence[int]) -> list[int]:
        if failing:
            raise REFUSED
        return list(asked)

    grouped = Grouped(database, errand)
    answers = await asyncio.gather(grouped.ask(1), grouped.ask(2), return_exceptions=True)
    assert answers == [REFUSED, REFUSED]
    failing = False
    assert await grouped.ask(3) == 3
    await database.close()


async def test_one_that_is_cancelled_harms_nobody(tmp_path: Path) -> None:
    database, errands = opened(tmp_path), Errands()
    grouped = Grouped(database, errands)
    first = await under_way(errands, grouped)
    impatient, patient = (asyncio.create_task(grouped.ask(number)) for number in (2, 3))
    await asyncio.sleep(0)
    impatient.cancel()
    errands.go_on.set()
    assert [await first, await patient] == [2, 6]
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert errands.groups == [[1], [2, 3]], "what was asked is done all the same"
    await database.close()


async def test_a_thread_that_takes_no_more_errands_says_so(tmp_path: Path) -> None:
    database = opened(tmp_path)
    grouped = Grouped(database, lambda asked: list(asked))
    await database.close()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await grouped.ask(1)


async def test_what_goes_behind_waits_for_the_others_and_then_goes_together(tmp_path: Path) -> None:
    database, in_order = opened(tmp_path), list[list[int]]()
    first_errands, behind_errands = Errands(in_order), Errands(in_order)
    behind_errands.go_on.set()
    grouped = Grouped(database, first_errands)
    behind = Grouped(database, behind_errands, behind=grouped)
    first = await under_way(first_errands, grouped)
    waiting = [asyncio.create_task(behind.ask(5))]
    await asyncio.sleep(0)
    next_one = asyncio.create_task(grouped.ask(2))
    waiting.append(asyncio.create_task(behind.ask(6)))
    await asyncio.sleep(0)
    first_errands.go_on.set()
    assert [await first, await next_one] == [2, 4]
    assert await asyncio.gather(*waiting) == [10, 12]
    assert in_order == [[1], [2], [5, 6]], "what goes behind had not begun before"
    assert behind_errands.groups == [[5, 6]]
    await database.close()


async def test_what_goes_behind_goes_at_once_where_nobody_else_asks(tmp_path: Path) -> None:
    database, errands = opened(tmp_path), Errands()
    errands.go_on.set()
    behind = Grouped(database, errands, behind=Grouped(database, Errands()))
    assert await behind.ask(3) == 6
    await database.close()
