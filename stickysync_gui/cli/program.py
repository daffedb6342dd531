"""One call of the console program: its options, its output, its log, and the loop that its command runs in."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stickysync_gui.cli.options import GlobalOptions
from stickysync_gui.cli.output import Output
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.errors import RunCancelled, StickySyncError, UsageError

if TYPE_CHECKING:
    import asyncio
    import signal
    from pathlib import Path
    from types import FrameType

    from stickysync_gui.backend import Backend
    from stickysync_gui.bugs import Bugs

EXECUTOR_THREADS = 4
CLOSE_SECONDS = 5.0
"""How long a cancelled call waits for a statement that is under way."""
LOG_NAME = "stickysync-console"


def _stand_in_for_environment(home: str) -> None:
    """Set what a scheduled task cannot have set for it: the home, and the files that hold its secrets."""
    from stickysync_gui.schedule.private_folder import SECRET_FILES

    os.environ["STICKYSYNC_HOME"] = home
    for variable, name in SECRET_FILES.items():
        file = os.path.join(home, name)
        if os.path.isfile(file):
            os.environ[f"{variable}_FILE"] = file


class Reach(Enum):
    """What a command needs before it can begin."""

    NOTHING = "nothing"
    DATABASE = "database"
    ITGLUE = "itglue"
    """The database, and an API key that can be read."""
    DEMO = "demo"


class Program:
    """One call. `options` and `output` are replaced once the command line is read."""

    def __init__(self) -> None:
        self.options = GlobalOptions()
        self.output = Output()
        self.log_file: Path | None = None
        self._bugs: Bugs | None = None
        self._know: Callable[[str], None] | None = None

    @cached_property
    def stop(self) -> asyncio.Event:
        """Set when the user asks to end in good order."""
        import asyncio

        return asyncio.Event()

    def set_options(self, options: GlobalOptions) -> None:
        """Take the options from the command line."""
        self.options = options
        self.output = Output(json=options.json, quiet=options.quiet)
        if options.home:
            _stand_in_for_environment(options.home)

    def run(
        self, act: Callable[[Backend], Awaitable[int]], reach: Reach = Reach.DATABASE, *, stops_softly: bool = False
    ) -> int:
        """Run a command with an open backend; return its exit code.

        Args:
            stops_softly: the act looks at `stop`, so that the first Ctrl-C only asks it to end.

        Raises:
            StickySyncError: also for Ctrl-C, as `RunCancelled`.
        """
        # Late, like all that a call without a backend (--help, --version, a wrong option) can do without.
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        self.start_log()
        try:
            with asyncio.Runner() as runner:
                runner.get_loop().set_default_executor(ThreadPoolExecutor(EXECUTOR_THREADS, "console"))
                return runner.run(self._session(act, reach, stops_softly))
        except (asyncio.CancelledError, StopRequested, KeyboardInterrupt):
            raise RunCancelled(
                happened="Stopped by Ctrl-C.",
                unchanged="What was done before stays; nothing was left half-written.",
                todo="Call again to go on.",
            ) from None

    async def _session(self, act: Callable[[Backend], Awaitable[int]], reach: Reach, stops_softly: bool) -> int:
        import asyncio

        from stickysync_gui.cli.connecting import connect

        with self._interrupts(stops_softly):
            backend = await self._opened(reach)
            try:
                if reach in (Reach.DATABASE, Reach.ITGLUE):
                    await connect(backend, self.options, self.output)
                elif reach is Reach.DEMO:
                    await backend.start()
                if reach is Reach.ITGLUE and backend.itglue_state is None:
                    # Opening it again says in words what is wrong with it.
                    await backend.open_key()
                return await act(backend)
            except asyncio.CancelledError:
                # A statement that hangs must not hold up who pressed twice; Ctrl-C then ends the process.
                await asyncio.wait([asyncio.create_task(backend.close())], timeout=CLOSE_SECONDS)
                raise
            finally:
                await backend.close()

    async def _opened(self, reach: Reach) -> Backend:
        # Late, since it brings SQLAlchemy and httpx along: half a second that --help does not need.
        from stickysync_gui.backend import Backend

        if reach is Reach.DEMO:
            return Backend.demo_backend()
        return Backend.open(self.home(), itglue_url=self.options.itglue_url, know=self._know)

    @contextmanager
    def _interrupts(self, stops_softly: bool) -> Iterator[None]:
        """First Ctrl-C (or SIGTERM): stop in good order. Second: cancel. Third: the system's own way."""
        import asyncio
        import signal

        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        signals = (signal.SIGINT, signal.SIGTERM)

        def pressed() -> None:
            if stops_softly and not self.stop.is_set():
                self.stop.set()
                self.output.note("Stopping after the requests in flight; Ctrl-C again ends at once.")
                return
            for number in signals:
                signal.signal(number, signal.SIG_DFL)
            task.cancel()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(pressed)

        before: dict[signal.Signals, Any] = {number: signal.signal(number, on_signal) for number in signals}
        try:
            yield
        finally:
            for number, way in before.items():
                signal.signal(number, way)

    # --- files --------------------------------------------------------------------------------------------------

    @staticmethod
    def home() -> Path:
        """The folder of settings, history and logs.

        Raises:
            UsageError: it cannot be made.
        """
        from stickysync_gui import paths

        try:
            return paths.home()
        except OSError as problem:
            raise UsageError(
                happened=f"The program's folder cannot be made ({problem.strerror or type(problem).__name__}).",
                unchanged="Nothing was changed.",
                todo="Let STICKYSYNC_HOME name a folder that this account may write.",
            ) from None

    def start_log(self) -> None:
        """Write the log from here on; once.

        Raises:
            UsageError: the log cannot be written.
        """
        if self._bugs is not None:
            return
        from stickysync_gui import logs, paths
        from stickysync_gui.bugs import Bugs
        from stickysync_gui.schedule.private_folder import SECRET_FILES

        redactor = logs.Redactor()
        self._know = redactor.know
        for variable in SECRET_FILES:
            redactor.know(os.environ.get(variable, ""))
        self.home()
        try:
            self.log_file = logs.start_file_log(paths.log_folder(), redactor, self.options.log_level, LOG_NAME)
        except OSError as problem:
            raise UsageError(
                happened=f"The log cannot be written ({problem.strerror or type(problem).__name__}).",
                unchanged="Nothing was changed.",
                todo="Let STICKYSYNC_HOME name a folder that this account may write.",
            ) from None
        self._bugs = Bugs(redactor.redact, self.log_file)

    def log(self, words: str, *, warning: bool = False) -> None:
        """Write a line to the log, where there is one by now."""
        if self.log_file is not None:
            import logging

            logging.getLogger(__name__).log(logging.WARNING if warning else logging.INFO, "%s", words)

    def report_bug(self, error: Exception, doing: str) -> StickySyncError:
        """Log an exception that nobody foresaw; return what the user is told."""
        if self._bugs is not None:
            self._bugs.report(error, doing)
        where = f"Look into {self.log_file}, and report it with that file." if self.log_file else "Report it."
        return StickySyncError(
            happened=f"The program met an error that it does not know ({type(error).__name__}).",
            unchanged="What was done before stays as it is.",
            todo=where,
        )
