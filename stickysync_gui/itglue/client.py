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
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from stickysync_gui.domain.progress import PageRead, Report, Waiting, no_report
from stickysync_gui.domain.records import Category, Entry, Organization
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ItGlueUnreachable, KeyRefused
from stickysync_gui.itglue import documents
from stickysync_gui.itglue.answers import AnswerLost, NotSent, Refused, Throttled, retry_after
from stickysync_gui.itglue.documents import NotADocument, Payload
from stickysync_gui.itglue.pacing import Pacer, wait_or_stop

T = TypeVar("T")

REQUEST_SECONDS = 60.0
PAGE_SIZES = (1000, 500, 250, 100)
READ_ATTEMPTS = 4
THROTTLED_ATTEMPTS = 9
_IDS_PER_LIST = 100
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
_MEDIA_TYPE = "application/vnd.api+json"
_OURS_UNCHANGED = "What was synced before stays; nothing else was changed."


@dataclass(frozen=True, slots=True)
class Walk:
    """All entries of a list; `total` is how many rows IT Glue itself counted, where it said so."""

    entries: dict[int, Entry]
    total: int | None

    @property
    def is_complete(self) -> bool:
        """Whether as many rows came as IT Glue counted."""
        return self.total is None or self.total == len(self.entries)


class ItGlue:
    """A connection to IT Glue for one job; use it as an async context manager inside the job's coroutine.

    Args:
        url: base URL of the region, or of a sandbox on loopback.
        key: the API key; it goes to this URL and nowhere else.
        pacer: the process's one budget.
        stop: set when the user asks to stop; ends every wait.
        context: a TLS context built beforehand, off the window's thread (building one takes some 20 ms).
        request_seconds: total time for one request.
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
    ) -> None:
        self._pacer = pacer
        self._stop = stop
        self._report = report
        self._request_seconds = request_seconds
        self._throttled_in_a_row = 0
        self._page_size = PAGE_SIZES[0]
        self.requests = 0
        self.host = urlsplit(url).netloc
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"x-api-key": key.reveal(), "accept": _MEDIA_TYPE},
            # The key must never follow a redirect to another host.
            follow_redirects=False,
            verify=context if context is not None else True,
            timeout=request_seconds,
        )

    async def __aenter__(self) -> ItGlue:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A place in flight for one write, entered when the budget allows it; mark and lock are checked inside."""
        async with self._pacer.turn(self._stop, self._report):
            yield

    # --- reading ------------------------------------------------------------------------------------------------

    async def organizations(self) -> dict[int, Organization]:
        """All organizations by id.

        Raises:
            KeyRefused, ItGlueUnreachable, StopRequested.
        """
        found: dict[int, Organization] = {}
        async for items, _ in self._pages("/organizations", {}):
            for item in items:
                organization = documents.organization(item)
                found[organization.id] = organization
        return found

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
        return [
            documents.category(item) async for items, _ in self._pages("/password_categories", {}) for item in items
        ]

    async def walk(self, organization_id: int | None = None, *, most_pages: int | None = None) -> Walk | None:
        """Read the entries of one organization, or of the whole account.

        Args:
            organization_id: None for all. What comes back is checked, since unknown filters are ignored.
            most_pages: give up with None after the first page when there would be more than that.

        A walk whose count differs from IT Glue's own is repeated once.
        """
        filters = {"filter[organization_id]": str(organization_id)} if organization_id is not None else {}
        walk = await self._walk_once(filters, most_pages)
        if walk is not None and not walk.is_complete:
            again = await self._walk_once(filters, None)
            if again is not None:
                walk = again if again.is_complete else Walk({**walk.entries, **again.entries}, None)
        if walk is None or organization_id is None:
            return walk
        return Walk({i: e for i, e in walk.entries.items() if e.organization_id == organization_id}, None)

    async def _walk_once(self, filters: dict[str, str], most_pages: int | None) -> Walk | None:
        entries: dict[int, Entry] = {}
        total = None
        async for items, total in self._pages("/passwords", filters):
            for item in items:
                entry = documents.entry(item)
                entries[entry.id] = entry
            self._report(PageRead(len(entries), total))
            if most_pages is not None and total is not None and total > most_pages * self._page_size:
                return None
        return Walk(entries, total)

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
            page = await self._get("/passwords", {"filter[id]": block, "page[size]": "1000"}, documents.page)
            for entry in map(documents.entry, page.items):
                if entry.id in wanted:
                    found[entry.id] = entry
        return found

    async def _pages(
        self, path: str, filters: dict[str, str]
    ) -> AsyncIterator[tuple[list[dict[str, Any]], int | None]]:
        """Yield pages in order of id; a page that takes too long is asked for again in smaller parts."""
        offset = 0
        while True:
            size = self._page_size
            number = offset // size + 1
            params = {**filters, "sort": "id", "page[size]": str(size), "page[number]": str(number)}
            try:
                page = await self._get(path, params, documents.page, smaller_may_help=size != PAGE_SIZES[-1])
            except _PageTooBig:
                self._page_size = PAGE_SIZES[PAGE_SIZES.index(size) + 1]
                continue
            yield page.items, page.total
            if not page.items or page.next_page is None or page.next_page <= number:
                return
            offset = (page.next_page - 1) * size

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
        for attempt in range(READ_ATTEMPTS):
            if attempt:
                await self._back_off(attempt)
            try:
                return read(await self._unthrottled("GET", path, params))
            except NotADocument:
                lost = AnswerLost("it answered with something that is not its API, perhaps a proxy's page")
            except Refused as refused:
                if row:
                    raise
                raise self.key_refused(refused) if refused.is_about_rights else _odd(refused, self.host) from None
            except (AnswerLost, NotSent) as problem:
                if isinstance(problem, AnswerLost) and problem.too_slow and smaller_may_help:
                    raise _PageTooBig from None
                lost = problem
        assert lost is not None
        raise self.unreachable(lost)

    async def _unthrottled(self, method: str, path: str, params: dict[str, str]) -> bytes:
        for _ in range(THROTTLED_ATTEMPTS):
            async with self.turn():
                try:
                    return await self._exchange(method, path, params=params)
                except Throttled:
                    continue
        raise self.still_throttled()

    async def _back_off(self, attempt: int) -> None:
        seconds = min(2.0**attempt, 30.0) * (0.5 + random.random() / 2)
        self._report(Waiting(seconds, "IT Glue did not answer; asking again."))
        await wait_or_stop(seconds, self._stop)

    # --- writing ------------------------------------------------------------------------------------------------

    async def create(self, organization_id: int, payload: Payload, category_id: int | None) -> Entry:
        """POST one entry, once. Call inside `turn`.

        Raises:
            Refused, Throttled, NotSent: nothing was created.
            AnswerLost: it may have been created; look before repeating.
        """
        body = documents.create_body(organization_id, payload, category_id)
        return _written(await self._exchange("POST", "/passwords", body=body, payload=payload))

    async def update(self, entry_id: int, payload: Payload) -> Entry:
        """PATCH one entry, once. Call inside `turn`. Raises as `create`; repeating the same body does no harm."""
        body = documents.update_body(payload)
        return _written(await self._exchange("PATCH", f"/passwords/{entry_id}", body=body, payload=payload))

    async def create_many(
        self, organization_id: int, payloads: Sequence[Payload], category_id: int | None
    ) -> list[Entry]:
        """POST several entries of one organization, once. Call inside `turn`.

        Returns:
            what IT Glue says it created, in no certain order; what is not among it may have been created all the same.

        Raises:
            As `create`; but a refusal, too, may have come after a part was created (itglue-api.md 13, U8).
        """
        path = f"/organizations/{organization_id}/relationships/passwords"
        body = documents.create_many_body(payloads, category_id)
        return _written_many(await self._exchange("POST", path, body=body))

    async def update_many(self, payloads: Mapping[int, Payload]) -> list[Entry]:
        """PATCH several entries by id, once. Call inside `turn`. Returns and raises as `create_many`."""
        return _written_many(await self._exchange("PATCH", "/passwords", body=documents.update_many_body(payloads)))

    # --- one request --------------------------------------------------------------------------------------------

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: bytes | None = None,
        payload: Payload | None = None,
    ) -> bytes:
        if self._pacer.paused_seconds > 0:
            # Another request met a 429 since this one got its turn.
            raise Throttled
        headers = {"content-type": _MEDIA_TYPE} if body is not None else {}
        self.requests += 1
        try:
            async with asyncio.timeout(self._request_seconds):
                answer = await self._http.request(method, path, params=params, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(_connect_words(error), is_tls=_is_tls(error)) from None
        except (TimeoutError, httpx.TimeoutException):
            raise AnswerLost(f"no answer within {self._request_seconds:.0f} s", too_slow=True) from None
        except httpx.HTTPError:
            raise AnswerLost("the connection was cut") from None
        return self._judge(answer, payload)

    def _judge(self, answer: httpx.Response, payload: Payload | None) -> bytes:
        status, body = answer.status_code, answer.content
        if status != 429:
            self._throttled_in_a_row = 0
        if 200 <= status < 300:
            return body
        if status == 429:
            asked = retry_after(answer.headers.get("retry-after"))
            doubling = min(FIRST_PAUSE * 2**self._throttled_in_a_row, LONGEST_PAUSE)
            self._throttled_in_a_row += 1
            self._pacer.pause(asked if asked is not None else doubling)
            raise Throttled
        if documents.took_too_long(body) or status == 504:
            raise AnswerLost("IT Glue said that the request took too long", too_slow=True)
        if status >= 500:
            raise AnswerLost(f"IT Glue answered with error {status}")
        if 300 <= status < 400:
            raise Refused(status, "it tried to redirect the request elsewhere")
        raise Refused(status, documents.words_of_refusal(body, payload))

    # --- what it means for the user -----------------------------------------------------------------------------

    def key_refused(self, refused: Refused) -> KeyRefused:
        """The error for a key that even the cheapest call refuses."""
        return KeyRefused(
            happened=f"{self.host} refuses the API key ({refused.status}: {refused.words}).",
            unchanged=_OURS_UNCHANGED,
            todo="Check the key in IT Glue (Account > Settings > API Keys): it may be mistyped, paused, revoked, or "
            "unused for 90 days. A key of another region is refused in the same way.",
        )

    def unreachable(self, problem: AnswerLost | NotSent) -> ItGlueUnreachable:
        """The error for an IT Glue that does not answer."""
        if isinstance(problem, NotSent) and problem.is_tls:
            todo = "A proxy or virus scanner may break the TLS connection; IT Glue's certificate is always checked."
        else:
            todo = "Check the network, proxy and IT Glue's status page, then try again."
        return ItGlueUnreachable(
            happened=f"{self.host} cannot be reached: {problem.words}.", unchanged=_OURS_UNCHANGED, todo=todo
        )

    def still_throttled(self) -> ItGlueUnreachable:
        """The error for an IT Glue that has been saying "too many requests" for minutes."""
        return ItGlueUnreachable(
            happened=f"{self.host} has been refusing requests as too many for several minutes.",
            unchanged=_OURS_UNCHANGED,
            todo="Another integration may be using up the account's limit of 3000 requests in 5 minutes; try later.",
        )


class _PageTooBig(Exception):
    """The page took too long; a smaller one may not."""


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


def _odd(refused: Refused, host: str) -> ItGlueUnreachable:
    return ItGlueUnreachable(
        happened=f"{host} answered with {refused.status}: {refused.words}.",
        unchanged=_OURS_UNCHANGED,
        todo="Check that the address is IT Glue's API; a proxy may be in between.",
    )


def _is_tls(error: httpx.TransportError) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _connect_words(error: httpx.TransportError) -> str:
    if _is_tls(error):
        return "its TLS certificate was not accepted"
    if isinstance(error, httpx.TimeoutException):
        return "no connection within the time limit"
    text = str(error).casefold()
    if "name" in text and ("known" in text or "resolution" in text):
        return "its host name is not known"
    return "the connection was refused or cut"
