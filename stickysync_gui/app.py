"""The desktop shell: window first, backend after; one loop for Qt and asyncio; a polite way out."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any

# Before qasync, which otherwise might choose another Qt binding.
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from stickysync_gui import __version__, logs, paths
from stickysync_gui.bugs import Bugs
from stickysync_gui.settings import Profile
from stickysync_gui.ui.garbage import GarbageCollector
from stickysync_gui.ui.main_window import PATIENCE_SECONDS, MainWindow
from stickysync_gui.ui.memory import saved_looks

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

WORKERS = 4
LOG_OFF_SECONDS = 3.0
SIGNAL_POLL_MS = 250

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the window until it is closed.

    Args:
        arguments: instead of the command line's.

    Returns:
        The exit code, in the self-test and after a wrong call; otherwise the process ends here.
    """
    options = _parse(arguments)
    redactor = logs.Redactor()
    log_file = logs.start_file_log(paths.log_folder(), redactor, name="stickysync-gui")
    bugs = Bugs(redactor.redact, log_file)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName(paths.APP_NAME)
    app.setApplicationDisplayName("")
    app.setDesktopFileName("stickysync")
    app.setApplicationVersion(__version__)
    # Qt would end the loop with the last window or dialog, in the middle of the shutdown.
    app.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
        code = runner.run(_self_test() if options.self_test else _run(app, options, bugs))
    logs.close_file_logs()
    # A look-up in a dead network may still hold a thread; nothing it could do is needed any more.
    os._exit(code)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stickysync-gui", description="StickySync for Desktop, the window.")
    parser.add_argument("--demo", action="store_true", help="show embedded demo data; nothing outside is touched")
    parser.add_argument("--profile", metavar="NAME", default="", help="connect this profile instead of the last one")
    parser.add_argument("--self-test", action="store_true", help="load everything, then end with 0 (for installers)")
    parser.add_argument("--version", action="version", version=f"StickySync {__version__}")
    return parser.parse_args(arguments)


async def _run(app: QApplication, options: argparse.Namespace, bugs: Bugs) -> int:
    loop = asyncio.get_running_loop()
    workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")
    loop.set_default_executor(workers)
    window = MainWindow(bugs, {} if options.demo else saved_looks(paths.settings_file()), demo=options.demo)
    _catch_everything(loop, window, bugs)
    patience = _leave_politely(app, window)
    GarbageCollector(window)
    window.show()
    loading = asyncio.ensure_future(_hand_over(window, options))
    await window.closed.wait()
    await window.jobs.end_all(patience[0])
    backend = await loading
    window.hide()
    if backend is not None:
        await backend.close()
    workers.shutdown(wait=False, cancel_futures=True)
    return 0


async def _hand_over(window: MainWindow, options: argparse.Namespace) -> Backend | None:
    """Import and open the backend in a worker thread, then give it to the window."""
    try:
        backend = await asyncio.to_thread(_open_backend, demo=options.demo)
    except Exception as error:
        window.jobs.report(error, "Start")
        return None
    if not window.closed.is_set():
        window.set_backend(backend, options.profile)
    return backend


def _open_backend(*, demo: bool) -> Backend:
    # Takes longer than all of Qt, so it happens behind the window's back.
    from stickysync_gui.backend import Backend

    if demo:
        return Backend.demo_backend()
    return Backend.open(paths.home(), itglue_url=os.environ.get("STICKYSYNC_ITGLUE_URL", ""))


def _catch_everything(loop: asyncio.AbstractEventLoop, window: MainWindow, bugs: Bugs) -> None:
    """Lead whatever nobody caught into the one funnel."""

    def report(error: BaseException, doing: str) -> None:
        window.jobs.bug_found.emit(bugs.report(error, doing), doing)

    def in_qt(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        report(error, "The window")

    def in_loop(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            report(error, "In the background")
        else:
            _log.warning("%s", context.get("message"))

    sys.excepthook = in_qt
    loop.set_exception_handler(in_loop)


def _leave_politely(app: QApplication, window: MainWindow) -> list[float]:
    """End in good order on signals and at log-off; return the patience with running jobs, in seconds."""
    patience = [PATIENCE_SECONDS]

    def log_off(_: object) -> None:
        patience[0] = LOG_OFF_SECONDS
        window.leave()

    app.commitDataRequest.connect(log_off)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.leave())
    # Python looks at signals only between its own instructions, and Qt's idle loop has none.
    heartbeat = QTimer(window, interval=SIGNAL_POLL_MS)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    return patience


async def _self_test() -> int:
    """Use everything that a frozen program might lack: both kinds of database driver, HTTP, TLS, key store, icons.

    Returns:
        0, or 1 after logging what failed.
    """
    window = MainWindow(Bugs(str))
    window.show()
    try:
        backend = await asyncio.to_thread(_open_backend, demo=True)
        try:
            await backend.start()
            await backend.plan()
        finally:
            await backend.close()
        await _ask_key_store()
    except Exception:
        _log.exception("the self-test failed")
        return 1
    finally:
        window.hide()
    return 0


async def _ask_key_store() -> None:
    backend = await asyncio.to_thread(_open_backend, demo=False)
    try:
        await backend.saved_database_password(Profile("self-test", "self-test"))
    except Exception:
        # Only Windows always has one.
        if sys.platform == "win32":
            raise


if __name__ == "__main__":
    raise SystemExit(main())
