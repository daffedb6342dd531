"""The window's looks as the settings file has them, read before anything else is imported."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ANY_PROFILE = "any"
"""Where the looks stand that belong to no profile: the window's geometry."""


def saved_looks(path: Path) -> dict[str, Any]:
    """`Settings.window` of a settings file; a missing or damaged file has none.

    The backend reads the same file afterwards and says what is wrong with it.
    """
    try:
        looks = tomllib.loads(path.read_text(encoding="utf-8")).get("window", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    return looks if isinstance(looks, dict) else {}


def recalled(looks: dict[str, Any], profile_id: str = ANY_PROFILE, name: str = "window") -> dict[str, Any]:
    """What was kept under a name; empty when nothing was, or when it is damaged."""
    part = looks.get(profile_id)
    kept = part.get(name) if isinstance(part, dict) else None
    return dict(kept) if isinstance(kept, dict) else {}
