"""The one budget: never more than allowed in any window, never more than four at once, silent during a pause."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stickysync_gui.domain.progress import Event, Waiting
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.itglue.pacing import Budget, Pacer, wait_or_stop
from tests.itglue.ground import Clock, SharedClock
from tests.waiting import PATIENCE, turns, until


async def paced(budget: Budget, durations: list[float]) -> tuple[list[float], int]:
    """Send one request per duration through a pacer; return when each began, and how many were on at most."""
    clock = SharedClock()
    pacer = Pacer(budget, clock=clock, wait=clock.wait)
    began, on, most = [], 0, 0

    async def request(duration: float) -> None:
        nonlocal on, most
        async with pacer.turn():
            began.append(clock.now)
            on += 1
            most = max(most, on)
            if duration:
                await clock.wait(duration, None)
            on -= 1

    failed = [one for one in await clock.run([request(duration) for duration in durations]) if one is not None]
    assert failed == []
    return began, most


@settings(max_examples=60)
@given(
    requests=st.integers(1, 6),
    seconds=st.sampled_from([1.0, 10.0, 300.0]),
    in_flight=st.integers(1, 4),
    durations=st.lists(st.sampled_from([0.0, 0.1, 1.0, 7.0, 400.0]), min_size=1, max_size=25),
)
def test_no_window_holds_more_than_the_budget(
    requests: int, seconds: float, in_flight: int, durations: list[float]
) -> None:
    began, most = asyncio.run(paced(Budget(requests, seconds, in_flight), durations))

    assert len(began) == len(durations)
    assert most <= in_flight
    for start in began:
        assert sum(start <= one < start + seconds for one in began) <= requests


def test_fractions_of_a_second_let_nobody_slip_through() -> None:
    # 3.1 + 1.0 is 4.1, and yet 4.1 - 1.0 is less than 3.1: the oldest must count as gone and as waited for alike.
    durations = [0.0, 0.0, 7.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0]

    began, _ = asyncio.run(paced(Budget(2, 1.0, 2), durations))

    assert began == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.1, 4.0, 4.1, 5.0]


def test_the_budget_is_used_up_before_anybody_waits() -> None:
    began, most = asyncio.run(paced(Budget(5, 300.0), [0.0] * 12))

    assert began == [0.0] * 5 + [300.0] * 5 + [600.0] * 2
    assert most <= 4


def test_the_default_is_the_contracts() -> None:
    budget = Budget()

    assert (budget.requests, budget.seconds, budget.in_flight) == (2700, 300.0, 4)


def test_without_a_limit_only_the_number_in_flight_counts() -> None:
    began, most = asyncio.run(paced(Budget(None), [1.0] * 8))

    assert began == [0.0] * 4 + [1.0] * 4
    assert most == 4


# --- pauses ----------------------------------------------------------------------------------------------------


async def test_a_pause_is_shared_by_all() -> None:
    clock = SharedClock()
    pacer = Pacer(Budget(None), clock=clock, wait=clock.wait)
    began = []

    async def request() -> None:
        async with pacer.turn():
            began.append(clock.now)

    pacer.pause(30.0)
    await clock.run([request() for _ in range(6)])

    assert began == [30.0] * 6
    assert pacer.paused_seconds == 0


async def test_a_longer_pause_wins_whenever_it_was_asked_for() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock, wait=clock.wait)

    pacer.pause(60.0)
    pacer.pause(5.0)

    assert pacer.paused_seconds == 60.0
    async with pacer.turn():
        assert clock.waits == [60.0]


async def test_a_pause_that_begins_while_others_wait_holds_them_too() -> None:
    clock = SharedClock()
    pacer = Pacer(Budget(1, 10.0), clock=clock, wait=clock.wait)
    began = []

    async def request(pause: float) -> None:
        async with pacer.turn():
            began.append(clock.now)
            if pause:
                pacer.pause(pause)

    await clock.run([request(50.0), request(0.0)])

    assert began == [0.0, 50.0]


async def test_waits_worth_a_word_are_told() -> None:
    clock, told = Clock(), list[Event]()
    pacer = Pacer(clock=clock, wait=clock.wait)

    for seconds in (0.5, 20.0):
        pacer.pause(seconds)
        async with pacer.turn(report=told.append):
            pass

    assert [event.seconds for event in told if isinstance(event, Waiting)] == [20.0]


# --- stop ------------------------------------------------------------------------------------------------------


async def stopped_soon(waiting: "asyncio.Task[None]", stop: asyncio.Event) -> None:
    await turns()
    assert not waiting.done()
    stop.set()
    await turns()
    assert waiting.done()
    with pytest.raises(StopRequested):
        await waiting


async def one_turn(pacer: Pacer, stop: asyncio.Event) -> None:
    async with pacer.turn(stop):
        pass


async def test_stop_ends_the_wait_for_the_budget() -> None:
    pacer, stop = Pacer(Budget(1, 600.0)), asyncio.Event()
    await one_turn(pacer, stop)

    await stopped_soon(asyncio.create_task(one_turn(pacer, stop)), stop)


async def test_stop_ends_the_wait_for_the_end_of_a_pause() -> None:
    pacer, stop = Pacer(), asyncio.Event()
    pacer.pause(600.0)

    await stopped_soon(asyncio.create_task(one_turn(pacer, stop)), stop)


async def test_stop_ends_the_wait_for_a_place_and_loses_none() -> None:
    pacer, stop, leave = Pacer(Budget(in_flight=2)), asyncio.Event(), asyncio.Event()
    inside = 0

    async def hold() -> None:
        nonlocal inside
        async with pacer.turn():
            inside += 1
            await leave.wait()

    holding = [asyncio.create_task(hold()) for _ in range(2)]
    await until(lambda: inside == 2)
    await stopped_soon(asyncio.create_task(one_turn(pacer, stop)), stop)
    cancelled = asyncio.create_task(one_turn(pacer, asyncio.Event()))
    await turns()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled

    leave.set()
    await asyncio.gather(*holding)
    leave.clear()
    again = [asyncio.create_task(hold()) for _ in range(2)]
    await until(lambda: inside == 4)
    leave.set()
    await asyncio.gather(*again)


@pytest.mark.parametrize("ticks", range(8))
@pytest.mark.parametrize("how", ["cancel", "stop"])
async def test_a_place_is_not_lost_whenever_its_taker_gives_up(how: str, ticks: int) -> None:
    pacer, stop, leave = Pacer(Budget(in_flight=1)), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with pacer.turn():
            await leave.wait()

    holding = asyncio.create_task(hold())
    await turns()
    waiting = asyncio.create_task(one_turn(pacer, stop))
    await turns()
    leave.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    if how == "cancel":
        waiting.cancel()
    else:
        stop.set()
    await asyncio.gather(waiting, holding, return_exceptions=True)

    await asyncio.wait_for(one_turn(pacer, asyncio.Event()), PATIENCE)


async def test_a_stop_before_the_turn_leaves_the_budget_alone() -> None:
    pacer, stop = Pacer(Budget(1, 600.0)), asyncio.Event()
    stop.set()
    for _ in range(3):
        with pytest.raises(StopRequested):
            await one_turn(pacer, stop)

    await asyncio.wait_for(one_turn(pacer, asyncio.Event()), PATIENCE)


async def test_a_failure_inside_the_turn_gives_the_place_back() -> None:
    pacer = Pacer(Budget(in_flight=1))
    with pytest.raises(ZeroDivisionError):
        async with pacer.turn():
            raise ZeroDivisionError

    await asyncio.wait_for(one_turn(pacer, asyncio.Event()), PATIENCE)


async def test_waiting_without_and_with_a_stop() -> None:
    await wait_or_stop(0.01, None)
    await wait_or_stop(0.01, asyncio.Event())
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(StopRequested):
        await wait_or_stop(600, stop)
