"""The desktop program as a process: first paint, self-test, a polite end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
START_SECONDS = 200

FIRST_PAINT = """
import json, sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from stickysync_gui import app as desktop
from stickysync_gui.ui.main_window import MainWindow

loaded = []

class Eye(QObject):
    def eventFilter(self, watched, event):
        if event.type() is QEvent.Type.Paint and not loaded:
            loaded.extend(sys.modules)
            print(json.dumps(loaded), flush=True)
            for window in QApplication.topLevelWidgets():
                if isinstance(window, MainWindow):
                    window.leave()
        return False

application = QApplication(sys.argv[:1])
eye = Eye()
application.installEventFilter(eye)
desktop.main(["--demo"])
"""


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )


def test_the_first_paint_needs_neither_database_nor_http_nor_key_store() -> None:
    done = run("-c", FIRST_PAINT)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[0]))
    assert {"PySide6.QtWidgets", "stickysync_gui.ui.main_window"} <= loaded
    assert loaded.isdisjoint({"sqlalchemy", "pymysql", "httpx", "keyring", "cryptography", "stickysync_gui.backend"})
    # Nor the pages, which take as long as all of Qt.
    assert "stickysync_gui.ui.contents" not in loaded


SOURCES_READ = """
import linecache, stickysync_gui.app, sqlalchemy.sql.compiler
print(sqlalchemy.sql.compiler.__file__ in linecache.cache)
"""


def test_nobody_reads_the_sources_of_what_is_imported() -> None:
    # PySide6 would, of all that is imported after it, and keep them.
    done = run("-c", SOURCES_READ)
    assert done.stdout == "False\n", done.stderr


def test_the_self_test_loads_everything_and_ends_well() -> None:
    done = run("-m", "stickysync_gui", "--self-test")
    assert done.returncode == 0, done.stderr


def test_a_wrong_option_is_a_usage_error() -> None:
    done = run("-m", "stickysync_gui", "--nonsense")
    assert done.returncode == 2
    assert "--nonsense" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_in_good_order(number: signal.Signals, tmp_path: Path) -> None:
    home = tmp_path / "home"
    surroundings = {**os.environ, "STICKYSYNC_HOME": str(home), "TMPDIR": str(tmp_path)}
    started = subprocess.Popen(
        [sys.executable, "-m", "stickysync_gui", "--demo"],
        cwd=REPOSITORY,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        # The demo's data are there once the window has its backend.
        _wait_for(lambda: any(tmp_path.glob("stickysync-demo-*/automate.sqlite")), started)
        started.send_signal(number)
        _, errors = started.communicate(timeout=START_SECONDS)
    finally:
        started.kill()
    assert started.returncode == 0, errors
    assert "Traceback" not in errors
    assert list(tmp_path.glob("stickysync-demo-*")) == []
    assert (home / "logs" / "stickysync-gui.log").exists()


def test_it_runs_without_any_standard_stream(tmp_path: Path) -> None:
    """A windowed program on Windows has none: sys.stdout is None."""
    no_streams = "import sys; sys.stdout = sys.stderr = sys.stdin = None"
    assert run("-c", f"{no_streams}; from stickysync_gui.app import main; main(['--self-test'])").returncode == 0


RAISED = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from stickysync_gui import app as desktop
from stickysync_gui.ui.main_window import MainWindow

class Eye(QObject):
    minimised = False

    def eventFilter(self, watched, event):
        if isinstance(watched, MainWindow):
            if event.type() is QEvent.Type.Paint and not self.minimised:
                self.minimised = True
                watched.showMinimized()
                print("minimised", flush=True)
            elif event.type() is QEvent.Type.WindowStateChange and self.minimised and not watched.isMinimized():
                print("raised", flush=True)
        return False

application = QApplication(sys.argv[:1])
eye = Eye()
application.installEventFilter(eye)
desktop.main([])
"""


