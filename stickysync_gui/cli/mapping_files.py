"""`map --import` and `map --export`: the mapping as a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from stickysync_gui.cli.output import counted, table
from stickysync_gui.cli.program import Program
from stickysync_gui.domain.mapping_csv import ImportLine, export_text, read_text, to_write
from stickysync_gui.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

_OTHERWISE_MAPPED = "the client is mapped to another organization; --replace changes that"


async def export_mapping(program: Program, backend: Backend, file: Path) -> int:
    """Write all mappings to the file, in place of what it held."""
    overview = await backend.mapping_overview()
    text = export_text(overview)
    mappings = sum(len(row.organization_ids) for row in overview.clients)
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as problem:
        _refuse(file, problem.strerror or type(problem).__name__, "written")
    program.output.result(
        lambda: {"file": str(file), "mappings": mappings},
        lambda: (f"{counted(mappings, 'mapping')} written to {file}.",),
    )
    return ExitCode.DONE


async def import_mapping(program: Program, backend: Backend, file: Path, *, dry_run: bool, replace: bool) -> int:
    """Map what the file says; a line that cannot be imported stops none of the others."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as problem:
        _refuse(file, problem.strerror or type(problem).__name__, "read")
    except UnicodeDecodeError:
        _refuse(file, "it is not UTF-8", "read")
    lines = read_text(text, await backend.mapping_overview())
    if not replace:
        lines = [replaced(line, problem=_OTHERWISE_MAPPED) if line.changes and line.before else line for line in lines]
    wanted = to_write(lines)
    if wanted and not dry_run:
        shown = {line.client_id: line.before for line in lines if line.changes and line.client_id is not None}
        await backend.map_clients(wanted, shown)
    _show(program, lines, written=0 if dry_run else len(wanted), dry_run=dry_run)
    return ExitCode.ROWS_FAILED if any(line.problem for line in lines) else ExitCode.DONE


def _show(program: Program, lines: Sequence[ImportLine], *, written: int, dry_run: bool) -> None:
    changing = [line for line in lines if line.changes]
    problems = [line for line in lines if line.problem]
    program.output.result(
        lambda: {
            "dry_run": dry_run,
            "written": written,
            "to_write": len(changing),
            "unchanged": len(lines) - len(changing) - len(problems),
            "failed": len(problems),
            "lines": [
                {
                    "line": line.line,
                    "client_id": line.client_id,
                    "organization_id": line.organization_id,
                    "before": list(line.before),
                    "changes": line.changes,
                    "problem": line.problem,
                }
                for line in lines
            ],
        },
        lambda: (
            table(
                ("Line#", "Client#", "Organization#", "What"),
                (
                    (line.line, line.client_id, line.organization_id, line.problem or _change(line))
                    for line in lines
                    if line.changes or line.problem
                ),
            ),
            f"{counted(len(changing), 'mapping')} {'would be' if dry_run else ''} written, {len(problems)} refused, "
            f"{len(lines) - len(changing) - len(problems)} unchanged.".replace("  ", " "),
        ),
    )


def _change(line: ImportLine) -> str:
    return f"mapped to {', '.join(map(str, line.before))} before" if line.before else "newly mapped"


def _refuse(file: Path, why: str, done: str) -> NoReturn:
    raise UsageError(
        happened=f"{file} cannot be {done}: {why}.", unchanged="No mapping was changed.", todo="Check path and rights."
    )
