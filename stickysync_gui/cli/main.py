"""`stickysync`: the command line, and how every failure of it ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from stickysync_gui import __version__
from stickysync_gui.cli.options import GlobalOptions, hoisted
from stickysync_gui.cli.output import Output
from stickysync_gui.cli.program import Program
from stickysync_gui.domain.connection import TlsMode
from stickysync_gui.errors import RunCancelled, StickySyncError, UsageError

PROGRAM_NAME = "stickysync"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_log = logging.getLogger(__name__)

# By module; imported once a call names it, since together they take longer to load than everything else.
_COMMANDS = {
    "demo": ("demo", "demo"),
    "doctor": ("setup", "doctor"),
    "setup": ("setup", "setup"),
    "plan": ("run", "plan"),
    "sync": ("run", "sync"),
    "autosync": ("autosync", "autosync"),
    "orgs": ("mapping", "organizations"),
    "clients": ("mapping", "clients"),
    "map": ("mapping", "map_"),
    "unmap": ("mapping", "unmap"),
    "link": ("bookkeeping", "link"),
    "unlink": ("bookkeeping", "unlink"),
    "keep": ("bookkeeping", "keep"),
    "autosync-set": ("bookkeeping", "set_autosync"),
    "status": ("bookkeeping", "status"),
    "history": ("bookkeeping", "history"),
    "passphrase": ("setup", "passphrase_commands"),
    "key": ("setup", "key_commands"),
    "schedule": ("schedule", "commands"),
}


def _module(name: str) -> ModuleType:
    # Import statements and not import_module: the frozen program holds what they name.
    if name == "autosync":
        from stickysync_gui.cli import autosync

        return autosync
    if name == "bookkeeping":
        from stickysync_gui.cli import bookkeeping

        return bookkeeping
    if name == "demo":
        from stickysync_gui.cli import demo

        return demo
    if name == "mapping":
        from stickysync_gui.cli import mapping

        return mapping
    if name == "run":
        from stickysync_gui.cli import run

        return run
    if name == "schedule":
        from stickysync_gui.cli import schedule

        return schedule
    from stickysync_gui.cli import setup

    return setup


class _Late(Mapping[str, TyperCommand | TyperGroup]):
    """The commands of `_COMMANDS`, each made when it is asked for."""

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        module, attribute = _COMMANDS[name]
        found = getattr(_module(module), attribute)
        # Plain help texts and no shell completion: both would cost start time in every scheduled call.
        holder = typer.Typer(add_completion=False, rich_markup_mode=None)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=name)
        else:
            holder.command(name)(found)
        # With a callback it stays a group, whose one member is the command.
        holder.callback()(lambda: None)
        return cast("TyperCommand | TyperGroup", get_group(holder).commands[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Program(TyperGroup):
    """The console program with its late commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # Nothing is ever put into it.
        self.commands = cast("MutableMapping[str, Any]", _Late())


app = typer.Typer(
    cls=_Program,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    name=PROGRAM_NAME,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM_NAME} {__version__}")
        raise typer.Exit


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise typer.BadParameter(f"choose from {', '.join(LOG_LEVELS)}")
    return text.upper()


@app.callback()
def _options(
    context: typer.Context,
    database: Annotated[
        str,
        typer.Option(metavar="URL", help="Automate's database: mysql+pymysql://USER@HOST:PORT/SCHEMA, no password."),
    ] = "",
    profile: Annotated[str, typer.Option(metavar="NAME", help="A profile that the window saved.")] = "",
    tls: Annotated[
        TlsMode | None, typer.Option(help="Default: verify with --tls-ca, otherwise pin the first certificate.")
    ] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="PEM file of the authority.")
    ] = None,
    itglue_url: Annotated[str, typer.Option(metavar="URL", help="One of IT Glue's three hosts, or a sandbox.")] = "",
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Folder of settings, history, log and secret files, as `schedule install` fills it.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print results and errors only.")] = False,
    log_level: Annotated[str, typer.Option(metavar="LEVEL", callback=_log_level, help="Of the log file.")] = "INFO",
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Copy client credentials one way, from ConnectWise Automate into IT Glue.

    The options above may also stand behind the command.
    """
    program: Program = context.obj
    ca = str(tls_ca) if tls_ca else ""
    folder = str(home.resolve()) if home else ""
    program.set_options(GlobalOptions(database, profile, tls, ca, itglue_url, folder, json, quiet, log_level))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code of product.md 9.

    Args:
        arguments: without the program's name; None takes the process's own.
    """
    for stream in (sys.stdout, sys.stderr):
        # A redirected Windows console has a code page that lacks most of the world's letters.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    program = Program()
    # Told apart before anything is read, so that an unreadable command line is answered in the asked form too.
    program.output = Output(json="--json" in given)
    command = ""
    try:
        in_front, rest = hoisted(given)
        command = next((word for word in rest if word in _COMMANDS), "")
        code = int(app([*in_front, *rest], prog_name=PROGRAM_NAME, standalone_mode=False, obj=program) or 0)
    except StickySyncError as error:
        code = _fail(program, error)
    except typer.TyperException as wrong:
        code = _fail(program, _usage(wrong, command))
    except (typer.Abort, KeyboardInterrupt):
        code = _fail(program, _cancelled())
    except Exception as bug:
        code = _fail(program, program.report_bug(bug, f"{PROGRAM_NAME} {command}"))
    _log.info("%s ended with %s", command or PROGRAM_NAME, int(code))
    return int(code)


def _fail(program: Program, error: StickySyncError) -> int:
    if program.log_file is not None:
        _log.warning("%s", error.happened)
    program.output.failure(error)
    return error.exit_code


def _usage(wrong: typer.TyperException, command: str) -> UsageError:
    words = wrong.format_message().strip()
    return UsageError(
        happened=words if words.endswith((".", "?")) else f"{words}.",
        unchanged="Nothing was changed.",
        todo=f"See `{f'{PROGRAM_NAME} {command}'.strip()} --help`.",
    )


def _cancelled() -> RunCancelled:
    return RunCancelled(
        happened="Stopped by Ctrl-C.", unchanged="Nothing was changed.", todo="Call again when you are ready."
    )


if __name__ == "__main__":
    sys.exit(main())
