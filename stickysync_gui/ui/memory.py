"""What the window remembers of its looks, per connection profile: a tree of plain values for the settings file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stickysync_gui import settings
from stickysync_gui.errors import UsageError

ANY_PROFILE = "any"
"""Where the looks stand that belong to no profile: the window's geometry."""


class Memory:
    """Reads and writes one profile's part of `Settings.window`.

    Args:
        tree: a copy of `Settings.window`; damaged parts read as empty.
        profile_id: whose looks; empty before there is a profile.
    """

    def __init__(self, tree: dict[str, Any] | None = None, profile_id: str = "") -> None:
        self.tree: dict[str, Any] = dict(tree or {})
        self.profile_id = profile_id

    def recall(self, name: str, *, any_profile: bool = False) -> dict[str, Any]:
        """What was kept under that name; empty when nothing was."""
        part = self.tree.get(self._owner(any_profile))
        kept = part.get(name) if isinstance(part, dict) else None
        return dict(kept) if isinstance(kept, dict) else {}

    def keep(self, name: str, values: dict[str, Any], *, any_profile: bool = False) -> None:
        """Keep plain values (no None: TOML has none) under that name."""
        owner = self._owner(any_profile)
        part = self.tree.get(owner)
        self.tree[owner] = {**(part if isinstance(part, dict) else {}), name: values}

    def _owner(self, any_profile: bool) -> str:
        return ANY_PROFILE if any_profile else self.profile_id or "new"


def saved_looks(path: Path) -> dict[str, Any]:
    """The looks in a settings file, before there is a backend; a damaged file has none.

    The backend reads the same file afterwards and says what is wrong with it.
    """
    try:
        return settings.load(path).window
    except UsageError:
        return {}
