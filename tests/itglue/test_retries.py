"""Reads under failing gateways, dead connections, time-outs and proxies: asked again where that helps, then words."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest

from stickysync_gui.domain.progress import Waiting
from stickysync_gui.domain.secret import Secret
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import ExitCode, ItGlueUnreachable
from stickysync_gui.itglue import client
from stickysync_gui.itglue.client import READ_ATTEMPTS, ItGlue
from stickysync_gui.itglue.pacing import Pacer, wait_or_stop
from stickysync_gui.sandbox.faults import Fault, FaultScript
from tests.certificates import make_server_certificate
from tests.deaf_port import deaf_port
from tests.itglue.ground import NO_LIMIT, REQUEST_SECONDS, Service
from tests.waiting import let_pass, turns, until

# What may befall a GET, and may be over when it is asked again.
PASSING = [
    Fault("status", status=500),
    Fault("status", status=502, answer="html"),
    Fault("status", status=503, answer="empty"),
    Fault("status", status=503, answer="message"),
    Fault("took_too_long", status=504),
    Fault("cut_before"),
    Fault("cut_midway"),
    Fault("html"),
    Fault("status", status=204),
    Fault("status", status=200, answer="empty"),
    Fault("hang"),
    Fault("slow", seconds=60),
]


def name(fault: Fault) -> str:
    return f"{fault.kind}-{fault.status}-{fault.answer}"


# --- passing failures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", PASSING, ids=name)
async def test_a_read_is_asked_again_after_a_growing_pause(
    service: Service, organization: int, faults: FaultScript, fault: Fault
) -> None:
    ids = service.entries(organization, 3)
    for at in (1, 2):
        faults.add(Fault(**{**{f: getattr(fault, f) for f in fault.__slots__}, "at": at, "path": "/passwords/.*"}))

    async with service.impatient() as client:
        entry = await client.entry(ids[0])

    assert entry is not None
    assert service.server.count() == 3
    first, second = service.clock.waits
    assert 1 <= first <= 2 <= second <= 4, "back-off with jitter"
    assert [event.seconds for event in service.events if isinstance(event, Waiting)] == [first, second]


@pytest.mark.parametrize("fault", PASSING, ids=name)
async def test_a_read_that_always_fails_ends_in_words(
    service: Service, organization: int, faults: FaultScript, fault: Fault
) -> None:
    faults.add(Fault(**{**{f: getattr(fault, f) for f in fault.__slots__}, "times": None}))

    async with service.impatient() as client:
        with pytest.raises(ItGlueUnreachable) as caught:
            await client.probe()

    assert service.server.count() == READ_ATTEMPTS
    assert caught.value.exit_code is ExitCode.ITGLUE
    assert "cannot be reached: " in caught.value.happened
    assert caught.value.todo


async def test_a_proxys_page_is_told_as_one(service: Service, faults: FaultScript) -> None:
    faults.add(Fault("html", times=None))

    async with service.client() as client:
        with pytest.raises(ItGlueUnreachable, match="proxy"):
            await client.organizations()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
async def test_a_redirect_is_refused_and_the_key_goes_nowhere_else(
    service: Service, faults: FaultScript, status: int
) -> None:
    async with elsewhere() as trap:
        faults.add(Fault("redirect", status=status, location=f"http://127.0.0.1:{trap.port}/organizations", times=None))
        async with service.client() as client:
            with pytest.raises(ItGlueUnreachable, match=f"{status}.*redirect"):
                await client.probe()
        assert trap.received == b""
    assert service.server.count() == 1


class Trap:
    """A listening socket that notes whatever it is sent, and lets `seconds` pass whenever it was sent something."""

    def __init__(self) -> None:
        self.port = 0
        self.seconds = 0.0
        self.received = b""
        self.talking = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talking += 1
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                self.received += data
                let_pass(self.seconds)
        writer.close()
        self.talking -= 1


@contextlib.asynccontextmanager
async def elsewhere(tls: ssl.SSLContext | None = None) -> AsyncIterator[Trap]:
    trap = Trap()
    server = await asyncio.start_server(trap.converse, "127.0.0.1", 0, ssl=tls)
    trap.port = server.sockets[0].getsockname()[1]
    async with server:
        yield trap
        await until(lambda: not trap.talking)


async def test_a_proxy_of_the_environment_gets_no_key_for_a_sandbox(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with elsewhere() as trap:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{trap.port}")
        for variable in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(variable, raising=False)
        async with service.client() as client:
            await client.probe()
        assert trap.received == b""


# --- no connection ---------------------------------------------------------------------------------------------


def client_at(url: str, service: Service, **options: object) -> ItGlue:
    pacer = Pacer(NO_LIMIT, clock=service.clock, wait=service.clock.wait)
    return ItGlue(url, Secret("ITG.key"), pacer, **options)  # type: ignore[arg-type]


async def told(client: ItGlue) -> ItGlueUnreachable:
    async with client:
        with pytest.raises(ItGlueUnreachable) as caught:
            await client.probe()
    return caught.value


async def test_nobody_listens(service: Service) -> None:
    with deaf_port() as port:
        error = await told(client_at(f"http://127.0.0.1:{port}", service))

    assert f"127.0.0.1:{port} cannot be reached: the connection was refused" in error.happened
    assert len(service.clock.waits) == READ_ATTEMPTS - 1


async def test_unknown_host(service: Service) -> None:
    error = await told(client_at("https://api.itglue.invalid", service))

    assert "host name is not known" in error.happened


async def test_a_certificate_that_nobody_vouches_for(service: Service, tmp_path) -> None:
    made = make_server_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate_file, made.key_file)
    async with elsewhere(context) as trap:
        error = await told(client_at(f"https://127.0.0.1:{trap.port}", service))
        assert trap.received == b""
        trusting = ssl.create_default_context(cafile=str(made.ca_file))
        trap.seconds = REQUEST_SECONDS
        address = f"https://127.0.0.1:{trap.port}"
        await told(client_at(address, service, context=trusting, request_seconds=REQUEST_SECONDS))

    assert "TLS certificate was not accepted" in error.happened
    assert "proxy or virus scanner" in error.todo
    assert b"ITG.key" in trap.received, "with the authority known it speaks"


async def test_plain_http_behind_an_https_address(service: Service) -> None:
    error = await told(client_at(service.server.url.replace("http:", "https:"), service))

    assert "TLS" in error.happened


# --- time ------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def dripping(drops: list[int]) -> AsyncIterator[str]:
    """A server that answers one byte at a time, a second for each, and never comes to an end.

    `drops` gets how many each connection got.
    """
    talking = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal talking
        talking += 1
        drops.append(0)
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            while not reader.at_eof():
                drops[-1] += 1
                writer.write(b" ")
                await writer.drain()
                let_pass(1.0)
                await turns()
        writer.close()
        talking -= 1

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await until(lambda: not talking)


async def test_a_body_that_drips_is_given_up_at_the_total_time(service: Service) -> None:
    drops: list[int] = []
    async with dripping(drops) as url:
        error = await told(client_at(url, service, request_seconds=5))

    assert "no answer within" in error.happened
    assert len(drops) == READ_ATTEMPTS
    assert max(drops) <= 5, "no second more than it has in all"


async def test_a_service_that_hangs_is_given_up_at_the_total_time(service: Service, faults: FaultScript) -> None:
    faults.add(Fault("hang", times=None))

    async with service.impatient() as client:
        # Each attempt is over when its time is, which passes once for each.
        with pytest.raises(ItGlueUnreachable, match=f"no answer within {REQUEST_SECONDS:g} s"):
            await client.probe()

    assert faults.hanging == service.server.count() == READ_ATTEMPTS


# --- stop ------------------------------------------------------------------------------------------------------


async def stopped(service: Service, client: ItGlue, stop: asyncio.Event, after_requests: int) -> None:
    """Stop a walk once it waits, after so many requests; it ends at once."""
    async with client:
        walking = asyncio.create_task(client.walk())
        await until(lambda: any(isinstance(event, Waiting) for event in service.events))
        await turns()
        assert not walking.done()
        assert service.server.count() == after_requests
        stop.set()
        await turns()
        assert walking.done()
        with pytest.raises(StopRequested):
            await walking
    assert service.server.count() == after_requests


@pytest.fixture
def unhurried(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The stand-in with real waits, as the program has them."""
    monkeypatch.setattr(client, "wait_or_stop", wait_or_stop)
    return service


