"""The stand-in on a real socket: HTTP/1.1 with keep-alive on loopback, in a thread with a loop of its own."""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol

import h11

from stickysync_gui.sandbox.faults import Due, FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.outcomes import Outcome, outcome
from stickysync_gui.sandbox.records import GlueRequest, GlueResponse
from stickysync_gui.sandbox.wire import read_request, wire

HOST = "127.0.0.1"
_STOP_WITHIN = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One line of the request log; never a value, never a key. `status` is None until answered, 0 if never.

    `time` is in Unix seconds by this computer's clock, `fault` the kind of the fault that struck.
    """

    number: int
    time: float
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    bytes_in: int
    status: int | None = None
    organization_id: int | None = None
    key_ok: bool | None = None
    fault: str | None = None


class Steering(Protocol):
    """What answers the control routes, when they are served."""

    def __call__(self, server: "SandboxServer", request: GlueRequest) -> GlueResponse:
        """Answer one control request."""


class SandboxServer:
    """Serves a Glue on 127.0.0.1. Use it in a `with` block, or call `start` and `stop`.

    `latency` (seconds) is waited before each request is handled and may be changed at any time. After `stop`
    the same server may be started again and keeps its port. `control` answers routes under `/sandbox/`.
    """

    def __init__(
        self,
        glue: Glue,
        *,
        faults: FaultScript | None = None,
        port: int = 0,
        latency: float = 0.0,
        control: Steering | None = None,
    ) -> None:
        self.glue = glue
        self.faults = faults or FaultScript()
        self.latency = latency
        self.peak_in_flight = 0
        self.hook_errors: list[BaseException] = []
        self._control = control
        self._port = port
        self._log: list[LoggedRequest] = []
        self._in_flight = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- start and stop -------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> "SandboxServer":
        """Serve; returns when requests are accepted. OSError when the port is taken."""
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._serve, args=(started,), name="sandbox", daemon=True)
        self._thread.start()
        self._port = started.result(_STOP_WITHIN)
        self.glue.base_url = self.url
        return self

    def stop(self) -> None:
        """Close every connection at once and end the thread; requests still in silence are never carried out."""
        if self._thread is None or self._loop is None or self._end is None:
            return
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(_STOP_WITHIN)
        self._thread = None

    def __enter__(self) -> "SandboxServer":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None and self.hook_errors:
            raise self.hook_errors[0]

    def _serve(self, started: "Future[int]") -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._accept(started))
        finally:
            loop.close()

    async def _accept(self, started: "Future[int]") -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self._converse, HOST, self._port, backlog=256)
        except OSError as error:
            started.set_exception(error)
            return
        started.set_result(server.sockets[0].getsockname()[1])
        await self._end.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports of those tasks close

    # -- request log ----------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[LoggedRequest]:
        """All requests so far in the order in which they came."""
        return list(self._log)

    def count(self, method: str | None = None, path: str | None = None) -> int:
        """How many requests came with this method and with a path that the regular expression covers whole."""
        return sum(
            (method is None or one.method == method) and (path is None or re.fullmatch(path, one.path) is not None)
            for one in self.requests
        )

    def clear_requests(self) -> None:
        """Empty the request log and the count of requests in flight at once; numbers start again."""
        self._log, self.peak_in_flight = [], self._in_flight

    def _logged(self, request: GlueRequest) -> LoggedRequest:
        secrets = [*self.glue.keys, request.headers.get("x-api-key") or ""]

        def clean(text: str) -> str:
            for secret in filter(None, secrets):
                text = text.replace(secret, "***")
            return text

        query = tuple((clean(name), "***" if _is_value(name) else clean(value)) for name, value in request.query)
        return LoggedRequest(
            len(self._log) + 1, time.time(), request.method, clean(request.path), query, len(request.body)
        )

    # -- one connection -------------------------------------------------------------------------------------

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        connection = h11.Connection(h11.SERVER)
        try:
            while await self._exchange(connection, reader, writer):
                connection.start_next_cycle()
        except h11.RemoteProtocolError:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _exchange(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; false when the connection is to be closed."""
        request = await read_request(connection, reader, writer)
        if request is None:
            return False
        self._in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        try:
            sent = await self._handled(request)
        finally:
            self._in_flight -= 1
        if sent.response is None:
            return False
        data = wire(connection, request, sent.response, self.glue.now())
        # Header and body leave in one write; asyncio sets TCP_NODELAY on every socket it accepts.
        writer.write(data[: len(data) - len(sent.response.body) // 2 - 1] if sent.half else data)
        await writer.drain()
        return not sent.half and connection.our_state is h11.DONE and connection.their_state is h11.DONE

    async def _handled(self, request: GlueRequest) -> Outcome:
        if self._control is not None and request.path.startswith("/sandbox/"):
            return Outcome(self._control(self, request))
        log, at = self._log, len(self._log)
        log.append(self._logged(request))
        due = self.faults.due(request.method, request.path, request.body)
        if self.latency > 0:
            await asyncio.sleep(self.latency)
        log[at] = replace(log[at], fault=due.fault.kind if due.fault else None)
        sent = await self._struck(request, due)
        response = sent.response
        if response is None:
            log[at] = replace(log[at], status=0)
        else:
            log[at] = replace(
                log[at],
                status=response.status,
                organization_id=response.organization_id,
                key_ok=response.key_ok,
            )
        return sent

    async def _struck(self, request: GlueRequest, due: Due) -> Outcome:
        """Have the request handled, with what the fault script has in store for it."""

        async def commit() -> GlueResponse:
            response = self.glue.respond(request)
            await self._call(due.after)
            return response

        await self._call(due.before)
        if due.fault is None:
            return Outcome(await commit())
        return await outcome(due.fault, self.glue, request, commit, self._silence)

    async def _call(self, hooks: tuple[Callable[[], Any], ...]) -> None:
        """Run hooks off the loop: they may block, or talk to this very server. Errors surface at the end."""
        for hook in hooks:
            try:
                await asyncio.to_thread(hook)
            except Exception as error:  # a failed assertion of a test must not vanish in this thread
                self.hook_errors.append(error)

    async def _silence(self, seconds: float) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(over.set)

        self.faults.wait_on(wake)
        try:
            await asyncio.wait_for(over.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            self.faults.wait_over(wake)


def _is_value(name: str) -> bool:
    """Whether a query parameter could carry a password; `show_password` is a flag."""
    plain = name.replace("-", "_").rstrip("]").rpartition("[")[2]
    return plain in ("password", "api_key", "x_api_key", "otp_secret")
