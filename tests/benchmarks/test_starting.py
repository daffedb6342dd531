"""How long until the window is painted, until its table stands, what it weighs, and how long the console takes."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from stickysync_gui import settings
from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.settings import Profile, Settings
from stickysync_gui.ui.looks import ANY_PROFILE
from stickysync_gui.ui.main_window import PASSWORDS
from tests.benchmarks.estate import new_automate
from tests.benchmarks.figures import Figure, Figures
from tests.mariadb import Database as Automate
from tests.mariadb import MariaDb

HERE = Path(__file__).parent
TOP = HERE.parents[1]
CLIENTS, ROUNDS, CONSOLE_ROUNDS = 200, 5, 9
SMALL, LARGE = 10_000, 100_000
USER, PASSWORD = "measured", "measured"
PAGES_PER_MIB = 2**20 / os.sysconf("SC_PAGE_SIZE")

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]


def as_installed() -> dict[str, str]:
    """The environment without a ban on byte code: an installed program has it, and the first round writes it here."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def started(script: str, home: Path, *arguments: str) -> dict[str, float]:
    """Run a script to its end; seconds from its start by what it said, and `memory` in MiB."""
    surroundings = {
        **as_installed(),
        "STICKYSYNC_HOME": str(home),
        "STICKYSYNC_DB_PASSWORD": PASSWORD,
        "PYTHONPATH": str(TOP),
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, str(HERE / script), *arguments]
    said: dict[str, float] = {}
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TOP, env=surroundings) as process:
        assert process.stdout is not None
        for line in process.stdout:
            word, _, pages = line.strip().partition(" ")
            said[word] = int(pages) / PAGES_PER_MIB if pages else time.perf_counter() - began
    assert process.returncode == 0
    return said


def home_with(automate: Automate, home: Path) -> Path:
    """A home whose profile connects at once and shows the Passwords tab."""
    home.mkdir()
    address = DatabaseAddress(automate.host, automate.port, automate.schema, USER, tls=TlsMode.OFF)
    profile = Profile("measured", "Measured", address)
    kept = replace(Settings().with_profile(profile), window={ANY_PROFILE: {"window": {"tab": PASSWORDS}}})
    settings.save(kept, home / "settings.toml")
    return home


def test_window_starts(mariadb: MariaDb, schemas: list[Automate], tmp_path: Path, figures: Figures) -> None:
    homes = {}
    for count in (SMALL, LARGE):
        automate = new_automate(mariadb, list(range(1, CLIENTS + 1)), count)
        schemas.append(automate)
        mariadb.create_user(USER, PASSWORD, [f"ALL ON `{database.schema}`.*" for database in schemas])
        homes[count] = home_with(automate, tmp_path / str(count))
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(started("bare_window.py", tmp_path))
        ours.append(started("watched_window.py", homes[SMALL], str(SMALL)))
    base = statistics.median(said["painted"] for said in bare)
    words = f"bare window: {base * 1000:.0f} ms"
    for name, said, aim in (("first painted window", "painted", 1.5), (f"table of {SMALL:,} stands", "complete", 3.0)):
        middle = statistics.median(one[said] for one in ours)
        figures.add(Figure(name, f"{middle * 1000:.0f} ms", words, middle / base, aim))
    large = started("watched_window.py", homes[LARGE], str(LARGE))
    least = statistics.median(said["memory"] for said in bare)
    what = f"memory of the window with {LARGE:,} rows"
    more = large["memory"] - least
    figures.add(Figure(what, f"{large['memory']:.0f} MiB", f"bare window: {least:.0f} MiB", more, 250, "MiB more"))


def test_console_starts(figures: Figures) -> None:
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "click": [sys.executable, "-c", "import click"],
        "ours": [str(Path(sys.executable).with_name("stickysync")), "--version"],
    }
    surroundings = as_installed()
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(CONSOLE_ROUNDS):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=TOP, env=surroundings)
            seconds[name].append(time.perf_counter() - began)
    middle = {name: statistics.median(durations) for name, durations in seconds.items()}
    words = f"python -c pass: {middle['python'] * 1000:.0f} ms (import click: {middle['click'] * 1000:.0f} ms)"
    ratio = middle["ours"] / middle["python"]
    figures.add(Figure("stickysync --version", f"{middle['ours'] * 1000:.0f} ms", words, ratio, 4))
