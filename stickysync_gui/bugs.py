"""One funnel for exceptions that nobody foresaw. It knows no Qt: the shells show what it returns."""

from __future__ import annotations

import logging
import platform
import traceback
from collections.abc import Callable
from pathlib import Path

from stickysync_gui import __version__

_log = logging.getLogger(__name__)


class Bugs:
    """Writes unexpected exceptions to the log and words them for the user.

    Args:
        redact: masks secrets in a text; exception texts of other libraries may hold anything.
        log_file: where the log is, for the report; None when there is none.
    """

    def __init__(self, redact: Callable[[str], str], log_file: Path | None = None) -> None:
        self._redact = redact
        self._log_file = log_file

    def report(self, error: BaseException, doing: str) -> str:
        """Log the error and return a report that may be shown, copied and mailed.

        Args:
            error: the exception; its trace is written without any local variable.
            doing: what the program was busy with, for example "Sync All".
        """
        trace = traceback.TracebackException.from_exception(error, capture_locals=False)
        report = self._redact(
            f"StickySync {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
            f"While: {doing}\n"
            f"Log: {self._log_file or 'none'}\n\n"
            f"{''.join(trace.format()).strip()}\n"
        )
        _log.error("unexpected error\n%s", report)
        return report
