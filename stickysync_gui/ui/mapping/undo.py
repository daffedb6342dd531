"""Undo and redo of mapping acts: each is one command, already written when it is pushed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QUndoCommand


@dataclass(frozen=True, slots=True)
class Remap:
    """A change of mappings, with both of its ends.

    Args:
        words: the act: "Map Contoso to Contoso Ltd".
        before: the organizations each client had.
        after: the organization each client got; None for none.
    """

    words: str
    before: Mapping[int, tuple[int, ...]]
    after: Mapping[int, int | None]

    def backwards(self) -> Remap:
        """The act that undoes this one. A client that had several organizations becomes unmapped again, which is
        what several count as."""
        before = {client: () if org is None else (org,) for client, org in self.after.items()}
        after = {client: ids[0] if len(ids) == 1 else None for client, ids in self.before.items()}
        return Remap(self.words, before, after)


class MapCommand(QUndoCommand):
    """One mapping act on the undo stack.

    Args:
        remap: what was done.
        write: starts writing a Remap.
    """

    def __init__(self, remap: Remap, write: Callable[[Remap], None]) -> None:
        super().__init__(remap.words)
        self._remap = remap
        self._write = write
        self._written = True

    def redo(self) -> None:
        """Do it again; the push that follows the first writing does nothing."""
        if self._written:
            self._written = False
        else:
            self._write(self._remap)

    def undo(self) -> None:
        """Do the opposite."""
        self._write(self._remap.backwards())
