"""The rows of the Passwords tab: records with everything they show, built off the Qt thread, never with a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from PySide6.QtGui import QColor

from stickysync_gui.domain.planned import Action, Plan, PlannedRow, Status
from stickysync_gui.domain.progress import Outcome, Step
from stickysync_gui.domain.snapshot import AutomateSide
from stickysync_gui.ui import theme
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.marks import Mark
from stickysync_gui.ui.row_list import Column, RowList


class PasswordRow(NamedTuple):
    """A password as the table shows it. A tuple, since very many are made while the window works.

    Args:
        action: what the next run would do, in words; with nothing to do the reason.
        hint: the reason or the failure in full.
        planned: the plan's row; None until there is one.
    """

    id: int
    client_id: int
    client: str
    location: str
    title: str
    username: str
    url: str
    ticked: bool
    mark: Mark
    action: str = ""
    hint: str = ""
    last_sync: str = ""
    entry_id: int | None = None
    entry_url: str = ""
    planned: PlannedRow | None = None

    @property
    def can_sync(self) -> bool:
        """Whether a run would do something with it, as far as is known."""
        return self.planned is None or self.planned.action is not Action.NONE or self.mark is marks.FAILED


AUTOSYNC, CLIENT, LOCATION, TITLE, USERNAME, URL, STATUS, ACTION, LAST_SYNC, ENTRY, SYNC = range(11)


def entry_words(row: PasswordRow) -> str:
    """What is known of the linked entry."""
    if row.entry_id is None:
        return ""
    return f"Open entry {row.entry_id} in IT Glue" if row.entry_url else f"Linked to entry {row.entry_id}"


def row_words(row: PasswordRow) -> str:
    """A row's status and why, in full: columns have room for little of it."""
    hint = row.hint if row.hint != row.mark.label else row.action
    return f"{row.title or '(untitled)'}: {row.mark.label}" + (f". {hint}" if hint else ".")


def _quiet(row: PasswordRow) -> QColor | None:
    idle = row.planned is not None and row.planned.action is Action.NONE and row.mark is not marks.FAILED
    return theme.color(theme.Tone.QUIET) if idle else None


COLUMNS: tuple[Column[PasswordRow], ...] = (
    Column(
        "AutoSync",
        lambda row: "",
        order=lambda row: not row.ticked,
        checked=lambda row: row.ticked,
        spoken=lambda row: "AutoSync on" if row.ticked else "AutoSync off",
        searched=False,
        width=92,
        fixed=True,
        header_tip="Ticked passwords are kept equal by AutoSync. The box in the header ticks all shown rows.",
    ),
    Column("Client", lambda row: row.client, width=160),
    Column("Location", lambda row: row.location, width=90),
    Column("Title", lambda row: row.title, width=190),
    Column("User name", lambda row: row.username, width=140),
    Column("URL", lambda row: row.url, width=130),
    Column(
        "Status",
        lambda row: row.mark.label,
        order=lambda row: row.mark.rank,
        icon=lambda row: row.mark.icon,
        tip=lambda row: row.hint,
        width=180,
    ),
    Column("Next action", lambda row: row.action, color=_quiet, tip=lambda row: row.hint, width=170),
    Column("Last sync", lambda row: row.last_sync[:16], searched=False, width=126, fixed=True),
    Column(
        "IT Glue",
        lambda row: str(row.entry_id) if row.entry_id is not None else "",
        order=lambda row: row.entry_id or 0,
        tip=lambda row: entry_words(row),
        spoken=lambda row: f"Entry {row.entry_id}" if row.entry_id is not None else "Not linked",
        width=70,
        fixed=True,
        header_tip="The linked entry; a click opens it in IT Glue.",
    ),
    Column(
        "Sync",
        lambda row: "",
        order=lambda row: not row.can_sync,
        tip=lambda row: f"Sync “{row.title}” now" if row.can_sync else row.hint,
        spoken=lambda row: "Sync this password",
        searched=False,
        width=48,
        fixed=True,
    ),
)


@dataclass(frozen=True, slots=True)
class PasswordFilter:
    """What client and status filter let through; None means all."""

    client_id: int | None = None
    mark_name: str | None = None

    def __call__(self, row: PasswordRow) -> bool:
        """Whether the row is let through."""
        return (self.client_id is None or row.client_id == self.client_id) and (
            self.mark_name is None or row.mark.name == self.mark_name
        )


