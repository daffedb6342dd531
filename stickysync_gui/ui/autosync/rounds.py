"""Looks every minute how AutoSync stands, and runs a round when one is due and this PC takes part."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from stickysync_gui.domain.autosync import AutoSyncState
from stickysync_gui.domain.progress import Event, Summary
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import OtherPluginActive, RunCancelled, StickySyncError
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.passwords.progress import RunProgress
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend
    from stickysync_gui.backend.autosync import AutoSync

ROUND = "AutoSync"
LOOK = "Look at AutoSync"
LOOK_MS = 60_000


class Mood(Enum):
    """How AutoSync feels, at one glance."""

    IDLE = "idle"
    RUNNING = "running"
    FAILED = "failed"
    OVERDUE = "overdue"


class Rounds(QObject):
    """The window's part in AutoSync.

    Args:
        jobs: where looks and rounds run; a round and a run by hand exclude each other.
        progress: shows a round once it has begun.
    """

    changed = Signal()
    """What is known of AutoSync, or its mood, is another."""
    ended = Signal(object, bool)
    """A round that had begun has ended: its Summary, or None when nothing is known of it; whether the user began it."""
    locked_out = Signal()
    """A round that the user began found another run on."""
    troubled = Signal(str)
    """A failure that was told now and will not be told again until it changes: what happened."""

    def __init__(self, jobs: Jobs, progress: RunProgress, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._progress = progress
        self._backend: Backend | None = None
        self._autosync: AutoSync | None = None
        self._trouble = ""
        self._pause_seconds = 0.0
        self._rests_until = 0.0
        self.state: AutoSyncState | None = None
        """As last read; None while nothing is known."""
        self.looked_at: datetime | None = None
        """When `state` was read, by this PC's clock."""
        self.paused = False
        """Whether rounds pause here, until the program ends."""
        jobs.changed.connect(self.changed)
        self._clock = QTimer(self, interval=LOOK_MS)
        self._clock.timeout.connect(self.look)
        self._clock.start()

    def set_backend(self, backend: Backend, autosync: AutoSync) -> None:
        """Use this backend from now on."""
        self._backend, self._autosync = backend, autosync

    @property
    def runs_here(self) -> bool:
        """Whether this PC takes part."""
        return self._backend is not None and self._backend.settings.options.autosync_here

    @property
    def other_plugin_links(self) -> int:
        """Links that something else synced, while nobody has said that the other plugin is off."""
        if self._backend is None or self.state is None or self._backend.settings.options.other_plugin_is_off:
            return 0
        return self.state.other_plugin_links

    @property
    def can_run(self) -> bool:
        """Whether a round could begin now."""
        backend = self._backend
        connected = backend is not None and backend.database_state is not None and backend.itglue_state is not None
        return connected and not self._jobs.is_busy(RUN)

    @property
    def mood(self) -> Mood:
        """How AutoSync stands, at one glance."""
        if self._jobs.is_on(ROUND):
            return Mood.RUNNING
        if self._trouble:
            return Mood.FAILED
        return Mood.OVERDUE if self.state is not None and self.state.is_overdue else Mood.IDLE

    def pause(self, on: bool) -> None:
        """Begin no rounds here until told otherwise; one that is on goes on."""
        if on is not self.paused:
            self.paused = on
            self._rests_until = 0.0
            self.changed.emit()
            self.look()

    def take_other_plugin_as_off(self) -> None:
        """Store that the other plugin no longer syncs."""
        if self._backend is not None:
            settings = self._backend.settings
            options = replace(settings.options, other_plugin_is_off=True)
            self._backend.save_settings(replace(settings, options=options))
            self.look()

    def look(self) -> None:
        """Read how AutoSync stands, and begin a round when one is due."""
        backend = self._backend
        if backend is None or self._autosync is None:
            return
        if backend.database_state is None or backend.database_state.missing_tables:
            self.forget()
        else:
            self._jobs.start(LOOK, self._look(self._autosync))

    def run_now(self) -> None:
        """Begin a round that the user wants, due or not."""
        self._begin(at_once=True)

    def forget(self) -> None:
        """Know nothing, because there is no connection any more."""
        self.state = self.looked_at = None
        self._trouble = ""
        self.changed.emit()

    # -- inside jobs -------------------------------------------------------------------------------------------------

    async def _look(self, autosync: AutoSync) -> None:
        try:
            self.state = await autosync.state()
        except Exception as error:
            # Who takes no part in AutoSync learns of a lost connection by what they do themselves.
            if self.runs_here:
                self._tell(error)
            return
        self.looked_at = datetime.now().astimezone()
        self.changed.emit()
        waits = self.paused or self.other_plugin_links or time.monotonic() < self._rests_until
        if self.runs_here and self.state.is_due and not waits and self.can_run:
            self._begin(at_once=False)

    def _begin(self, *, at_once: bool) -> None:
        if self._autosync is not None:
            stop = asyncio.Event()
            self._jobs.start(ROUND, self._round(self._autosync, stop, at_once), exclusive=RUN, stop=stop)

    async def _round(self, autosync: AutoSync, stop: asyncio.Event, at_once: bool) -> None:
        try:
            summary = await autosync.round_if_due(at_once=at_once, report=self._take, stop=stop)
        except Exception as error:
            self._ended_badly(error, by_hand=at_once)
            return
        except asyncio.CancelledError:
            self._rest(cancelled=True)
            self.ended.emit(None, at_once)
            raise
        finally:
            if self._progress.name == ROUND:
                self._progress.end()
            # Once this job has ended: how AutoSync stands now.
            QTimer.singleShot(0, self, self.look)
        if summary is not None:
            self._ended_well(summary, by_hand=at_once)
            return
        # Another run is on: not before the next minute's look, which finds the state unchanged until then.
        self._rests_until = time.monotonic() + LOOK_MS / 2000
        if at_once:
            self.locked_out.emit()

    def _take(self, event: Event) -> None:
        # A round that finds another run on, or a fresh round, reports nothing and has nothing to show.
        if self._progress.isHidden():
            self._progress.begin(ROUND)
        self._progress.take(event)

    def _ended_well(self, summary: Summary, *, by_hand: bool) -> None:
        if summary.ended == "cancelled":
            self._rest(cancelled=True)
        elif summary.failed:
            self._tell(_rows_failed(summary))
        else:
            self._trouble, self._pause_seconds = "", 0.0
        self.ended.emit(summary, by_hand)

    def _ended_badly(self, error: Exception, *, by_hand: bool) -> None:
        if isinstance(error, OtherPluginActive):
            # Not a failure of ours: a banner asks until somebody answers.
            if by_hand:
                self._jobs.report(error, ROUND)
            return
        if isinstance(error, StopRequested | RunCancelled):
            self._rest(cancelled=True)
        else:
            self._rest()
            self._tell(error, again=by_hand)
        self.ended.emit(getattr(error, "summary", None), by_hand)

    def _rest(self, *, cancelled: bool = False) -> None:
        """Try again later: longer each time, since a round that a guard stops reads all of IT Glue each time."""
        interval = self.state.interval_minutes * 60.0 if self.state is not None else LOOK_MS / 1000
        self._pause_seconds = interval if cancelled else min(max(self._pause_seconds * 2, LOOK_MS / 1000), interval)
        self._rests_until = time.monotonic() + self._pause_seconds

    def _tell(self, error: Exception, *, again: bool = False) -> None:
        """Tell a failure when it begins or changes, not at every round."""
        kind = f"{type(error).__name__} {getattr(error, 'guard', '')}"
        is_new = kind != self._trouble
        self._trouble = kind
        if is_new or again:
            self._jobs.report(error, ROUND)
            self.troubled.emit(error.happened if isinstance(error, StickySyncError) else "AutoSync failed.")
        self.changed.emit()


def _rows_failed(summary: Summary) -> StickySyncError:
    failure = StickySyncError(
        happened=f"AutoSync could not sync {counted(summary.failed, 'password')}.",
        unchanged="The others are in sync; each round tries again.",
        todo="Each failed row on the Passwords tab says why.",
    )
    failure.summary = summary
    return failure
