"""Opening an entry in the browser, only where the address is one that IT Glue may have given."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe(address: str) -> bool:
    """Whether this is https, or http on this computer: nothing else is handed to the desktop."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    if not url.isValid() or not url.host() or url.userInfo():
        return False
    return url.scheme() == "https" or (url.scheme() == "http" and url.host() in LOOPBACK)


def open_entry(address: str) -> bool:
    """Open the address in the browser; False when it is not safe or nothing opens it."""
    return is_safe(address) and QDesktopServices.openUrl(QUrl(address))
