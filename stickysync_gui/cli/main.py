"""`stickysync`: the command line, and how every failure of it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import click

from stickysync_gui import __version__
from stickysync_gui.cli.options import GlobalOptions, hoisted
from stickysync_gui.cli.output import Output
from stickysync_gui.cli.program import Program
from stickysync_gui.cli.syntax import CommandList, OneOf
from stickysync_gui.domain.tls import TlsMode
from stickysync_gui.errors import RunCancelled, StickySyncError, UsageError

PROGRAM_NAME = "stickysync"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

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


class _LateCommands(CommandList):
    """The commands of `_COMMANDS`, each made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command: click.Command = getattr(_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as unknown:
            # click proposes commands that are made, of which there are none.
            raise click.NoSuchCommand(unknown.command_name, possibilities=_COMMANDS, ctx=ctx) from None


def _log_level(_context: click.Context, _option: click.Parameter, text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise click.BadParameter(f"choose from {', '.join(LOG_LEVELS)}")
    return text.upper()


@click.group(PROGRAM_NAME, cls=_LateCommands)
@click.option(
    "--database", metavar="URL", help="Automate's database: mysql+pymysql://USER@HOST:PORT/SCHEMA, no password."
)
@click.option("--profile", metavar="NAME", help="A profile that the window saved.")
@click.option("--tls", type=OneOf(TlsMode), help="Default: verify with --tls-ca, otherwise pin the first certificate.")
@click.option(
    "--tls-ca", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="PEM file of the authority."
)
@click.option("--itglue-url", metavar="URL", help="One of IT Glue's three hosts, or a sandbox.")
@click.option(
    "--home",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    metavar="DIR",
    help="Folder of settings, history, log and secret files, as `schedule install` fills it.",
)
@click.option("--json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Print results and errors only.")
@click.option(
    "--log-level", metavar="LEVEL", default="INFO", show_default=True, callback=_log_level, help="Of the log file."
)
@click.version_option(__version__, message=f"{PROGRAM_NAME} %(version)s", help="Print the version.")
@click.pass_obj
def app(program: Program, /, **given: Any) -> None:
    """Copy client credentials one way, from ConnectWise Automate into IT Glue.

    The options above may also stand behind the command.
    """
    program.set_options(GlobalOptions(**{name: value for name, value in given.items() if value is not None}))


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
        code = int(app.main([*in_front, *rest], PROGRAM_NAME, standalone_mode=False, obj=program) or 0)
    except StickySyncError as error:
        code = _fail(program, error)
    except click.ClickException as wrong:
        code = _fail(program, _usage(wrong, command))
    except (click.Abort, KeyboardInterrupt):
        code = _fail(program, _cancelled())
    except Exception as bug:
        code = _fail(program, program.report_bug(bug, f"{PROGRAM_NAME} {command}"))
    program.log(f"{command or PROGRAM_NAME} ended with {int(code)}")
    return int(code)


def _fail(program: Program, error: StickySyncError) -> int:
    program.log(error.happened, warning=True)
    program.output.failure(error)
    return error.exit_code


def _usage(wrong: click.ClickException, command: str) -> UsageError:
    words = _words(wrong).strip()
    return UsageError(
        happened=words if words.endswith((".", "?")) else f"{words}.",
        unchanged="Nothing was changed.",
        todo=f"See `{f'{PROGRAM_NAME} {command}'.strip()} --help`.",
    )


def _words(wrong: click.ClickException) -> str:
    """What is wrong as click says it, but for unknown names: its brackets round several proposals make no sentence."""
    if isinstance(wrong, click.NoSuchOption):
        near = f" (Possible options: {', '.join(wrong.possibilities)})" if wrong.possibilities else ""
        return f"No such option: {wrong.option_name}{near}"
    if isinstance(wrong, click.NoSuchCommand) and wrong.possibilities:
        return f"{wrong.message} Did you mean {', '.join(map(repr, wrong.possibilities))}?"
    return wrong.format_message()


def _cancelled() -> RunCancelled:
    return RunCancelled(
        happened="Stopped by Ctrl-C.", unchanged="Nothing was changed.", todo="Call again when you are ready."
    )
