"""The IT Glue stand-in: a request in, an answer out. No sockets and no waiting (itglue-api.md, all of it)."""

import re
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from math import ceil
from typing import Any

from stickysync_gui.sandbox import answers, reads, writes
from stickysync_gui.sandbox.account import Account
from stickysync_gui.sandbox.calls import NOT_FOUND, Call
from stickysync_gui.sandbox.records import ApiKey, GlueRequest, GlueResponse, Problem, Refused

_NESTED = r"/organizations/(?P<organization>\d+)/relationships/passwords"
_ONE = r"/(?P<record>\d+)"
ROUTES: tuple[tuple[str, re.Pattern[str], Callable[[Account, Call], GlueResponse]], ...] = tuple(
    (method, re.compile(path), route)
    for method, path, route in (
        ("GET", "/organizations", reads.organizations),
        ("GET", "/organizations" + _ONE, reads.organization),
        ("GET", "/passwords", reads.passwords),
        ("GET", "/passwords" + _ONE, reads.password),
        ("GET", _NESTED, reads.passwords),
        ("GET", _NESTED + _ONE, reads.password),
        ("POST", "/passwords", writes.create_password),
        ("POST", _NESTED, writes.create_in_organization),
        ("PATCH", "/passwords", writes.update_passwords),
        ("PATCH", "/passwords" + _ONE, writes.update_password),
        ("PATCH", _NESTED + _ONE, writes.update_password),
        ("GET", "/password_categories", reads.categories),
        ("GET", "/password_categories" + _ONE, reads.category),
        ("POST", "/password_categories", writes.create_category),
        ("PATCH", "/password_categories" + _ONE, writes.update_category),
        ("GET", r"/password_folders|/organizations/\d+/relationships/password_folders(/\d+)?", reads.folders),
    )
)
_NO_DELETE = Problem("Method not allowed", "this stand-in deletes nothing")
_BAD_KEY = Problem("Forbidden", "the API key is invalid")
_NO_KEY = Problem("Unauthorized", "an API key is required")
_BLOCKED = Problem("Forbidden", "this address is not on the allow-list")
_THROTTLED = Problem("Too many requests", "the rate limit is exceeded")


class Glue(Account):
    """An account that answers requests. Arguments as for `Account`; `base_url` stands in `links.next`."""

    def __init__(self, *, base_url: str = "https://api.itglue.com", **account: Any) -> None:
        """Start an empty account."""
        super().__init__(**account)
        self.base_url = base_url
        self._recent: deque[float] = deque()

    def respond(self, request: GlueRequest) -> GlueResponse:
        """Answer one request; what it changes is changed when this returns."""
        with self.lock:
            try:
                throttled = self._throttled()
                return throttled if throttled is not None else self._routed(request)
            except Refused as refused:
                return answers.refusal(self.switches, refused.status, refused.problems, key_ok=refused.key_ok)

    def throttle(self, seconds: float | None) -> GlueResponse:
        """A 429 that asks to wait so long, in the form that is switched on (U4)."""
        headers = {}
        if seconds is not None and self.switches.retry_after == "seconds":
            headers["retry-after"] = str(ceil(seconds))
        elif seconds is not None and self.switches.retry_after == "date":
            headers["retry-after"] = formatdate(ceil(self.now() + seconds), usegmt=True)
        plain = answers.refusal(self.switches, 429, [_THROTTLED])
        return GlueResponse(429, {**plain.headers, **headers}, plain.body)

    def _throttled(self) -> GlueResponse | None:
        limit, window = self.switches.rate_limit, self.switches.rate_window
        if limit <= 0:
            return None
        now = self.now()
        while self._recent and self._recent[0] <= now - window:
            self._recent.popleft()
        if len(self._recent) >= limit:
            return self.throttle(self._recent[0] + window - now)
        self._recent.append(now)
        return None

    def _routed(self, request: GlueRequest) -> GlueResponse:
        if self.switches.address_blocked == "html":
            return GlueResponse(403, {"content-type": "text/html"}, answers.HTML)
        if self.switches.address_blocked == "json":
            raise Refused(403, _BLOCKED)
        key = self._admitted(request)
        if request.method == "DELETE":
            raise Refused(405, _NO_DELETE)
        for method, pattern, route in ROUTES:
            match = pattern.fullmatch(request.path) if method == request.method else None
            if match is not None:
                named = match.groupdict()
                call = Call(request, key, self.base_url, _number(named, "organization"), _number(named, "record"))
                return route(self, call)
        raise Refused(404, NOT_FOUND)

    def _admitted(self, request: GlueRequest) -> ApiKey:
        """The key of the request, or the refusal that its state earns (U1)."""
        text = request.headers.get("x-api-key")
        if not text:
            raise Refused(self.switches.missing_key_status, _NO_KEY, key_ok=False)
        key = self.keys.get(text)
        if key is None or key.region != self.region:
            raise Refused(self.switches.wrong_key_status, _BAD_KEY, key_ok=False)
        if key.state == "revoked":
            raise Refused(self.switches.revoked_key_status, _BAD_KEY, key_ok=False)
        if key.state == "paused":
            raise Refused(self.switches.paused_key_status, _BAD_KEY, key_ok=False)
        return key


def _number(named: dict[str, Any], name: str) -> int | None:
    text = named.get(name)
    return None if text is None else int(text)
