"""The question whether the plugin in the Control Center is switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from stickysync_gui.ui import alerts

if TYPE_CHECKING:
    from stickysync_gui.ui.autosync.rounds import Rounds
    from stickysync_gui.ui.jobs import Jobs

QUESTION = alerts.Question(
    "The Control Center plugin",
    "Is the plugin switched off, on the server and in every Control Center?",
    "If it still runs, both programs sync the same passwords, and entries may be created twice in IT Glue.",
    ("It is switched off",),
    cancel="Not yet",
    danger=True,
)


def ask_about_the_plugin(parent: QWidget, jobs: Jobs, rounds: Rounds) -> None:
    """Ask, and keep the answer; AutoSync goes on with it."""
    jobs.start("Other plugin", _ask(parent, rounds))


async def _ask(parent: QWidget, rounds: Rounds) -> None:
    if await alerts.ask(parent, QUESTION):
        rounds.take_other_plugin_as_off()
