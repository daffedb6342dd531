"""Looking for planted secrets in everything that a program leaves behind or shows, in every spelling they may take."""

import base64
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from tests.mariadb import Database


def spellings(secret: str) -> set[bytes]:
    """A secret as it may stand in a file: plain, escaped, quoted, in other code pages, in base64 and hex."""
    whole = secret.encode()
    texts = {secret, repr(secret)[1:-1], ascii(secret)[1:-1], json.dumps(secret)[1:-1], quote(whole), quote_plus(whole)}
    texts |= {secret.replace('"', '\\"'), secret.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")}
    forms = {text.encode() for text in texts} | {secret.encode("utf-16-le"), whole.hex().encode()}
    # Inside longer base64 text it begins at any of three places; whole groups in the middle are always the same.
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + whole)[4 if shift else 0 :]
        forms.add(inner[: len(whole) // 3 * 4 - 4].rstrip(b"="))
    return {form for form in forms if len(form) >= 8}


@dataclass
class Hunt:
    """Planted secrets by name, and the places that were looked into.

    `allowed` holds pairs of a secret's name and the beginning of a place's where it may stand.
    """

    secrets: dict[str, str]
    allowed: set[tuple[str, str]] = field(default_factory=set)
    places: dict[str, bytes] = field(default_factory=dict)

    def add(self, place: str, content: str | bytes) -> None:
        """Something that was printed, shown or written."""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        self.places[place] = self.places.get(place, b"") + b"\0" + raw

    def add_folder(self, name: str, folder: Path) -> int:
        """Every file below a folder, by name and content; returns how many there were."""
        files = [file for file in folder.rglob("*") if file.is_file()]
        for file in files:
            self.add(f"{name}/{file.relative_to(folder)}", file.read_bytes())
            self.add(f"{name}: names", str(file))
        return len(files)

    def add_database(self, database: Database) -> int:
        """A dump: every value of every table, and the definitions; returns how many values there were."""
        count = 0
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW TABLES")
            for (table,) in cursor.fetchall():
                cursor.execute(f"SHOW CREATE TABLE `{table}`")
                self.add(f"database: {table}", str(cursor.fetchone()))
                cursor.execute(f"SELECT * FROM `{table}`")
                for row in cursor.fetchall():
                    for value in row:
                        self.add(f"database: {table}", value if isinstance(value, bytes) else str(value))
                        count += 1
        return count

    def found(self) -> list[tuple[str, str]]:
        """Each secret with the place where it stands and may not."""
        found = []
        for name, secret in self.secrets.items():
            forms = spellings(secret)
            for place, content in self.places.items():
                is_allowed = any(name == who and place.startswith(where) for who, where in self.allowed)
                if not is_allowed and any(form in content for form in forms):
                    found.append((name, place))
        return found

    def assert_clean(self) -> None:
        found = self.found()
        assert not found, "\n".join(f"the {name} stands in {place}" for name, place in found)


class Watch:
    """Reads a process's command line and environment from the system's list while it runs."""

    def __init__(self, pid: int) -> None:
        self.command_line: set[bytes] = set()
        self.environment: set[bytes] = set()
        self._pid = pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._end.wait(0.01):
            try:
                process = Path(f"/proc/{self._pid}")
                self.command_line.add((process / "cmdline").read_bytes())
                self.environment.add((process / "environ").read_bytes())
            except OSError:
                return

    def end(self) -> None:
        self._end.set()
        self._thread.join()


def texts_of_widgets(widgets: Iterable[Any]) -> list[str]:
    """Everything that widgets show, say or would show under the mouse: titles, texts, tips, rows, menus."""
    from PySide6.QtCore import QAbstractListModel, Qt
    from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLineEdit

    texts: list[str] = []
    for widget in widgets:
        for name in ("windowTitle", "toolTip", "statusTip", "whatsThis", "accessibleName", "accessibleDescription"):
            texts.append(getattr(widget, name)())
        if isinstance(widget, QLineEdit):
            texts += [widget.displayText(), widget.placeholderText()]
        else:
            for name in ("text", "toPlainText", "title", "informativeText", "detailedText"):
                ask = getattr(widget, name, None)
                if callable(ask):
                    texts.append(str(ask()))
        if isinstance(widget, QComboBox):
            texts += [widget.itemText(line) for line in range(widget.count())]
        texts += [part for action in widget.actions() for part in (action.text(), action.toolTip())]
        model = widget.model() if isinstance(widget, QAbstractItemView) else None
        if model is not None:
            roles = (
                Qt.ItemDataRole.DisplayRole,
                Qt.ItemDataRole.EditRole,
                Qt.ItemDataRole.ToolTipRole,
                Qt.ItemDataRole.AccessibleTextRole,
                Qt.ItemDataRole.UserRole,
            )
            for line in range(min(model.rowCount(), 200)):
                # A list's count of columns is Qt's own.
                for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
                    texts += [str(model.index(line, column).data(role)) for role in roles]
    return texts
