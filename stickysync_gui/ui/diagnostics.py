"""What somebody who helps from afar needs to know of this program, as a text. No secret, no account, no address."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from stickysync_gui import __version__, paths
from stickysync_gui.parts import Part
from stickysync_gui.ui import theme

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend


def versions() -> list[tuple[str, str]]:
    """The versions that the About box shows."""
    return [
        ("StickySync", __version__ + (" (installed program)" if paths.parts_file() else " (Python environment)")),
        ("Python", platform.python_version()),
        ("Qt", qVersion()),
        ("PySide6", PySide6.__version__),
        ("System", platform.platform()),
    ]


def diagnostics(parts: Iterable[Part], backend: Backend | None, window: QWidget) -> str:
    """Versions, screen, states and options, a line each.

    Left out: whatever names a person, a client, a server or an account, and every secret.
    """
    facts = [
        *versions(),
        ("Screen", _screen(window)),
        ("Home folder", _without_user(paths.home())),
        *_states(backend),
        *_options(backend),
        ("Libraries", ", ".join(f"{part.name} {part.version}" for part in parts)),
    ]
    return "".join(f"{name}: {words}\n" for name, words in facts)


def _screen(window: QWidget) -> str:
    screen = window.screen()
    size = screen.size()
    return (
        f"{QGuiApplication.platformName()}, {size.width()} × {size.height()} at {window.devicePixelRatioF():.0%}, "
        f"{'dark' if theme.is_dark() else 'light'}, style {QApplication.style().name()}"
    )


def _states(backend: Backend | None) -> list[tuple[str, str]]:
    database = backend.database_state if backend else None
    key = backend.itglue_state if backend else None
    if database is None:
        first = "not connected"
    else:
        missing = ", ".join(database.missing_tables) or "none"
        mode = "demo" if database.address.sqlite_file else database.address.tls.value
        first = f"{database.server}, TLS {mode}, missing tables: {missing}, problems: {len(database.problems)}"
    region = key.region.label if key and key.region else "another address"
    return [("Database", first), ("IT Glue", f"key in use, region: {region}" if key else "no key in use")]


def _options(backend: Backend | None) -> list[tuple[str, str]]:
    if backend is None:
        return []
    chosen = asdict(backend.settings.options)
    # Without its account the id of a category says nothing.
    chosen.pop("category_id")
    flat = {**chosen, **chosen.pop("guards"), "matching": backend.settings.options.matching.value}
    return [("Options", ", ".join(f"{name} = {value}" for name, value in flat.items() if name != "guards"))]


def _without_user(folder: Path) -> str:
    """The folder with the user's own part of the path left out."""
    home = Path.home()
    if folder.is_relative_to(home):
        return str(Path("~", folder.relative_to(home)))
    return "elsewhere, by STICKYSYNC_HOME"
