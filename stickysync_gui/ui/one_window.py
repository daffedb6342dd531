"""One window per home folder: a second start brings the first window to the front and ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer

LOCK, CALL = "window.lock", "window.call"
SHOW, QUIT = "show", "quit"
"""What a call asks for."""
POLL_MS = 300
PATIENCE_SECONDS = 5.0
ASK_SECONDS = 0.05
ANY_PROCESS = -1


class OneWindow:
    """This process's claim to be the one that shows the window.

    Qt's lock file names its process, so that what a crash left behind does not count. Whoever comes second leaves a
    file as a call; the first one looks for it, and takes it away as the answer.

    Args:
        home: the program's own folder.
    """

    def __init__(self, home: Path) -> None:
        self._call = home / CALL
        self._lock = QLockFile(str(home / LOCK))
        # No age makes a lock void, only the end of its process.
        self._lock.setStaleLockTime(0)
        self._timer: QTimer | None = None

    def claim(self) -> bool:
        """Whether this process is the first; if so, it is from now on."""
        if not self._lock.tryLock(0):
            return False
        self._call.unlink(missing_ok=True)
        return True

    def call_first(self, patience: float = PATIENCE_SECONDS, wish: str = SHOW) -> bool:
        """Ask the first process to show its window, or to quit; False when it did not answer.

        Args:
            wish: SHOW or QUIT.
            patience: how long to wait for it, in seconds. Blocks: there is no window yet that could freeze.
        """
        if sys.platform == "win32":
            # Windows lets only the program in front bring another one there: that is this one, just started.
            import ctypes

            ctypes.windll.user32.AllowSetForegroundWindow(ANY_PROCESS)
        try:
            # Whole at once: half a wish would be another one.
            draft = self._call.with_suffix(".draft")
            draft.write_text(wish, encoding="ascii")
            draft.replace(self._call)
            deadline = time.monotonic() + patience
            while self._call.exists():
                if time.monotonic() > deadline:
                    self._call.unlink(missing_ok=True)
                    return False
                time.sleep(ASK_SECONDS)
        except OSError:
            return False
        return True

    def answer(self, show_window: Callable[[], None], quit_program: Callable[[], None], parent: QObject) -> None:
        """Do what other starts call for; without the claim, leave that to the one that has it."""
        if not self._lock.isLocked():
            return
        self._timer = QTimer(parent, interval=POLL_MS)
        self._timer.timeout.connect(lambda: self._look(show_window, quit_program))
        self._timer.start()

    def release(self) -> None:
        """Give the claim up, for the next start."""
        self._lock.unlock()

    def _look(self, show_window: Callable[[], None], quit_program: Callable[[], None]) -> None:
        try:
            wish = self._call.read_text(encoding="ascii", errors="replace")
            self._call.unlink()
        except OSError:
            return
        if wish == QUIT:
            quit_program()
        else:
            show_window()
