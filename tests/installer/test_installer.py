"""The Windows installer, compiled and run under Wine over a small stand-in for the bundle.

What Wine cannot show: the questions of the windows, User Account Control, and who is not an administrator.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stickysync_gui import autostart, paths
from tests.installer.wine import SECONDS, Wine, wait_for

SCRIPT = Path(__file__).parents[2] / "resources" / "installer" / "stickysync.nsi"
APPS = "Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\StickySync"
OLD, NEW = "1.0.0", "1.1.0"
RUNNING = 32
# For a running copy to end: as long as a busy machine may take, and what is enough where none will.
PATIENCE_SECONDS, HASTE_SECONDS = 120, 2
HASTY = {OLD: f"{OLD} hasty", NEW: f"{NEW} hasty"}

# Each test leaves Windows as the next one wants it: bare.
pytestmark = pytest.mark.linux


@dataclass
class Windows:
    """A bare Windows, and installers of two versions for it."""

    wine: Wine
    setups: dict[str, Path]

    def install(self, version: str, *switches: str) -> int:
        return self.wine.run(self.setups[version], "/S", *switches)

    def uninstall(self, folder: Path, *switches: str) -> None:
        # The uninstaller goes on in a copy of itself; the entry in "Apps & features" goes last.
        self.wine.run(folder / "uninstall.exe", "/S", *switches)
        wait_for(lambda: not (folder / "uninstall.exe").exists())
        wait_for(lambda: not any(self.wine.registry(f"{root}\\{APPS}") for root in ("HKCU", "HKLM")))

    @property
    def own(self) -> Path:
        return self.wine.user / "AppData/Local/Programs/StickySync"

    @property
    def shared(self) -> Path:
        return self.wine.drive / "Program Files/StickySync"

    @property
    def settings(self) -> Path:
        return self.wine.user / "AppData/Local/StickySync"

    @property
    def calls(self) -> list[str]:
        file = self.wine.drive / "calls.txt"
        return file.read_text().splitlines() if file.exists() else []


def shortcut(windows: Windows, *, shared: bool) -> Path:
    root = windows.wine.drive / "ProgramData" if shared else windows.wine.user / "AppData/Roaming"
    return root / "Microsoft/Windows/Start Menu/Programs/StickySync.lnk"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def compiled(script: Path, output: Path, **defines: object) -> Path:
    values = [f"-D{name}={value}" for name, value in {**defines, "OUTPUT": output}.items()]
    subprocess.run(["makensis", "-V2", "-WX", *values, script], check=True, timeout=SECONDS)
    return output


@pytest.fixture(scope="module")
def setups(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("installers")
    program = compiled(Path(__file__).with_name("program.nsi"), folder / "program.exe")
    made = {}
    for version in (OLD, NEW):
        bundle = folder / version
        (bundle / "_internal" / "folder").mkdir(parents=True)
        (bundle / "_internal" / "library.txt").write_text(version)
        (bundle / "_internal" / "folder" / f"only-in-{version}.txt").write_text(version)
        for name in ("stickysync-gui.exe", "stickysync.exe"):
            shutil.copyfile(program, bundle / name)
        for name, seconds in ((version, PATIENCE_SECONDS), (HASTY[version], HASTE_SECONDS)):
            defines = {"VERSION": version, "BUNDLE": bundle, "PATIENCE_SECONDS": seconds}
            made[name] = compiled(SCRIPT, folder / f"StickySync-{name}-setup.exe", **defines)
    return made


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    made = Wine(tmp_path_factory.mktemp("wine"))
    yield made
    made.end()


@pytest.fixture
def windows(wine: Wine, setups: dict[str, Path]) -> Iterator[Windows]:
    made = Windows(wine, setups)
    yield made
    (wine.drive / "deaf").unlink(missing_ok=True)
    for folder in (made.own, made.shared):
        if (folder / "uninstall.exe").exists():
            made.uninstall(folder, "/PURGE")
    for name in ("calls.txt", "leave"):
        (wine.drive / name).unlink(missing_ok=True)


# --- refusals ---------------------------------------------------------------------------------------------------


def test_over_a_copy_that_does_not_close_nothing_is_touched(windows: Windows) -> None:
    assert windows.install(OLD) == 0
    before = files(windows.own)
    (windows.wine.drive / "deaf").touch()
    with windows.wine.start(windows.own / "stickysync-gui.exe", "--minimised") as running:
        wait_for(lambda: windows.calls)
        assert windows.install(HASTY[NEW]) == RUNNING
        assert "stickysync-gui.exe --quit" in windows.calls
        assert files(windows.own) == before
        assert windows.wine.registry(f"HKCU\\{APPS}")["DisplayVersion"] == OLD
        (windows.wine.drive / "leave").touch()
        running.wait(timeout=SECONDS)


def test_the_uninstaller_leaves_a_running_copy_alone_too(windows: Windows) -> None:
    assert windows.install(HASTY[OLD]) == 0
    (windows.wine.drive / "deaf").touch()
    # The console program, at work for a scheduled task.
    with windows.wine.start(windows.own / "stickysync.exe", "--minimised") as running:
        wait_for(lambda: windows.calls)
        folder = "C:" + str(windows.own).removeprefix(str(windows.wine.drive)).replace("/", "\\")
        assert windows.wine.run(windows.own / "uninstall.exe", "/S", f"_?={folder}") == RUNNING
        assert (windows.own / "_internal" / "library.txt").exists()
        (windows.wine.drive / "leave").touch()
        running.wait(timeout=SECONDS)


def test_a_folder_that_cannot_be_written_is_a_failure(windows: Windows) -> None:
    assert windows.install(NEW, "/D=Z:\\proc\\StickySync") == 2
    assert windows.wine.registry(f"HKCU\\{APPS}") == {}


# --- for one user -----------------------------------------------------------------------------------------------


def test_for_one_user_files_shortcut_and_registry_are_his_own(windows: Windows) -> None:
    assert windows.install(NEW) == 0
    assert set(files(windows.own)) == {
        "_internal/library.txt",
        f"_internal/folder/only-in-{NEW}.txt",
        "stickysync-gui.exe",
        "stickysync.exe",
        "uninstall.exe",
    }
    target = "StickySync\\stickysync-gui.exe".encode("utf-16-le")
    assert target in shortcut(windows, shared=False).read_bytes()
    values = windows.wine.registry(f"HKCU\\{APPS}")
    folder = values["InstallLocation"]
    assert folder.endswith("AppData\\Local\\Programs\\StickySync")
    assert int(values.pop("EstimatedSize"), 16) >= sum(map(len, files(windows.own).values())) // 1024
    assert values == {
        "DisplayName": "StickySync",
        "DisplayVersion": NEW,
        "Publisher": "StickySync for Desktop contributors",
        "DisplayIcon": f"{folder}\\stickysync-gui.exe",
        "InstallLocation": folder,
        "UninstallString": f'"{folder}\\uninstall.exe"',
        "QuietUninstallString": f'"{folder}\\uninstall.exe" /S',
        "NoModify": "0x1",
        "NoRepair": "0x1",
    }
    assert windows.wine.registry(f"HKLM\\{APPS}") == {}
    assert autostart.RUN_VALUE not in windows.wine.registry(f"HKCU\\{autostart.RUN_KEY}")
    assert not shortcut(windows, shared=True).exists()


def test_an_upgrade_asks_the_running_copy_to_end_and_leaves_no_stale_file(windows: Windows) -> None:
    assert windows.install(OLD, "/AUTOSTART") == 0
    with windows.wine.start(windows.own / "stickysync-gui.exe", "--minimised") as running:
        wait_for(lambda: windows.calls)
        assert windows.install(NEW) == 0
        running.wait(timeout=SECONDS)
    after = files(windows.own)
    assert after["_internal/library.txt"] == NEW.encode()
    assert f"_internal/folder/only-in-{OLD}.txt" not in after
    assert windows.wine.registry(f"HKCU\\{APPS}")["DisplayVersion"] == NEW
    # What was chosen before stays chosen.
    line = windows.wine.registry(f"HKCU\\{autostart.RUN_KEY}")[autostart.RUN_VALUE]
    assert line.endswith('\\StickySync\\stickysync-gui.exe" --minimised')
    assert windows.install(NEW, "/NOAUTOSTART") == 0
    assert autostart.RUN_VALUE not in windows.wine.registry(f"HKCU\\{autostart.RUN_KEY}")


@pytest.mark.parametrize("purge", [False, True], ids=["kept", "purged"])
def test_uninstalling_keeps_the_settings_unless_told_otherwise(windows: Windows, purge: bool) -> None:
    assert windows.install(NEW, "/AUTOSTART") == 0
    (windows.settings / "logs").mkdir(parents=True, exist_ok=True)
    (windows.settings / "settings.toml").write_text("mine")
    windows.uninstall(windows.own, *(["/PURGE"] if purge else []))
    assert not windows.own.exists()
    wait_for(lambda: windows.settings.exists() is not purge)
    assert not shortcut(windows, shared=False).exists()
    assert autostart.RUN_VALUE not in windows.wine.registry(f"HKCU\\{autostart.RUN_KEY}")
    assert windows.calls == ["stickysync.exe schedule remove"]


def test_in_a_folder_of_the_users_choice_his_own_files_survive(windows: Windows) -> None:
    folder = windows.wine.drive / "tools"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    assert windows.install(OLD, "/D=C:\\tools") == 0
    # An upgrade finds it there without being told.
    assert windows.install(NEW) == 0
    assert (folder / "_internal" / "library.txt").read_text() == NEW
    assert not windows.own.exists()
    windows.uninstall(folder)
    assert files(folder) == {"mine.txt": b"mine"}


# --- for all users ----------------------------------------------------------------------------------------------


def test_for_all_users_everything_is_the_machines(windows: Windows) -> None:
    assert windows.install(OLD, "/ALLUSERS", "/AUTOSTART") == 0
    assert windows.install(NEW, "/ALLUSERS") == 0
    assert files(windows.shared)["_internal/library.txt"] == NEW.encode()
    assert shortcut(windows, shared=True).exists()
    assert windows.wine.registry(f"HKLM\\{APPS}")["InstallLocation"] == "C:\\Program Files\\StickySync"
    line = windows.wine.registry(f"HKLM\\{autostart.RUN_KEY}")[autostart.RUN_VALUE]
    assert line == '"C:\\Program Files\\StickySync\\stickysync-gui.exe" --minimised'
    assert windows.wine.registry(f"HKCU\\{APPS}") == {}
    assert not windows.own.exists()
    assert not shortcut(windows, shared=False).exists()
    windows.uninstall(windows.shared)
    assert not windows.shared.exists()
    assert not shortcut(windows, shared=True).exists()
    assert autostart.RUN_VALUE not in windows.wine.registry(f"HKLM\\{autostart.RUN_KEY}")


# --- one truth --------------------------------------------------------------------------------------------------


def test_installer_and_program_mean_the_same_registry_value_and_folder() -> None:
    defined = dict(re.findall(r'^!define (\w+) "(.*)"$', SCRIPT.read_text(encoding="utf-8"), re.MULTILINE))
    assert (defined["RUN_KEY"], defined["RUN_VALUE"]) == (autostart.RUN_KEY, autostart.RUN_VALUE)
    assert defined["RUN_SWITCH"] == autostart.MINIMISED
    assert defined["PRODUCT"] == paths.APP_NAME
