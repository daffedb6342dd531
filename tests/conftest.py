"""What every test stands on: no real key store, no real home, no screen, and coroutines that simply run."""

import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Before anything imports PySide6, which reads it once.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import hypothesis
import pytest

from tests.automate_schema import load_automate_schema
from tests.mariadb import Database, MariaDb
from tests.memory_keyring import MemoryKeyring

TESTS = Path(__file__).parent
# Ends a hang, no more: a busy machine takes ten times as long as a desk.
ASYNC_SECONDS = 240.0
# Ends a coroutine in good order before pytest-timeout's alarm would.
AHEAD_OF_ALARM = 5.0

# Measurements belong to `make bench`; a busy machine must not fail a property.
hypothesis.settings.register_profile("tests", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("tests")


def pytest_configure() -> None:
    """A run that is asked to end puts away what it started, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give database tests their marker, and window tests their application before their loop is made."""
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if "mariadb" in item.fixturenames:
            item.add_marker("mariadb")
        if _runs_in_qt_loop(item) and "qapp" not in item.fixturenames:
            item.fixturenames.insert(0, "qapp")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def` test to its end: window tests in the Qt loop, all others in plain asyncio."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    marker = pyfuncitem.get_closest_marker("timeout")
    limit = marker.args[0] - AHEAD_OF_ALARM if marker else ASYNC_SECONDS
    unhandled: list[dict[str, Any]] = []

    async def limited() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
        async with asyncio.timeout(limit):
            await pyfuncitem.obj(**arguments)

    with asyncio.Runner(loop_factory=_loop_factory(pyfuncitem)) as runner:
        runner.run(limited())
    if unhandled:
        causes = [context["exception"] for context in unhandled if isinstance(context.get("exception"), Exception)]
        if causes:
            raise ExceptionGroup("a task or callback failed and nobody looked", causes)
        pytest.fail("\n".join(context["message"] for context in unhandled))
    return True


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a key store of this test's own, also for the processes it starts."""
    for name in [name for name in os.environ if name.startswith("STICKYSYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STICKYSYNC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.memory_keyring.MemoryKeyring")
    # Pure tests never import keyring; where somebody did, the last test's secrets must not stay in it.
    if "keyring" in sys.modules:
        sys.modules["keyring"].set_keyring(MemoryKeyring())


@pytest.fixture
def key_store() -> MemoryKeyring:
    """The key store that the program finds in this test."""
    import keyring

    store = MemoryKeyring()
    keyring.set_keyring(store)
    return store


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """One private MariaDB for the whole run."""
    server = MariaDb()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def automate(mariadb: MariaDb, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh Automate database, dropped afterwards.

    Another shape by `@pytest.mark.parametrize("automate", ["plain", "keyed"], indirect=True)`.
    """
    mariadb.ensure_running()
    database = mariadb.create_database()
    with database.connect() as connection:
        load_automate_schema(connection, getattr(request, "param", "plain"))
    yield database
    mariadb.ensure_running()
    database.drop()


def _runs_in_qt_loop(item: pytest.Function) -> bool:
    if not inspect.iscoroutinefunction(item.obj):
        return False
    in_ui = item.path.is_relative_to(TESTS / "ui")
    return in_ui or not {"qapp", "qtbot"}.isdisjoint(item.fixturenames)


def _loop_factory(item: pytest.Function) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not _runs_in_qt_loop(item):
        return None
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    application = item.funcargs["qapp"]
    assert isinstance(application, QApplication)
    # Qt would end the loop with the last window, in the middle of the test.
    application.setQuitOnLastWindowClosed(False)
    return lambda: QEventLoop(application)
