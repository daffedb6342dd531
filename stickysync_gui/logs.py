"""The log file, and the redactor that stands in front of everything a secret could slip into."""

from __future__ import annotations

import json
import logging
import os
import re
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, quote_plus

from stickysync_gui.domain.traces import trace_of

MASK = "***"
FILE_BYTES = 1_000_000
FILES_KEPT = 5
# A shorter text stands in too many innocent words to be masked wherever it turns up.
LEAST_KNOWN_LENGTH = 5

_API_KEY = re.compile(r"ITG\.[A-Za-z0-9._~+/=-]+")
_NAMED_VALUE = re.compile(
    r"(?P<name>\b(?:password|passwd|pwd|passphrase|api[_-]?key|x-api-key)[\"']?\s*[=:]\s*)"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;&)}\]]+)",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"(?P<user>://[^/\s:@]*:)[^/\s@]+@")


class Redactor:
    """Masks API keys, named values and every secret it was told of."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def know(self, secret_text: str) -> None:
        """Mask this text from now on, wherever it stands. Texts below five characters are not looked for."""
        if len(secret_text) >= LEAST_KNOWN_LENGTH:
            self._known |= _spellings(secret_text)

    def redact(self, text: str) -> str:
        """The text with every secret masked."""
        # Longest first: a secret that is part of another one must not leave the rest of it standing.
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, MASK)
        text = _API_KEY.sub(f"ITG.{MASK}", text)
        text = _PASSWORD_IN_URL.sub(rf"\g<user>{MASK}@", text)
        return _NAMED_VALUE.sub(rf"\g<name>{MASK}", text)


def _spellings(text: str) -> set[str]:
    """The text as it stands, and as quoted by Python, JSON or a URL."""
    whole = text.encode("utf-8", "surrogateescape")
    return {
        text,
        repr(text)[1:-1],
        ascii(text)[1:-1],
        repr(whole)[2:-1],
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        quote(whole, safe=""),
        quote_plus(whole),
    }


class RedactingFormatter(logging.Formatter):
    """Redacts the finished line, traces included, so that no argument of a log call gets past."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The line as it is written."""
        return self._redactor.redact(super().format(record))

    def formatException(self, ei: Any) -> str:
        """The trace without the data that an exception's text may quote."""
        return trace_of(ei[1]) if ei[1] is not None else ""


class _PrivateFile(RotatingFileHandler):
    """Each file is readable for its owner alone, from its first moment on."""

    def _open(self) -> TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return cast(
            "TextIOWrapper",
            open(self.baseFilename, self.mode, encoding=self.encoding, opener=private),
        )


def start_file_log(folder: Path, redactor: Redactor, level: str = "INFO", name: str = "stickysync") -> Path:
    """Send all logging of this process to a rotating file; return its path.

    Args:
        folder: an existing folder.
        level: a name of the standard library's logging levels.
        name: stem of the file, so that window and console do not rotate each other's.
    """
    path = folder / f"{name}.log"
    handler = _PrivateFile(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
    handler.setFormatter(RedactingFormatter(redactor))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    # Its INFO lines carry whole URLs, its DEBUG lines headers.
    for chatty in ("httpx", "httpcore", "qasync", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return path


def close_file_logs() -> None:
    """Flush and detach what `start_file_log` attached; for the very end of the process and for tests."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h.formatter, RedactingFormatter)]:
        handler.flush()
        handler.close()
        root.removeHandler(handler)
