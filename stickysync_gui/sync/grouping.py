"""What several workers ask of the database at the same moment is done in one go: one reading, one lock, one errand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from stickysync_gui.errors import StickySyncError
from stickysync_gui.storage.database import Database

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Grouped(Generic[Asked, Answer]):
    """An errand to the database thread that takes along whoever waits for it, and waits for nobody.

    Nothing is held back to make a group bigger: while IT Glue answers slowly, each row goes alone.

    Args:
        errand: runs on the database thread; an answer for each that asked, in order, or the error of that one alone.
        behind: whose errands go first, because a place in flight stands empty until they are done.
    """

    def __init__(
        self,
        database: Database,
        errand: Callable[[Sequence[Asked]], Sequence[Answer | StickySyncError]],
        *,
        behind: Grouped[Any, Any] | None = None,
    ) -> None:
        self._database = database
        self._errand = errand
        self._behind = behind
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._errands: set[asyncio.Task[None]] = set()
        self._is_called = False

    async def ask(self, asked: Asked) -> Answer:
        """Have one answered together with what others ask until the database thread is free.

        Raises:
            StickySyncError: of the errand as a whole, or of this one alone.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if not self._is_called:
            self._is_called = True
            errand = asyncio.create_task(self._run())
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)
        return await answer

    async def idle(self) -> None:
        """Wait until all that was asked is answered."""
        while self._errands:
            await asyncio.wait(self._errands)

    async def _run(self) -> None:
        group: list[tuple[Asked, asyncio.Future[Answer]]] = []

        def on_thread() -> Sequence[Answer | StickySyncError]:
            # In this order: whoever asks from now on calls another errand, even if this one takes him along.
            self._is_called = False
            group.extend(self._taken())
            return self._errand([asked for asked, _ in group]) if group else []

        results: Sequence[Answer | Exception]
        try:
            if self._behind is not None:
                await self._behind.idle()
            results = await self._database.call(on_thread)
        except asyncio.CancelledError:
            for _, answer in group:
                answer.cancel()
            raise
        except Exception as error:
            # Where the thread takes no more errands, nobody was taken along.
            self._is_called = False
            group = group or list(self._taken())
            results = [error] * len(group)
        for (_, answer), result in zip(group, results, strict=True):
            # Whoever asked may have been cancelled meanwhile; the errand was done all the same.
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)

    def _taken(self) -> Iterator[tuple[Asked, asyncio.Future[Answer]]]:
        while self._waiting:
            yield self._waiting.popleft()
