"""The program as it is shipped: built by the spec, started as users start it."""

import json
import re
import subprocess
import sys
import time
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from PyInstaller.archive.readers import CArchiveReader

from stickysync_gui import parts
from tests.bundle import TOP, build, surroundings, x_screen

# Present in a developer's environment, of no use to the program.
UNWANTED = ("QtNetwork", "QtQml", "QtQuick", "QtPdf", "PySide6/translations", "pytest", "mypy", "tkinter", "gdk_pixbuf")
PROGRAMS = ("stickysync-gui", "stickysync")
WINDOW_SECONDS = 200
# Of the full window at its first size; a blank screen has one, an empty frame three.
COLOURS = 50

# Whichever comes first waits for the build.
pytestmark = [pytest.mark.linux, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("frozen"))


def start(program: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments],
        env=surroundings(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=WINDOW_SECONDS,
        check=False,
    )


def test_the_bundle_runs_the_whole_job(bundle: Path, tmp_path: Path) -> None:
    demo = start(bundle / "stickysync", "demo", home=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert "0 failed" in demo.stdout


def test_the_window_finds_everything_it_needs(bundle: Path, tmp_path: Path) -> None:
    checked = start(bundle / "stickysync-gui", "--self-test", home=tmp_path)
    log = "".join(file.read_text() for file in tmp_path.glob("logs/*"))
    assert checked.returncode == 0, checked.stderr + log


def test_the_window_comes_up_on_a_real_screen_and_ends_politely(bundle: Path, tmp_path: Path) -> None:
    picture = tmp_path / "screen.png"
    with x_screen() as display:
        environment = surroundings(tmp_path, DISPLAY=display, QT_QPA_PLATFORM="xcb", TMPDIR=str(tmp_path))

        def colours() -> int:
            look = [sys.executable, TOP / "tests" / "screen.py", picture]
            seen = subprocess.run(
                look, env=environment, capture_output=True, text=True, timeout=WINDOW_SECONDS, check=True
            )
            return int(seen.stdout)

        assert colours() == 1, "an empty screen is blank"
        with subprocess.Popen(
            [bundle / "stickysync-gui", "--demo"], env=environment, stderr=subprocess.PIPE, text=True
        ) as window:
            try:
                deadline = time.monotonic() + WINDOW_SECONDS
                while colours() < COLOURS:
                    assert window.poll() is None, window.communicate()[1]
                    assert time.monotonic() < deadline, "no window came up"
                window.terminate()
                _, errors = window.communicate(timeout=WINDOW_SECONDS)
            finally:
                window.kill()
    assert window.returncode == 0, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_say_their_version(bundle: Path, tmp_path: Path, program: str) -> None:
    said = start(bundle / program, "--version", home=tmp_path)
    assert (said.returncode, said.stdout.split()[0].lower()) == (0, "stickysync")


def test_nothing_useless_is_shipped(bundle: Path) -> None:
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*")]
    assert [name for name in names for word in UNWANTED if word in name and not name.startswith(LICENCES)] == []
    # One set of libraries for both.
    assert {path.name for path in bundle.iterdir()} == {*PROGRAMS, "_internal"}


LICENCES = "_internal/licences/"


def test_every_part_that_is_built_in_brings_its_licence(bundle: Path) -> None:
    listed = parts.read(bundle / LICENCES / "parts.json")
    for part in listed:
        assert all(file.is_file() for file in part.files), part.name
        assert len(part.text()) > 500, part.name
    known = {re.sub(r"[-_.]+", "-", part.name).lower() for part in listed}
    assert {"python", "pyinstaller", "stickysync"} <= known
    distributions = packages_distributions()
    built_in = {one for package in packages(bundle) for one in distributions.get(package, ())}
    assert {"SQLAlchemy", "PySide6_Essentials", "keyring"} <= built_in
    assert {one for one in built_in if re.sub(r"[-_.]+", "-", one).lower() not in known} == set()


def packages(bundle: Path) -> set[str]:
    """The top-level packages in both programs' archives and in the folder of libraries."""
    found = {path.name.split(".")[0] for path in (bundle / "_internal").iterdir()}
    for program in PROGRAMS:
        archive = CArchiveReader(str(bundle / program))
        inner = archive.open_embedded_archive("PYZ.pyz")
        found |= {name.split(".")[0] for name in inner.toc}
    return found - set(sys.stdlib_module_names)


def test_what_is_found_by_name_only_is_built_in(bundle: Path) -> None:
    """SQLAlchemy's dialects and keyring's backends stand in no import statement."""
    archive = CArchiveReader(str(bundle / "stickysync"))
    modules = set(archive.open_embedded_archive("PYZ.pyz").toc)
    assert {"sqlalchemy.dialects.mysql.pymysql", "sqlalchemy.dialects.sqlite.pysqlite"} <= modules
    assert {f"keyring.backends.{name}" for name in ("Windows", "SecretService", "fail", "chainer")} <= modules
    assert not [name for name in modules if name.startswith("PySide6")], "the console needs no Qt"


def test_the_size_is_no_surprise(bundle: Path) -> None:
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file() and not path.is_symlink())
    print(json.dumps({"bundle_megabytes": round(size / 1e6)}))
    assert size < 230e6
