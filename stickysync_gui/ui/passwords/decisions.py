"""Carries out what a person decides about rows, orphaned links and left-behind entries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from stickysync_gui.domain.planned import Plan
from stickysync_gui.ui import alerts
from stickysync_gui.ui.jobs import Jobs
from stickysync_gui.ui.passwords.choices import CREATE, Choice, create_question, decide
from stickysync_gui.ui.passwords.leftovers import Leftovers
from stickysync_gui.ui.passwords.links import open_entry
from stickysync_gui.ui.passwords.model import PasswordRow

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

DECIDE = "Save the decision"


class Decisions(QObject):
    """Asks, writes, and has the page compare anew.

    Args:
        page: over which questions are asked.
        compare: reads the database again and takes IT Glue as last read.
    """

    create_wanted = Signal(list)
    """Records that shall get entries of their own, whatever stands in IT Glue already."""

    def __init__(self, page: QWidget, jobs: Jobs, compare: Callable[[Backend], Awaitable[None]]) -> None:
        super().__init__(page)
        self._page = page
        self._jobs = jobs
        self._compare = compare
        self._backend: Backend | None = None

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend

    def choose(self, rows: Sequence[PasswordRow], choice: Choice) -> None:
        """Carry out a choice of the context menu."""
        if self._backend is not None:
            self._jobs.start(DECIDE, self._decide(self._backend, rows, choice), exclusive=DECIDE)

    def show_leftovers(self, plan: Plan, find: Callable[[int], PasswordRow | None]) -> None:
        """Show what stands beside the passwords; `find` gives the row of a PasswordID."""

        def names(password_id: int) -> tuple[str, str]:
            row = find(password_id)
            return (row.client, row.title) if row else ("", f"(password {password_id} is gone)")

        dialog = Leftovers(self._page, plan, names)
        dialog.unlink_asked.connect(self._unlink)
        dialog.open_asked.connect(open_entry)
        dialog.finished.connect(dialog.deleteLater)
        # Beside the window, which stays usable while a run is on.
        dialog.show()

    async def _decide(self, backend: Backend, rows: Sequence[PasswordRow], choice: Choice) -> None:
        if choice is CREATE:
            if await alerts.ask(self._page, create_question(rows)):
                self.create_wanted.emit(list(rows))
        elif await decide(self._page, backend, rows, choice):
            await self._compare(backend)

    def _unlink(self, password_ids: list[int]) -> None:
        if self._backend is not None:
            self._jobs.start(DECIDE, self._unlink_all(self._backend, password_ids), exclusive=DECIDE)

    async def _unlink_all(self, backend: Backend, password_ids: Collection[int]) -> None:
        try:
            await backend.unlink(*password_ids)
        finally:
            await self._compare(backend)
