"""What only a person can decide about a row: which entry it is, where it belongs, whether to start anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QButtonGroup, QDialog, QDialogButtonBox, QRadioButton, QVBoxLayout, QWidget

from stickysync_gui.domain.planned import PlannedRow, Status
from stickysync_gui.domain.records import Entry
from stickysync_gui.ui import alerts
from stickysync_gui.ui.controls import label, line_edit, push_button
from stickysync_gui.ui.passwords.links import is_safe, open_entry
from stickysync_gui.ui.passwords.model import PasswordRow

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of the context menu.

    Args:
        name: names the act to `decide`.
        words: the menu's text for one row. many: for several.
    """

    name: str
    words: str
    many: str = ""


KEEP = Choice(
    "keep", "Keep the entry where it is and update it there", "Keep the entries where they are and update them there"
)
MOVE = Choice(
    "anew", "Unlink, and create it in the mapped organization", "Unlink, and create them in the mapped organizations"
)
RENEW = Choice(
    "anew", "Unlink the archived entry, and create it anew", "Unlink the archived entries, and create them anew"
)
PICK = Choice("pick", "Link to an entry…")
CREATE = Choice("create", "Create a new entry of its own…", "Create new entries of their own…")
UNLINK = Choice("unlink", "Remove the link…", "Remove the links…")


def choices(planned: PlannedRow) -> list[Choice]:
    """What can be decided about a row in this state."""
    unclaimed = not planned.links and (planned.state is None or planned.state.mark is None)
    found = {
        Status.MOVED: [KEEP, MOVE],
        Status.ARCHIVED: [RENEW],
        Status.AMBIGUOUS: [PICK, CREATE] if unclaimed else [PICK],
        Status.MATCHES: [PICK, CREATE],
    }.get(planned.status, [])
    return [*found, UNLINK] if planned.links and not any(c.name == "anew" for c in found) else found


def shared_choices(plans: Sequence[PlannedRow]) -> list[Choice]:
    """What can be decided about several rows at once; an entry is picked for one password at a time."""
    shared = choices(plans[0])
    if len(plans) == 1:
        return shared
    shared = [choice for choice in shared if choice is not PICK]
    for planned in plans[1:]:
        if not shared:
            break
        offered = choices(planned)
        shared = [choice for choice in shared if choice in offered]
    return shared


def candidates(planned: PlannedRow) -> dict[int, Entry | None]:
    """The entries among which the user picks, by id; None for one that IT Glue does not list."""
    found: dict[int, Entry | None] = {entry.id: entry for entry in planned.candidates}
    if planned.entry is not None:
        found.setdefault(planned.entry.id, planned.entry)
    return {**dict.fromkeys(sorted(planned.links - found.keys())), **found}


def entry_lines(entry_id: int, entry: Entry | None) -> str:
    """What tells an entry from others of its name, in two lines."""
    if entry is None:
        return f"Entry {entry_id}\nIT Glue does not list it"
    traits = [f"Entry {entry.id}", f"password set on {entry.password_updated_at[:10]}", entry.url]
    traits += ["archived"] * entry.archived + ["embedded"] * entry.embedded + ["vaulted"] * entry.vaulted
    return f"{entry.name} ({entry.username or 'no user name'})\n{', '.join(trait for trait in traits if trait)}"


