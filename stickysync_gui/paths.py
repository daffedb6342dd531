"""Where this program keeps its files, and where its own resources are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from stickysync_gui.errors import UsageError

APP_NAME = "StickySync"


def home() -> Path:
    """The folder of settings, history and logs; STICKYSYNC_HOME moves it. Created when missing, for its owner only.

    Raises:
        UsageError: it cannot be made.
    """
    chosen = os.environ.get("STICKYSYNC_HOME", "")
    folder = Path(chosen) if chosen else Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise UsageError(
            happened=f"The program's own folder {folder} cannot be made ({problem.strerror}).",
            unchanged="Nothing was changed.",
            todo="Give this account a folder that it may write to, by STICKYSYNC_HOME.",
        ) from None
    return folder


def settings_file() -> Path:
    """Profiles and options, without any secret."""
    return home() / "settings.toml"


def history_file() -> Path:
    """Runs and row outcomes, SQLite."""
    return home() / "history.sqlite"


def log_folder() -> Path:
    """The folder of the log files."""
    folder = home() / "logs"
    folder.mkdir(exist_ok=True)
    return folder


def resources_folder() -> Path:
    """The folder `resources`: beside the package in a checkout, inside it when installed, in the bundle when frozen."""
    if getattr(sys, "frozen", False):
        return Path(getattr(sys, "_MEIPASS", "")) / "resources"
    inside = Path(__file__).parent / "resources"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "resources"


def parts_file() -> Path | None:
    """The list of parts that the build wrote into the bundle; None when the program is not frozen."""
    if getattr(sys, "frozen", False):
        return Path(getattr(sys, "_MEIPASS", "")) / "licences" / "parts.json"
    return None
