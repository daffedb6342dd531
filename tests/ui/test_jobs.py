import asyncio
import gc
from typing import Any

from PySide6.QtCore import QObject

from stickysync_gui.bugs import Bugs
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import LockHeld, RunCancelled
from stickysync_gui.ui.jobs import RUN, Jobs
from tests.waiting import until


class Watched(QObject):
    """Jobs with everything they say written down."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(Bugs(lambda text: text.replace("hunter2", "***")), self)
        self.failures: list[tuple[str, str]] = []
        self.bugs: list[tuple[str, str]] = []
        self.jobs.failed.connect(lambda error, doing: self.failures.append((error.happened, doing)))
        self.jobs.bug_found.connect(lambda report, doing: self.bugs.append((report, doing)))


async def fail(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


async def test_a_second_job_of_the_same_name_or_group_is_refused() -> None:
    watched, release = Watched(), asyncio.Event()
    jobs = watched.jobs

    async def wait() -> None:
        await release.wait()

    assert jobs.start("Sync All", wait(), exclusive=RUN)
    assert not jobs.start("Sync All", wait())
    assert not jobs.start("Retry failed", wait(), exclusive=RUN)
    assert jobs.start("Read", wait())
    assert jobs.names == ["Sync All", "Read"]
    assert jobs.is_busy(RUN)
    release.set()
    await until(lambda: not jobs.names)
    assert not jobs.is_busy(RUN)
    assert watched.failures == []


async def test_a_replacing_job_begins_when_the_old_one_has_ended() -> None:
    jobs, order = Watched().jobs, []

    async def old() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)
            order.append("old ended")

    async def new() -> None:
        order.append("new began")

    jobs.start("Read", old())
    await asyncio.sleep(0.01)
    assert jobs.start("Read", new(), replacing=True)
    await until(lambda: not jobs.names)
    assert order == ["old ended", "new began"]


async def test_a_replacing_job_that_is_replaced_before_its_turn_leaves_nothing_behind() -> None:
    jobs, begun = Watched().jobs, []

    async def job(name: str) -> None:
        begun.append(name)
        await asyncio.sleep(5)

    # A coroutine that nobody awaits or closes is a warning, and a warning is a failure here.
    for name in ("first", "second", "third"):
        assert jobs.start("Read", job(name), replacing=True)
    await until(lambda: begun == ["third"])
    gc.collect()
    jobs.cancel("Read")
    await until(lambda: not jobs.names)


async def test_a_failure_goes_to_the_problems_and_a_bug_to_the_reports() -> None:
    watched = Watched()
    watched.jobs.start("Sync All", fail(LockHeld(happened="Another run is on.", unchanged="", todo="")))
    watched.jobs.start("Read", fail(ValueError("the value hunter2 is wrong")))
    await until(lambda: not watched.jobs.names)
    assert watched.failures == [("Another run is on.", "Sync All")]
    ((report, doing),) = watched.bugs
    assert doing == "Read"
    assert "ValueError: the value *** is wrong" in report


async def test_stopping_and_cancelling_are_no_failures() -> None:
    watched, stop = Watched(), asyncio.Event()

    async def patient() -> None:
        await stop.wait()
        raise StopRequested

    watched.jobs.start("Sync All", patient(), stop=stop)
    watched.jobs.start("Look", asyncio.sleep(60))
    watched.jobs.start("Told", fail(RunCancelled(happened="You stopped it.", unchanged="", todo="")))
    watched.jobs.stop("Sync All")
    assert watched.jobs.is_stopping("Sync All")
    watched.jobs.stop("Look")
    await until(lambda: not watched.jobs.names)
    assert (watched.failures, watched.bugs) == ([], [])


async def test_ending_all_cancels_what_does_not_stop_in_time() -> None:
    jobs, ends = Watched().jobs, []

    async def stubborn(stop: asyncio.Event) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ends.append(stop.is_set())
            raise

    stop = asyncio.Event()
    jobs.start("Sync All", stubborn(stop), stop=stop)
    await asyncio.sleep(0)
    await jobs.end_all(patience=0.05)
    assert ends == [True]
    assert jobs.names == []


async def test_changes_are_told_at_both_ends() -> None:
    jobs = Watched().jobs
    seen: list[Any] = []
    jobs.changed.connect(lambda: seen.append(list(jobs.names)))
    jobs.start("Look", asyncio.sleep(0))
    await until(lambda: not jobs.names)
    assert seen == [["Look"], []]
