"""The desktop program as a process: its arguments, one window per home, exit code.

The window is made before asyncio is loaded; it is painted, like everything after it, on the one loop (`desktop.py`).
"""

from __future__ import annotations

import argparse
import builtins
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from PySide6.QtWidgets import QApplication

# From its own import on, PySide6 reads the source of every module that is imported, whoever's it is, and keeps it: it
# looks for a switch of its own (`__feature__`) that is not used here. Under this name it keeps the way it replaced.
builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)

from stickysync_gui import __version__, paths  # noqa: E402
from stickysync_gui.ui.looks import saved_looks  # noqa: E402
from stickysync_gui.ui.main_window import MainWindow  # noqa: E402
from stickysync_gui.ui.one_window import QUIT, OneWindow  # noqa: E402


@dataclass(slots=True)
class Options:
    """What the command line said."""

    demo: bool = False
    minimised: bool = False
    profile: str = ""
    quit: bool = False
    self_test: bool = False


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the window until it is closed.

    The process ends here, with 0 or, when something failed that nobody caught, with 1; a wrong call with 2.

    Args:
        arguments: instead of the command line's.
    """
    options = _parsed(arguments)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName(paths.APP_NAME)
    app.setDesktopFileName("stickysync")
    app.setApplicationVersion(__version__)
    # Qt would end the loop with the last window or dialog, in the middle of the shutdown.
    app.setQuitOnLastWindowClosed(False)
    code = 1
    try:
        code = _run(app, options)
    except BaseException as error:
        from stickysync_gui.bugs import last_words

        logging.getLogger(__name__).critical("the program ended", exc_info=error)
        print(last_words(error), file=sys.stderr)
    finally:
        logging.shutdown()
        # A look-up in a dead network may still hold a thread; nothing it could do is needed any more.
        os._exit(code)


def _parsed(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="stickysync-gui", description="StickySync for Desktop, the window.")
    parser.add_argument("--demo", action="store_true", help="show embedded demo data; nothing outside is touched")
    parser.add_argument("--minimised", "--minimized", action="store_true", help="start in the tray or the task bar")
    parser.add_argument("--profile", metavar="NAME", default="", help="connect this profile instead of the last one")
    parser.add_argument("--quit", action="store_true", help="ask the running window to end (for installers)")
    parser.add_argument("--self-test", action="store_true", help="load everything, then end with 0 (for installers)")
    parser.add_argument("--version", action="version", version=f"StickySync {__version__}")
    return parser.parse_args(arguments, namespace=Options())


def _run(app: QApplication, options: Options) -> int:
    if options.self_test:
        from stickysync_gui import desktop

        return desktop.self_test(app)
    if options.demo:
        # The demo has a home of its own each time.
        return _shown(app, MainWindow(demo=True), options, None)
    one = OneWindow(paths.home())
    if options.quit:
        return 0 if one.claim() or one.call_first(wish=QUIT) else 1
    # A first one that hangs must not keep the user from working.
    if not one.claim() and one.call_first():
        return 0
    try:
        return _shown(app, MainWindow(saved_looks(paths.settings_file())), options, one)
    finally:
        one.release()


def _shown(app: QApplication, window: MainWindow, options: Options, one: OneWindow | None) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        # Who fills the window changes what leaving means.
        signal.signal(number, lambda *_: window.leave())
    if not options.minimised:
        window.show()
    from stickysync_gui import desktop

    return desktop.run(app, window, options, one)
