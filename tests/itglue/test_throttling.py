"""429 with and without Retry-After: nothing is sent while it says wait, and nine in a row end in words."""

import asyncio
import threading
from itertools import pairwise

import pytest

from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import ItGlueUnreachable
from stickysync_gui.itglue.answers import Throttled
from stickysync_gui.itglue.client import THROTTLED_ATTEMPTS, ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer, wait_or_stop
from stickysync_gui.sandbox.faults import Fault, FaultScript
from tests.itglue.ground import Clock, Service
from tests.waiting import PATIENCE, turns, until


def arrivals(faults: FaultScript, clock: Clock) -> list[float]:
    """When each request comes in, by the clients' own clock."""
    seen: list[float] = []
    faults.before(lambda: seen.append(clock.now), times=None)
    return seen


# --- how long --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_nothing_is_sent_while_a_429_says_wait(
    service: Service, organization: int, faults: FaultScript, form: str
) -> None:
    service.glue.set_switches(retry_after=form)
    came = arrivals(faults, service.clock)
    faults.add(Fault("throttle", retry_after=30))

    async with service.client() as client:
        await client.walk()
        await client.probe()

    first, second, third = came
    assert 28 <= second - first <= 32
    assert third == second


async def test_the_wait_is_as_long_on_the_services_own_clock(service: Service, faults: FaultScript) -> None:
    # The last of those that are in flight together, so that whatever comes behind it was sent after it was refused.
    faults.add(Fault("throttle", at=3, retry_after=1))

    async with service.client(pacer=Pacer(Budget())) as client:
        await asyncio.gather(*(client.probe() for _ in range(3)))

    _, _, refused, *after = (request.time for request in service.server.requests)
    assert [request.status for request in service.server.requests].index(429) == 2
    assert after
    assert all(time - refused >= 0.99 for time in after)


async def test_a_date_is_read_by_the_services_own_clock(service: Service, faults: FaultScript) -> None:
    service.glue.set_switches(retry_after="date", clock_offset=-3600.0)
    came = arrivals(faults, service.clock)
    faults.add(Fault("throttle", retry_after=30))

    async with service.client() as client:
        await client.probe()

    assert 28 <= came[1] - came[0] <= 32


async def test_without_a_time_the_pauses_double_up_to_a_minute(service: Service, faults: FaultScript) -> None:
    came = arrivals(faults, service.clock)
    faults.add(Fault("throttle", times=8))

    async with service.client() as client:
        await client.probe()

    assert [later - earlier for earlier, later in pairwise(came)] == [5, 10, 20, 40, 60, 60, 60, 60]


async def test_a_success_starts_the_pauses_anew(service: Service, faults: FaultScript) -> None:
    came = arrivals(faults, service.clock)
    for at in (1, 2, 4):
        faults.add(Fault("throttle", at=at))

    async with service.client() as client:
        await client.probe()
        await client.probe()

    assert [round(moment - came[0]) for moment in came] == [0, 5, 15, 15, 20]


@pytest.mark.parametrize("retry_after", [0, 1])
async def test_a_time_that_is_never_enough_grows_all_the_same(
    service: Service, faults: FaultScript, retry_after: int
) -> None:
    came = arrivals(faults, service.clock)
    faults.add(Fault("throttle", retry_after=retry_after, times=8))

    async with service.client() as client:
        await client.probe()

    gaps = [later - earlier for earlier, later in pairwise(came)]
    assert gaps[0] == retry_after
    assert gaps == sorted(gaps)
    assert gaps[-1] == 60


# --- when it does not end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("retry_after", [None, 0, 7])
async def test_nine_in_a_row_end_in_words(service: Service, faults: FaultScript, retry_after: float | None) -> None:
    faults.add(Fault("throttle", retry_after=retry_after, times=None))
    began = service.clock.now

    async with service.client() as client:
        with pytest.raises(ItGlueUnreachable) as caught:
            await client.probe()

    assert service.server.count() == THROTTLED_ATTEMPTS == 9
    assert "as too many for several minutes" in caught.value.happened
    assert service.clock.now - began >= 120, "several minutes it says"
    assert "3000 requests" in caught.value.todo


async def test_eight_in_a_row_do_not(service: Service, faults: FaultScript) -> None:
    faults.add(Fault("throttle", retry_after=1, times=8))

    async with service.client() as client:
        await client.probe()

    assert service.server.count() == 9


