"""The one way to the system's own programs, and what becomes of their refusals."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from stickysync_gui.errors import SchedulerRefused

SECONDS = 60.0
_WORDS_KEPT = 400


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that has ended, and what it printed."""

    code: int
    words: str


def run_command(command: Sequence[str], *, asks: bool = False) -> Ran:
    """Run one of the system's programs to its end.

    Args:
        command: name and arguments; never a secret, since others can read them.
        asks: it asks the user for something, so it gets this console, and its words stand there already.

    Raises:
        SchedulerRefused: there is no such program, or it hangs.
    """
    try:
        whole = [_in_its_place(command[0]), *command[1:]]
        if asks:
            # Its prompt goes to standard error, so that standard output stays the result alone.
            return Ran(subprocess.run(whole, stdout=2, check=False).returncode, "")
        done = subprocess.run(whole, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS)
    except FileNotFoundError:
        raise _refused(f"There is no program {command[0]} here.") from None
    except OSError as problem:
        raise _refused(f"{command[0]} cannot be run ({problem.strerror or type(problem).__name__}).") from None
    except subprocess.TimeoutExpired:
        raise _refused(f"{command[0]} did not answer within {SECONDS:g} seconds.") from None
    # Windows' console programs write the code page of the console, not that of the windows.
    encoding = "oem" if os.name == "nt" else "utf-8"
    return Ran(done.returncode, (done.stdout + done.stderr).decode(encoding, "replace").strip())


def required(command: Sequence[str], doing: str, *, asks: bool = False) -> Ran:
    """Run a program that has to succeed.

    Args:
        doing: what for, as the end of "Windows refused to ...".

    Raises:
        SchedulerRefused: it did not, with its own words.
    """
    ran = run_command(command, asks=asks)
    if ran.code != 0:
        words = " ".join(ran.words.split())[:_WORDS_KEPT] or "its words stand above"
        raise _refused(f"Windows refused to {doing} ({command[0]} ended with {ran.code}: {words}).")
    return ran


def _in_its_place(name: str) -> str:
    """Windows looks into the present folder first, and this may run as administrator."""
    root = os.environ.get("SYSTEMROOT", "")
    return os.path.join(root, "System32", f"{name}.exe") if os.name == "nt" and root else name


def _refused(happened: str) -> SchedulerRefused:
    return SchedulerRefused(
        happened=happened,
        unchanged="No round was run, and nothing was sent to IT Glue.",
        todo="A task for another account, and its folder, need a console that was started as administrator.",
    )
