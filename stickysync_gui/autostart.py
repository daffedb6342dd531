"""Starting the window when the user logs on: a value of Windows' Run key, elsewhere a file of the XDG autostart folder.

What stands there is the only truth; nothing of it is kept in the settings, since the installer and Windows' own Task
Manager change it as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from stickysync_gui.errors import UsageError

RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
RUN_VALUE = "StickySync"
"""Key and value are the installer's, too (resources/installer/stickysync.nsi)."""
APPROVED_KEY = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
DESKTOP_FILE = "stickysync.desktop"
MINIMISED = "--minimised"


class AtLogOn(Enum):
    """What happens when this user logs on."""

    NOTHING = "nothing"
    STARTS = "starts"
    STARTS_FOR_ALL = "starts for all"
    """An administrator wants it so for every user of this PC."""


class Autostart(Protocol):
    """One user's choice whether the window starts at log-on."""

    def state(self) -> AtLogOn:
        """What happens at log-on now."""

    def switch(self, on: bool) -> None:
        """Choose; UsageError when the system refuses, and all is as before."""


class ForgottenAutostart:
    """The demo's: chosen until the program ends, and nothing is ever started."""

    def __init__(self) -> None:
        self._on = False

    def state(self) -> AtLogOn:
        """What was chosen."""
        return AtLogOn.STARTS if self._on else AtLogOn.NOTHING

    def switch(self, on: bool) -> None:
        """Choose."""
        self._on = on


class RunKey:
    """Windows' Run key.

    Args:
        command: program and arguments.
        registry: the module `winreg`.
    """

    def __init__(self, command: Sequence[str], registry: Any) -> None:
        # Quoted even without a blank: Windows would try "C:\Program" first.
        self._line = f'"{command[0]}" {subprocess.list2cmdline(command[1:])}'
        self._registry = registry

    def state(self) -> AtLogOn:
        """What happens at log-on now; what was switched off in Task Manager does not count."""
        registry = self._registry
        if self._value(registry.HKEY_LOCAL_MACHINE, RUN_KEY):
            return AtLogOn.STARTS_FOR_ALL
        if not self._value(registry.HKEY_CURRENT_USER, RUN_KEY):
            return AtLogOn.NOTHING
        approved = self._value(registry.HKEY_CURRENT_USER, APPROVED_KEY)
        # An odd first byte means "disabled".
        return AtLogOn.NOTHING if approved and approved[0] & 1 else AtLogOn.STARTS

    def switch(self, on: bool) -> None:
        """Write the value, or take it away, and forget what Task Manager noted of it."""
        registry = self._registry
        try:
            if on:
                with registry.CreateKey(registry.HKEY_CURRENT_USER, RUN_KEY) as key:
                    registry.SetValueEx(key, RUN_VALUE, 0, registry.REG_SZ, self._line)
            else:
                self._delete(RUN_KEY)
            self._delete(APPROVED_KEY)
        except OSError as problem:
            raise _refused(problem) from None

    def _value(self, root: int, path: str) -> Any:
        try:
            with self._registry.OpenKey(root, path) as key:
                return self._registry.QueryValueEx(key, RUN_VALUE)[0]
        except OSError:
            return None

    def _delete(self, path: str) -> None:
        registry = self._registry
        try:
            with registry.OpenKey(registry.HKEY_CURRENT_USER, path, 0, registry.KEY_SET_VALUE) as key:
                registry.DeleteValue(key, RUN_VALUE)
        except FileNotFoundError:
            return


class DesktopFile:
    """A file of the XDG autostart folder (Desktop Application Autostart Specification).

    Args:
        command: program and arguments.
        folder: the autostart folder; made when needed.
    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = command
        self._file = folder / DESKTOP_FILE

    def state(self) -> AtLogOn:
        """What happens at log-on now; a file that the desktop has marked as off does not count."""
        try:
            lines = {line.strip() for line in self._file.read_text(encoding="utf-8", errors="replace").splitlines()}
        except OSError:
            return AtLogOn.NOTHING
        off = {"Hidden=true", "X-GNOME-Autostart-enabled=false"}
        return AtLogOn.NOTHING if lines & off else AtLogOn.STARTS

    def switch(self, on: bool) -> None:
        """Write the file, or take it away."""
        try:
            if on:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(_entry(self._command), encoding="utf-8")
            else:
                self._file.unlink(missing_ok=True)
        except OSError as problem:
            raise _refused(problem) from None


def of_this_user(environment: Mapping[str, str] = os.environ) -> Autostart:
    """The autostart of the system that this runs on."""
    if sys.platform == "win32":
        import winreg

        return RunKey(own_command(), winreg)
    # The specification takes relative paths for unset ones.
    configured = Path(environment.get("XDG_CONFIG_HOME", ""))
    folder = configured if configured.is_absolute() else Path.home() / ".config"
    return DesktopFile(own_command(), folder / "autostart")


def own_command() -> list[str]:
    """How the window is started at log-on: its executable, or Python with its module."""
    program = Path(sys.executable)
    if getattr(sys, "frozen", False):
        return [str(program.with_name(f"stickysync-gui{program.suffix}")), MINIMISED]
    windowed = program.with_name("pythonw.exe")
    return [str(windowed if windowed.exists() else program), "-m", "stickysync_gui", MINIMISED]


def _entry(command: Sequence[str]) -> str:
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Name=StickySync\n"
        f"Exec={' '.join(_quoted(word) for word in command)}\n"
        "Terminal=false\n"
        "X-GNOME-Autostart-enabled=true\n"
    )


def _quoted(word: str) -> str:
    """A word of Exec, quoted; the quoting's backslashes are escaped once more, as in every text of such a file."""
    for special in ("\\", '"', "`", "$"):
        word = word.replace(special, f"\\{special}")
    return f'"{word}"'.replace("\\", "\\\\").replace("%", "%%")


def _refused(problem: OSError) -> UsageError:
    return UsageError(
        happened=f"The start at log-on cannot be changed ({problem.strerror or type(problem).__name__}).",
        unchanged="It is as it was.",
        todo="A rule of your organization may forbid it; ask who looks after this PC.",
    )