class EntryChoice(QDialog):
    """Asks which IT Glue entry belongs to a password.

    Args:
        row: the password, with its plan.
    """

    open_asked = Signal(str)
    """The address of the entry that the user wants to look at."""

    def __init__(self, parent: QWidget, row: PasswordRow, planned: PlannedRow) -> None:
        super().__init__(parent)
        self.setWindowTitle("Link to an entry")
        self._group = QButtonGroup(self)
        self._entries = candidates(planned)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        head = label(f"Which entry in IT Glue is “{row.title}” ({row.username or 'no user name'}) of {row.client}?")
        head.setMinimumWidth(480)
        layout.addWidget(head)
        layout.addWidget(label(planned.reason, quiet=True))
        for id_, entry in self._entries.items():
            self._add(entry_lines(id_, entry).replace("&", "&&"), id_, layout)
        self.other = line_edit("Entry id", prompt="Number at the end of the entry's address in IT Glue", width=480)
        self.other.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{1,19}"), self))
        self.other.textChanged.connect(self._changed)
        self._other_button = self._add("Another entry, by its id:", -2, layout)
        layout.addWidget(self.other)
        layout.addWidget(label("Linking writes nothing to IT Glue; the next sync updates the entry.", quiet=True))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.look = push_button("Open in IT Glue", self._look, icon="external", tip="Look at the chosen entry")
        buttons.addButton(self.look, QDialogButtonBox.ButtonRole.ActionRole)
        self.link = buttons.addButton("Link", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._group.buttons()[0].setChecked(True)
        self._group.idToggled.connect(self._changed)
        self.other.textEdited.connect(lambda: self._other_button.setChecked(True))
        self._changed()

    @property
    def entry_id(self) -> int | None:
        """The chosen entry."""
        chosen = self._group.checkedId()
        if chosen != -2:
            button = self._group.checkedButton()
            return int(button.property("entry_id")) if button else None
        return int(self.other.text()) if self.other.text() else None

    def _add(self, words: str, id_: int, layout: QVBoxLayout) -> QRadioButton:
        button = QRadioButton(words)
        button.setProperty("entry_id", str(id_))
        # Entry ids outgrow the 32 bits of a button id, so the id itself is a property.
        self._group.addButton(button, -2 if id_ == -2 else len(self._group.buttons()))
        layout.addWidget(button)
        return button

    def _address(self) -> str:
        entry = self._entries.get(self.entry_id or 0)
        return entry.resource_url if entry is not None and is_safe(entry.resource_url) else ""

    def _look(self) -> None:
        self.open_asked.emit(self._address())

    def _changed(self, *_: object) -> None:
        self.link.setEnabled(self.entry_id is not None)
        self.look.setEnabled(bool(self._address()))


async def decide(page: QWidget, backend: Backend, rows: Sequence[PasswordRow], choice: Choice) -> bool:
    """Ask what is to be asked, then write the decision, for all rows or none; False when the user backed out."""
    ids = [row.id for row in rows]
    if choice is PICK:
        return await _pick(page, backend, rows[0])
    if choice is KEEP:
        await backend.keep_moved(*ids)
        return True
    if choice is UNLINK and not await alerts.ask(page, _unlink_question(rows)):
        return False
    await backend.unlink(*ids)
    return True


async def _pick(page: QWidget, backend: Backend, row: PasswordRow) -> bool:
    if row.planned is None:
        return False
    dialog = EntryChoice(page, row, row.planned)
    dialog.open_asked.connect(open_entry)
    if not await alerts.shown(dialog) or dialog.entry_id is None:
        return False
    await backend.link(row.id, dialog.entry_id)
    return True


def create_question(rows: Sequence[PasswordRow]) -> alerts.Question:
    """Asks whether entries shall be created beside those of the same name."""
    alone = len(rows) == 1
    whose = f"“{rows[0].title}”" if alone else f"{len(rows):,} passwords"
    return alerts.Question(
        "Create a new entry" if alone else "Create new entries",
        f"Create {'a new entry' if alone else 'new entries'} for {whose}, beside those of the same name?",
        "The entries that stand in IT Glue are left as they are, and stay unlinked.",
        ("Create",),
    )


def _unlink_question(rows: Sequence[PasswordRow]) -> alerts.Question:
    row = rows[0]
    alone = len(rows) == 1
    which = (
        f"the link between “{row.title}” and entry {row.entry_id}" if alone else f"the links of {len(rows):,} passwords"
    )
    return alerts.Question(
        "Remove the link" if alone else "Remove the links",
        f"Remove {which}?",
        "What is linked stays in IT Glue as it is. The next sync looks for an entry of the same name and user name, "
        "and creates a new one where it finds none.",
        ("Remove the link" if alone else "Remove the links",),
        danger=True,
    )