def test_a_second_start_brings_the_first_window_back_and_ends() -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", RAISED], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "minimised\n"
        second = run("-m", "stickysync_gui")
        assert (second.returncode, second.stdout) == (0, ""), second.stderr
        assert first.stdout.readline() == "raised\n"
        # The demo is a program of its own.
        assert run("-c", FIRST_PAINT).returncode == 0
        first.send_signal(signal.SIGTERM)
        _, errors = first.communicate(timeout=START_SECONDS)
    finally:
        first.kill()
    assert first.returncode == 0, errors


def test_an_installer_can_ask_the_window_to_end() -> None:
    # Nobody is there: nothing to do.
    assert run("-m", "stickysync_gui", "--quit").returncode == 0
    with subprocess.Popen(
        [sys.executable, "-c", RAISED], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == "minimised\n"
            asked = run("-m", "stickysync_gui", "--quit")
            assert asked.returncode == 0, asked.stderr
            _, errors = started.communicate(timeout=START_SECONDS)
        finally:
            started.kill()
    assert started.returncode == 0, errors


def test_what_a_crash_leaves_behind_does_not_keep_the_next_start_out() -> None:
    lock = Path(os.environ["STICKYSYNC_HOME"]) / "window.lock"
    for number in (signal.SIGKILL, signal.SIGTERM):
        with subprocess.Popen(
            [sys.executable, "-c", RAISED], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as started:
            try:
                assert started.stdout is not None
                assert started.stdout.readline() == "minimised\n"
                assert lock.exists()
                started.send_signal(number)
                _, errors = started.communicate(timeout=START_SECONDS)
            finally:
                started.kill()
        assert lock.exists() is (number is signal.SIGKILL), errors
    assert started.returncode == 0, errors


UNSEEN = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from stickysync_gui import app as desktop
from stickysync_gui.ui.autosync import tray
from stickysync_gui.ui.main_window import MainWindow

# The offscreen screen has no tray, so the question for one is answered here.
tray.is_available = lambda: sys.argv[1] == "tray"

class Eye(QObject):
    last = ""

    def eventFilter(self, watched, event):
        if isinstance(watched, MainWindow) and event.type() is QEvent.Type.Show:
            seen = "minimised" if watched.isMinimized() else "shown"
            # Coming back from the task bar is a second "show" of the same.
            if seen != self.last:
                print(seen, flush=True)
            self.last = seen
        return False

plain_show = tray.Tray.show

def show(self, wanted):
    plain_show(self, wanted)
    if self.is_shown:
        print("in the tray", flush=True)

tray.Tray.show = show
application = QApplication(sys.argv[:1])
eye = Eye()
application.installEventFilter(eye)
desktop.main(["--minimised"])
"""


@pytest.mark.parametrize(
    ("desk", "to_tray", "seen"),
    [("tray", "true", "in the tray"), ("tray", "false", "minimised"), ("no tray", "true", "minimised")],
)
def test_at_log_on_it_goes_to_the_tray_where_that_is_chosen_else_to_the_task_bar(
    desk: str, to_tray: str, seen: str
) -> None:
    home = Path(os.environ["STICKYSYNC_HOME"])
    home.mkdir()
    (home / "settings.toml").write_text(f"[options]\nminimise_to_tray = {to_tray}\n")
    started = subprocess.Popen(
        [sys.executable, "-c", UNSEEN, desk],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stdout is not None
        assert started.stdout.readline() == f"{seen}\n"
        # A second start finds it, wherever it is.
        assert run("-m", "stickysync_gui").returncode == 0
        if seen == "in the tray":
            assert started.stdout.readline() == "shown\n"
        started.send_signal(signal.SIGTERM)
        rest, errors = started.communicate(timeout=START_SECONDS)
    finally:
        started.kill()
    assert (started.returncode, rest) == (0, ""), errors


def _wait_for(condition: object, process: "subprocess.Popen[str]") -> None:
    assert callable(condition)
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "the program did not start"
        time.sleep(0.02)
