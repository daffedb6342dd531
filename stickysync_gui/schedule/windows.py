"""Windows Task Scheduler through `schtasks`, whose words are in the system's language and whose columns are not."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stickysync_gui.errors import SchedulerRefused
from stickysync_gui.schedule.commands import required, run_command
from stickysync_gui.schedule.task import Task, task_xml

SCHTASKS = "schtasks"
_NEXT_RUN, _STATE, _LAST_RUN, _LAST_RESULT = 2, 3, 5, 6
"""Columns of `schtasks /Query /V /FO CSV`."""
NOT_YET_RUN = 0x41303
_STILL_TO_END = frozenset({0x41301, NOT_YET_RUN, 0x41325})
"""Running, not yet run, queued: results that are none."""
POLL_SECONDS = 1.0
SELF_CHECK_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class TaskState:
    """A registered task as Windows tells of it.

    Args:
        next_run, state, last_run: in the words of the system's language.
        last_result: the exit code of the last run, or a code of Windows' own; None when it has not run.
    """

    name: str
    next_run: str
    state: str
    last_run: str
    last_result: int | None


def current_user() -> str:
    """The logged-on user as Windows names it: `DOMAIN\\name`."""
    return required(["whoami"], "name the logged-on user").words.strip()


def register(task: Task, starts: datetime) -> None:
    """Register a task, in place of one of the same name.

    An account's password is asked for by `schtasks` itself, so that it passes through no hands of ours.

    Raises:
        SchedulerRefused: Windows refused.
    """
    account = task.account
    with tempfile.TemporaryDirectory(prefix="stickysync-task-") as folder:
        file = Path(folder) / "task.xml"
        file.write_bytes(task_xml(task, starts))
        command = [SCHTASKS, "/Create", "/TN", task.name, "/XML", str(file), "/F"]
        if account.asks_for_password:
            command += ["/RU", account.name, "/RP", "*"]
        elif account.is_managed:
            command += ["/RU", account.name, "/RP", ""]
        required(command, f"register the task {task.name!r}", asks=account.asks_for_password)


def remove(name: str) -> bool:
    """Remove a task; whether there was one.

    Raises:
        SchedulerRefused: it is there, and Windows keeps it.
    """
    if state_of(name) is None:
        return False
    required([SCHTASKS, "/Delete", "/TN", name, "/F"], f"remove the task {name!r}")
    return True


def state_of(name: str) -> TaskState | None:
    """What Windows tells of a task; None when this account sees none of that name."""
    ran = run_command([SCHTASKS, "/Query", "/TN", name, "/V", "/FO", "CSV", "/NH"])
    row = next((row for row in csv.reader(ran.words.splitlines()) if len(row) > _LAST_RESULT), None)
    if ran.code != 0 or row is None:
        return None
    # It may be written as a negative number.
    result = int(row[_LAST_RESULT]) & 0xFFFFFFFF if row[_LAST_RESULT].lstrip("-").isdigit() else NOT_YET_RUN
    ended = None if result in _STILL_TO_END else result
    return TaskState(name, row[_NEXT_RUN], row[_STATE], row[_LAST_RUN], ended)


@contextmanager
def registered(task: Task, starts: datetime) -> Iterator[None]:
    """A task for the time of the block."""
    register(task, starts)
    try:
        yield
    finally:
        remove(task.name)


def run_once(task: Task, starts: datetime, sleep: Callable[[float], None] = time.sleep) -> int:
    """Register a task, run it to its end, remove it; return its exit code, or Windows' reason why it never began.

    Raises:
        SchedulerRefused: Windows refused, or it did not end in time.
    """
    with registered(task, starts):
        required([SCHTASKS, "/Run", "/TN", task.name], f"start the task {task.name!r}")
        for _ in range(int(SELF_CHECK_SECONDS / POLL_SECONDS)):
            state = state_of(task.name)
            if state is not None and state.last_result is not None:
                return state.last_result
            sleep(POLL_SECONDS)
        run_command([SCHTASKS, "/End", "/TN", task.name])
    raise SchedulerRefused(
        happened=f"The task {task.name!r} did not end within {SELF_CHECK_SECONDS:g} seconds.",
        unchanged="It was stopped and removed.",
        todo=f"Look into Task Scheduler's history, and whether {task.account.name} may log on as a batch job.",
    )
