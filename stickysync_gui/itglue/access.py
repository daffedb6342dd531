"""Whether a key works, and where (product.md 3, "Apply")."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from stickysync_gui.domain.connection import Region
from stickysync_gui.errors import ItGlueUnreachable, KeyRefused, UsageError
from stickysync_gui.itglue import words
from stickysync_gui.itglue.answers import Refused

if TYPE_CHECKING:
    from stickysync_gui.itglue.client import ItGlue

_NOTHING = "Nothing was stored."


def allowed_url(url: str) -> str:
    """The URL if the key may go there: IT Glue's three hosts over https, or loopback.

    Raises:
        UsageError: it may not.
    """
    parts = _parts(url.rstrip("/"))
    if parts is not None:
        if parts.geturl() in {region.url for region in Region}:
            return parts.geturl()
        is_plain = "@" not in parts.netloc and not (parts.query or parts.fragment)
        if parts.scheme in ("http", "https") and is_plain and is_loopback(url):
            return parts.geturl()
    raise UsageError(
        happened="The IT Glue address is none of the service's three and not on this computer.",
        unchanged="The API key was sent nowhere.",
        todo="Use one of " + ", ".join(region.url for region in Region) + ", or a sandbox on 127.0.0.1.",
    )


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this computer."""
    parts = _parts(url)
    host = parts.hostname or "" if parts is not None else ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(url: str) -> str:
    """The proxy that the environment, or on Windows the system, names for this host; empty for none.

    Never for loopback: it would get the key of a sandbox in the clear.
    """
    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.hostname or ""):
        return ""
    known = getproxies()
    proxy = known.get(parts.scheme) or known.get("all") or ""
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Asked for here, since a port that is none raises only then.
        return parts if parts.port != 0 else None
    except ValueError:
        return None


async def check_key(glue: ItGlue) -> None:
    """Check a key live: organizations first, then passwords.

    Raises:
        KeyRefused: wrong key or region, or no Password Access; the words say which.
        ItGlueUnreachable: offline, throttled, proxy or TLS trouble.
    """
    await glue.probe()
    try:
        await glue.probe_passwords()
    except Refused as refused:
        raise no_password_access(glue.host, refused) from None


def no_password_access(host: str, refused: Refused) -> KeyRefused:
    """The error for a key that is good but may not touch passwords."""
    return KeyRefused(
        happened=f"{host} knows the API key but refuses it passwords ({refused.status}: {refused.words}).",
        unchanged=_NOTHING,
        todo="Tick Password Access for this key in IT Glue (Account > Settings > API Keys); then check its access "
        "to organizations.",
    )


async def check_new_key(open_at: Callable[[str], ItGlue], url: str, region: Region | None) -> Region | None:
    """Check a key before it is stored, in the region that it belongs to; returns that.

    Args:
        open_at: makes a client for a base URL.
        url: instead of a region's; then the region stays what it is.
        region: None asks all three.

    Raises:
        KeyRefused, ItGlueUnreachable: as `check_key` and `settle_region`; both say that nothing was stored.
    """
    try:
        if not url:
            region = await settle_region(open_at, region)
        async with open_at(url or (region.url if region else "")) as glue:
            await check_key(glue)
    except KeyRefused as error:
        error.unchanged = _NOTHING
        raise
    except ItGlueUnreachable as error:
        error.unchanged = "Whether the API key is right could not be asked; nothing was stored."
        raise
    return region


async def settle_region(open_at: Callable[[str], ItGlue], wanted: Region | None) -> Region:
    """The wanted region if the key is known there, or without a wish the one that knows it.

    Args:
        open_at: makes a client for a base URL.

    Raises:
        KeyRefused: the key is another region's, or none's; the words say which.
        ItGlueUnreachable: the region cannot be asked.
    """
    if wanted is None:
        return await detect_region(open_at)
    async with open_at(wanted.url) as glue:
        try:
            await glue.probe()
        except KeyRefused as error:
            refusal = error
        else:
            return wanted
    not_asked = False
    for other in Region:
        if other is wanted:
            continue
        async with open_at(other.url) as glue:
            try:
                await glue.probe()
            except KeyRefused:
                continue
            except ItGlueUnreachable:
                not_asked = True
                continue
        raise KeyRefused(
            happened=f"This API key belongs to IT Glue's {other.label} region, not to {wanted.label}.",
            unchanged=_NOTHING,
            todo=f"Choose {other.label}, or let the region be detected, and apply the key again.",
        )
    if not not_asked:
        refusal.todo = refusal.todo.replace(words.PERHAPS_ANOTHER_REGION, words.NO_OTHER_REGION)
    raise refusal


async def detect_region(open_at: Callable[[str], ItGlue]) -> Region:
    """Find the region that knows the key.

    Args:
        open_at: makes a client for a base URL.

    Raises:
        KeyRefused: none of the three does.
        ItGlueUnreachable: one of them could not be asked and none of the others knows it.
    """
    unreachable: ItGlueUnreachable | None = None
    for region in Region:
        async with open_at(region.url) as glue:
            try:
                await glue.probe()
            except KeyRefused:
                continue
            except ItGlueUnreachable as problem:
                unreachable = problem
                continue
            return region
    if unreachable is not None:
        raise unreachable
    raise KeyRefused(
        happened="None of IT Glue's regions (US, EU, AU) accepts this API key.",
        unchanged=_NOTHING,
        todo="Copy the key again from IT Glue (Account > Settings > API Keys); it may be paused or revoked.",
    )