@pytest.mark.parametrize("error_body", ["errors", "message", "empty", "html"])
async def test_the_body_of_a_429_does_not_matter(service: Service, error_body: str) -> None:
    service.glue.set_switches(rate_limit=1, rate_window=0.2, retry_after="absent", error_body=error_body)

    async with service.client() as client:
        client_clock = service.clock
        await client.probe()
        service.glue.set_switches(rate_window=0.0)
        await client.probe()

    assert client_clock.waits in ([], [5.0])


# --- several at once -------------------------------------------------------------------------------------------


async def test_four_in_flight_that_meet_one_limit_count_as_one(service: Service, faults: FaultScript) -> None:
    faults.add(Fault("throttle", times=4))
    all_here = threading.Barrier(4, timeout=PATIENCE)
    faults.before(all_here.wait, times=4)
    stop, waits = asyncio.Event(), list[float]()

    async def wait(seconds: float, stop: asyncio.Event | None) -> None:
        waits.append(seconds)
        await wait_or_stop(seconds, stop)

    pacer = Pacer(Budget(None), clock=lambda: 1000.0, wait=wait)
    async with service.client(pacer=pacer, stop=stop) as client:
        probing = [asyncio.create_task(client.probe()) for _ in range(4)]
        await until(lambda: len(waits) == 4)
        assert [request.status for request in service.server.requests] == [429] * 4
        assert pacer.paused_seconds == 5, "not 40"
        stop.set()
        assert {type(end) for end in await asyncio.gather(*probing, return_exceptions=True)} == {StopRequested}


async def test_a_pause_holds_all_clients_of_the_process(service: Service, faults: FaultScript) -> None:
    came = arrivals(faults, service.clock)
    faults.add(Fault("throttle", retry_after=30))
    pacer = Pacer(Budget(), clock=service.clock, wait=service.clock.wait)

    async with service.client(pacer=pacer) as one, service.client(pacer=pacer) as other:
        await one.probe()
        await other.probe()

    assert came[1] - came[0] >= 28


async def test_never_more_than_four_in_flight(service: Service, organization: int, faults: FaultScript) -> None:
    ids = service.entries(organization, 20)
    faults.add(Fault("slow", times=4, seconds=PATIENCE))

    async with service.client(pacer=Pacer(Budget(None))) as client:
        asking = asyncio.gather(*(client.entry(id_) for id_ in ids))
        await until(lambda: faults.hanging == 4)
        await turns()
        faults.release()
        await asking

    assert service.server.peak_in_flight == 4
    assert service.server.count() == 20


async def test_a_budget_is_kept_over_the_wire(service: Service, organization: int, faults: FaultScript) -> None:
    ids = service.entries(organization, 9)
    came = arrivals(faults, service.clock)
    pacer = Pacer(Budget(4, 300.0), clock=service.clock, wait=service.clock.wait)

    async with service.client(pacer=pacer) as client:
        for id_ in ids:
            await client.entry(id_)

    assert [round(moment - came[0]) for moment in came] == [0] * 4 + [300] * 4 + [600]


# --- writes ----------------------------------------------------------------------------------------------------


async def test_a_write_whose_turn_was_overtaken_by_a_pause_is_not_sent(service: Service, organization: int) -> None:
    pacer = Pacer(Budget(), clock=service.clock, wait=service.clock.wait)

    async with service.client(pacer=pacer) as client, client.turn():
        pacer.pause(10)
        with pytest.raises(Throttled):
            await client.create(organization, {}, None)
        with pytest.raises(Throttled):
            await client.update(5, {})

    assert service.server.count() == 0
    assert client.requests == 0


async def throttled_write(client: ItGlue, organization: int) -> None:
    async with client.turn():
        with pytest.raises(Throttled):
            await client.create(organization, {}, None)


async def test_a_throttled_write_is_not_repeated_here_and_holds_back_what_follows(
    service: Service, organization: int, faults: FaultScript
) -> None:
    came = arrivals(faults, service.clock)
    faults.add(Fault("throttle", method="POST", retry_after=30))

    async with service.client() as client:
        await throttled_write(client, organization)
        await client.probe()

    assert service.glue.passwords() == []
    assert [round(moment - came[0]) for moment in came] == [0, 30]
