"""`autosync`: one round for a scheduler, or a round whenever one is due until Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from stickysync_gui.cli.connecting import connect
from stickysync_gui.cli.output import Document, duration
from stickysync_gui.cli.program import Program, Reach
from stickysync_gui.cli.progress import RunProgress
from stickysync_gui.cli.run import run_shown, summary_document, summary_words
from stickysync_gui.cli.syntax import Integer
from stickysync_gui.domain.autosync import AutoSyncState
from stickysync_gui.domain.progress import Outcome, Summary, no_report
from stickysync_gui.errors import ExitCode, StickySyncError, UsageError
from stickysync_gui.settings import AUTOSYNC_MINUTES

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend
    from stickysync_gui.backend.autosync import AutoSync

minutes_between_rounds = click.option(
    "--every",
    type=Integer(AUTOSYNC_MINUTES[0], AUTOSYNC_MINUTES[2]),
    metavar="MINUTES",
    help="Between rounds, on all PCs together.",
)

_log = logging.getLogger(__name__)


@click.command("autosync")
@minutes_between_rounds
@click.option("--plugin-is-off", is_flag=True, help="Remember that the Control Center plugin was switched off.")
@click.pass_obj
def autosync(program: Program, every: int | None, plugin_is_off: bool) -> int:
    """Sync the ticked passwords when a round is due. With --every: look each minute, until Ctrl-C."""
    if every is not None and program.options.json:
        raise UsageError(
            happened="--json prints one document, and --every never ends.",
            unchanged="Nothing was changed.",
            todo="Leave one of them away; `stickysync history --json` lists the rounds.",
        )

    async def one_round(backend: Backend) -> int:
        _remember_answer(backend, plugin_is_off)
        return await _one_round(program, backend)

    async def rounds(backend: Backend) -> int:
        _remember_answer(backend, plugin_is_off)
        if every is not None:
            # For this call alone: `backend.settings` is not saved.
            options = replace(backend.settings.options, autosync_minutes=every)
            backend.settings = replace(backend.settings, options=options)
        return await _Watch(program, backend).run()

    if every is None:
        return program.run(one_round, Reach.ITGLUE, stops_softly=True)
    # A database that is down when the PC starts is no reason to give up, so the watch connects by itself.
    return program.run(rounds, Reach.NOTHING, stops_softly=True)


def _remember_answer(backend: Backend, plugin_is_off: bool) -> None:
    if plugin_is_off and not backend.settings.options.other_plugin_is_off:
        options = replace(backend.settings.options, other_plugin_is_off=True)
        backend.save_settings(replace(backend.settings, options=options))


async def _one_round(program: Program, backend: Backend) -> int:
    from stickysync_gui.backend.autosync import AutoSync

    rounds = AutoSync(backend)
    state = await rounds.state()
    names = {one.id: one.name for one in await backend.clients()}

    async def act(progress: RunProgress) -> Summary | None:
        return await rounds.round_if_due(report=progress.take, stop=program.stop)

    return await run_shown(program, names, act, document=_round_document, without=lambda: _tell_idle(program, state))


def _round_document(summary: Summary) -> Document:
    return {"ran": True, **summary_document(summary)}


def _tell_idle(program: Program, state: AutoSyncState) -> None:
    """Say why there was no round: none is due, or another run is on, which is nobody's business but a script's."""
    last = state.last
    if state.is_due or last is None:
        program.output.result(lambda: {"ran": False, "reason": "another_run_is_on"}, lambda: ())
        return
    ago = duration((state.now - last.ended).total_seconds())
    document = {
        "ran": False,
        "reason": "not_due",
        "last_round": {"ended": _utc(last.ended), "who": last.who, "computer": last.computer},
        "next_due": _utc(state.next_due),
    }
    left = duration((state.next_due - state.now).total_seconds())
    words = f"No round is due: the last one ended {ago} ago on {last.computer} ({last.who}); the next in {left}."
    program.output.result(lambda: document, lambda: () if program.output.quiet else (words,))


def _utc(moment: datetime) -> str:
    """The server's UTC, which carries no zone, as ISO 8601."""
    return moment.replace(tzinfo=UTC).isoformat(timespec="seconds")


class _Watch:
    """Rounds until somebody stops it. A failure is said when it begins or changes, not at every look."""

    def __init__(self, program: Program, backend: Backend) -> None:
        self._program = program
        self._backend = backend
        self._trouble: tuple[str, str] | None = None
        self._failed_rows: frozenset[tuple[int, str]] = frozenset()

    async def run(self) -> int:
        from stickysync_gui.backend import autosync as rounds

        minutes = self._backend.settings.options.autosync_minutes
        self._program.output.note(f"A round every {minutes} min; Ctrl-C ends it.")
        pause = rounds.LOOK_EVERY_SECONDS
        while not self._program.stop.is_set():
            if await self._survived(rounds.AutoSync(self._backend)):
                pause = rounds.LOOK_EVERY_SECONDS
            else:
                # A round that a guard stops walks all of IT Glue each time.
                pause = min(pause * 2, minutes * 60)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._program.stop.wait(), pause)
        return ExitCode.CANCELLED

    async def _survived(self, rounds: AutoSync) -> bool:
        try:
            await self._look(rounds)
        except UsageError:
            # No waiting mends a wrong call.
            raise
        except StickySyncError as error:
            await self._tell_trouble(error)
            return False
        except Exception as bug:
            await self._tell_trouble(self._program.report_bug(bug, "stickysync autosync --every"))
            return False
        return True

    async def _look(self, rounds: AutoSync) -> None:
        backend, program = self._backend, self._program
        if backend.database_state is None:
            await connect(backend, program.options, program.output)
        if backend.itglue_state is None:
            await backend.open_key()
        names = {one.id: one.name for one in await backend.clients()}
        progress = RunProgress(program.output, names)
        # Lines for each page of each round would fill a service's journal.
        report = progress.take if program.output.on_terminal else no_report
        async with progress.shown():
            summary = await rounds.round_if_due(report=report, stop=program.stop)
        if self._trouble is not None:
            program.output.note(f"{_now()}: AutoSync works again.")
            self._trouble = None
        if summary is not None:
            self._tell(summary, names)

    def _tell(self, summary: Summary, names: Mapping[int, str]) -> None:
        failed = frozenset((s.password_id, s.reason) for s in summary.steps if s.outcome is Outcome.FAILED)
        if failed != self._failed_rows or summary.created or summary.linked or summary.updated:
            self._program.output.result(dict, lambda: (_now(), *summary_words(summary, names)))
        self._failed_rows = failed

    async def _tell_trouble(self, error: StickySyncError) -> None:
        _log.warning("%s", error.happened)
        trouble = (error.kind, error.happened)
        if trouble != self._trouble:
            self._program.output.note(f"{_now()}:")
            self._program.output.failure(error)
            self._trouble = trouble
        # The next look begins afresh: the server may have moved, the key been replaced.
        with suppress(StickySyncError):
            await self._backend.disconnect()


def _now() -> str:
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
