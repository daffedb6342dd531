"""The way to one host through a proxy, by httpx, which knows how to speak to proxies.

It uses httpx's transport and not its client: cookies, redirects and log-ins are not wanted here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

import httpx

from stickysync_gui.itglue import words
from stickysync_gui.itglue.answers import Answer, AnswerLost, HeldBack, MayGo, NotSent, always

_ABOUT_TO_WRITE = ("send_request_headers.started", "send_request_body.started")
"""How httpx's transport calls these moments."""


class Proxied:
    """The same as `Wire`, by way of a proxy.

    Args:
        url: base URL of the host.
        proxy: address of the proxy.
        headers: sent with each request.
        context: a TLS context built beforehand; without one httpx builds its own.
        seconds: for one request in all, the connection included.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], context: ssl.SSLContext | None, seconds: float, proxy: str
    ) -> None:
        address = httpx.URL(url)
        self._base = url.rstrip("/")
        self._headers = [("host", address.netloc.decode("ascii")), ("accept-encoding", "gzip"), *headers.items()]
        self._seconds = seconds
        self._extensions = {"timeout": httpx.Timeout(seconds).as_dict()}
        verify = context if context is not None else True
        self._transport = httpx.AsyncHTTPTransport(verify=verify, proxy=proxy, trust_env=False)

    async def request(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], may_go: MayGo = always
    ) -> Answer:
        """Send one request, once.

        Args:
            target: path and query, encoded.
            may_go: asked before the head goes out, and again before the body; without its body nothing is done there.

        Raises:
            NotSent: no connection came about. HeldBack: it may not go. AnswerLost: it went out, and no whole answer
                came.
        """

        async def look_again(what: str, _: object) -> None:
            if what.endswith(_ABOUT_TO_WRITE) and not may_go():
                raise HeldBack

        request = httpx.Request(
            method,
            self._base + target,
            headers=[*self._headers, *headers.items()],
            content=body,
            extensions={**self._extensions, "trace": look_again},
        )
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._transport.handle_async_request(request)
                content = await answer.aread()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            tls = _tls_error(error)
            raise NotSent(words.tls_refused(tls) if tls else _connect_words(error), is_tls=tls is not None) from None
        except (TimeoutError, httpx.TimeoutException):
            raise AnswerLost(f"no answer within {self._seconds:g} s", too_slow=True) from None
        except httpx.HTTPError:
            raise AnswerLost("the connection was cut") from None
        return Answer(answer.status_code, answer.headers, content)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def _tls_error(error: httpx.TransportError) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _connect_words(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ProxyError):
        if str(error).startswith("407"):
            return "the proxy wants a log-in"
        return "the proxy does not let it through"
    if isinstance(error, httpx.TimeoutException):
        return "no connection within the time limit"
    text = str(error).casefold()
    if "name" in text and ("known" in text or "resolution" in text):
        return "its host name is not known"
    return "the connection was refused or cut"
