"""Garbage collection in the Qt thread alone."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 250
BULK = 20_000
"""So many young objects mean that something big is being read. Going through them now would stop the window for
nothing: whoever reads freezes them when it is done (`gc.freeze`)."""
PATIENCE = 40
"""After so many turns without that, they are collected all the same."""
FULL_EVERY = 240
"""A full collection only every so many turns: it goes through everything that was not frozen."""


class GarbageCollector(QObject):
    """Collects in place of Python, which does it in whatever thread happens to allocate.

    A window object that ends in the database thread stops its timers there, and Qt then crashes later and elsewhere.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._waited = 0
        self._turns = 0
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()
        gc.disable()

    def collect(self) -> None:
        """Collect the generations that are due, by Python's own thresholds."""
        # A bulk read turns collection off for itself, and perhaps on again behind us.
        gc.disable()
        young, middle, _ = gc.get_count()
        if young > BULK and self._waited < PATIENCE:
            self._waited += 1
            return
        self._waited = 0
        self._turns += 1
        if self._turns >= FULL_EVERY:
            self._turns = 0
            gc.collect()
        elif young > self._thresholds[0]:
            gc.collect(1 if middle > self._thresholds[1] else 0)


def sweep() -> None:
    """Collect all garbage before very many records are read: going through them, too, would stop the window.

    What `keep` is told of afterwards is never collected any more, so nothing but the reading itself may lie in between.
    """
    gc.collect()


def keep() -> None:
    """Let no collection go through what was read; it ends when nobody holds it any more."""
    gc.freeze()
