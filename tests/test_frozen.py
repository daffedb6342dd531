"""The program as it is shipped: built by the spec, started as users start it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
# Present in a developer's environment, of no use to the program.
UNWANTED = ("QtNetwork", "QtQml", "QtQuick", "QtPdf", "PySide6/translations", "pytest", "mypy", "tkinter")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`make dist` into a folder of the test's own."""
    folder = tmp_path_factory.mktemp("frozen")
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    subprocess.run(
        [*command, "--distpath", folder / "dist", "--workpath", folder / "build", TOP / "build_installer.spec"],
        cwd=TOP,
        check=True,
        timeout=300,
    )
    return folder / "dist" / "StickySync"


def start(program: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        # Nothing of this checkout: neither its packages nor its libraries.
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "STICKYSYNC_HOME": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
    }
    return subprocess.run(
        [program, *arguments], env=environment, cwd=home, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.timeout(400)
def test_the_bundle_runs_the_whole_job(bundle: Path, tmp_path: Path) -> None:
    demo = start(bundle / "stickysync", "demo", home=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert "0 failed" in demo.stdout


def test_the_window_finds_everything_it_needs(bundle: Path, tmp_path: Path) -> None:
    checked = start(bundle / "stickysync-gui", "--self-test", home=tmp_path)
    log = "".join(file.read_text() for file in tmp_path.glob("logs/*"))
    assert checked.returncode == 0, checked.stderr + log


def test_console_says_its_version(bundle: Path, tmp_path: Path) -> None:
    said = start(bundle / "stickysync", "--version", home=tmp_path)
    assert (said.returncode, said.stdout.split()[0]) == (0, "stickysync")


def test_nothing_useless_is_shipped_and_licences_are(bundle: Path) -> None:
    names = [str(path.relative_to(bundle)) for path in bundle.rglob("*")]
    found = [name for name in names for word in UNWANTED if word in name]
    assert found == []
    licences = {name for name in names if "licences/" in name}
    assert any("sqlalchemy" in name for name in licences)
    assert any(name.endswith("LGPL-3.0.txt") for name in names), "Qt's"
