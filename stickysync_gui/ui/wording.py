"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import datetime


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 password", "1,240 passwords"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago: "just now", "12 min ago", "3 h ago", then the day."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    return then.strftime("on %d %b, %H:%M")


def duration(seconds: float) -> str:
    """A time span: "8 s", "2 min 05 s", "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def elided(text: str, length: int) -> str:
    """The text, cut with an ellipsis when it is longer than that many characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
