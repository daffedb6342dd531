"""AutoSync rounds: due by the shared run table, so that many PCs together run one (product.md 7)."""

from __future__ import annotations

import asyncio

from stickysync_gui.backend.core import Backend
from stickysync_gui.domain.autosync import AutoSyncState
from stickysync_gui.domain.progress import Report, Summary, no_report
from stickysync_gui.domain.snapshot import Scope
from stickysync_gui.errors import LockHeld, OtherPluginActive

LOOK_EVERY_SECONDS = 60.0
TICKED = Scope(autosync_only=True)


class AutoSync:
    """Looks whether a round is due and runs it; the window, the tray and `stickysync autosync` all hold one."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def state(self) -> AutoSyncState:
        """Where AutoSync stands on all PCs together."""
        return await self._backend.autosync_state()

    async def round_if_due(
        self, *, at_once: bool = False, report: Report = no_report, stop: asyncio.Event | None = None
    ) -> Summary | None:
        """Run a round when one is due.

        Args:
            at_once: do not wait until it is due ("Sync now").

        Returns:
            what it did; None when none is due, or another run is on (that is no failure: it waits silently).

        Raises:
            OtherPluginActive: the Control Center plugin seems to write links too, and nobody said that it is off.
            StickySyncError: the round could not go on.
        """
        state = await self.state()
        if not (at_once or state.is_due):
            return None
        if state.other_plugin_links and not self._backend.settings.options.other_plugin_is_off:
            raise OtherPluginActive(
                happened=f"{state.other_plugin_links} links were synced after this program's last run: "
                "the Control Center plugin seems to be active.",
                unchanged="This round was not run; two writers could create entries twice.",
                todo="Switch the plugin off in the Control Center (Tools > Plugin Manager), then confirm that on the "
                "Configuration tab (stickysync autosync --plugin-is-off).",
            )
        try:
            return await self._backend.sync(TICKED, report=report, stop=stop)
        except LockHeld:
            return None
