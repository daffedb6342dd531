"""`plan` and `sync`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from stickysync_gui.cli.choosing import client_ids
from stickysync_gui.cli.output import Document, counted, duration, table
from stickysync_gui.cli.program import Program, Reach
from stickysync_gui.cli.progress import RunProgress
from stickysync_gui.cli.syntax import Number
from stickysync_gui.domain.planned import Action, Plan, PlannedRow
from stickysync_gui.domain.progress import Outcome, Step, Summary
from stickysync_gui.domain.snapshot import Scope
from stickysync_gui.errors import ExitCode, GuardStopped, StickySyncError, UsageError

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

ROWS_SHOWN = 200
"""Rows that a table for people lists; a document for scripts has them all."""

only_clients = click.option(
    "--client", "clients", metavar="ID|NAME", multiple=True, help="Only this client; may be repeated."
)
only_passwords = click.option(
    "--password", "passwords", type=int, metavar="ID", multiple=True, help="Only this password; may be repeated."
)


# --- plan -------------------------------------------------------------------------------------------------------


@click.command("plan")
@only_clients
@click.option("--autosync-only", is_flag=True, help="Only ticked passwords.")
@click.pass_obj
def plan(program: Program, clients: Sequence[str], autosync_only: bool) -> int:
    """Show what a sync would do. Writes nothing. Ends with 7 when changes are pending."""

    async def act(backend: Backend) -> int:
        known = await backend.clients()
        names = {one.id: one.name for one in known}
        scope = Scope(client_ids(clients, known), autosync_only=autosync_only)
        progress = RunProgress(program.output, names)
        async with progress.shown():
            made, guard = await backend.guarded_plan(scope, report=progress.take, stop=program.stop)
        program.output.result(lambda: plan_document(made, guard), lambda: plan_words(made, guard, names))
        if guard is not None:
            return ExitCode.GUARD
        return ExitCode.CHANGES_PENDING if made.pending() else ExitCode.DONE

    return program.run(act, Reach.ITGLUE, stops_softly=True)


def plan_document(made: Plan, guard: GuardStopped | None = None) -> Document:
    """A plan as scripts get it."""
    actions = made.by_action()
    document: Document = {
        **{action.value: actions[action] for action in Action},
        "pending": len(made.pending()),
        "overwrites": overwrites(made),
        "by_status": {status.value: count for status, count in made.by_status().items()},
        "orphaned_links": [
            {"password_id": link.password_id, "itglue_password_id": link.entry_id} for link in made.orphans
        ],
        "left_behind": [
            {"password_id": left.password_id, "itglue_password_id": left.entry_id} for left in made.left_behind
        ],
        "rows": [_planned_document(row) for row in made.rows],
    }
    if guard is not None:
        document["guard"] = _guard_document(guard)
    return document


def _planned_document(row: PlannedRow) -> Document:
    return {
        "password_id": row.password.id,
        "client_id": row.password.client_id,
        "itglue_password_id": row.entry_id,
        "status": row.status.value,
        "action": row.action.value,
        "fields": [field.value for field in row.fields],
        "reason": row.reason,
    }


def _guard_document(guard: GuardStopped) -> Document:
    words = {"happened": guard.happened, "unchanged": guard.unchanged, "todo": guard.todo}
    return {"guard": guard.guard, "number": guard.number, **words}


def statuses_table(made: Plan) -> Any:
    """How many passwords are in each status, those with something to do first."""
    kinds = Counter((row.status, row.action) for row in made.rows)
    ordered = sorted(kinds.items(), key=lambda kind: (kind[0][1] is Action.NONE, -kind[1]))
    return table(("Passwords#", "Status", "Next action"), ((count, s.label, a.value) for (s, a), count in ordered))


def overwrites(made: Plan) -> int:
    """How many entries a sync would overwrite that somebody typed or changed in IT Glue."""
    return sum(row.overwrites for row in made.rows)


def plan_words(made: Plan, guard: GuardStopped | None, names: Mapping[int, str]) -> Iterator[Any]:
    """A plan as people get it."""
    yield statuses_table(made)
    pending = made.pending()
    if pending:
        yield table(
            ("Password#", "Client", "Title", "User name", "Action", "Why"),
            (
                (
                    row.password.id,
                    names.get(row.password.client_id, f"({row.password.client_id})"),
                    row.password.title,
                    row.password.username,
                    row.action.value,
                    row.reason or row.status.label,
                )
                for row in pending[:ROWS_SHOWN]
            ),
        )
        if len(pending) > ROWS_SHOWN:
            yield f"… and {counted(len(pending) - ROWS_SHOWN, 'more row')}; --json lists all of them."
    if typed := overwrites(made):
        entries = counted(typed, "entry", "entries")
        yield f"{entries} that somebody typed or changed in IT Glue would be overwritten; Automate's values win."
    if made.orphans:
        yield f"{counted(len(made.orphans), 'link')} of passwords that are gone from Automate."
    if made.left_behind:
        entries = counted(len(made.left_behind), "entry", "entries")
        yield f"{entries} left behind in IT Glue, in former organizations: archive them there."
    actions = made.by_action()
    yield f"{counted(len(made.rows), 'password')}: " + ", ".join(f"{actions[a]:,} to {a.value}" for a in _ACTS) + "."
    if guard is not None:
        yield f"A sync would be stopped:\n{guard.sentences()}"


_ACTS = (Action.CREATE, Action.LINK, Action.UPDATE)


# --- sync -------------------------------------------------------------------------------------------------------


@click.command("sync")
@only_clients
@only_passwords
@click.option("--override-guard", is_flag=True, help="Go on although a guard would stop the run.")
@click.option(
    "--wait",
    type=Number(min=0),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for another run to end.",
)
@click.pass_obj
def sync(program: Program, clients: Sequence[str], passwords: Sequence[int], override_guard: bool, wait: float) -> int:
    """Copy to IT Glue what is new or changed in Automate."""

    async def act(backend: Backend) -> int:
        known = await backend.clients()
        scope = Scope(client_ids(clients, known), await _password_ids(backend, passwords))

        async def run(progress: RunProgress) -> Summary:
            return await backend.sync(
                scope, report=progress.take, stop=program.stop, override_all=override_guard, wait_seconds=wait
            )

        names = {one.id: one.name for one in known}
        return await run_shown(program, names, run, document=summary_document)

    return program.run(act, Reach.ITGLUE, stops_softly=True)


async def _password_ids(backend: Backend, wanted: Collection[int]) -> frozenset[int] | None:
    if not wanted:
        return None
    require_passwords(wanted, {one.id for one in (await backend.automate_side()).passwords})
    return frozenset(wanted)


def require_passwords(wanted: Collection[int], known: Collection[int]) -> None:
    """Raise `UsageError` when Automate lacks one of the passwords."""
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise UsageError(
            happened=f"Automate has no password {', '.join(map(str, unknown))}.",
            unchanged="Nothing was changed.",
            todo="Take the ids from `stickysync plan --json`.",
        )


async def run_shown(
    program: Program,
    names: Mapping[int, str],
    act: Callable[[RunProgress], Awaitable[Summary | None]],
    *,
    document: Callable[[Summary], Document],
    without: Callable[[], None] = lambda: None,
) -> int:
    """Run a sync with its progress shown, print its summary, and return the exit code.

    Args:
        names: clients' names by id.
        act: the run; its summary, or None when there was nothing to run.
        document: a summary as scripts get it. without: prints what there is to say without one.
    """
    output = program.output
    progress = RunProgress(output, names)
    try:
        async with progress.shown():
            summary = await act(progress)
    except StickySyncError as error:
        done = error.summary
        if done is not None and done.steps and not output.json:
            output.result(dict, lambda: summary_words(done, names))
        failed = document(done) if done is not None else {}
        if isinstance(error, GuardStopped):
            failed["guard"] = _guard_document(error)
        output.failure(error, failed)
        return error.exit_code
    if summary is None:
        without()
        return ExitCode.DONE
    if not (output.quiet and not output.json and summary.ended == "done"):
        output.result(lambda: document(summary), lambda: summary_words(summary, names))
    return exit_code_of(summary)


def exit_code_of(summary: Summary) -> int:
    """How a call ends whose run came to its end."""
    if summary.ended == "cancelled":
        return ExitCode.CANCELLED
    return ExitCode.ROWS_FAILED if summary.failed else ExitCode.DONE


def summary_document(summary: Summary) -> Document:
    """What a run did, as scripts get it."""
    return {
        "run_id": summary.run_id,
        "ended": summary.ended,
        "created": summary.created,
        "linked": summary.linked,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "skipped": summary.skipped,
        "failed": summary.failed,
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
        "history_kept": summary.history_kept,
        "skipped_by_status": {status.value: count for status, count in summary.skipped_by_status.items()},
        "rows": [step_document(step) for step in summary.steps],
    }


def step_document(step: Step) -> Document:
    """How one row ended, as scripts get it."""
    return {
        "password_id": step.password_id,
        "client_id": step.client_id,
        "itglue_password_id": step.entry_id,
        "status": step.status.value,
        "action": step.action.value,
        "outcome": step.outcome.value,
        "reason": step.reason,
    }


def summary_words(summary: Summary, names: Mapping[int, str]) -> Iterator[Any]:
    """What a run did, as people get it."""
    skipped = skipped_by_reason(summary)
    if skipped:
        yield table(("Skipped#", "Why"), ((count, reason) for reason, count in skipped.most_common()))
    failed = [step for step in summary.steps if step.outcome is Outcome.FAILED]
    if failed:
        yield table(
            ("Failed#", "Client", "Action", "Why"),
            (
                (step.password_id, names.get(step.client_id, f"({step.client_id})"), step.action.value, step.reason)
                for step in failed
            ),
        )
    ended = {"done": "Done", "rows_failed": "Done, with failures", "cancelled": "Stopped by you"}
    effort = f"{counted(summary.requests, 'request')} in {duration(summary.seconds)}"
    if not summary.history_kept:
        yield "This PC's history could not be written, so the run is missing there; the log says why."
    yield f"{ended.get(summary.ended, 'Stopped before its end')}: {summary.sentence()}; {effort}."


def skipped_by_reason(summary: Summary) -> Counter[str]:
    """Skipped rows by status where there was nothing to do, else by the reason that came in between."""
    counts: Counter[str] = Counter()
    for step in summary.steps:
        if step.outcome is Outcome.SKIPPED:
            idle = step.action is Action.NONE or not step.reason
            counts[step.status.label if idle else step.reason] += 1
    return counts
