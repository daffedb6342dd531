"""What goes wrong with IT Glue, in sentences for the user."""

from __future__ import annotations

from stickysync_gui.errors import ItGlueUnreachable, KeyRefused
from stickysync_gui.itglue.answers import AnswerLost, NotSent, Refused

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
        "unused for 90 days. A key of another region is refused in the same way.",
    )


def unreachable(host: str, problem: AnswerLost | NotSent) -> ItGlueUnreachable:
    """The error for an IT Glue that does not answer."""
    if isinstance(problem, NotSent) and problem.is_tls:
        todo = "A proxy or virus scanner may break the TLS connection; IT Glue's certificate is always checked."
    else:
        todo = "Check the network, proxy and IT Glue's status page, then try again."
    return ItGlueUnreachable(happened=f"{host} cannot be reached: {problem.words}.", unchanged=_UNCHANGED, todo=todo)


def still_throttled(host: str) -> ItGlueUnreachable:
    """The error for an IT Glue that has been saying "too many requests" for minutes."""
    return ItGlueUnreachable(
        happened=f"{host} has been refusing requests as too many for several minutes.",
        unchanged=_UNCHANGED,
        todo="Another integration may be using up the account's limit of 3000 requests in 5 minutes; try later.",
    )


def odd(host: str, refused: Refused) -> ItGlueUnreachable:
    """The error for a list that is refused for another reason than the key."""
    return ItGlueUnreachable(
        happened=f"{host} answered with {refused.status}: {refused.words}.",
        unchanged=_UNCHANGED,
        todo="Check that the address is IT Glue's API; a proxy may be in between.",
    )
