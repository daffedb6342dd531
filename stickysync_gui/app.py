"""The desktop shell: window first, backend after; one loop for Qt and asyncio; a polite way out."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

# Before qasync, which otherwise might choose another Qt binding.
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from stickysync_gui import __version__, autostart, paths
from stickysync_gui.ui.garbage import GarbageCollector
from stickysync_gui.ui.looks import saved_looks
from stickysync_gui.ui.main_window import MainWindow
from stickysync_gui.ui.one_window import QUIT, OneWindow

if TYPE_CHECKING:
    from types import TracebackType

    from stickysync_gui.backend import Backend
    from stickysync_gui.backend.autosync import AutoSync
    from stickysync_gui.bugs import Bugs
    from stickysync_gui.ui.contents import Contents

WORKERS = 4
PAINT_SECONDS = 2.0
PATIENCE_SECONDS = 15.0
"""How long running jobs may take to end when the user leaves, and at log-off."""
LOG_OFF_SECONDS = 3.0
SIGNAL_POLL_MS = 250


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the window until it is closed.

    The process ends here, with 0 or, when something failed that nobody caught, with 1; a wrong call with 2.

    Args:
        arguments: instead of the command line's.
    """
    options = _parse(arguments)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName(paths.APP_NAME)
    app.setDesktopFileName("stickysync")
    app.setApplicationVersion(__version__)
    # Qt would end the loop with the last window or dialog, in the middle of the shutdown.
    app.setQuitOnLastWindowClosed(False)
    code = 1
    try:
        # The demo has a home of its own each time, and the self-test shows nothing.
        if options.demo or options.self_test:
            code = _runs(app, options, None)
        else:
            one = OneWindow(paths.home())
            # A first one that hangs must not keep the user from working.
            code = (
                _quit(one) if options.quit else 0 if not one.claim() and one.call_first() else _runs(app, options, one)
            )
            one.release()
    except BaseException as error:
        logging.getLogger(__name__).critical("the program ended", exc_info=error)
        from stickysync_gui.bugs import last_words

        print(last_words(error), file=sys.stderr)
    finally:
        logging.shutdown()
        # A look-up in a dead network may still hold a thread; nothing it could do is needed any more.
        os._exit(code)


def _quit(one: OneWindow) -> int:
    return 0 if one.claim() or one.call_first(wish=QUIT) else 1


def _runs(app: QApplication, options: argparse.Namespace, one: OneWindow | None) -> int:
    with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
        return runner.run(_self_test() if options.self_test else _run(app, options, one))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stickysync-gui", description="StickySync for Desktop, the window.")
    parser.add_argument("--demo", action="store_true", help="show embedded demo data; nothing outside is touched")
    parser.add_argument("--minimised", "--minimized", action="store_true", help="start in the tray or the task bar")
    parser.add_argument("--profile", metavar="NAME", default="", help="connect this profile instead of the last one")
    parser.add_argument("--quit", action="store_true", help="ask the running window to end (for installers)")
    parser.add_argument("--self-test", action="store_true", help="load everything, then end with 0 (for installers)")
    parser.add_argument("--version", action="version", version=f"StickySync {__version__}")
    return parser.parse_args(arguments)


async def _run(app: QApplication, options: argparse.Namespace, one: OneWindow | None) -> int:
    loop = asyncio.get_running_loop()
    workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")
    loop.set_default_executor(workers)
    window = MainWindow({} if options.demo else saved_looks(paths.settings_file()), demo=options.demo)
    patience = _leave_politely(app, window)
    if one is not None:
        one.answer(window.to_front, lambda: window.quit(), window)
    if not options.minimised:
        window.show()
    starting = loop.create_task(_start(window, options))
    # A window that cannot be filled must not stand there for ever.
    starting.add_done_callback(lambda task: window.closed.set() if not task.cancelled() and task.exception() else None)
    await window.closed.wait()
    contents, backend = await starting
    if contents is not None:
        await contents.jobs.end_all(patience[0])
    window.hide()
    if backend is not None:
        await backend.close()
    workers.shutdown(wait=False, cancel_futures=True)
    return 0


