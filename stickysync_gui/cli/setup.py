"""`doctor`, `setup`, `passphrase` and `key`: everything before the first sync."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickysync_gui.cli import prompts
from stickysync_gui.cli.connecting import chosen_database
from stickysync_gui.cli.output import Document, table
from stickysync_gui.cli.program import Program, Reach
from stickysync_gui.cli.syntax import CommandList, OneOf
from stickysync_gui.domain.connection import DatabaseAddress, ItGlueState, KeyState, Region
from stickysync_gui.domain.findings import Finding, Verdict
from stickysync_gui.errors import ExitCode, StickySyncError, UsageError

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend
    from stickysync_gui.domain.secret import Secret

passphrase_commands = CommandList("passphrase", help="The team's passphrase, under which the API key is stored.")
key_commands = CommandList("key", help="The IT Glue API key.")

_IN_THE_WAY = frozenset({"API key", "IT Glue"})
"""Checks without which nothing further can be said of IT Glue."""


@click.command("doctor")
@click.option(
    "--report", type=click.Path(path_type=Path), metavar="FILE", help="Also write the findings there, as JSON."
)
@click.pass_obj
def doctor(program: Program, report: Path | None) -> int:
    """Check database, grants, tables, encryption, key, Password Access and clock; one line each with the remedy."""

    async def act(backend: Backend) -> int:
        findings = await backend.self_check()
        document = {"findings": [{**dataclasses.asdict(f), "verdict": f.verdict.value} for f in findings]}
        _write_report(report, document)
        program.output.result(lambda: document, lambda: (findings_table(findings),))
        return _doctor_code(findings)

    try:
        return program.run(act)
    except StickySyncError as error:
        _write_report(report, {"error": error.sentences()})
        raise


def findings_table(findings: Sequence[Finding]) -> Any:
    """One line a check."""
    return table(
        ("Verdict", "Check", "What was found", "What to do"),
        ((f.verdict.value.replace("_", " "), f.name, f.words, f.remedy) for f in findings),
    )


def _write_report(file: Path | None, document: Document) -> None:
    if file is None:
        return
    try:
        file.write_text(json.dumps(document), encoding="utf-8")
    except OSError as problem:
        raise UsageError(
            happened=f"{file} cannot be written ({problem.strerror or type(problem).__name__}).",
            unchanged="Nothing was changed.",
            todo="Check path and rights.",
        ) from None


def _doctor_code(findings: list[Finding]) -> int:
    failed = {finding.name for finding in findings if finding.verdict is Verdict.FAILED}
    if failed & _IN_THE_WAY:
        return ExitCode.ITGLUE
    return ExitCode.ROWS_FAILED if failed else ExitCode.DONE


@click.command("setup")
@click.option("--show-sql", is_flag=True, help="Print the SQL for a DBA instead.")
@click.pass_obj
def setup(program: Program, show_sql: bool) -> int:
    """Create the tables that are missing."""

    async def create(backend: Backend) -> int:
        before = backend.database_state
        missing = before.missing_tables if before else ()
        state = await backend.create_tables()
        made = [name for name in missing if name not in state.missing_tables]
        program.output.result(
            lambda: {"created": made, "missing": list(state.missing_tables), "problems": list(state.problems)},
            lambda: (f"Created: {', '.join(made)}." if made else "All tables were there already.", *state.problems),
        )
        return ExitCode.DONE

    async def show(backend: Backend) -> int:
        sql = backend.tables_sql_for(_address(program, backend))
        program.output.result(lambda: {"sql": sql}, lambda: (sql,))
        return ExitCode.DONE

    return program.run(show, Reach.NOTHING) if show_sql else program.run(create)


def _address(program: Program, backend: Backend) -> DatabaseAddress:
    """The database that the SQL is for. Without one it is written for the usual schema, which a DBA can change."""
    options = program.options
    try:
        return chosen_database(options, backend.settings, type(backend)).profile.database
    except UsageError:
        if options.database or options.profile:
            raise
        return DatabaseAddress()


# --- passphrase -------------------------------------------------------------------------------------------------


@passphrase_commands.command("set")
@click.pass_obj
def set_passphrase(program: Program) -> int:
    """Tell this PC the team's passphrase, from a prompt or standard input. A new team gets one proposed."""
    proposed = _proposal(program) if prompts.may_show_secret() else None
    given = prompts.proposed_passphrase(proposed) if proposed else prompts.passphrase_twice("Team passphrase")

    async def act(backend: Backend) -> int:
        state = await backend.set_passphrase(given)
        program.output.result(
            lambda: {"key": state.value, "words": state.words},
            lambda: ("This PC knows the passphrase now.", state.words),
        )
        return ExitCode.DONE

    return program.run(act)


def _proposal(program: Program) -> Secret | None:
    """A passphrase for a team that has none yet; None where a key of ours is stored, which has its own."""
    found: list[Secret] = []

    async def act(backend: Backend) -> int:
        if await backend.key_state() in (KeyState.NONE, KeyState.FOREIGN):
            found.append(backend.proposed_passphrase())
        return ExitCode.DONE

    # A call of its own: the prompt that follows would hold up the loop, and Ctrl-C with it.
    program.run(act)
    return found[0] if found else None


@passphrase_commands.command("change")
@click.pass_obj
def change_passphrase(program: Program) -> int:
    """Store the API key under a new passphrase: the old one first, then the new one, a line each."""
    old = prompts.passphrase("Present passphrase")
    new = prompts.passphrase_twice("New passphrase")

    async def act(backend: Backend) -> int:
        await backend.change_passphrase(old, new)
        words = "The API key is stored under the new passphrase. Your colleagues' PCs will ask for it once."
        program.output.result(lambda: {"words": words}, lambda: (words,))
        return ExitCode.DONE

    return program.run(act)


# --- key --------------------------------------------------------------------------------------------------------


@key_commands.command("set")
@click.option("--region", type=OneOf(Region), help="Where the account is; without it all three are tried.")
@click.option("--replace", is_flag=True, help="Also over a key that cannot be read, such as another program's.")
@click.pass_obj
def set_key(program: Program, region: Region | None, replace: bool) -> int:
    """Check an API key live, then store it, from a prompt or standard input."""
    if not program.options.itglue_url and region is None:
        # A region that is not known yet comes before the environment only once it is stored.
        program.set_options(program.options._replace(itglue_url=os.environ.get("STICKYSYNC_ITGLUE_URL", "")))
    given = prompts.api_key("IT Glue API key")

    async def act(backend: Backend) -> int:
        return _show_key(
            program, await backend.apply_key(given, region, replace=replace), "The key works and is stored"
        )

    return program.run(act)


@key_commands.command("check")
@click.pass_obj
def check_key(program: Program) -> int:
    """Check the stored API key live."""

    async def act(backend: Backend) -> int:
        return _show_key(program, await backend.check_stored_key(), "The key works")

    return program.run(act)


def _show_key(program: Program, state: ItGlueState, words: str) -> int:
    region = state.region.value if state.region else None
    shown = f", region {state.region.label}" if state.region else ""
    program.output.result(
        lambda: {"url": state.url, "region": region, "words": state.words},
        lambda: (f"{words}: {state.url}{shown}, {state.words}.",),
    )
    return ExitCode.DONE
