"""What the window remembers of its looks, per connection profile: a tree of plain values for the settings file."""

from __future__ import annotations

from typing import Any

from stickysync_gui.ui.looks import ANY_PROFILE, recalled


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
        return recalled(self.tree, self._owner(any_profile), name)

    def keep(self, name: str, values: dict[str, Any], *, any_profile: bool = False) -> None:
        """Keep plain values (no None: TOML has none) under that name."""
        owner = self._owner(any_profile)
        part = self.tree.get(owner)
        self.tree[owner] = {**(part if isinstance(part, dict) else {}), name: values}

    def _owner(self, any_profile: bool) -> str:
        return ANY_PROFILE if any_profile else self.profile_id or "new"
