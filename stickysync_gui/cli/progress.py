"""How a run goes, on standard error: a bar where somebody watches, lines in a log otherwise."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from stickysync_gui.cli.output import Output, counted, duration
from stickysync_gui.domain.progress import Event, Phase, PhaseStarted, Tally, Waiting

SAMPLE_SECONDS = 0.1
LINE_SECONDS = 10.0
"""How often a log gets a line while rows are applied."""


class RunProgress:
    """Takes the events of a run. Use it round the run with `async with shown(...)`.

    Args:
        client_names: by id, for the row that is under way.
    """

    def __init__(self, output: Output, client_names: Mapping[int, str]) -> None:
        self._output = output
        self._client_names = client_names
        self._tally = Tally()
        self._last_line = time.monotonic()
        self._waiting_for = ""
        self._live = output.on_terminal and not output.quiet

    def take(self, event: Event) -> None:
        """Take one event; the engine's `report`."""
        self._tally.take(event, time.monotonic())
        if not self._live:
            self._log(event)

    def _log(self, event: Event) -> None:
        tally, now = self._tally, time.monotonic()
        if isinstance(event, PhaseStarted):
            rows = f": {counted(event.total, 'password')}" if event.total is not None else ""
            self._line(f"{event.phase}{rows}")
        elif isinstance(event, Waiting):
            if event.why != self._waiting_for:
                self._waiting_for = event.why
                self._line(f"Waiting up to {duration(event.seconds)}: {event.why}")
        elif now - self._last_line >= LINE_SECONDS:
            self._line(f"{tally.phase}: {self._counts()}")

    def _line(self, text: str) -> None:
        self._last_line = time.monotonic()
        self._output.note(text)

    def _counts(self) -> str:
        total = f" of {self._tally.total:,}" if self._tally.total is not None else ""
        return f"{self._tally.done:,}{total}"

    def _pace(self) -> str:
        """Rate and time left, or what is waited for, or whose turn it is."""
        tally, now = self._tally, time.monotonic()
        if tally.waiting is not None:
            return f"waiting: {tally.waiting.why}"
        parts = []
        if rate := tally.rate(now):
            parts.append(f"{rate:.1f}/s")
        left = tally.seconds_left(now)
        if left is not None and tally.phase is Phase.APPLYING:
            parts.append(f"{duration(left)} left")
        if tally.client_id is not None and tally.phase is Phase.APPLYING:
            parts.append(self._client_names.get(tally.client_id, f"client {tally.client_id}"))
        return " · ".join(parts)

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Draw the bar as long as the block runs."""
        if not self._live:
            yield
            return
        bar, task = self._bar()
        with bar:
            drawing = asyncio.create_task(self._draw(bar, task), name="progress bar")
            try:
                yield
            finally:
                drawing.cancel()
                await asyncio.gather(drawing, return_exceptions=True)

    def _bar(self) -> tuple[Any, Any]:
        from rich.progress import BarColumn, Progress, TextColumn

        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[pace]}", markup=False),
            console=self._output.stderr_console(),
            # The task below draws; a thread of the bar's own would take turns with the event loop.
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        return bar, bar.add_task("Starting", total=None, counts="", pace="")

    async def _draw(self, bar: Any, task: Any) -> None:
        while True:
            tally = self._tally
            bar.update(
                task,
                description=str(tally.phase or "Starting"),
                total=tally.total,
                completed=tally.done,
                counts=self._counts() if tally.done or tally.total is not None else "",
                pace=self._pace(),
            )
            bar.refresh()
            await asyncio.sleep(SAMPLE_SECONDS)
