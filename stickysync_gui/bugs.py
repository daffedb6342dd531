"""One funnel for exceptions that nobody foresaw. It knows no Qt: the shells show what it returns."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable
from pathlib import Path

from stickysync_gui import __version__
from stickysync_gui.domain.traces import trace_of
from stickysync_gui.errors import StickySyncError

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

    def redact(self, text: str) -> str:
        """The text with every known secret masked."""
        return self._redact(text)

    def report(self, error: BaseException, doing: str) -> str:
        """Log the error and return a report that may be shown, copied and mailed.

        Args:
            error: the exception; its trace is written without any local variable and without quoted data.
            doing: what the program was busy with, for example "Sync All".
        """
        report = self._redact(
            f"StickySync {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
            f"While: {doing}\n"
            f"Log: {self._log_file or 'none'}\n\n"
            f"{trace_of(error)}\n"
        )
        _log.error("unexpected error\n%s", report)
        return report


def last_words(error: BaseException) -> str:
    """What a console sees of an end that nobody foresaw; where there is a log, that has the trace, redacted."""
    if isinstance(error, StickySyncError):
        return error.sentences()
    if logging.getLogger().handlers:
        return f"StickySync ended with an error that it does not know ({type(error).__name__}); its log has more."
    return trace_of(error)
