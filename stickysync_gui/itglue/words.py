"""What goes wrong with IT Glue, in sentences for the user."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from stickysync_gui.errors import ItGlueUnreachable, KeyRefused
from stickysync_gui.itglue.answers import AnswerLost, NotSent, Refused

PERHAPS_ANOTHER_REGION = "A key of another region is refused in the same way."
NO_OTHER_REGION = "IT Glue's other regions do not know it either."
_UNCHANGED = "What was synced before stays; nothing else was changed."


def key_malformed() -> KeyRefused:
    """The error for a key that no HTTP header can carry; it is not repeated."""
    return KeyRefused(
        happened="The API key holds characters that no key has: blanks, line breaks, or letters beyond ASCII.",
        unchanged="It was sent nowhere.",
        todo="Copy it again from IT Glue (Account > Settings > API Keys).",
    )


def key_refused(host: str, refused: Refused) -> KeyRefused:
    """The error for a key that even the cheapest call refuses."""
    return KeyRefused(
        happened=f"{host} refuses the API key ({refused.status}: {refused.words}).",
        unchanged=_UNCHANGED,
        todo="Check the key in IT Glue (Account > Settings > API Keys): it may be mistyped, paused, revoked, or "
        f"unused for 90 days. {PERHAPS_ANOTHER_REGION}",
    )


def unreachable(host: str, problem: AnswerLost | NotSent) -> ItGlueUnreachable:
    """The error for an IT Glue that does not answer."""
    proxy = proxy_for(host)
    if isinstance(problem, NotSent) and problem.is_tls:
        todo = (
            "A proxy or virus scanner may break the TLS connection; IT Glue's certificate is always checked. Have "
            f"{host} exempted from inspection, or its authority installed on this PC; and check this PC's date."
        )
    elif proxy and isinstance(problem, NotSent):
        todo = f"This PC reaches the web through the proxy {proxy}: have it let {host} through. Then try again."
    elif proxy:
        todo = f"Look at IT Glue's status page and at the proxy {proxy}, by which this PC reaches the web; try again."
    else:
        todo = "Check the network, proxy and IT Glue's status page, then try again."
    return ItGlueUnreachable(happened=f"{host} cannot be reached: {problem.words}.", unchanged=_UNCHANGED, todo=todo)


def proxy_for(host: str) -> str:
    """The system's proxy for a host, as "name:port" without its log-in; empty when there is none."""
    name = host.partition(":")[0]
    try:
        proxy = "" if proxy_bypass(name) else getproxies().get("https") or getproxies().get("all", "")
        parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
        return "" if name in ("127.0.0.1", "localhost") else parts.netloc.rpartition("@")[2]
    except (OSError, ValueError):
        return ""


_UNTRUSTED = (18, 19, 20, 21)
"""OpenSSL's numbers for an authority that nobody knows, or that signed itself."""


def tls_refused(error: ssl.SSLError) -> str:
    """Why a TLS connection did not come about, behind "cannot be reached:"."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return "the TLS connection failed; a proxy or an old virus scanner may stand in between"
    why = {9: "it is not valid yet", 10: "it has expired", 62: "it is made out to another name"}
    known = why.get(error.verify_code, error.verify_message)
    if error.verify_code in _UNTRUSTED:
        known = "it comes from an authority that this PC does not trust"
    return f"its TLS certificate was not accepted, since {known}"


def still_throttled(host: str) -> ItGlueUnreachable:
    """The error for an IT Glue that has been saying "too many requests" for minutes."""
    return ItGlueUnreachable(
        happened=f"{host} has been refusing requests as too many for several minutes.",
        unchanged=_UNCHANGED,
        todo="Another integration may be using up the account's limit of 3000 requests in 5 minutes; try later.",
    )


def throttled(host: str, seconds: float) -> ItGlueUnreachable:
    """The error for an IT Glue that says "too many requests" to a check."""
    wait = f"in {seconds:.0f} seconds" if seconds >= 1 else "in a moment"
    return ItGlueUnreachable(
        happened=f"{host} takes no more requests for now: the account's limit of 3000 in 5 minutes is used up.",
        unchanged="Whether the API key is right could not be asked; nothing was stored.",
        todo=f"Try again {wait}. If this happens often, see which other integrations use the account.",
    )


def odd(host: str, refused: Refused) -> ItGlueUnreachable:
    """The error for a list that is refused for another reason than the key."""
    return ItGlueUnreachable(
        happened=f"{host} answered with {refused.status}: {refused.words}.",
        unchanged=_UNCHANGED,
        todo="Check that the address is IT Glue's API; a proxy may be in between.",
    )
