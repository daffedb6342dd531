"""Starting at log-on: Windows' Run key behind a registry of our own, and a real XDG autostart folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from stickysync_gui.autostart import (
    APPROVED_KEY,
    DESKTOP_FILE,
    MINIMISED,
    RUN_KEY,
    RUN_VALUE,
    AtLogOn,
    DesktopFile,
    ForgottenAutostart,
    RunKey,
    of_this_user,
    own_command,
)
from stickysync_gui.errors import UsageError
from tests.fake_winreg import FakeWinreg

PROGRAM = "C:\\Program Files\\StickySync\\stickysync-gui.exe"
COMMAND = (PROGRAM, MINIMISED)
USER, MACHINE = FakeWinreg.HKEY_CURRENT_USER, FakeWinreg.HKEY_LOCAL_MACHINE


@pytest.fixture
def registry() -> FakeWinreg:
    return FakeWinreg()


def test_a_registry_that_refuses_is_told_in_words_and_nothing_changes(registry: FakeWinreg) -> None:
    registry.denied.add((USER, RUN_KEY))
    run_key = RunKey(COMMAND, registry)
    with pytest.raises(UsageError, match="Access is denied"):
        run_key.switch(True)
    assert run_key.state() is AtLogOn.NOTHING
    registry.keys[USER, RUN_KEY] = {RUN_VALUE: ("by the installer", registry.REG_SZ)}
    with pytest.raises(UsageError, match="Access is denied"):
        run_key.switch(False)
    assert run_key.state() is AtLogOn.STARTS


def test_switching_off_what_is_off_is_no_error(registry: FakeWinreg) -> None:
    RunKey(COMMAND, registry).switch(False)
    registry.keys[USER, RUN_KEY] = {"Another": ("program.exe", registry.REG_SZ)}
    RunKey(COMMAND, registry).switch(False)
    assert registry.keys[USER, RUN_KEY] == {"Another": ("program.exe", registry.REG_SZ)}


def test_the_run_key_holds_the_quoted_command_until_it_is_switched_off(registry: FakeWinreg) -> None:
    run_key = RunKey(COMMAND, registry)
    assert run_key.state() is AtLogOn.NOTHING
    run_key.switch(True)
    assert registry.keys[USER, RUN_KEY] == {RUN_VALUE: (f'"{PROGRAM}" --minimised', registry.REG_SZ)}
    assert run_key.state() is AtLogOn.STARTS
    run_key.switch(False)
    assert registry.keys[USER, RUN_KEY] == {}
    assert run_key.state() is AtLogOn.NOTHING


def test_what_task_manager_switched_off_counts_as_off_until_it_is_chosen_again(registry: FakeWinreg) -> None:
    run_key = RunKey(COMMAND, registry)
    run_key.switch(True)
    registry.keys[USER, APPROVED_KEY] = {RUN_VALUE: (b"\x02" + bytes(11), registry.REG_BINARY)}
    assert run_key.state() is AtLogOn.STARTS
    registry.keys[USER, APPROVED_KEY] = {RUN_VALUE: (b"\x03" + bytes(11), registry.REG_BINARY)}
    assert run_key.state() is AtLogOn.NOTHING
    run_key.switch(True)
    assert run_key.state() is AtLogOn.STARTS
    assert registry.keys[USER, APPROVED_KEY] == {}


def test_an_administrators_choice_for_all_is_seen(registry: FakeWinreg) -> None:
    registry.keys[MACHINE, RUN_KEY] = {RUN_VALUE: (f'"{PROGRAM}" --minimised', registry.REG_SZ)}
    assert RunKey(COMMAND, registry).state() is AtLogOn.STARTS_FOR_ALL


# --- XDG --------------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "autostart").write_text("a file in the way")
    choice = DesktopFile(COMMAND, tmp_path / "autostart")
    assert choice.state() is AtLogOn.NOTHING
    with pytest.raises(UsageError, match="cannot be changed"):
        choice.switch(True)


def test_the_desktop_file_comes_and_goes(tmp_path: Path) -> None:
    choice = DesktopFile(COMMAND, tmp_path / "config" / "autostart")
    choice.switch(False)
    assert choice.state() is AtLogOn.NOTHING
    choice.switch(True)
    assert choice.state() is AtLogOn.STARTS
    choice.switch(False)
    assert list((tmp_path / "config" / "autostart").iterdir()) == []


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_desktop_switched_off_counts_as_off(tmp_path: Path, line: str) -> None:
    choice = DesktopFile(COMMAND, tmp_path)
    choice.switch(True)
    file = tmp_path / DESKTOP_FILE
    file.write_text(file.read_text().replace("X-GNOME-Autostart-enabled=true", line))
    assert choice.state() is AtLogOn.NOTHING
    choice.switch(True)
    assert choice.state() is AtLogOn.STARTS


def test_the_commands_words_reach_the_program_whole(tmp_path: Path) -> None:
    words = (sys.executable, "-c", "import sys; print(sys.argv[1:])", "100%", 'a "b" $HOME `x` \\n', "ä ö")
    DesktopFile(words, tmp_path).switch(True)
    exec_line = next(
        line.removeprefix("Exec=")
        for line in (tmp_path / DESKTOP_FILE).read_text("utf-8").splitlines()
        if "Exec" in line
    )
    # As a desktop reads it: escapes of the text first, then field codes, then the quoting, which is a shell's.
    unescaped = exec_line.replace("\\\\", "\\").replace("%%", "%")
    printed = subprocess.run(["/bin/sh", "-c", unescaped], capture_output=True, text=True, check=True).stdout
    assert printed == f"{list(words[3:])}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="of Linux desktops")
def test_on_linux_the_folder_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for configured, folder in (("", ".config"), ("relative", ".config"), (str(tmp_path / "xdg"), "xdg")):
        choice = of_this_user({"XDG_CONFIG_HOME": configured})
        choice.switch(True)
        assert (tmp_path / folder / "autostart" / DESKTOP_FILE).is_file()
        choice.switch(False)


def test_the_command_starts_this_program(tmp_path: Path) -> None:
    command = own_command()
    assert command[-1] == MINIMISED
    done = subprocess.run(
        [*command, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=250, check=False
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "StickySync")


def test_the_demos_choice_is_forgotten() -> None:
    choice = ForgottenAutostart()
    choice.switch(True)
    assert choice.state() is AtLogOn.STARTS
    assert ForgottenAutostart().state() is AtLogOn.NOTHING