async def _start(window: MainWindow, options: argparse.Namespace) -> tuple[Contents | None, Backend | None]:
    """Fill the window once it is seen, then open the backend and hand it over; both are imported in a worker thread."""
    if not options.minimised:
        with contextlib.suppress(TimeoutError):
            # A window behind others is never painted.
            await asyncio.wait_for(_painted(window), PAINT_SECONDS)
    contents, know = await _filled(window, demo=options.demo)
    if window.closed.is_set():
        return contents, None
    backend = await _backed(contents, know, options)
    if options.minimised and not contents.tray.is_shown and not window.isVisible():
        window.showMinimized()
    return contents, backend


async def _backed(contents: Contents, know: Callable[[str], None], options: argparse.Namespace) -> Backend | None:
    try:
        backend = await asyncio.to_thread(_open_backend, know, demo=options.demo)
    except Exception as error:
        contents.jobs.report(error, "Start")
        return None
    # All that was imported stays: no later collection needs to go through it, which would stop the window.
    gc.freeze()
    if not contents.window.closed.is_set():
        contents.set_backend(backend, _autosync(backend), options.profile)
    return backend


async def _painted(window: MainWindow) -> None:
    painted = asyncio.Event()
    window.first_painted.connect(painted.set)
    # Qt may paint it before this coroutine has its first turn.
    if not window.was_painted:
        await painted.wait()


async def _filled(window: MainWindow, *, demo: bool) -> tuple[Contents, Callable[[str], None]]:
    """Put the contents into the window; also returns what has to be told of every secret."""
    bugs, know, kind = await asyncio.to_thread(_load_contents)
    contents = kind(window, bugs, autostart.ForgottenAutostart() if demo else autostart.of_this_user())
    GarbageCollector(contents)
    _catch_everything(asyncio.get_running_loop(), contents, bugs)
    return contents, know


def _load_contents() -> tuple[Bugs, Callable[[str], None], type[Contents]]:
    from stickysync_gui import logs
    from stickysync_gui.bugs import Bugs
    from stickysync_gui.ui.contents import Contents

    redactor = logs.Redactor()
    log_file = logs.start_file_log(paths.log_folder(), redactor, name="stickysync-gui")
    return Bugs(redactor.redact, log_file), redactor.know, Contents


def _open_backend(know: Callable[[str], None], *, demo: bool) -> Backend:
    # Takes longer than all of Qt, so it happens behind the window's back.
    from stickysync_gui.backend import Backend

    if demo:
        return Backend.demo_backend()
    return Backend.open(paths.home(), itglue_url=os.environ.get("STICKYSYNC_ITGLUE_URL", ""), know=know)


def _autosync(backend: Backend) -> AutoSync:
    # Imported by now along with the backend.
    from stickysync_gui.backend.autosync import AutoSync

    return AutoSync(backend)


def _catch_everything(loop: asyncio.AbstractEventLoop, contents: Contents, bugs: Bugs) -> None:
    """Lead whatever nobody caught into the one funnel."""

    def report(error: BaseException, doing: str) -> None:
        contents.jobs.bug_found.emit(bugs.report(error, doing), doing)

    def in_qt(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        report(error, "The window")

    def in_loop(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            report(error, "In the background")
        else:
            logging.getLogger(__name__).warning("%s", context.get("message"))

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
    window = MainWindow()
    window.show()
    try:
        _, know = await _filled(window, demo=True)
        backend = await asyncio.to_thread(_open_backend, know, demo=True)
        try:
            await backend.start()
            await backend.plan()
        finally:
            await backend.close()
        await _ask_key_store(know)
    except Exception:
        logging.getLogger(__name__).exception("the self-test failed")
        return 1
    finally:
        window.hide()
    return 0


async def _ask_key_store(know: Callable[[str], None]) -> None:
    from stickysync_gui.settings import Profile

    backend = await asyncio.to_thread(_open_backend, know, demo=False)
    try:
        await backend.saved_database_password(Profile("self-test", "self-test"))
    except Exception:
        # Only Windows always has one.
        if sys.platform == "win32":
            raise


if __name__ == "__main__":
    main()
