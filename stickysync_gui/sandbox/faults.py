"""Scripted failures of the IT Glue stand-in: which request goes wrong, how, and how often."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal[
    "cut_before",  # connection closed, nothing done
    "cut_after",  # done, then connection closed without an answer
    "cut_midway",  # done, then half of the answer
    "status",  # nothing done; `status` with `body`
    "status_after",  # done, and yet `status` with `body`
    "throttle",  # 429, nothing done
    "html",  # 200 with a page of HTML, as a proxy does; nothing done
    "took_too_long",  # an errors body that says so, under `status` (U19); nothing done
    "took_too_long_after",  # the same, but it was done
    "redirect",  # 302 to `location`; nothing done
    "hang",  # silence for `seconds`, then closed; nothing done
    "hang_after",  # done at once, silence for `seconds`, then closed
    "hang_then_commit",  # silence for `seconds`, then done although nobody waits any more, then closed
    "slow",  # silence for `seconds`, then done and answered as usual
    "slow_answer",  # done at once, answered after `seconds`
    "revoke_key",  # the key of this request is revoked from this request on
]
BodyKind = Literal["errors", "message", "html", "empty", "took_too_long"]
_STATUSES = {"status": 500, "status_after": 500, "took_too_long": 504, "took_too_long_after": 504}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the n-th matching request.

    `path` is a regular expression for the whole path, `body` one searched in the request body. `at` counts
    matching requests from 1 since the fault was added (none: the first). From there on it fires for `times`
    matching requests in a row, or for all of them with None. `seconds` is how long silences last;
    `FaultScript.release` ends them early. `retry_after` is in seconds,
    None for no such header; it is written in the form that the switch of that name says.
    """

    kind: Kind
    method: str | None = None
    path: str | None = None
    at: int | None = None
    times: int | None = 1
    body: str | None = None
    status: int | None = None
    answer: BodyKind = "errors"
    retry_after: float | None = None
    seconds: float = 30.0
    location: str = "https://api.elsewhere.example/"

    def __post_init__(self) -> None:
        """Refuse a kind that does not exist; a typing error must not pass for "no fault"."""
        if self.kind not in get_args(Kind):
            raise ValueError(f"there is no fault of kind {self.kind!r}")
        if self.answer not in get_args(BodyKind):
            raise ValueError(f"there is no answer of kind {self.answer!r}")

    @property
    def shown_status(self) -> int:
        """The status to answer with: the given one, or what fits the kind."""
        return self.status or _STATUSES.get(self.kind, 500)


@dataclass(slots=True)
class _Entry:
    what: Fault | Callable[[], Any]
    method: str | None
    path: str | None
    body: str | None
    at: int
    times: int | None
    when: Literal["fault", "before", "after"]
    seen: int = 0
    fired: int = 0

    def meets(self, method: str, path: str, body: bytes) -> bool:
        """Count a request if it matches; true when it is this entry's turn."""
        if self.method is not None and self.method != method:
            return False
        if self.path is not None and not re.fullmatch(self.path, path):
            return False
        if self.body is not None and not re.search(self.body, body.decode("utf-8", "replace")):
            return False
        self.seen += 1
        due = self.seen >= self.at and (self.times is None or self.seen < self.at + self.times)
        self.fired += due
        return due


@dataclass(frozen=True, slots=True)
class Due:
    """What is to happen around one request."""

    fault: Fault | None
    before: tuple[Callable[[], Any], ...]
    after: tuple[Callable[[], Any], ...]


class FaultScript:
    """The faults and hooks of a running server; may be changed from any thread while requests come in.

    Requests are counted for every entry, also when another entry's fault wins: the first one added does.
    """

    def __init__(self, *faults: Fault) -> None:
        """Start with these faults."""
        self._lock = threading.Lock()
        self._entries: dict[int, _Entry] = {}
        self._last = 0
        self._waiting: set[Callable[[], Any]] = set()
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> int:
        """Add a fault and return its number, for `fired` and `remove`."""
        at = 1 if fault.at is None else fault.at
        return self._enter(_Entry(fault, fault.method, fault.path, fault.body, at, fault.times, "fault"))

    def before(
        self,
        call: Callable[[], Any],
        *,
        method: str | None = None,
        path: str | None = None,
        at: int = 1,
        times: int | None = 1,
        body: str | None = None,
    ) -> int:
        """Call `call` when the n-th matching request has come in, before it is handled. In a thread of its own."""
        return self._enter(_Entry(call, method, path, body, at, times, "before"))

    def after(
        self,
        call: Callable[[], Any],
        *,
        method: str | None = None,
        path: str | None = None,
        at: int = 1,
        times: int | None = 1,
        body: str | None = None,
    ) -> int:
        """Call `call` when the n-th matching request was handled, before the answer leaves."""
        return self._enter(_Entry(call, method, path, body, at, times, "after"))

    def _enter(self, entry: _Entry) -> int:
        with self._lock:
            self._last += 1
            self._entries[self._last] = entry
            return self._last

    def fired(self, number: int | None = None) -> int:
        """How often one fault or hook fired, or all faults together. A removed one counts no more."""
        with self._lock:
            if number is not None:
                return self._entries[number].fired
            return sum(entry.fired for entry in self._entries.values() if entry.when == "fault")

    def remove(self, number: int) -> None:
        """Take one fault or hook out; one that is not there any more is no error."""
        with self._lock:
            self._entries.pop(number, None)

    def clear(self) -> None:
        """Take all faults and hooks out and end every silence."""
        with self._lock:
            self._entries.clear()
        self.release()

    def release(self) -> None:
        """End the silences that are on now, as if their time were over."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for wake in waiting:
            wake()

    @property
    def hanging(self) -> int:
        """How many requests are being kept waiting."""
        with self._lock:
            return len(self._waiting)

    def wait_on(self, wake: Callable[[], Any]) -> None:
        """For the server: have `wake` called by the next `release`."""
        with self._lock:
            self._waiting.add(wake)

    def wait_over(self, wake: Callable[[], Any]) -> None:
        """For the server: `wake` is not needed any more."""
        with self._lock:
            self._waiting.discard(wake)

    def due(self, method: str, path: str, body: bytes) -> Due:
        """For the server: count a request against every entry and say what is to happen."""
        with self._lock:
            met = [entry for entry in self._entries.values() if entry.meets(method, path, body)]
        fault = next((entry.what for entry in met if isinstance(entry.what, Fault)), None)
        hooks = [(entry.when, entry.what) for entry in met if not isinstance(entry.what, Fault)]
        return Due(
            fault,
            tuple(call for when, call in hooks if when == "before"),
            tuple(call for when, call in hooks if when == "after"),
        )
