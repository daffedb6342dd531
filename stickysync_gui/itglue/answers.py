"""What one request can come to: an answer, or the client's own exceptions, which never leave the engine as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

MayGo = Callable[[], bool]
"""Asked again when the way to the host stands, right before a request is written; False holds it back."""


def always() -> bool:
    """For requests that may go out at any time."""
    return True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are looked up in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refused(Exception):
    """IT Glue said no to this one request (4xx): nothing was done.

    Args:
        status: HTTP status. words: IT Glue's own, cleaned of anything that was sent as a value.
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status
        self.words = words

    @property
    def is_about_rights(self) -> bool:
        """Whether key or record rights are the matter; which of the two, the number does not say."""
        return self.status in (401, 403)


class Throttled(Exception):
    """429: nothing was done."""


class HeldBack(Throttled):
    """It was not even sent, since something came in between: a 429 to another request, doubts, a stop, a lost lock."""


class AnswerLost(Exception):
    """The request went out and no usable answer came: it may or may not have been carried out.

    Args:
        words: what came instead.
        too_slow: time-out, or IT Glue's own "took too long"; asking for less may help.
    """

    def __init__(self, words: str, *, too_slow: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.too_slow = too_slow


class NotSent(Exception):
    """No connection came about, so nothing was sent. `words` say why."""

    def __init__(self, words: str, *, is_tls: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.is_tls = is_tls


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for; it comes as seconds or as an HTTP date. None when absent or odd.

    Args:
        now: by the clock that wrote the date, where known; this PC's may be off by minutes.
    """
    text = (header or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        moment = http_date(text)
        return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds()) if moment else None
    return max(0.0, seconds) if isfinite(seconds) else None


def http_date(header: str | None) -> datetime | None:
    """The moment that a header such as Date names; None when absent or odd."""
    try:
        moment = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
