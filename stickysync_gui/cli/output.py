"""What the console prints: tables and sentences for people, or one JSON document for scripts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any, TextIO

from stickysync_gui.errors import StickySyncError

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_OF_FILES = 240
"""Characters a line may have where the output is no terminal, so that nothing is cut that a script looks for."""
Document = dict[str, Any]
Cell = str | int | None


class Output:
    """Results go to standard output, everything else to standard error.

    Args:
        json: one document instead of tables.
        quiet: results and errors only.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self._consoles: dict[str, Console] = {}

    @property
    def on_terminal(self) -> bool:
        """Whether somebody watches standard error."""
        return sys.stderr.isatty()

    def stderr_console(self) -> Console:
        """The console that the progress bar draws on."""
        return self._console("stderr", sys.stderr)

    def _console(self, name: str, file: TextIO) -> Console:
        if name not in self._consoles:
            from rich.console import Console

            class Patient(Console):
                """Rich ends the program, in the middle of a run, when nobody reads its output any more."""

                def on_broken_pipe(self) -> None:
                    fall_silent(self.file)

            # Names from two foreign systems are text, whatever brackets and colons they hold.
            self._consoles[name] = Patient(
                file=file,
                markup=False,
                emoji=False,
                highlight=False,
                soft_wrap=False,
                width=None if file.isatty() else WIDTH_OF_FILES,
            )
        return self._consoles[name]

    def result(self, document: Callable[[], Document], people: Callable[[], Iterable[Any]]) -> None:
        """Print what the command was called for: one document, or what `people` gives (texts and tables)."""
        if self.json:
            import json

            try:
                # ASCII, so that any code page of a redirected Windows console carries it.
                sys.stdout.write(json.dumps(document(), indent=2) + "\n")
                sys.stdout.flush()
            except BrokenPipeError:
                fall_silent(sys.stdout)
            return
        console = self._console("stdout", sys.stdout)
        for part in people():
            console.print(plain(part) if isinstance(part, str) else part, soft_wrap=isinstance(part, str))

    def note(self, text: str) -> None:
        """Something worth knowing beside the result."""
        if not self.quiet:
            self.stderr_console().print(plain(text), soft_wrap=True)

    def failure(self, error: StickySyncError, document: Document | None = None) -> None:
        """Print a failure in three sentences, or as the document that scripts get.

        Args:
            document: what a run had done before it failed.
        """
        if self.json:
            words = {"happened": error.happened, "unchanged": error.unchanged, "todo": error.todo}
            failed = {"code": int(error.exit_code), "kind": error.kind, **words}
            try:
                self.result(lambda: {"error": failed, **(document or {})}, lambda: ())
            except OSError:
                # Nowhere to write to, such as a full disk: that much can still be said.
                fall_silent(sys.stdout)
            else:
                return
        self.stderr_console().print(plain(error.sentences()), soft_wrap=True)


def fall_silent(stream: IO[str]) -> None:
    """Let go of a stream that nobody reads any more, such as a pipe to `head`; what runs goes on without it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def plain(text: str) -> str:
    """The text without characters that would steer a terminal; line breaks stay."""
    return "".join(c if c == "\n" or (c.isprintable() or c == " ") else "\N{MIDDLE DOT}" for c in text)


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str = "") -> Any:
    """A compact table; a column whose name ends in "#" holds numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for name in columns:
        number = name.endswith("#")
        made.add_column(name.removesuffix("#"), justify="right" if number else "left", no_wrap=number)
    for row in rows:
        cells = ("" if cell is None else str(cell).replace("\n", " ") for cell in row)
        made.add_row(*(Text(plain(cell)) for cell in cells))
    return made


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 password", "1,240 passwords"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """A time span: "8 s", "2 min 05 s", "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
