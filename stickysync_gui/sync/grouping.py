"""What several workers ask of the database at the same moment is done in one go: one reading, one lock, one errand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from stickysync_gui.errors import StickySyncError
from stickysync_gui.storage.database import Database

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Grouped(Generic[Asked, Answer]):
    """An errand to the database thread that takes along whoever waits for it, and waits for nobody.

    Nothing is held back to make a group bigger: while IT Glue answers slowly, each row goes alone.

    Args:
        errand: runs on the database thread; an answer for each that asked, in order, or the error of that one alone.
    """

    def __init__(
        self, database: Database, errand: Callable[[Sequence[Asked]], Sequence[Answer | StickySyncError]]
    ) -> None:
        self._database = database
        self._errand = errand
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._out: asyncio.Task[Sequence[Answer | StickySyncError]] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Have one answered together with what others ask meanwhile.

        Raises:
            StickySyncError: of the errand as a whole, or of this one alone.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._out is None:
            self._set_out()
        return await answer

    def _set_out(self) -> None:
        group, self._waiting = self._waiting, []
        self._out = out = asyncio.create_task(self._database.call(self._errand, [asked for asked, _ in group]))
        out.add_done_callback(partial(self._come_back, [answer for _, answer in group]))

    def _come_back(
        self, group: Sequence[asyncio.Future[Answer]], errand: asyncio.Task[Sequence[Answer | StickySyncError]]
    ) -> None:
        self._out = None
        if self._waiting:
            self._set_out()
        if errand.cancelled():
            for answer in group:
                answer.cancel()
            return
        error = errand.exception()
        results = [error] * len(group) if error is not None else errand.result()
        for answer, result in zip(group, results, strict=True):
            if answer.done():
                # Whoever asked was cancelled meanwhile; the errand was done all the same.
                continue
            if isinstance(result, BaseException):
                answer.set_exception(result)
            else:
                answer.set_result(result)
