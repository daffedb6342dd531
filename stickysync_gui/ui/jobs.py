"""The one door from slots into coroutines: names them, stops them, reports how they failed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from stickysync_gui.bugs import Bugs
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import RunCancelled, StickySyncError

RUN = "run"
"""The group of jobs that write to IT Glue: one at a time."""


@dataclass(frozen=True)
class Job:
    """A coroutine the user started.

    Args:
        name: as the user knows it: "Sync All".
        group: jobs of one group exclude each other; empty excludes only a job of the same name.
        stop: set when the user wants it to end in good order; None when it is short and runs to its end.
    """

    name: str
    task: asyncio.Task[object]
    group: str
    stop: asyncio.Event | None


class Jobs(QObject):
    """The jobs that are on. Lives in the Qt thread, needs a running loop."""

    changed = Signal()
    """A job began, was asked to stop, or ended."""
    failed = Signal(object, str)
    """A StickySyncError and the job's name."""
    bug_found = Signal(str, str)
    """A report of an unexpected error, and the job's name."""

    def __init__(self, bugs: Bugs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bugs = bugs
        self._jobs: list[Job] = []
        self._ending = False

    def start(
        self,
        name: str,
        coroutine: Coroutine[Any, Any, object],
        *,
        exclusive: str = "",
        stop: asyncio.Event | None = None,
        replacing: bool = False,
    ) -> bool:
        """Run a coroutine to its end; False, and nothing is run, while it or another of its group is on.

        Args:
            exclusive: the group, for example RUN.
            stop: the event that the coroutine watches.
            replacing: cancel what is in the way instead, and begin when it has ended; for jobs that only read.
        """
        in_the_way = [job.task for job in self._jobs if job.name == name or (exclusive and job.group == exclusive)]
        if self._ending or (in_the_way and not replacing):
            coroutine.close()
            return False
        for old in in_the_way:
            old.cancel()
        waiting = _after(in_the_way, coroutine) if in_the_way else coroutine
        task = asyncio.get_running_loop().create_task(waiting, name=name)
        # One that was itself replaced before its turn came has never begun.
        task.add_done_callback(lambda _: coroutine.close())
        self._jobs.append(Job(name, task, exclusive, stop))
        task.add_done_callback(self._ended)
        self.changed.emit()
        return True

    def stop(self, name: str) -> None:
        """Ask the job to end in good order; one that watches no event is cancelled."""
        for job in self._jobs:
            if job.name == name:
                if job.stop is None:
                    job.task.cancel()
                else:
                    job.stop.set()
        self.changed.emit()

    def cancel(self, name: str) -> None:
        """End the job at once; what it had begun is settled by its next start."""
        for job in self._jobs:
            if job.name == name:
                job.task.cancel()

    @property
    def names(self) -> list[str]:
        """The jobs that are on."""
        return [job.name for job in self._jobs]

    def is_on(self, name: str) -> bool:
        """Whether the job of that name is on."""
        return any(job.name == name for job in self._jobs)

    def is_busy(self, group: str) -> bool:
        """Whether a job of the group is on."""
        return any(job.group == group for job in self._jobs)

    def is_stopping(self, name: str) -> bool:
        """Whether the job was asked to end and has not ended yet."""
        return any(job.name == name and job.stop is not None and job.stop.is_set() for job in self._jobs)

    async def end_all(self, patience: float) -> None:
        """Stop all jobs, wait for at most `patience` seconds, then cancel what is left. None is started any more."""
        self._ending = True
        for job in list(self._jobs):
            self.stop(job.name)
        tasks = [job.task for job in self._jobs]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=patience)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)

    def _ended(self, task: asyncio.Task[object]) -> None:
        job = next(job for job in self._jobs if job.task is task)
        self._jobs.remove(job)
        error = None if task.cancelled() else task.exception()
        self.changed.emit()
        if error is not None:
            self.report(error, job.name)

    def report(self, error: BaseException, doing: str) -> None:
        """Lead an error to where the user sees it; also for what happens outside of any job."""
        # Who stopped a run knows, and sees it stop.
        if isinstance(error, StopRequested | RunCancelled):
            return
        if isinstance(error, StickySyncError):
            self.failed.emit(error, doing)
        else:
            self.bug_found.emit(self._bugs.report(error, doing), doing)


async def _after(tasks: list[asyncio.Task[object]], coroutine: Coroutine[Any, Any, object]) -> None:
    await asyncio.wait(tasks)
    await coroutine
