"""`demo`: the whole job on embedded demo data, with what happens said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stickysync_gui.cli.output import Document, counted
from stickysync_gui.cli.program import Program, Reach
from stickysync_gui.cli.progress import RunProgress
from stickysync_gui.cli.run import overwrites, plan_document, statuses_table, summary_document, summary_words
from stickysync_gui.domain.guards import Guard
from stickysync_gui.domain.progress import Summary
from stickysync_gui.domain.snapshot import EVERYTHING
from stickysync_gui.errors import ExitCode, GuardStopped

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend


@click.command("demo")
@click.pass_obj
def demo(program: Program) -> int:
    """Run the whole job on embedded demo data and print what happened. Nothing of yours is touched."""

    async def act(backend: Backend) -> int:
        tour = _Tour(program, backend)
        return await tour.run()

    return program.run(act, Reach.DEMO, stops_softly=True)


class _Tour:
    def __init__(self, program: Program, backend: Backend) -> None:
        self._program = program
        self._backend = backend
        self._names: dict[int, str] = {}
        self._document: Document = {}

    async def run(self) -> int:
        self._names = {client.id: client.name for client in await self._backend.clients()}
        await self._introduce()
        await self._plan("plan", "What a sync would do:")
        summary = await self._sync()
        if summary.ended != "cancelled":
            await self._plan("second_plan", "What is left after it, for people to decide:")
        self._say("The demo's data was in a temporary folder and is gone now. Nothing of yours was touched.")
        self._program.output.result(lambda: self._document, lambda: ())
        return ExitCode.CANCELLED if summary.ended == "cancelled" else ExitCode.DONE

    def _say(self, *parts: object) -> None:
        if not self._program.output.json:
            self._program.output.result(dict, lambda: parts)

    async def _introduce(self) -> None:
        overview = await self._backend.mapping_overview()
        mapped = sum(row.organization_id is not None for row in overview.clients if row.exists)
        self._say(
            "DEMO: an invented Automate database and an IT Glue account of its own, both on this computer.",
            f"{counted(len(self._names), 'client')} in Automate, {mapped} of them mapped; "
            f"{counted(len(overview.organizations), 'organization')} in IT Glue.",
            "",
        )

    async def _plan(self, name: str, title: str) -> None:
        progress = RunProgress(self._program.output, self._names)
        async with progress.shown():
            made = await self._backend.plan(report=progress.take, stop=self._program.stop)
        self._document[name] = plan_document(made)
        self._say(title, statuses_table(made))
        if typed := overwrites(made):
            entries = counted(typed, "entry", "entries")
            self._say(
                f"{entries} that somebody typed or changed in IT Glue will be overwritten, since Automate's values "
                "win. A guard stops a run in which these are too many.",
                "",
            )

    async def _sync(self) -> Summary:
        """Sync as a careful person would: when a guard stops the run, read its words, then confirm its number."""
        overrides: dict[Guard, int] = {}
        while True:
            progress = RunProgress(self._program.output, self._names)
            try:
                async with progress.shown():
                    summary = await self._backend.sync(
                        EVERYTHING, report=progress.take, stop=self._program.stop, overrides=overrides
                    )
            except GuardStopped as stopped:
                overrides[Guard(stopped.guard)] = stopped.number
                self._document.setdefault("guards_confirmed", []).append(
                    {"guard": stopped.guard, "number": stopped.number, "happened": stopped.happened}
                )
                self._say(
                    "A guard stopped the run before its first write:",
                    f"  {stopped.happened}",
                    f"Here that is as it should be, so the number {stopped.number} is confirmed and the run goes on.",
                    "",
                )
            else:
                self._document["sync"] = summary_document(summary)
                self._say("What the sync did:", *summary_words(summary, self._names), "")
                return summary
