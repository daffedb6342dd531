"""`status`, `history`, `autosync-set`, `link`, `unlink` and `keep`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickysync_gui.cli.choosing import client_ids
from stickysync_gui.cli.output import counted, duration, table
from stickysync_gui.cli.program import Program, Reach
from stickysync_gui.cli.run import only_clients, only_passwords, require_passwords, step_document
from stickysync_gui.cli.syntax import OneOf
from stickysync_gui.domain.progress import Step
from stickysync_gui.errors import ExitCode, UsageError
from stickysync_gui.history import KEPT_RUNS, RunRecord, export_csv

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

of_password = click.argument("password", type=int, help="Automate's PasswordID.")


class Switch(StrEnum):
    """AutoSync on or off."""

    ON = "on"
    OFF = "off"


@click.command("status")
@click.pass_obj
def status(program: Program) -> int:
    """Show both connections, what is mapped and linked, and the last run of this PC."""

    async def act(backend: Backend) -> int:
        document = await _status_document(backend)
        program.output.result(lambda: document, lambda: (_status_table(document),))
        return ExitCode.DONE

    return program.run(act)


async def _status_document(backend: Backend) -> dict[str, Any]:
    state, itglue = backend.database_state, backend.itglue_state
    assert state is not None
    side = await backend.automate_side()
    mapped: dict[int, set[int]] = {}
    for mapping in side.mappings:
        mapped.setdefault(mapping.client_id, set()).add(mapping.organization_id)
    runs = await backend.runs(1)
    ids = {password.id for password in side.passwords}
    return {
        "database": {
            "address": state.address.words(),
            "server": state.server,
            "tls": state.tls,
            "missing_tables": list(state.missing_tables),
            "problems": list(state.problems),
        },
        "itglue": {"url": itglue.url, "region": itglue.region, "words": itglue.words} if itglue else None,
        "key": await backend.key_state(),
        "clients": len(side.clients),
        "mapped_clients": sum(len(mapped.get(id_, ())) == 1 for id_ in side.clients),
        "passwords": len(ids),
        "linked_passwords": len({link.password_id for link in side.links} & ids),
        "autosync_passwords": len(side.ticked & ids),
        "last_run": asdict(runs[0]) if runs else None,
    }


def _status_table(document: dict[str, Any]) -> Any:
    database, itglue, last = document["database"], document["itglue"], document["last_run"]
    rows = [
        ("Database", f"{database['address']}, {database['server']}, {database['tls']}"),
        ("IT Glue", f"{itglue['url']} ({itglue['words']})" if itglue else document["key"].words),
        ("Clients", f"{document['clients']:,}, {document['mapped_clients']:,} mapped"),
        ("Passwords", f"{document['passwords']:,}, {document['linked_passwords']:,} linked"),
        ("AutoSync", counted(document["autosync_passwords"], "password")),
        ("Last run here", f"{last['ended_at']}: {last['ended']}" if last else "none"),
    ]
    if database["missing_tables"]:
        rows.append(("Missing tables", ", ".join(database["missing_tables"])))
    rows += [("Problem", problem) for problem in database["problems"]]
    return table(("What", "State"), rows)


@click.command("history")
@click.argument("run", required=False, help="A run's id or how it begins; shows its rows.")
@click.option(
    "--csv", type=click.Path(path_type=Path), metavar="FILE", help="Write them as CSV instead; --json prints them."
)
@click.pass_obj
def history(program: Program, run: str | None, csv: Path | None) -> int:
    """List the runs of this PC, or the rows of one."""

    async def act(backend: Backend) -> int:
        runs = await backend.runs(KEPT_RUNS)
        chosen = _run_of(run, runs) if run else None
        if csv is None:
            return await _show_run(program, backend, chosen) if chosen else _show_runs(program, runs)
        if chosen is None:
            return _write_csv(program, csv, export_csv(runs, RunRecord), len(runs), "run")
        rows = await backend.run_rows(chosen.run_id)
        return _write_csv(program, csv, export_csv(rows, Step), len(rows), "row")

    return program.run(act, Reach.NOTHING)


def _write_csv(program: Program, file: Path, text: str, lines: int, noun: str) -> int:
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as problem:
        raise UsageError(
            happened=f"{file} cannot be written: {problem.strerror or type(problem).__name__}.",
            unchanged="The history is as it was.",
            todo="Check path and rights.",
        ) from None
    program.output.result(
        lambda: {"file": str(file), f"{noun}s": lines}, lambda: (f"{counted(lines, noun)} written to {file}.",)
    )
    return ExitCode.DONE


def _show_runs(program: Program, runs: Sequence[RunRecord]) -> int:
    program.output.result(
        lambda: {"runs": [asdict(one) for one in runs]},
        lambda: (
            table(
                (
                    "Run",
                    "Ended",
                    "How",
                    "Kind",
                    "Scope",
                    "Created#",
                    "Linked#",
                    "Updated#",
                    "Skipped#",
                    "Failed#",
                    "Took",
                ),
                (
                    (
                        *(one.run_id[:8], one.ended_at, one.ended, one.kind, one.scope),
                        *(one.created, one.linked, one.updated, one.skipped, one.failed, duration(one.seconds)),
                    )
                    for one in runs
                ),
            ),
        ),
    )
    return ExitCode.DONE


async def _show_run(program: Program, backend: Backend, run: RunRecord) -> int:
    steps = await backend.run_rows(run.run_id)
    program.output.result(
        lambda: {**asdict(run), "rows": [step_document(step) for step in steps]},
        lambda: (
            f"Run {run.run_id}, {run.ended_at}, {run.database}: {run.ended}.",
            table(
                ("Password#", "Client#", "Status", "Action", "Outcome", "Why"),
                (
                    (s.password_id, s.client_id, s.status.label, s.action.value, s.outcome.value, s.reason)
                    for s in steps
                ),
            ),
        ),
    )
    return ExitCode.DONE


def _run_of(text: str, runs: Sequence[RunRecord]) -> RunRecord:
    found = [run for run in runs if run.run_id.startswith(text)]
    if len(found) != 1:
        raise UsageError(
            happened=f"{'Several runs begin' if found else 'No run begins'} with {text!r}.",
            unchanged="Nothing was changed.",
            todo="See `stickysync history` for the runs of this PC.",
        )
    return found[0]


@click.command("autosync-set")
@click.argument("switch", type=OneOf(Switch), metavar="on|off")
@click.argument("more", type=int, nargs=-1, metavar="[ID]...", help="Further ids after --password.")
@only_passwords
@only_clients
@click.option("--all", "everything", is_flag=True, help="Every password.")
@click.pass_obj
def set_autosync(
    program: Program,
    switch: Switch,
    more: Sequence[int],
    passwords: Sequence[int],
    clients: Sequence[str],
    everything: bool,
) -> int:
    """Tick or untick AutoSync."""
    if bool(passwords) + bool(clients) + everything != 1 or (more and not passwords):
        raise UsageError(
            happened="It is not clear which passwords are meant.",
            unchanged="Nothing was changed.",
            todo="Give --password ID..., or --client ID, or --all.",
        )

    async def act(backend: Backend) -> int:
        side = await backend.automate_side()
        chosen = client_ids(clients, side.clients.values())
        ids = frozenset(one.id for one in side.passwords if chosen is None or one.client_id in chosen)
        if passwords:
            wanted = frozenset((*passwords, *more))
            require_passwords(wanted, ids)
            ids = wanted
        await backend.set_autosync(ids, switch is Switch.ON)
        program.output.result(
            lambda: {"autosync": switch is Switch.ON, "passwords": len(ids)},
            lambda: (f"AutoSync is {switch.value} for {counted(len(ids), 'password')}.",),
        )
        return ExitCode.DONE

    return program.run(act)


@click.command("link")
@of_password
@click.argument("entry", type=int, help="The entry's id in IT Glue.")
@click.pass_obj
def link(program: Program, password: int, entry: int) -> int:
    """Link a password to an entry; the next sync updates it."""

    async def act(backend: Backend) -> int:
        await backend.link(password, entry)
        words = f"Password {password} is linked to entry {entry}; the next sync sends Automate's values."
        program.output.result(lambda: {"password_id": password, "itglue_password_id": entry}, lambda: (words,))
        return ExitCode.DONE

    return program.run(act, Reach.ITGLUE)


@click.command("unlink")
@of_password
@click.pass_obj
def unlink(program: Program, password: int) -> int:
    """Forget a password's link. Its entry stays in IT Glue as it is."""

    async def act(backend: Backend) -> int:
        await backend.unlink(password)
        words = f"Password {password} is linked to nothing now; an entry it had is still in IT Glue."
        program.output.result(lambda: {"password_id": password}, lambda: (words,))
        return ExitCode.DONE

    return program.run(act)


@click.command("keep")
@of_password
@click.pass_obj
def keep(program: Program, password: int) -> int:
    """Accept the organization in which a moved entry lies, and keep updating it there."""

    async def act(backend: Backend) -> int:
        await backend.keep_moved(password)
        words = f"The entry of password {password} is kept where it lies; the next sync goes on updating it."
        program.output.result(lambda: {"password_id": password}, lambda: (words,))
        return ExitCode.DONE

    return program.run(act, Reach.ITGLUE)
