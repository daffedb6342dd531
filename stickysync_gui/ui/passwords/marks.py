"""How each status looks: an icon of its own shape and a tone, so that nobody needs to tell colours apart."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QIcon

from stickysync_gui.domain.planned import Status
from stickysync_gui.ui import theme
from stickysync_gui.ui.theme import Tone


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """The look of a row's state; each is there once, so they are compared and counted as what they are.

    Args:
        name: a status's value, or one of the window's own states.
        rank: place in the status bar and when sorting: what needs a person first.
    """

    name: str
    label: str
    icon_name: str
    tone: Tone
    rank: int

    @property
    def icon(self) -> QIcon:
        """The icon in the mark's colour."""
        return theme.icon(self.icon_name, self.tone)


FAILED = Mark("failed", "Failed", "status-failed", Tone.BAD, 0)
CHECKING = Mark("checking", "Checking…", "status-checking", Tone.QUIET, 90)
NOT_CHECKED = Mark("not_checked", "Not checked", "status-not-checked", Tone.QUIET, 91)

_LOOKS = {
    Status.UNREADABLE: ("status-unreadable", Tone.BAD),
    Status.ORGANIZATION_MISSING: ("status-organization-missing", Tone.BAD),
    Status.INTERRUPTED: ("status-interrupted", Tone.ALERT),
    Status.AMBIGUOUS: ("status-ambiguous", Tone.ALERT),
    Status.MOVED: ("status-moved", Tone.ALERT),
    Status.CHANGED_ON_BOTH_SIDES: ("status-changed-both", Tone.ALERT),
    Status.CHANGED_IN_ITGLUE: ("status-changed-itglue", Tone.ALERT),
    Status.MISSING: ("status-missing", Tone.ALERT),
    Status.MATCHES: ("status-matches", Tone.MATCH),
    Status.NEW: ("status-new", Tone.NEW),
    Status.CHANGED_IN_AUTOMATE: ("status-changed-automate", Tone.CHANGE),
    Status.NOT_VERIFIED: ("status-not-verified", Tone.CHANGE),
    Status.IN_SYNC: ("status-in-sync", Tone.GOOD),
    Status.ARCHIVED: ("status-archived", Tone.QUIET),
    Status.VAULTED: ("status-vaulted", Tone.QUIET),
    Status.CLIENT_NOT_MAPPED: ("status-not-mapped", Tone.QUIET),
    Status.NO_PASSWORD: ("status-no-password", Tone.QUIET),
}

OF_STATUS = {
    status: Mark(status.value, status.label, icon, tone, rank)
    for rank, (status, (icon, tone)) in enumerate(_LOOKS.items(), start=1)
}
"""The mark of each status of a plan."""

ALL = (FAILED, *OF_STATUS.values(), CHECKING, NOT_CHECKED)
BY_NAME = {mark.name: mark for mark in ALL}