async def test_stop_ends_the_pause_before_another_attempt(unhurried: Service, faults: FaultScript) -> None:
    faults.add(Fault("status", status=502, times=None))
    stop = asyncio.Event()

    await stopped(unhurried, unhurried.client(pacer=Pacer(NO_LIMIT), stop=stop), stop, 1)


async def test_stop_ends_the_wait_that_a_429_asked_for(unhurried: Service, faults: FaultScript) -> None:
    faults.add(Fault("throttle", retry_after=600, times=None))
    stop = asyncio.Event()

    await stopped(unhurried, unhurried.client(pacer=Pacer(NO_LIMIT), stop=stop), stop, 1)


async def test_stop_ends_a_walk_between_two_pages(service: Service, organization: int, faults: FaultScript) -> None:
    service.entries(organization, 3000)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    faults.after(lambda: loop.call_soon_threadsafe(stop.set), path="/passwords", at=2)

    async with service.client(stop=stop) as client:
        with pytest.raises(StopRequested):
            await client.walk()

    assert service.server.count() == 2


async def test_a_request_after_the_stop_is_not_sent(service: Service) -> None:
    stop = asyncio.Event()
    stop.set()

    async with service.client(stop=stop) as client:
        for read in (client.probe, client.walk, client.organizations):
            with pytest.raises(StopRequested):
                await read()

    assert service.server.count() == 0
