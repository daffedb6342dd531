"""`schedule`: AutoSync by the operating system's own scheduler (product.md 7)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from stickysync_gui import paths, settings
from stickysync_gui.cli import scheduled_task
from stickysync_gui.cli.autosync import minutes_between_rounds
from stickysync_gui.cli.output import Document
from stickysync_gui.cli.program import Program
from stickysync_gui.cli.setup import findings_table
from stickysync_gui.cli.syntax import CommandList
from stickysync_gui.domain.findings import Finding, Verdict
from stickysync_gui.errors import ExitCode, SchedulerRefused, UsageError
from stickysync_gui.schedule import linux, private_folder, windows
from stickysync_gui.schedule.task import Account, Logon, Task, look_minutes

commands = CommandList("schedule", help="AutoSync by the operating system's own scheduler.")

ON_WINDOWS = os.name == "nt"
SERVER_TASK = "StickySync AutoSync"
CHECK_TASK = "StickySync self-check"
REPORT_FILE = "self-check.json"


def _user_task(user: str) -> str:
    return f"{SERVER_TASK} ({user.replace(chr(92), ' ')})"


@commands.command("install")
@minutes_between_rounds
@click.option("--account", default="", metavar="NAME", help="Run without a login, as this account.")
@click.option(
    "--secrets-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder for that account's settings and secrets.",
)
@click.pass_obj
def install(program: Program, every: int | None, account: str, secrets_dir: Path | None) -> int:
    """Register AutoSync with Windows Task Scheduler; on Linux, print what to register."""
    if bool(account) != bool(secrets_dir):
        raise UsageError(
            happened="--account and --secrets-dir belong together.",
            unchanged="Nothing was registered.",
            todo="Give both for a task without a login, or none for one of the logged-on user.",
        )
    folder = secrets_dir.absolute() if secrets_dir else None
    if not ON_WINDOWS:
        return _print_units(program, every, account, folder)
    if folder is not None:
        return _install_for_account(program, every, Account.without_login(account), folder)
    return _install_for_user(program, every)


def _install_for_user(program: Program, every: int | None) -> int:
    user = windows.current_user()
    ready = scheduled_task.found_ready(program)
    scheduled_task.keep_for_user(program, ready)
    minutes = every or ready.settings.options.autosync_minutes
    if every is not None:
        options = replace(ready.settings.options, autosync_minutes=every)
        settings.save(replace(ready.settings, options=options), paths.settings_file())
    arguments = (*scheduled_task.own_options(program, ready), "autosync", "--quiet")
    task = _task(_user_task(user), Account(user, Logon.INTERACTIVE), arguments, minutes)
    windows.register(task, datetime.now())
    _tell_installed(program, task, minutes, None)
    return ExitCode.DONE


def _install_for_account(program: Program, every: int | None, account: Account, folder: Path) -> int:
    ready = scheduled_task.found_ready(program)
    minutes = every or ready.settings.options.autosync_minutes
    private_folder.prepare(folder, account.user_id)
    scheduled_task.fill_folder(folder, ready, minutes)
    options = scheduled_task.options_of_folder(program, folder)
    check = _task(CHECK_TASK, account, (*options, "doctor", "--report", str(folder / REPORT_FILE)), None)
    (folder / REPORT_FILE).unlink(missing_ok=True)
    program.output.note(f"The self-check runs once as {account.name} …")
    code = windows.run_once(check, datetime.now())
    report = scheduled_task.read_report(folder / REPORT_FILE)
    if code != ExitCode.DONE:
        return _tell_check_failed(program, account, folder, code, report)
    task = _task(SERVER_TASK, account, (*options, "autosync", "--quiet"), minutes)
    windows.register(task, datetime.now())
    _tell_installed(program, task, minutes, report)
    return ExitCode.DONE


def _task(name: str, account: Account, arguments: Sequence[str], minutes: int | None) -> Task:
    executable, *first = scheduled_task.own_command()
    return Task(
        name,
        "Copies the passwords that are ticked for AutoSync from ConnectWise Automate to IT Glue.",
        account,
        executable,
        (*first, *arguments),
        str(Path(executable).parent),
        look_minutes(minutes) if minutes is not None else None,
    )


def _tell_installed(program: Program, task: Task, minutes: int, report: Document | None) -> None:
    words = (
        f"The task {task.name!r} is registered. It runs as {task.account.name}, looks every {task.look_minutes} min, "
        f"and a round runs when none has ended well on any PC for {minutes} min."
    )
    document = {
        "registered": True,
        "task": task.name,
        "account": task.account.name,
        "command": [task.program, *task.arguments],
        "every": minutes,
        "look": task.look_minutes,
        "self_check": report,
    }
    shown = _findings(report)
    program.output.result(lambda: document, lambda: ((findings_table(shown),) if shown else ()) + (words,))


def _tell_check_failed(program: Program, account: Account, folder: Path, code: int, report: Document | None) -> int:
    shown = _findings(report)
    if shown and not program.output.json:
        program.output.result(dict, lambda: (findings_table(shown),))
    if report is not None:
        how = f"ended with {code}: {report.get('error') or 'see its findings.'}"
    elif code in list(ExitCode):
        how = f"ended with {code} before it could report; {folder / 'logs'} may say why."
    else:
        how = f"never began; Windows' reason is {code:#x}."
    error = SchedulerRefused(
        happened=f"The self-check as {account.name} {how}",
        unchanged=f"AutoSync was not registered. Settings and secrets stay in {folder}, for that account alone.",
        todo="Mend what it names, let the account log on as a batch job where it never began, and call again.",
    )
    program.output.failure(error, {"self_check": report})
    known = (ExitCode.ROWS_FAILED, ExitCode.DATABASE, ExitCode.ITGLUE)
    return code if code in known else error.exit_code


def _findings(report: Document | None) -> list[Finding]:
    found = report.get("findings", []) if report is not None else []
    return [Finding(f["name"], Verdict(f["verdict"]), f["words"], f["remedy"]) for f in found]


# --- status and remove ------------------------------------------------------------------------------------------


@commands.command("status")
@click.pass_obj
def status(program: Program) -> int:
    """Show the registered tasks and how their last run ended."""
    if not ON_WINDOWS:
        return _say_by_hand(program, f"systemctl list-timers {linux.UNIT}.timer; journalctl -u {linux.UNIT}")
    states = [state for name in _names() if (state := windows.state_of(name)) is not None]
    program.output.result(
        lambda: {"tasks": [scheduled_task.state_document(state) for state in states]},
        lambda: (scheduled_task.states_table(states) if states else "No task is registered.",),
    )
    return ExitCode.DONE


@commands.command("remove")
@click.pass_obj
def remove(program: Program) -> int:
    """Remove the registered tasks. Settings, secrets and what was synced stay."""
    if not ON_WINDOWS:
        return _say_by_hand(program, f"systemctl disable --now {linux.UNIT}.timer; remove its line from crontab -e")
    removed = [name for name in _names() if windows.remove(name)]
    kept = " A folder that was given with --secrets-dir stays, with its secrets: delete it where it is not needed."
    words = f"Removed: {', '.join(removed)}." if removed else "No task was registered."
    words += kept if SERVER_TASK in removed else ""
    program.output.result(lambda: {"removed": removed}, lambda: (words,))
    return ExitCode.DONE


def _names() -> tuple[str, str]:
    return _user_task(windows.current_user()), SERVER_TASK


# --- Linux ------------------------------------------------------------------------------------------------------


def _print_units(program: Program, every: int | None, account: str, folder: Path | None) -> int:
    minutes = every or settings.load(paths.settings_file()).options.autosync_minutes
    look = look_minutes(minutes)
    options = scheduled_task.options_of_folder(program, folder) if folder else scheduled_task.given_options(program)
    command = (*scheduled_task.own_command(), *options, "autosync", "--quiet")
    document = {
        "registered": False,
        "cron": linux.cron_line(command, look),
        "service": linux.service_unit(command, account),
        "timer": linux.timer_unit(look),
    }
    where = folder or "a folder"
    files = ", ".join(private_folder.SECRET_FILES.values())
    program.output.result(
        lambda: document,
        lambda: (
            "Nothing was registered or written. For cron:",
            document["cron"],
            "",
            f"Or for systemd, {linux.UNIT}.service:",
            document["service"],
            f"{linux.UNIT}.timer:",
            document["timer"],
            f"Neither has this shell's environment: put the secrets into {where} ({files}: each its one line), "
            "readable for that account alone, and name it with --home.",
        ),
    )
    return ExitCode.DONE


def _say_by_hand(program: Program, what: str) -> int:
    words = f"This program registers nothing on Linux. By hand: {what}"
    program.output.result(lambda: {"tasks": [], "by_hand": what}, lambda: (words,))
    return ExitCode.DONE
