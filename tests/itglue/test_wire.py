"""Connections of our own: what is left over on one is never taken for an answer, and what is damaged counts as lost."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from stickysync_gui.itglue.answers import AnswerLost, HeldBack, NotSent
from stickysync_gui.itglue.proxied import Proxied
from stickysync_gui.itglue.wire import Wire
from tests.waiting import PATIENCE, let_pass, turns, until

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def response(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@contextlib.asynccontextmanager
async def serving(converse: Converse, seconds: float = PATIENCE) -> AsyncIterator[Wire]:
    """A way to a server whose connections behave as told."""
    talks: set[object] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await converse(reader, writer)
        writer.close()
        talks.discard(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = Wire(f"http://127.0.0.1:{port}", {}, None, seconds)
    async with server:
        yield wire
        await wire.close()
        await until(lambda: not talks)


async def get(wire: Wire) -> bytes:
    return (await wire.request("GET", "/", None, {})).body


async def test_one_connection_serves_one_request_after_the_other() -> None:
    met: list[int] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(0)
        while True:
            await reader.readuntil(b"\r\n\r\n")
            met[-1] += 1
            writer.write(response(b"%d" % met[-1]))

    async with serving(converse) as wire:
        assert [await get(wire) for _ in range(3)] == [b"1", b"2", b"3"]
    assert met == [3]


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "later"])
async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(together: bool) -> None:
    connections = 0
    asked_once = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        more = response(b"wrong") if connections == 1 else b""
        writer.write(response(b"right") + (more if together else b""))
        if more and not together:
            await asked_once.wait()
            writer.write(more)
        # Ends when the other side has closed it.
        await reader.read()

    async with serving(converse) as wire:
        assert await get(wire) == b"right"
        asked_once.set()
        while wire._idle and wire._idle[0].is_usable:  # noqa: SLF001 - the moment when it was met
            await asyncio.sleep(0)
        assert await get(wire) == b"right"
    assert connections == 2


async def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    connections = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"%d" % connections))

    async with serving(converse) as wire:
        assert await get(wire) == b"1"
        while wire._idle[0].is_usable:  # noqa: SLF001 - the moment when the end was met
            await asyncio.sleep(0)
        assert await get(wire) == b"2"


async def test_a_request_on_a_connection_that_then_ends_is_lost_and_not_repeated() -> None:
    requests = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await reader.readuntil(b"\r\n\r\n")
        requests += 1

    async with serving(converse) as wire:
        with pytest.raises(AnswerLost, match="cut"):
            await get(wire)
    assert requests == 1


@pytest.mark.parametrize("body", [b"", b"plain", b"x" * 200_000])
async def test_a_packed_answer_is_unpacked(body: bytes) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(gzip.compress(body), "content-encoding: gzip"))

    async with serving(converse) as wire:
        assert await get(wire) == body


@pytest.mark.parametrize("raw", [response(b"no gzip", "content-encoding: gzip"), b"SSH-2.0-OpenSSH\r\n\r\n"])
async def test_a_damaged_answer_counts_as_lost(raw: bytes) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)

    async with serving(converse) as wire:
        with pytest.raises(AnswerLost):
            await get(wire)


async def test_time_that_runs_out_before_the_connection_stands_means_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    with pytest.raises(NotSent, match="time limit"):
        await Wire("http://127.0.0.1:1", {}, None, 0.05).request("POST", "/", b"{}", {})


async def test_what_may_go_no_more_when_the_connection_stands_is_held_back() -> None:
    heads: list[bytes] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(b"")
        while True:
            heads[-1] += await reader.readuntil(b"\r\n\r\n")
            writer.write(response(b"here"))

    async with serving(converse) as wire:
        with pytest.raises(HeldBack):
            await wire.request("POST", "/", b"{}", {}, lambda: False)
        assert await get(wire) == b"here"
    assert len(heads) == 1, "the connection serves the next one"
    assert heads[0].startswith(b"GET / ")


@pytest.mark.parametrize("looks", [1, 2], ids=["before the head", "before the body"])
async def test_what_may_go_no_more_is_held_back_before_a_proxy_too(looks: int) -> None:
    """httpx sends the body after the head; without it nothing is done at the other end."""
    came = bytearray()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            came.extend(data)

    left = [True] * (looks - 1) + [False]
    async with serving(converse) as wire:
        way = Proxied("http://itglue.example", {}, None, 5.0, f"http://127.0.0.1:{wire._port}")  # noqa: SLF001
        with pytest.raises(HeldBack):
            await way.request("POST", "/", b'{"secret": 1}', {"content-length": "13"}, lambda: left.pop(0))
        await way.close()
    assert b"secret" not in came
    assert came.startswith(b"POST ") == (looks == 2)


async def test_each_request_has_its_own_time_whenever_others_began() -> None:
    """Requests begin every ten seconds; those on odd places are never answered."""
    began: list[float] = []
    heard: list[bytes] = []
    took: dict[int, float] = {}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            heard.append(head)
            if int(head.split()[1][1:]) % 2 == 0:
                writer.write(response(b"here"))

    async def ask(wire: Wire, number: int) -> None:
        began.append(clock())
        try:
            assert (await wire.request("GET", f"/{number}", None, {})).body == b"here"
        except AnswerLost:
            took[number] = clock() - began[number]

    def clock() -> float:
        return asyncio.get_running_loop().time()

    async with serving(converse, seconds=40) as wire, asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(ask(wire, number))
            await until(lambda wanted=number + 1: len(heard) == wanted)
            let_pass(10)
            await turns()
        for _ in range(4):
            let_pass(10)
            await turns()
    assert took.keys() == {1, 3, 5}
    assert all(40 <= seconds < 50 for seconds in took.values())


async def test_a_request_that_is_in_flight_at_the_end_keeps_its_time_limit() -> None:
    """A failure beside it closes the way; without a limit it would hold its place in flight for ever."""

    heard = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        heard.set()
        await reader.read()

    async with serving(converse, seconds=30) as wire:
        asking = asyncio.create_task(get(wire))
        await heard.wait()
        await wire.close()
        let_pass(30)
        with pytest.raises(AnswerLost, match="no answer within"):
            await asyncio.wait_for(asking, PATIENCE)
