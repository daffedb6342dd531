"""The IT Glue client: pages, single writes, and the retry table of itglue-api.md 2.

Reads are retried here. Writes are sent once: whether one may be repeated depends on marks and locks, which only the
engine knows.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode, urlsplit

from stickysync_gui.domain.progress import Report, Waiting, no_report
from stickysync_gui.domain.records import Category, Entry, Organization
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ItGlueUnreachable
from stickysync_gui.itglue import documents, words
from stickysync_gui.itglue.access import proxy_for
from stickysync_gui.itglue.answers import (
    Answer,
    AnswerLost,
    HeldBack,
    MayGo,
    NotSent,
    Refused,
    Throttled,
    always,
    http_date,
    retry_after,
)
from stickysync_gui.itglue.documents import NotADocument, Payload
from stickysync_gui.itglue.pacing import Pacer, wait_or_stop
from stickysync_gui.itglue.walking import PageTooBig, Walk, Walker
from stickysync_gui.itglue.wire import Wire

if TYPE_CHECKING:
    from stickysync_gui.itglue.proxied import Proxied

T = TypeVar("T")

REQUEST_SECONDS = 60.0
READ_ATTEMPTS = 4
HASTY_ATTEMPTS = 2
THROTTLED_ATTEMPTS = 9
_IDS_PER_LIST = 100
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
_MEDIA_TYPE = "application/vnd.api+json"
_WITH_BODY = {"content-type": _MEDIA_TYPE}


class ItGlue:
    """A connection to IT Glue for one job; use it as an async context manager inside the job's coroutine.

    Args:
        url: base URL of the region, or of a sandbox on loopback.
        key: the API key; it goes to this URL and nowhere else.
        pacer: the process's one budget.
        stop: set when the user asks to stop; ends every wait.
        context: a TLS context built beforehand, off the window's thread (building one takes some 20 ms).
        request_seconds: total time for one request.
        patient: False gives up soon, for a check that somebody sits and waits for.

    Raises:
        KeyRefused: the key is none that could be sent.
    """

    def __init__(
        self,
        url: str,
        key: Secret,
        pacer: Pacer,
        *,
        stop: asyncio.Event | None = None,
        report: Report = no_report,
        context: ssl.SSLContext | None = None,
        request_seconds: float = REQUEST_SECONDS,
        patient: bool = True,
    ) -> None:
        self._pacer = pacer
        self._read_attempts = READ_ATTEMPTS if patient else HASTY_ATTEMPTS
        self._throttled_attempts = THROTTLED_ATTEMPTS if patient else 1
        self._stop = stop
        self._report = report
        self._throttled_in_a_row = 0
        self._walker = Walker(self._get, report)
        self.requests = 0
        self.host = urlsplit(url).netloc
        sent_key = key.reveal()
        # HTTP's own refusal of such a header would repeat the key.
        if not (sent_key and sent_key.isascii() and sent_key.isprintable()) or " " in sent_key:
            raise words.key_malformed()
        headers = {"x-api-key": sent_key, "accept": _MEDIA_TYPE}
        if proxy := proxy_for(url):
            # Late: httpx takes a tenth of a second to load, and few are behind a proxy.
            from stickysync_gui.itglue.proxied import Proxied

            self._way: Wire | Proxied = Proxied(url, headers, context, request_seconds, proxy)
        else:
            self._way = Wire(url, headers, context or _context_for(url), request_seconds)

    async def __aenter__(self) -> ItGlue:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._way.close()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A place in flight for one request, entered when the budget allows it."""
        async with self._pacer.turn(self._stop, self._report):
            yield

    # --- reading ------------------------------------------------------------------------------------------------

    async def organizations(self) -> dict[int, Organization]:
        """All organizations by id.

        Raises:
            KeyRefused, ItGlueUnreachable, StopRequested.
        """
        pages = self._walker.pages("/organizations", {}, documents.organization)
        return {found.id: found async for rows in pages for found in rows.records}

    async def probe(self) -> None:
        """The cheapest call that only a good key passes.

        Raises:
            KeyRefused, ItGlueUnreachable, StopRequested.
        """
        await self._get("/organizations", {"page[size]": "1"}, documents.page)

    async def probe_passwords(self) -> None:
        """A passwords call; only to be read after `probe` went well.

        Raises:
            Refused: the key has no Password Access.
        """
        await self._get("/passwords", {"page[size]": "1"}, documents.page, row=True)

    async def categories(self) -> list[Category]:
        """The account's password categories."""
        pages = self._walker.pages("/password_categories", {}, documents.category)
        return list({found.id: found async for rows in pages for found in rows.records}.values())

    async def walk(self, organization_id: int | None = None, *, most_pages: int | None = None) -> Walk | None:
        """Read the entries of one organization, or of the whole account.

        Args:
            organization_id: None for all. What comes back is checked, since unknown filters are ignored.
            most_pages: give up with None after the first page when there would be more than that.

        A walk whose count differs from IT Glue's own is repeated once.
        """
        return await self._walker.entries(organization_id, most_pages)

    async def entry(self, entry_id: int) -> Entry | None:
        """Show one entry without its value; None when it is gone (404).

        Raises:
            Refused: IT Glue does not show this one.
        """
        path, params = f"/passwords/{entry_id}", {"show_password": "false"}
        try:
            return await self._get(path, params, lambda body: documents.entry(documents.single(body)), row=True)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def listed(self, entry_ids: list[int]) -> dict[int, Entry]:
        """Those of some entries that a list shows, by id; cheaper than showing each (itglue-api.md 4: a list is OR)."""
        found: dict[int, Entry] = {}
        wanted = set(entry_ids)
        for start in range(0, len(entry_ids), _IDS_PER_LIST):
            block = ",".join(map(str, entry_ids[start : start + _IDS_PER_LIST]))
            params = {"filter[id]": block, "page[size]": "1000"}
            entries = await self._get("/passwords", params, lambda body: [*map(documents.entry, documents.many(body))])
            found.update((entry.id, entry) for entry in entries if entry.id in wanted)
        return found

    async def _get(
        self,
        path: str,
        params: dict[str, str],
        read: Callable[[bytes], T],
        *,
        row: bool = False,
        smaller_may_help: bool = False,
    ) -> T:
        """GET with retries.

        Args:
            read: turns the body into the result; `NotADocument` counts as a lost answer.
            row: a refusal of rights may be about this one record and is handed on as `Refused`.
        """
        lost: AnswerLost | NotSent | None = None
        for attempt in range(self._read_attempts):
            if attempt:
                await self._back_off(attempt)
            try:
                return read(await self._unthrottled("GET", path, params))
            except NotADocument:
                lost = AnswerLost("it answered with something that is not its API, perhaps a proxy's page")
            except Refused as refused:
                if row:
                    raise
                tell = words.key_refused if refused.is_about_rights else words.odd
                raise tell(self.host, refused) from None
            except (AnswerLost, NotSent) as problem:
                if isinstance(problem, AnswerLost) and problem.too_slow and smaller_may_help:
                    raise PageTooBig from None
                lost = problem
        assert lost is not None
        raise self.unreachable(lost)

    async def _unthrottled(self, method: str, path: str, params: dict[str, str]) -> bytes:
        for _ in range(self._throttled_attempts):
            async with self.turn():
                try:
                    return await self._exchange(method, path, params=params)
                except Throttled:
                    continue
        if self._throttled_attempts == 1:
            raise words.throttled(self.host, self._pacer.paused_seconds)
        raise self.still_throttled()

    async def _back_off(self, attempt: int) -> None:
        seconds = min(2.0**attempt, 30.0) * (0.5 + random.random() / 2)
        self._report(Waiting(seconds, "IT Glue did not answer; asking again."))
        await wait_or_stop(seconds, self._stop)

    # --- writing ------------------------------------------------------------------------------------------------

    async def create(
        self, organization_id: int, payload: Payload, category_id: int | None, may_go: MayGo = always
    ) -> Entry:
        """POST one entry, once. Call inside `turn`.

        Args:
            may_go: asked in the last moment, when there is a connection; False comes out as HeldBack.

        Raises:
            Refused, Throttled, HeldBack, NotSent: nothing was created.
            AnswerLost: it may have been created; look before repeating.
        """
        body = documents.create_body(organization_id, payload, category_id)
        return _written(await self._exchange("POST", "/passwords", body=body, payloads=[payload], may_go=may_go))

    async def update(self, entry_id: int, payload: Payload, may_go: MayGo = always) -> Entry:
        """PATCH one entry, once; otherwise as `create`, but repeating the same body does no harm."""
        body = documents.update_body(payload)
        path = f"/passwords/{entry_id}"
        entry = _written(await self._exchange("PATCH", path, body=body, payloads=[payload], may_go=may_go))
        if entry.id != entry_id:
            raise AnswerLost("it answered with another entry than the one that was sent")
        return entry

    async def create_many(
        self, organization_id: int, payloads: Sequence[Payload], category_id: int | None, may_go: MayGo = always
    ) -> list[Entry]:
        """POST several entries of one organization, once. Call inside `turn`.

        Returns:
            what IT Glue says it created, in no certain order; what is not among it may have been created all the same.

        Raises:
            As `create`; but a refusal, too, may have come after a part was created (itglue-api.md 13, U8).
        """
        path = f"/organizations/{organization_id}/relationships/passwords"
        body = documents.create_many_body(payloads, category_id)
        return _written_many(await self._exchange("POST", path, body=body, payloads=payloads, may_go=may_go))

    async def update_many(self, payloads: Mapping[int, Payload], may_go: MayGo = always) -> list[Entry]:
        """PATCH several entries by id, once. Call inside `turn`. Returns and raises as `create_many`."""
        body = documents.update_many_body(payloads)
        sent = list(payloads.values())
        return _written_many(await self._exchange("PATCH", "/passwords", body=body, payloads=sent, may_go=may_go))

    # --- one request --------------------------------------------------------------------------------------------

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: bytes | None = None,
        payloads: Sequence[Payload] = (),
        may_go: MayGo = always,
    ) -> bytes:
        if self._pacer.paused_seconds > 0:
            # Another request met a 429 since this one got its turn.
            raise HeldBack
        target = f"{path}?{urlencode(params)}" if params else path
        self.requests += 1
        answer = await self._way.request(method, target, body, _WITH_BODY if body is not None else {}, may_go)
        return self._judge(answer, payloads)

    def _judge(self, answer: Answer, payloads: Sequence[Payload]) -> bytes:
        status, body = answer.status, answer.body
        if status != 429:
            self._throttled_in_a_row = 0
        if 200 <= status < 300:
            return body
        if status == 429:
            headers = answer.headers
            self._pause(retry_after(headers.get("retry-after"), http_date(headers.get("date"))))
            raise Throttled
        if documents.took_too_long(body) or status in (408, 504):
            raise AnswerLost("IT Glue said that the request took too long", too_slow=True)
        if status >= 500:
            raise AnswerLost(f"IT Glue answered with error {status}")
        if 300 <= status < 400:
            redirected = "it tried to redirect the request elsewhere"
            # Whoever redirects a write may have passed it on as well.
            raise AnswerLost(redirected) if payloads else Refused(status, redirected)
        raise Refused(status, documents.words_of_refusal(body, *payloads))

    def _pause(self, asked: float | None) -> None:
        """Hold everything back after a 429: as long as it asks for, and longer each time that this was not enough."""
        met, is_on = self._throttled_in_a_row, self._pacer.paused_seconds > 0
        if not is_on:
            # Several requests in flight meet the same limit; that is one time, not four.
            self._throttled_in_a_row += 1
        elif asked is None:
            return
        least = min(FIRST_PAUSE * 2**met, LONGEST_PAUSE) if asked is None else min(2.0**met - 1, LONGEST_PAUSE)
        self._pacer.pause(max(asked or 0.0, least))

    # --- what it means for the user -----------------------------------------------------------------------------

    def unreachable(self, problem: AnswerLost | NotSent) -> ItGlueUnreachable:
        """The error for an IT Glue that does not answer."""
        return words.unreachable(self.host, problem)

    def still_throttled(self) -> ItGlueUnreachable:
        """The error for an IT Glue that has been saying "too many requests" for minutes."""
        return words.still_throttled(self.host)


def _context_for(url: str) -> ssl.SSLContext | None:
    return ssl.create_default_context() if url.startswith("https:") else None


def _written(body: bytes) -> Entry:
    try:
        return documents.entry(documents.single(body))
    except NotADocument:
        raise AnswerLost("it accepted the request with an answer that cannot be read") from None


def _written_many(body: bytes) -> list[Entry]:
    """The rows that can be read; the others count as not confirmed."""
    entries = []
    try:
        items = documents.many(body)
    except NotADocument:
        raise AnswerLost("it accepted the request with an answer that cannot be read") from None
    for item in items:
        with suppress(NotADocument):
            entries.append(documents.entry(item))
    return entries
