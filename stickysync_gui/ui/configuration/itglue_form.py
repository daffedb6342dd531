"""The IT Glue section: team passphrase, API key, region, and what checking them gave."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from stickysync_gui.domain.connection import KeyState, Region
from stickysync_gui.domain.progress import Event, Waiting
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import (
    ForeignKeyStored,
    KeyStoreUnavailable,
    PassphraseNeeded,
    StickySyncError,
    WrongPassphrase,
)
from stickysync_gui.ui import alerts
from stickysync_gui.ui.configuration.database_form import CONNECTION
from stickysync_gui.ui.configuration.passphrase import KnownPassphrase, NewPassphrase
from stickysync_gui.ui.configuration.section import Section, buddy, field_line
from stickysync_gui.ui.controls import label, line_edit, push_button
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.theme import Tone

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

APPLY = "Apply the API key"
PASSPHRASE = "Set the passphrase"
_REPLACING = {
    "foreign": (
        "Another program stored an API key here, most likely the StickySync Control Center plugin.",
        "When you replace it, the plugin cannot read the new key and stops syncing.",
    ),
    "wrong": (
        "The stored API key does not open with this PC's passphrase.",
        "When you replace it, colleagues' PCs ask for this PC's passphrase once.",
    ),
}


class ItGlueForm(Section):
    """Checks an API key live and stores it sealed."""

    connection_changed = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(
            "IT Glue",
            "An API key with Password Access. It is checked before it is stored, and it is stored sealed under your "
            "team's passphrase.",
            parent,
        )
        self._jobs = jobs
        self._backend: Backend | None = None
        self._outcome: tuple[str, Tone, str] | None = None
        self._key_state: KeyState | None = None
        self._has_passphrase = False
        self._waiting = ""
        self.passphrase_words = label(wrap=False)
        self.passphrase = push_button("Passphrase…", self._passphrase_clicked, icon="lock")
        self.key = line_edit("API key", prompt="Paste the key", secret=True)
        self.key.returnPressed.connect(self._apply)
        self.region = QComboBox()
        self.region.setAccessibleName("Region")
        self.region.addItem("Detect", "")
        for region in Region:
            self.region.addItem(f"{region.label} – {region.url.removeprefix('https://')}", region.value)
        self.apply = push_button(
            "Apply", self._apply, icon="check", tip="Check the key live, then store it", default=True
        )
        form = self.add_form()
        form.addRow("Passphrase", field_line(self.passphrase_words, self.passphrase))
        form.addRow(buddy("API &key", self.key), self.key)
        form.addRow(buddy("&Region", self.region), self.region)
        self.cancel = push_button("Cancel", lambda: jobs.stop(APPLY), icon="close", shortcut="Esc")
        self.add_buttons(self.apply, self.cancel)
        self.column.addStretch()
        jobs.changed.connect(self.show_state)
        self.show_state()

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend

    def refresh(self) -> None:
        """Ask anew what is stored; after the database connection changed."""
        self._outcome = None
        self._key_state = None
        if self._backend is not None and self._backend.database_state is not None:
            self._jobs.start("Look at the stored API key", self._look(self._backend))
        self.show_state()

    async def _look(self, backend: Backend, *, reopen: bool = False) -> None:
        if reopen:
            with suppress(StickySyncError):
                await backend.open_key()
        self._has_passphrase = await backend.has_passphrase()
        self._key_state = await backend.key_state()

    def show_state(self) -> None:
        """Show what is known, and enable what can be done."""
        backend = self._backend
        connected = backend is not None and backend.database_state is not None
        busy = self._jobs.is_busy(CONNECTION) or self._jobs.is_busy(RUN)
        for widget in (self.passphrase, self.key, self.region, self.apply):
            widget.setEnabled(connected and not busy)
        self.passphrase_words.setText("Known on this PC." if self._has_passphrase else "Not known on this PC yet.")
        self.cancel.setVisible(self._jobs.is_on(APPLY))
        is_elsewhere = self._key_state in (KeyState.NO_PASSPHRASE, KeyState.WRONG_PASSPHRASE)
        self.passphrase.setText("Enter…" if is_elsewhere else "Change…" if self._has_passphrase else "Set up…")
        self.banner.say(*self._words(connected))

    def _words(self, connected: bool) -> tuple[str, Tone, str]:
        state = self._backend.itglue_state if self._backend else None
        if self._jobs.is_on(APPLY):
            return ("status-checking", Tone.NEW, f"Checking the key with IT Glue… {self._waiting}")
        if self._outcome is not None:
            return self._outcome
        if not connected:
            return ("info", Tone.QUIET, "Connect the database first: the key is stored there.")
        if state is not None:
            region = f", region {state.region.label}" if state.region else ""
            return ("ok", Tone.GOOD, f"Ready: {state.url}{region} ({state.words}).")
        if self._key_state is not None and self._key_state is not KeyState.READABLE:
            tone = Tone.QUIET if self._key_state is KeyState.NONE else Tone.ALERT
            return ("info" if tone is Tone.QUIET else "warning", tone, self._key_state.words)
        return ("info", Tone.QUIET, "No usable API key.")

    # -- passphrase --------------------------------------------------------------------------------------------------

    def _passphrase_clicked(self) -> None:
        if self._backend is not None:
            self._outcome = None
            self._jobs.start(PASSPHRASE, self._set_passphrase(self._backend), exclusive=CONNECTION)

    async def _set_passphrase(self, backend: Backend) -> bool:
        """Ask for the passphrase and keep it; False when the user backed out."""
        state = await backend.key_state()
        if state is KeyState.READABLE:
            return await self._renew_passphrase(backend)
        dialog: NewPassphrase | KnownPassphrase
        if state in (KeyState.NONE, KeyState.FOREIGN):
            dialog = NewPassphrase(self, backend.proposed_passphrase())
        else:
            dialog = KnownPassphrase(self, state.words)
        if not await alerts.shown(dialog):
            return False
        try:
            self._key_state = await backend.set_passphrase(dialog.take())
        except WrongPassphrase as error:
            self._outcome = ("error", Tone.BAD, error.sentences())
            return False
        except KeyStoreUnavailable as error:
            # It is in use all the same; only this PC asks for it again next time.
            self._jobs.report(error, PASSPHRASE)
        self._has_passphrase = True
        self.connection_changed.emit()
        return True

    async def _renew_passphrase(self, backend: Backend) -> bool:
        dialog = NewPassphrase(self, backend.proposed_passphrase(), changing=True)
        if not await alerts.shown(dialog):
            return False
        await backend.renew_passphrase(dialog.take())
        self.connection_changed.emit()
        self._outcome = ("ok", Tone.GOOD, "The API key is sealed under the new passphrase. Other PCs ask for it once.")
        return True

    # -- key ---------------------------------------------------------------------------------------------------------

    def _apply(self) -> None:
        # A key copied from a page or a mail often brings blanks and line breaks along.
        text = "".join(self.key.text().split())
        if not text:
            self._outcome = (
                "info",
                Tone.QUIET,
                "Paste an API key first. IT Glue has them under Account > Settings > API Keys.",
            )
            self.show_state()
        elif self._backend is not None and self.apply.isEnabled():
            region = Region(self.region.currentData()) if self.region.currentData() else None
            self._outcome = None
            self._jobs.start(APPLY, self._apply_key(self._backend, Secret(text), region), exclusive=CONNECTION)

    async def _apply_key(self, backend: Backend, key: Secret, region: Region | None) -> None:
        try:
            done = await self._apply_asking(backend, key, region)
        except asyncio.CancelledError:
            self._outcome = ("info", Tone.QUIET, "Checking the key was cancelled.")
            # It may have been stored at the last moment.
            self._jobs.start("Look at the stored API key", self._look(backend, reopen=True))
            raise
        except StickySyncError as error:
            # It stands here, beside the field it is about, until the next Apply.
            self._outcome = ("error", Tone.BAD, error.sentences())
            return
        if done:
            self.key.clear()
            # Everybody looks anew first, this form included; the outcome then stands until the next act.
            self.connection_changed.emit()
            state = backend.itglue_state
            where = f"{state.url}{f', region {state.region.label}' if state.region else ''}" if state else ""
            self._outcome = ("ok", Tone.GOOD, f"The key works and is stored: {where}.")

    def _report(self, event: Event) -> None:
        if isinstance(event, Waiting):
            self._waiting = f"{event.why} Next try in {max(1, round(event.seconds))} s."
            self.show_state()

    async def _apply_asking(self, backend: Backend, key: Secret, region: Region | None) -> bool:
        replacing = False
        while True:
            try:
                self._waiting = ""
                await backend.apply_key(key, region, replace=replacing, report=self._report)
                return True
            except PassphraseNeeded:
                if not await self._set_passphrase(backend):
                    return False
            except (ForeignKeyStored, WrongPassphrase) as stored:
                kind = "foreign" if isinstance(stored, ForeignKeyStored) else "wrong"
                if replacing or not await alerts.ask(self, _replace_question(kind)):
                    return False
                replacing = True


def _replace_question(kind: str) -> alerts.Question:
    text, detail = _REPLACING[kind]
    return alerts.Question("Replace the stored API key", f"{text} Replace it?", detail, ("Replace",), danger=True)
