"""HTTP/1.1 to one host over connections that are kept open, by h11.

A request is handed to the system in one piece; httpx sends its head, and then its body. A program that falls asleep
between the two, and wakes after another PC took over its run, would finish a create that the other has settled and
sent again. Besides, a request costs the window's thread a fifth of what it costs in httpx, which serves where a proxy
stands in between (`proxied.py`).

Nothing is followed, retried or remembered: one request, one answer, or why there is none.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import h11

from stickysync_gui.itglue import words
from stickysync_gui.itglue.answers import Answer, AnswerLost, HeldBack, MayGo, NotSent, always

IDLE_SECONDS = 5.0
"""A connection that was idle for longer is not used again: the other side may be about to close it."""
_CUT = "the connection was cut"

_log = logging.getLogger(__name__)


class Wire:
    """The way to one host.

    Args:
        url: its base URL. headers: sent with each request.
        context: for https; None with plain http.
        seconds: for one request in all, the connection included.
    """

    def __init__(self, url: str, headers: Mapping[str, str], context: ssl.SSLContext | None, seconds: float) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._context = context if parts.scheme == "https" else None
        self._prefix = parts.path.rstrip("/")
        self._seconds = seconds
        self._limits = _Limits(seconds)
        self._headers = [("host", parts.netloc), ("accept-encoding", "gzip"), *headers.items()]
        self._idle: list[_Line] = []

    async def request(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], may_go: MayGo = always
    ) -> Answer:
        """Send one request, once.

        Args:
            target: path and query, encoded.
            may_go: asked once there is a connection, which may have taken long, or been slept through.

        Raises:
            NotSent: no connection came about. HeldBack: it may not go. AnswerLost: it went out, and no whole answer
                came.
        """
        length = [("content-length", str(len(body)))] if body is not None else []
        head = h11.Request(
            method=method, target=self._prefix + target, headers=[*self._headers, *headers.items(), *length]
        )
        line: _Line | None = None
        try:
            async with self._limits.limit():
                line = self._kept() or await self._connect()
                if not may_go():
                    raise HeldBack
                _log.debug("send_request_headers %s %s", method, target)
                answer = await line.exchange(head, body)
        except TimeoutError:
            if line is None:
                raise NotSent("no connection within the time limit") from None
            raise AnswerLost(f"no answer within {self._seconds:g} s", too_slow=True) from None
        finally:
            if line is not None and not line.keep_if_usable(self._idle):
                line.close()
        _log.debug("response_complete %s", answer.status)
        return _unpacked(answer)

    def _kept(self) -> _Line | None:
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            line = self._idle.pop()
            if line.is_usable and line.idle_since >= oldest:
                return line
            line.close()
        return None

    async def _connect(self) -> _Line:
        if self._context is not None:
            self._context.set_alpn_protocols(["http/1.1"])
        try:
            _, line = await asyncio.get_running_loop().create_connection(
                _Line, self._host, self._port, ssl=self._context, happy_eyeballs_delay=0.25
            )
        except ssl.SSLError as error:
            raise NotSent(words.tls_refused(error), is_tls=True) from None
        except (socket.gaierror, UnicodeError):
            raise NotSent("its host name is not known") from None
        except OSError:
            # A TimeoutError of the system's is one as well; our own time-out comes as a cancellation.
            raise NotSent("the connection was refused or cut") from None
        return line

    async def close(self) -> None:
        """Close what is idle. What is still in flight, as after a failure beside it, ends within its time limit."""
        self._limits.close()
        while self._idle:
            self._idle.pop().close()


class _Limits:
    """Limits of so many seconds each, with one timer for all of them.

    A timer of its own would outlive its request by as long as that in the window's loop, so that thousands of them
    stood there in a long run, for each collection of garbage to go through.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # The oldest first, by when it ends.
        self._running: dict[asyncio.Timeout, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def limit(self) -> AsyncIterator[None]:
        """Raises TimeoutError where what is done inside takes longer."""
        async with asyncio.timeout(None) as running:
            ends = asyncio.get_running_loop().time() + self._seconds
            self._running[running] = ends
            if self._timer is None:
                self._look_at(ends)
            try:
                yield
            finally:
                self._running.pop(running, None)

    def close(self) -> None:
        """Leave no timer behind that nobody waits for."""
        if self._timer is not None and not self._running:
            self._timer.cancel()
            self._timer = None

    def _look_at(self, time: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(time, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        late = [running for running, ends in self._running.items() if ends <= now]
        for running in late:
            del self._running[running]
            running.reschedule(now)
        if self._running:
            self._look_at(next(iter(self._running.values())))


class _Line(asyncio.Protocol):
    """One connection, with at most one request on it."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._http = h11.Connection(h11.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._head: h11.Response | None = None
        self._parts: list[bytes] = []

    @property
    def is_usable(self) -> bool:
        """Whether another request may be sent on it."""
        transport = self._transport
        return transport is not None and not transport.is_closing() and self._http.our_state is h11.IDLE

    async def exchange(self, head: h11.Request, body: bytes | None) -> Answer:
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._head, self._parts = None, []
        sent = [self._http.send(head), self._http.send(h11.Data(body)) if body else b""]
        self._transport.write(b"".join(part or b"" for part in (*sent, self._http.send(h11.EndOfMessage()))))
        try:
            return await self._answer
        finally:
            self._answer = None

    def keep_if_usable(self, idle: list[_Line]) -> bool:
        """Put it among the idle ones if its answer came whole and both sides mean to go on."""
        is_through = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        # What came behind the answer nobody asked for; it must not be taken for the next one.
        if is_through and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
        if not self.is_usable:
            return False
        self.idle_since = asyncio.get_running_loop().time()
        idle.append(self)
        return True

    def close(self) -> None:
        # What was not read to its end is not worth a farewell.
        if self._transport is not None:
            self._transport.abort()

    # --- called by the loop -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            # Nobody asked, so it must not be taken for the answer to the next request.
            self.close()
            return
        self._read(data)

    def eof_received(self) -> None:
        if self._answer is not None:
            self._read(b"")
        self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._lose()

    def _read(self, data: bytes) -> None:
        try:
            self._http.receive_data(data)
            while (event := self._http.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Response):
                    self._head = event
                elif isinstance(event, h11.Data):
                    self._parts.append(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    self._complete()
                    return
                elif not isinstance(event, h11.InformationalResponse):
                    self._lose()
                    return
        except h11.RemoteProtocolError:
            self._lose()

    def _complete(self) -> None:
        if self._head is not None and self._answer is not None and not self._answer.done():
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._head.headers}
            self._answer.set_result(Answer(self._head.status_code, headers, b"".join(self._parts)))

    def _lose(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(AnswerLost(_CUT))


def _unpacked(answer: Answer) -> Answer:
    if answer.headers.get("content-encoding", "").strip().lower() != "gzip" or not answer.body:
        return answer
    try:
        return Answer(answer.status, answer.headers, zlib.decompress(answer.body, wbits=zlib.MAX_WBITS | 16))
    except zlib.error:
        raise AnswerLost("its answer was damaged on the way") from None
