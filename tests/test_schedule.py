"""Task definitions against the documented schema, and the folder of a task without a login."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import SchedulerRefused, UsageError
from stickysync_gui.schedule import commands, linux, private_folder, windows
from stickysync_gui.schedule.task import NAMESPACE, Account, Logon, Task, look_minutes, task_xml
from tests import fake_windows

NOON = datetime(2030, 1, 1, 12)
QUEUED, LOGON_TYPE_NOT_GRANTED = 0x41325, -2147023511
SERVICE_OF_WINDOWS = Account.without_login("NETWORK SERVICE")
SERVICE = Account.without_login("OFFICE\\svc")
USER = Account("OFFICE\\tech", Logon.INTERACTIVE)


def task(account: Account = USER, *, look: int | None = 3, arguments: tuple[str, ...] = ("autosync",)) -> Task:
    folder = "C:\\Program Files\\StickySync"
    return Task("StickySync <&>", "AutoSync, ä & ö", account, f"{folder}\\stickysync.exe", arguments, folder, look)


# -- the schema: [MS-TSCH] 2.5, reduced to the parts that a definition of ours may have ------------------------------

BOOLEAN = re.compile(r"true|false")
DURATION = re.compile(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
TEXT = re.compile(r".*", re.DOTALL)
FILLED = re.compile(r".+", re.DOTALL)
FILE = re.compile(r".{1,260}", re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")

SEQUENCES = {
    "TimeTrigger": ("Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "RandomDelay"),
}
"""Parts that stand in this order; those of every other element may stand in any, once each."""
PARTS = {
    "Task": {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"},
    "RegistrationInfo": {"URI", "SecurityDescriptor", "Source", "Date", "Author", "Version", "Description"},
    "Triggers": {"TimeTrigger"},
    "Repetition": {"Interval", "Duration", "StopAtDurationEnd"},
    "Principals": {"Principal"},
    "Principal": {"UserId", "LogonType", "GroupId", "DisplayName", "RunLevel"},
    "Settings": {
        *("AllowStartOnDemand", "MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries"),
        *("AllowHardTerminate", "StartWhenAvailable", "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled", "Hidden"),
        *("DeleteExpiredTaskAfter", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle"),
    },
    "Actions": {"Exec"},
    "Exec": {"Command", "Arguments", "WorkingDirectory"},
}
VALUES = {
    "Author": TEXT,
    "Description": TEXT,
    "StartBoundary": MOMENT,
    "Interval": DURATION,
    "ExecutionTimeLimit": DURATION,
    "UserId": FILLED,
    "LogonType": re.compile("Password|InteractiveToken"),  # and S4U, which is of no use here
    "RunLevel": re.compile("LeastPrivilege|HighestAvailable"),
    "MultipleInstancesPolicy": re.compile("Parallel|Queue|IgnoreNew|StopExisting"),
    "Command": FILE,
    "Arguments": TEXT,
    "WorkingDirectory": FILE,
    **dict.fromkeys(
        (
            *("Enabled", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "AllowHardTerminate"),
            *("StartWhenAvailable", "AllowStartOnDemand"),
        ),
        BOOLEAN,
    ),
}
REQUIRED = {"Task": {"Actions"}, "Repetition": {"Interval"}, "Exec": {"Command"}, "TimeTrigger": {"StartBoundary"}}


def local(element: ElementTree.Element) -> str:
    namespace, _, name = element.tag.rpartition("}")
    return name if namespace == f"{{{NAMESPACE}" else f"foreign {name}"


def faults(element: ElementTree.Element) -> Iterator[str]:
    name, parts = local(element), [local(part) for part in element]
    if name in VALUES:
        if parts or not VALUES[name].fullmatch(element.text or ""):
            yield f"{name}: {element.text!r}"
        return
    known = SEQUENCES.get(name) or PARTS.get(name)
    if known is None or not set(parts) <= set(known) or len(set(parts)) != len(parts):
        yield f"{name}: {parts}"
        return
    if name in SEQUENCES and parts != [part for part in SEQUENCES[name] if part in parts]:
        yield f"{name}: order of {parts}"
    if missing := REQUIRED.get(name, set()) - set(parts):
        yield f"{name}: without {missing}"
    for part in element:
        yield from faults(part)


def read(definition: bytes) -> ElementTree.Element:
    text = definition.decode("utf-16")
    declaration, _, body = text.partition("?>")
    assert 'encoding="UTF-16"' in declaration
    assert definition.startswith((b"\xff\xfe", b"\xfe\xff"))
    return ElementTree.fromstring(body)


def at(root: ElementTree.Element, name: str) -> str | None:
    return next((element.text for element in root.iter(f"{{{NAMESPACE}}}{name}")), None)


@pytest.mark.parametrize("look", [3, None])
@pytest.mark.parametrize("name", ["OFFICE\\svc", "OFFICE\\managed$", "NT AUTHORITY\\NETWORK SERVICE", ""])
def test_definitions_keep_to_the_schema(name: str, look: int | None) -> None:
    root = read(task_xml(task(Account.without_login(name) if name else USER, look=look), NOON))
    assert list(faults(root)) == []
    assert local(root) == "Task"
    assert root.get("version") == "1.2"
    principal = next(root.iter(f"{{{NAMESPACE}}}Principal"))
    actions = next(root.iter(f"{{{NAMESPACE}}}Actions"))
    assert actions.get("Context") == principal.get("id")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Enabled>true</Enabled><StartBoundary>2030-01-01T12:00:00</StartBoundary>", ""),
        ("<LogonType>InteractiveToken", "<LogonType>S4U"),
        ("<Interval>PT3M", "<Interval>3 minutes"),
        ("<Repetition>", "<Duration>PT1H</Duration><Repetition>"),
        ("<Exec>", "<Exec><Password>x</Password>"),
        (f' xmlns="{NAMESPACE}"', ""),
    ],
)
def test_a_wrong_definition_is_seen(old: str, new: str) -> None:
    text = task_xml(task(), NOON).decode("utf-16")
    assert old in text
    assert list(faults(read(text.replace(old, new).encode("utf-16")))) != []


def test_who_a_task_runs_as() -> None:
    def principal(account: Account) -> tuple[str | None, str | None]:
        root = read(task_xml(task(account), NOON))
        return at(root, "UserId"), at(root, "LogonType")

    assert principal(USER) == ("OFFICE\\tech", "InteractiveToken")
    assert principal(SERVICE) == ("OFFICE\\svc", "Password")
    assert principal(Account.without_login("OFFICE\\managed$")) == ("OFFICE\\managed$", "Password")
    assert principal(Account.without_login("NT AUTHORITY\\Network Service")) == ("S-1-5-20", None)
    assert principal(Account.without_login("SYSTEM")) == ("S-1-5-18", None)
    assert SERVICE.asks_for_password
    assert not Account.without_login("OFFICE\\managed$").asks_for_password


def test_arguments_are_quoted_as_windows_splits_them() -> None:
    root = read(task_xml(task(arguments=("--home", "C:\\Sticky Sync\\", 'a"b', "", "<&>")), NOON))
    assert at(root, "Arguments") == '--home "C:\\Sticky Sync\\\\" a\\"b "" <&>'


@pytest.mark.parametrize(("interval", "look"), [(5, 1), (15, 3), (60, 12), (1440, 15)])
def test_it_looks_more_often_than_rounds_are_due(interval: int, look: int) -> None:
    assert look_minutes(interval) == look


# -- Windows' programs -----------------------------------------------------------------------------------------------


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in fake_windows.install(tmp_path / "bin").items():
        monkeypatch.setenv(name, value)
    return tmp_path / "bin" / "memory.json"


def known(memory: Path) -> dict:
    return json.loads(memory.read_text())


def test_a_task_comes_and_goes(memory: Path) -> None:
    assert windows.current_user() == "OFFICE\\tech"
    assert windows.state_of("StickySync <&>") is None
    assert not windows.remove("StickySync <&>")
    windows.register(task(), NOON)
    state = windows.state_of("StickySync <&>")
    assert state is not None
    assert (state.state, state.last_result) == ("Bereit", None)
    assert list(known(memory)["tasks"]) == ["StickySync <&>"]
    assert windows.remove("StickySync <&>")
    assert known(memory)["tasks"] == {}


def test_a_refusal_comes_with_windows_own_words(memory: Path) -> None:
    managed = Account("OFFICE\\managed$", Logon.PASSWORD)
    windows.register(task(managed), NOON)
    assert known(memory)["calls"][-1][-4:] == ["/RU", "OFFICE\\managed$", "/RP", ""]
    with pytest.raises(SchedulerRefused, match="cannot find the file"):
        commands.required(["schtasks", "/Run", "/TN", "nobody's"], "start it")


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SchedulerRefused, match="no program whoami"):
        windows.current_user()


def test_a_task_that_never_begins_is_given_up(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "SELF_CHECK_SECONDS", 2.0)
    monkeypatch.setenv("FAKE_WINDOWS_RESULT", str(QUEUED))
    naps: list[float] = []
    with pytest.raises(SchedulerRefused, match="did not end within"):
        windows.run_once(Task("Check", "", SERVICE_OF_WINDOWS, "/bin/true", (), "/", None), NOON, naps.append)
    assert naps == [1.0, 1.0]
    assert known(memory)["tasks"] == {}
    assert ["schtasks", "/End", "/TN", "Check"] in known(memory)["calls"]


def test_a_task_runs_once_and_is_gone(memory: Path) -> None:
    def code(program: str) -> int:
        return windows.run_once(Task("Check", "", SERVICE_OF_WINDOWS, program, (), "/", None), NOON)

    assert code("/bin/true") == 0
    assert code("/bin/false") == 1
    assert known(memory)["tasks"] == {}


def test_a_logon_that_windows_refuses_is_told_as_its_code(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_WINDOWS_RESULT", str(LOGON_TYPE_NOT_GRANTED))
    check = Task("Check", "", SERVICE_OF_WINDOWS, "/bin/true", (), "/", None)
    assert windows.run_once(check, NOON) == 0x80070569


# -- the private folder ----------------------------------------------------------------------------------------------


def test_a_new_folder_is_for_the_account_and_administrators_alone(memory: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    private_folder.prepare(folder, "OFFICE\\svc")
    assert private_folder.readers(folder) == {"S-1-5-32-544", "S-1-5-21-7-7-7-1001"}
    (folder / "passphrase").write_text("an old one, that anybody may read")
    (folder / "passphrase").chmod(0o644)
    (folder / "api-key").write_text("no longer needed")
    private_folder.write_secrets(folder, {"STICKYSYNC_PASSPHRASE": Secret("correct ä horse")})
    assert {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} == {
        "passphrase": "correct ä horse"
    }
    assert (folder / "passphrase").stat().st_mode & 0o077 == 0
    # Once more over the same folder, which is fit now.
    private_folder.prepare(folder, "OFFICE\\svc")
    assert not any("correct" in word for call in known(memory)["calls"] for word in call)


def test_a_service_account_s_folder(memory: Path, tmp_path: Path) -> None:
    private_folder.prepare(tmp_path / "secrets", SERVICE_OF_WINDOWS.user_id)
    assert private_folder.readers(tmp_path / "secrets") == {"S-1-5-32-544", "S-1-5-20"}


def test_a_folder_that_others_can_read_is_refused_as_it_is(memory: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    with pytest.raises(UsageError, match="others can read it: BU"):
        private_folder.prepare(folder, "OFFICE\\svc")
    assert private_folder.readers(folder) == {"S-1-5-18", "S-1-5-32-544", "BU"}
    assert list(folder.iterdir()) == []


def test_rights_that_survive_are_refused_too(memory: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    private_folder.prepare(folder, "OFFICE\\svc")
    with pytest.raises(UsageError, match="others can read it: S-1-5-21-7-7-7-1001"):
        private_folder.prepare(folder, "OFFICE\\managed$")


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to(path.parent)])
def test_what_is_no_folder_of_its_own_is_refused(memory: Path, tmp_path: Path, make) -> None:
    make(tmp_path / "secrets")
    with pytest.raises(UsageError, match="no folder of its own"):
        private_folder.prepare(tmp_path / "secrets", "OFFICE\\svc")


def test_a_folder_without_a_parent_and_an_unknown_account_are_refused(memory: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        private_folder.prepare(tmp_path / "nowhere" / "secrets", "OFFICE\\svc")
    with pytest.raises(SchedulerRefused, match="No mapping between account names"):
        private_folder.prepare(tmp_path / "secrets", "OFFICE\\nobody")
    assert not (tmp_path / "secrets").exists()


# -- Linux -----------------------------------------------------------------------------------------------------------


def test_words_for_cron_and_systemd_are_quoted() -> None:
    command = ["/opt/sticky sync/stickysync", "--home", "/etc/100%", "autosync", "$HOME"]
    assert linux.cron_line(command, 3) == (
        "*/3 * * * * '/opt/sticky sync/stickysync' --home /etc/100\\% autosync '$HOME'"
    )
    unit = linux.service_unit(command, "svc")
    assert 'ExecStart="/opt/sticky sync/stickysync" --home /etc/100%% autosync $$HOME\n' in unit
    assert "User=svc\n" in unit
    assert "User=" not in linux.service_unit(command)
    assert "OnUnitInactiveSec=3min" in linux.timer_unit(3)
