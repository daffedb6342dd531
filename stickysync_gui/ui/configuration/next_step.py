"""What is still to be set up, one step at a time, with the button that leads there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PySide6.QtWidgets import QWidget

from stickysync_gui.domain.connection import DatabaseState, ItGlueState
from stickysync_gui.ui.banner import Banner
from stickysync_gui.ui.controls import push_button
from stickysync_gui.ui.theme import Tone


class Place(Enum):
    """Where a step is done."""

    DATABASE = "database"
    TABLES = "tables"
    ITGLUE = "itglue"
    MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: where, why in words, and the button's label."""

    place: Place
    words: str
    button: str


def next_step(database: DatabaseState | None, itglue: ItGlueState | None) -> Step:
    """The first thing that is missing; the mapping when nothing is."""
    if database is None:
        return Step(Place.DATABASE, "First connect Automate's database: everything else builds on it.", "Database")
    if database.missing_tables:
        return Step(Place.TABLES, "Next: create the tables that are missing.", "Plugin tables")
    if itglue is None:
        return Step(Place.ITGLUE, "Next: set up the team passphrase and the IT Glue API key.", "IT Glue")
    words = "Everything is connected. Next: say which client belongs to which organization."
    return Step(Place.MAPPING, words, "Org Mapping")


class NextStep(Banner):
    """Shows the next step, unless it is done where the user is.

    Args:
        go: leads to a place.
    """

    def __init__(self, go: Callable[[Place], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Next step")
        self._step: Step | None = None
        self._to = go
        self.button = push_button("", self._clicked)
        self.add_button(self.button)

    def _clicked(self) -> None:
        if self._step is not None:
            self._to(self._step.place)

    def offer(self, step: Step | None) -> None:
        """Show a step, or none."""
        self._step = step
        done = step is not None and step.place is Place.MAPPING
        self.say("ok" if done else "info", Tone.GOOD if done else Tone.NEW, step.words if step else "")
        self.button.setText(step.button if step else "")
