"""What is asked before a mapping that stands is changed, and what becomes of the entries that are linked already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from stickysync_gui.ui import alerts
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend


class Entries(Enum):
    """What becomes of entries that lie in the former organization."""

    LATER = "Decide later"
    KEEP = "Keep them there"
    ANEW = "Create them anew"


async def asked(
    parent: QWidget, backend: Backend, changes: Mapping[int, int | None], names: Mapping[int, str], target: str
) -> Entries | None:
    """Ask about changing mappings that stand; None when the user backed out.

    Args:
        changes: the wanted organization of each client whose mapping stands; None unmaps.
        names: client names.
        target: the organization's name; empty when unmapping.
    """
    linked = sum((await backend.linked_password_counts(changes.keys())).values())
    whom = _whom([names.get(id_, f"client {id_}") for id_ in changes])
    if not target:
        detail = f"{counted(linked, 'password')} of it stay linked, and are not synced until it is mapped again."
        question = alerts.Question("Remove the mapping", f"Remove the mapping of {whom}?", detail, ("Unmap",))
        return Entries.LATER if await alerts.ask(parent, question) else None
    text = f"Map {whom} to {target} instead?"
    if not linked:
        detail = "No password is linked yet, so nothing is left behind in the former organization."
        question = alerts.Question("Change the mapping", text, detail, ("Map",))
        return Entries.LATER if await alerts.ask(parent, question) else None
    detail = (
        f"{counted(linked, 'password')} already linked to entries in the former organization will count as “Moved”.\n\n"
        "• Decide later: nothing is done about them until somebody decides, row by row or for many at once.\n"
        "• Keep them there: the entries stay, and are updated where they are.\n"
        f"• Create them anew: the links are removed and the next sync creates entries in {target}; the old entries are "
        "listed as left behind.\n\n"
        "Undo brings back the mapping, not this choice."
    )
    answers = tuple(entry.value for entry in Entries)
    answer = await alerts.choose(parent, alerts.Question("Change the mapping", text, detail, answers))
    return Entries(answer) if answer else None


async def apply_to_entries(backend: Backend, client_ids: Collection[int], entries: Entries) -> None:
    """Take the choice for every linked password of these clients at once."""
    linked = [] if entries is Entries.LATER else await backend.linked_passwords(client_ids)
    if not linked:
        return
    if entries is Entries.KEEP:
        await backend.keep_moved(*linked)
    else:
        await backend.unlink(*linked)


def _whom(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names):,} clients"
