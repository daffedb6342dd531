"""The line that shows how a run goes. Reports are only collected; ten times a second they are looked at."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from stickysync_gui.domain.progress import Event, Phase, Step, Tally
from stickysync_gui.ui.controls import label, push_button
from stickysync_gui.ui.wording import counted, duration, elided

SAMPLE_MS = 100
EVENTS_AT_ONCE = 500
"""More wait for the next turn of the loop: a run may report a hundred thousand unchanged rows in one breath."""
IMPATIENT_MS = 15_000
CLIENT_LENGTH = 48


class RunProgress(QFrame):
    """Bar, rate, time left, current client, and the button that stops the run.

    Args:
        client_name: the name of a client id.
    """

    steps_taken = Signal(list)
    """The steps since the last look."""
    stop_asked = Signal()
    stop_now_asked = Signal()

    def __init__(self, client_name: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client_name = client_name
        self._events: deque[Event] = deque()
        self._tally = Tally()
        self._stopping = False
        self._again = False
        self.name = ""
        self.words = QLabel()
        self.pace = QLabel()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName("Progress")
        self.bar.setFixedHeight(10)
        self.cancel = push_button("Cancel", self._cancel_clicked, icon="stop", tip="Stop after the requests in flight")
        self._hint = label(quiet=True)
        self._hint.hide()
        top = QHBoxLayout()
        top.addWidget(self.words, 1)
        top.addWidget(self.pace)
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self._hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.addLayout(column, 1)
        layout.addWidget(self.cancel)
        self._sampler = QTimer(self, interval=SAMPLE_MS)
        self._sampler.timeout.connect(self.drain)
        self._impatience = QTimer(self, singleShot=True, interval=IMPATIENT_MS)
        self._impatience.timeout.connect(self._offer_stop_now)
        self.hide()

    def begin(self, name: str, *, stoppable: bool = True) -> None:
        """Show up for a job of that name."""
        self.name = name
        self._events.clear()
        self._tally = Tally()
        self._stopping = False
        self.cancel.setText("Cancel")
        self.cancel.setEnabled(True)
        self.cancel.setVisible(stoppable)
        self.words.setText(f"{name}…")
        self.pace.clear()
        self._hint.hide()
        self.bar.setValue(0)
        self.bar.setRange(0, 0)
        self._sampler.start()
        self.show()

    def take(self, event: Event) -> None:
        """Collect a report; cheap enough for any rate, never raises."""
        self._events.append(event)

    def end(self) -> None:
        """Go away. What was not looked at yet is in the run's summary, too."""
        self.drain()
        self._events.clear()
        self._sampler.stop()
        self._impatience.stop()
        self.hide()

    def drain(self) -> None:
        """Show what was reported since the last look."""
        now = time.monotonic()
        steps: list[Step] = []
        for _ in range(min(EVENTS_AT_ONCE, len(self._events))):
            event = self._events.popleft()
            self._tally.take(event, now)
            if isinstance(event, Step):
                steps.append(event)
        if self._events and not self._again:
            self._again = True
            QTimer.singleShot(0, self, self._drain_more)
        if steps:
            self.steps_taken.emit(steps)
        self._show(now)

    def _drain_more(self) -> None:
        self._again = False
        self.drain()

    def show_stopping(self) -> None:
        """The run was asked to stop; after a while offer to stop it the hard way."""
        if self.isHidden() or self._stopping:
            return
        self._stopping = True
        self.cancel.setText("Stopping…")
        self.cancel.setEnabled(False)
        self._impatience.start()

    def _cancel_clicked(self) -> None:
        if self._stopping:
            self.cancel.setEnabled(False)
            self.stop_now_asked.emit()
        else:
            self.show_stopping()
            self.stop_asked.emit()

    def _offer_stop_now(self) -> None:
        self.cancel.setText("Stop now")
        self.cancel.setToolTip("Cut the requests in flight; the next run finds out what became of them")
        self.cancel.setEnabled(True)

    def _show(self, now: float) -> None:
        tally = self._tally
        if tally.phase is None:
            return
        self.words.setText(self._phase_words())
        self._show_bar(tally.total or 0, tally.done)
        self.pace.setText(self._pace_words(now) if tally.phase is Phase.APPLYING else "")
        waiting = tally.waiting
        self._hint.setText(f"{waiting.why} Waiting {duration(waiting.seconds)}." if waiting else "")
        self._hint.setVisible(waiting is not None)

    def _show_bar(self, total: int, done: int) -> None:
        # The bar would paint itself at once, and with it whatever else in the window waits for that.
        self.bar.setUpdatesEnabled(False)
        self.bar.setRange(0, total)
        if total:
            self.bar.setValue(min(done, total))
        self.bar.setUpdatesEnabled(True)

    def _phase_words(self) -> str:
        tally = self._tally
        phase = tally.phase
        if phase is None:
            return f"{self.name}…"
        if phase is Phase.READING_ITGLUE and tally.done:
            of = f" of {tally.total:,}" if tally.total else ""
            return f"{self.name}: {phase.value}, {tally.done:,}{of} entries"
        words = f"{self.name}: {phase.value}"
        if tally.total:
            words += f" {min(tally.done, tally.total):,} of {tally.total:,}"
        if tally.client_id is not None and phase is Phase.APPLYING:
            words += f" – {elided(self._client_name(tally.client_id), CLIENT_LENGTH)}"
        return words

    def _pace_words(self, now: float) -> str:
        rate, left = self._tally.rate(now), self._tally.seconds_left(now)
        parts = [f"{counted(round(rate * 60), 'password')}/min"] if rate else []
        if left is not None:
            parts.append(f"{duration(left)} left")
        return ", ".join(parts)