def password_key(row: PasswordRow) -> int:
    """Rows are known by their PasswordID."""
    return row.id


def build_rows(
    side: AutomateSide, plan: Plan | None, unplanned: Mark, failures: Mapping[int, str]
) -> list[PasswordRow]:
    """The table's records; for a worker thread, since there may be very many.

    Args:
        plan: what is known of them, or None.
        unplanned: the mark of rows without a plan.
        failures: IT Glue's words for the rows that failed in the last runs, by PasswordID.
    """
    planned = {row.password.id: row for row in plan.rows} if plan else {}
    links = {link.password_id: link for link in side.links}
    rows = []
    for password in side.passwords:
        client = side.clients.get(password.client_id)
        link = links.get(password.id)
        row = PasswordRow(
            password.id,
            password.client_id,
            client.name if client else f"(client {password.client_id} is gone)",
            side.locations.get(password.location_id, ""),
            password.title,
            password.username,
            password.url,
            password.id in side.ticked,
            unplanned,
            last_sync=link.last_sync if link else "",
            entry_id=link.entry_id if link else None,
        )
        rows.append(with_plan(row, planned.get(password.id), failures.get(password.id, "")))
    return rows


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows there are by mark and by ClientID."""

    marks: Counter[Mark]
    clients: Counter[int]

    @classmethod
    def of(cls, rows: Sequence[PasswordRow]) -> Tally:
        """Count rows; of very many in a worker thread, since the window would stand still meanwhile."""
        return cls(Counter(map(attrgetter("mark"), rows)), Counter(map(attrgetter("client_id"), rows)))


def with_plan(row: PasswordRow, planned: PlannedRow | None, failure: str) -> PasswordRow:
    """The row as the plan sees it, or as a failure left it."""
    if planned is not None:
        entry, mark = planned.entry, marks.OF_STATUS[planned.status]
        row = row._replace(
            mark=mark,
            action=action_words(planned),
            hint=planned.reason or mark.label,
            entry_id=entry.id if entry and planned.links else row.entry_id,
            entry_url=entry.resource_url if entry and planned.links else "",
            planned=planned,
        )
    if failure:
        row = row._replace(mark=marks.FAILED, action=failure, hint=failure)
    return row


def after_step(row: PasswordRow, step: Step) -> PasswordRow:
    """The row as a run's step leaves it, until the next plan."""
    if step.outcome is Outcome.FAILED:
        return row._replace(mark=marks.FAILED, action=step.reason, hint=step.reason)
    if step.outcome is Outcome.DONE:
        done = {Action.CREATE: "Created", Action.LINK: "Linked", Action.UPDATE: "Updated"}.get(step.action, "")
        mark = marks.OF_STATUS[Status.IN_SYNC]
        return row._replace(mark=mark, action=done, hint=done or mark.label, entry_id=step.entry_id or row.entry_id)
    if row.mark is marks.CHECKING or row.mark is marks.NOT_CHECKED:
        return row._replace(mark=marks.OF_STATUS[step.status], action=step.reason, hint=step.reason)
    return (
        row._replace(hint=step.reason or row.hint)
        if step.action is Action.NONE
        else row._replace(action=f"Skipped: {step.reason}", hint=step.reason)
    )


def action_words(planned: PlannedRow) -> str:
    """What a run would do with the row; why nothing, when it is nothing."""
    if planned.action is Action.NONE:
        return "" if planned.status is Status.IN_SYNC else planned.reason
    names = ", ".join(field_words(field.value) for field in planned.fields)
    match planned.action:
        case Action.CREATE:
            return "Create"
        case Action.LINK:
            return f"Link, then update {names}" if names else "Link"
        case _:
            return f"Update {names}" if names else "Note as equal"


def field_words(name: str) -> str:
    """A field as people read it."""
    return {"username": "user name", "url": "URL"}.get(name, name)


def prepared(rows: Iterable[PasswordRow], like: RowList[PasswordRow] | None = None) -> RowList[PasswordRow]:
    """A list to show, sorted and filtered like another one; for a worker thread."""
    return like.same_view(rows) if like is not None else RowList(COLUMNS, password_key, rows)
