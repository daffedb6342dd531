"""A scheduled task, and its definition as Windows Task Scheduler takes it.

The elements, their order and their values are those of the Task Scheduler schema ([MS-TSCH] 2.5): the parts of a task,
of its settings and of a principal may stand in any order, the parts of a trigger may not.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from xml.etree import ElementTree

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
VERSION = "1.2"
_PRINCIPAL = "Author"
_SERVICE_ACCOUNTS = {
    "system": "S-1-5-18",
    "localsystem": "S-1-5-18",
    "local service": "S-1-5-19",
    "localservice": "S-1-5-19",
    "network service": "S-1-5-20",
    "networkservice": "S-1-5-20",
}
LONGEST_LOOK_MINUTES = 15


class Logon(StrEnum):
    """How the task gets its rights. S4U is left out on purpose: it has neither network nor encrypted files."""

    INTERACTIVE = "InteractiveToken"
    """Only while the user is logged on; the user's own key store is there."""
    PASSWORD = "Password"
    """Without a log-in. Windows keeps the password, or fetches it for a (group) managed service account."""
    SERVICE = "service account"
    """One of the system's own accounts; the definition then names its SID and no way to log on."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who a task runs as.

    Args:
        name: as Windows shows it, such as `DOMAIN\\name`, `DOMAIN\\name$` or `NETWORK SERVICE`.
    """

    name: str
    logon: Logon

    @classmethod
    def without_login(cls, name: str) -> Account:
        """An account that nobody has to be logged on with."""
        return cls(name, Logon.SERVICE if _service_sid(name) else Logon.PASSWORD)

    @property
    def user_id(self) -> str:
        """What the definition names it by."""
        return _service_sid(self.name) or self.name

    @property
    def is_managed(self) -> bool:
        """Whether Windows fetches the password by itself; the names of such accounts end with a dollar sign."""
        return self.logon is Logon.PASSWORD and self.name.endswith("$")

    @property
    def asks_for_password(self) -> bool:
        """Whether registering a task for it needs its password."""
        return self.logon is Logon.PASSWORD and not self.is_managed


def _service_sid(name: str) -> str:
    return _SERVICE_ACCOUNTS.get(name.rpartition("\\")[2].casefold(), "")


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the system's scheduler.

    Args:
        name: unique on the computer, of characters that a file name may have.
        program: the executable. arguments: never a secret; whoever may see the task sees them.
        folder: where it runs.
        look_minutes: between starts; None starts it by hand only.
    """

    name: str
    description: str
    account: Account
    program: str
    arguments: tuple[str, ...]
    folder: str
    look_minutes: int | None = None


def look_minutes(interval_minutes: int) -> int:
    """How often a task looks whether a round is due.

    More often than rounds are due: a look at a round's own pace would come a moment too early every second time, since
    the interval is counted from a round's end.
    """
    return min(LONGEST_LOOK_MINUTES, max(1, interval_minutes // 5))


def task_xml(task: Task, starts: datetime) -> bytes:
    """The definition as a file for `schtasks /Create /XML`: UTF-16 with a byte order mark.

    Args:
        starts: when it may begin, in the computer's own time.
    """
    root = ElementTree.Element("Task", {"version": VERSION, "xmlns": NAMESPACE})
    information = ElementTree.SubElement(root, "RegistrationInfo")
    _text(information, "Author", "StickySync")
    _text(information, "Description", task.description)
    triggers = ElementTree.SubElement(root, "Triggers")
    if task.look_minutes is not None:
        trigger = ElementTree.SubElement(triggers, "TimeTrigger")
        _text(trigger, "Enabled", "true")
        _text(trigger, "StartBoundary", starts.replace(tzinfo=None).isoformat(timespec="seconds"))
        # Without a duration it repeats for ever.
        _text(ElementTree.SubElement(trigger, "Repetition"), "Interval", f"PT{task.look_minutes}M")
    _principal(root, task.account)
    _settings(root)
    actions = ElementTree.SubElement(root, "Actions", {"Context": _PRINCIPAL})
    action = ElementTree.SubElement(actions, "Exec")
    _text(action, "Command", task.program)
    _text(action, "Arguments", subprocess.list2cmdline(task.arguments))
    _text(action, "WorkingDirectory", task.folder)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{body}\n'.encode("utf-16")


def _principal(root: ElementTree.Element, account: Account) -> None:
    principals = ElementTree.SubElement(root, "Principals")
    principal = ElementTree.SubElement(principals, "Principal", {"id": _PRINCIPAL})
    _text(principal, "UserId", account.user_id)
    if account.logon is not Logon.SERVICE:
        _text(principal, "LogonType", account.logon.value)
    _text(principal, "RunLevel", "LeastPrivilege")


def _settings(root: ElementTree.Element) -> None:
    settings = ElementTree.SubElement(root, "Settings")
    for name, value in (
        # The run lock would send a second one away; so it need not start.
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("AllowHardTerminate", "true"),
        ("StartWhenAvailable", "true"),
        ("AllowStartOnDemand", "true"),
        ("Enabled", "true"),
        # A first run over a large account takes hours; what hangs longer than this would never come back.
        ("ExecutionTimeLimit", "PT12H"),
    ):
        _text(settings, name, value)


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
