"""Everything below the shells, built once."""

from stickysync_gui.backend.core import Backend

__all__ = ["Backend"]
