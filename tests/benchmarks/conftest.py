"""Collects the figures of all measurements and prints them as one table at the end of `make bench`."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stickysync_gui.desktop import SWITCH_SECONDS
from tests.benchmarks.figures import Figures
from tests.mariadb import Database, MariaDb

BUILD = Path(__file__).parents[2] / "build"
_KEPT = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_KEPT] = Figures()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Takes what a measurement found."""
    return request.config.stash[_KEPT]


@pytest.fixture
def as_in_the_program() -> Iterator[None]:
    """Threads take turns as often as in the program's own process, and no collection goes through what was loaded."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    sys.setswitchinterval(usual)


@pytest.fixture
def schemas(mariadb: MariaDb) -> Iterator[list[Database]]:
    """Databases that a measurement makes for itself; dropped when it is over."""
    made: list[Database] = []
    yield made
    for database in made:
        database.drop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash[_KEPT]
    if found.lines:
        table = found.markdown()
        terminalreporter.write(f"\n{table}\n")
        BUILD.mkdir(exist_ok=True)
        (BUILD / "bench.md").write_text(table, encoding="utf-8")
