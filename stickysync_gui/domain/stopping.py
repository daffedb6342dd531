"""The user's wish to stop, as it travels out of a wait."""

from __future__ import annotations


class StopRequested(Exception):
    """A wait or a loop ended because the user asked to stop; nothing was interrupted half-way."""
