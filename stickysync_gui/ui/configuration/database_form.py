"""The database section: profile, address, Connect, and the certificate that is confirmed once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import KeyStoreUnavailable, StickySyncError, UnknownCertificate
from stickysync_gui.settings import Profile
from stickysync_gui.ui import alerts
from stickysync_gui.ui.configuration.address_fields import AddressFields, grouped
from stickysync_gui.ui.configuration.profiles import NameDialog, ProfileChoice
from stickysync_gui.ui.configuration.section import Section, buddy
from stickysync_gui.ui.controls import push_button
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.theme import Tone

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

CONNECT = "Connect to the database"
START = "Connect"
"""The same, as it happens by itself when the program starts."""
KEEP = "Keep the database password"
CONNECTION = "connection"
"""The group of jobs that change what is connected."""


class DatabaseForm(Section):
    """Connects to Automate's database.

    Args:
        test: opens the self-check.
    """

    connection_changed = Signal()
    profiles_changed = Signal()

    def __init__(self, jobs: Jobs, test: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(
            "Automate's database",
            "The MySQL database of your ConnectWise Automate server. StickySync only reads it, and writes to the "
            "plugin's own tables. Cloud-hosted Automate servers offer no access to their database.",
            parent,
        )
        self._jobs = jobs
        self._test = test
        self._backend: Backend | None = None
        self._profile = Profile("", "")
        self._failure = ""
        self._focus_next: QWidget | None = None
        """What gets the focus as soon as it can be used."""
        self.profiles = ProfileChoice()
        self.profiles.chosen.connect(self._switch)
        self.profiles.new_asked.connect(lambda: self._start("New profile", self._new()))
        self.profiles.rename_asked.connect(lambda: self._start("Rename the profile", self._rename()))
        self.profiles.remove_asked.connect(lambda: self._start("Remove the profile", self._remove()))
        form = self.add_form()
        form.addRow(buddy("&Profile", self.profiles.combo), self.profiles)
        self.fields = AddressFields(form, lambda: self._start("Choose a CA file", self._browse()))
        self.connect_button = push_button("Connect", self.connect_now, icon="database", default=True)
        self.disconnect_button = push_button("Disconnect", self._disconnect)
        self.test_button = push_button("Test", self._test_clicked, icon="self-check", tip="Connect, then check it all")
        self.cancel = push_button("Cancel", self._cancel, icon="close", shortcut="Esc")
        self.add_buttons(self.connect_button, self.test_button, self.disconnect_button, self.cancel)
        self.column.addStretch()
        for field in (self.fields.host, self.fields.schema, self.fields.user, self.fields.password):
            field.returnPressed.connect(self.connect_now)
        jobs.changed.connect(self.show_state)
        self.show_state()

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend
        self._show_profiles()

    def show_state(self) -> None:
        """Show what is connected, and enable what can be done."""
        state = self._backend.database_state if self._backend else None
        connecting = self._jobs.is_on(CONNECT) or self._jobs.is_on(START)
        free = self._backend is not None and not self._jobs.is_busy(CONNECTION) and not self._jobs.is_busy(RUN)
        self.cancel.setVisible(connecting)
        if connecting:
            self.banner.say("status-checking", Tone.NEW, "Connecting…")
        elif state is not None:
            look = ("ok", Tone.GOOD) if state.encrypted or state.address.sqlite_file else ("lock-open", Tone.ALERT)
            way = state.tls.replace("pin", "certificate pinned").replace("verify", "certificate verified")
            self.banner.say(*look, f"Connected to {state.address.words()}: {state.server}, {way}.")
        elif self._failure:
            self.banner.say("error", Tone.BAD, f"Not connected. {self._failure}")
        else:
            self.banner.say("info", Tone.QUIET, "Not connected.")
        self.fields.enable(free)
        self.profiles.setEnabled(free and not (self._backend is not None and self._backend.demo))
        self.connect_button.setEnabled(free)
        self.test_button.setEnabled(free)
        self.disconnect_button.setEnabled(free and state is not None)
        if free and self._focus_next is not None:
            self._focus_next.setFocus()
            self._focus_next = None

    def show_failure(self, error: StickySyncError) -> None:
        """Say why the connection at the start of the program failed."""
        self._failure = error.sentences()
        self.show_state()

    # -- connecting --------------------------------------------------------------------------------------------------

    def connect_now(self, then: Callable[[], None] | None = None) -> None:
        """Connect with what stands in the form; `then` runs when that went well."""
        if self._backend is not None and self.connect_button.isEnabled():
            self._jobs.start(CONNECT, self._connect(self._backend, then), exclusive=CONNECTION)

    async def _connect(self, backend: Backend, then: Callable[[], None] | None) -> None:
        profile = replace(self._profile, database=self.fields.address())
        if not profile.id:
            profile = Profile.new(profile.database.host or "Automate", profile.database)
        typed = self.fields.password.text()
        self._failure = ""
        try:
            connected = await self._connect_trusting(backend, profile, Secret(typed) if typed else None)
        except asyncio.CancelledError:
            self._failure = "Connecting was cancelled."
            raise
        except KeyStoreUnavailable as error:
            # Connected all the same; only the password has to be typed again next time.
            self._jobs.report(error, KEEP)
            connected = True
        except StickySyncError as error:
            self._failure = error.sentences()
            raise
        finally:
            if backend.database_state is not None:
                self._show_profiles()
            self.connection_changed.emit()
        if connected and then is not None:
            then()

    async def _connect_trusting(self, backend: Backend, profile: Profile, password: Secret | None) -> bool:
        """Connect; an unknown certificate is shown and remembered when the user confirms it."""
        try:
            await backend.connect(profile, password)
        except UnknownCertificate as unknown:
            if not await alerts.ask(self, _certificate_question(unknown, profile)):
                self._failure = "The certificate was not confirmed, and the log-in was not sent."
                return False
            address = replace(profile.database, pinned_fingerprint=unknown.fingerprint)
            await backend.connect(replace(profile, database=address), password)
        return True

    def _cancel(self) -> None:
        for name in (CONNECT, START):
            self._jobs.stop(name)

    def _test_clicked(self) -> None:
        state = self._backend.database_state if self._backend else None
        same = state is not None and state.address == self.fields.address() and not self.fields.password.text()
        if same:
            self._test()
        else:
            self.connect_now(then=self._test)

    def _disconnect(self) -> None:
        if self._backend is not None:
            self._jobs.start("Disconnect", self._close(self._backend), exclusive=CONNECTION)

    async def _close(self, backend: Backend) -> None:
        await backend.disconnect()
        self.connection_changed.emit()

    async def _browse(self) -> None:
        path = await alerts.choose_file(self, "CA file", "Certificates (*.pem *.crt *.cer);;All files (*)")
        if path:
            self.fields.ca_file.setText(path)

    # -- profiles ----------------------------------------------------------------------------------------------------

    def _start(self, name: str, coroutine: Coroutine[Any, Any, None]) -> None:
        self._jobs.start(name, coroutine, exclusive="profiles")

    def _show_profiles(self) -> None:
        if self._backend is None:
            return
        settings = self._backend.settings
        current = self._backend.profile or settings.profile()
        self.profiles.show_profiles(settings.profiles, current.id if current else "")
        self._choose(self.profiles.profile_id)

    def _choose(self, profile_id: str) -> None:
        if self._backend is None:
            return
        found = next((p for p in self._backend.settings.profiles if p.id == profile_id), None)
        self._profile = found or self._backend.profile or Profile("", "")
        self.fields.show(self._profile.database, password_known=False)
        self.show_state()
        self._jobs.start(
            f"Look for the password of {self._profile.name}", self._hint_password(self._backend, self._profile)
        )

    def _switch(self, profile_id: str) -> None:
        """Go over to another profile, and the other tabs with it; the user may have to type its password first."""
        backend = self._backend
        if backend is None or self._jobs.is_busy(CONNECTION):
            return
        self._choose(profile_id)
        self._failure = ""
        is_open = backend.database_state is not None and backend.profile == self._profile
        if profile_id and not is_open:
            self._jobs.start(CONNECT, self._go_over(backend, self._profile), exclusive=CONNECTION)

    async def _go_over(self, backend: Backend, profile: Profile) -> None:
        if profile.database.host and await backend.saved_database_password(profile) is not None:
            await self._connect(backend, None)
            return
        await backend.disconnect()
        self._failure = f"Enter address and password of “{profile.name}”, then press Connect."
        self._focus_next = self.fields.password if profile.database.host else self.fields.host
        self.connection_changed.emit()

    async def _hint_password(self, backend: Backend, profile: Profile) -> None:
        known = bool(profile.id) and await backend.saved_database_password(profile) is not None
        if profile is self._profile and known:
            self.fields.password.setPlaceholderText("Kept in this PC's key store")

    def _taken(self, backend: Backend, but: str = "") -> list[str]:
        return [profile.name for profile in backend.settings.profiles if profile.id != but]

    async def _new(self) -> None:
        backend = self._backend
        if backend is None:
            return
        dialog = NameDialog(self, "New profile", "", self._taken(backend))
        if await alerts.shown(dialog):
            # Read before the next wait: a closed dialog does not live long.
            profile = Profile.new(dialog.text, type(self._profile.database)())
            await backend.disconnect()
            self._failure = ""
            self.connection_changed.emit()
            self._focus_next = self.fields.host
            await self._save_profile(backend, profile)

    async def _rename(self) -> None:
        backend = self._backend
        if backend is None:
            return
        dialog = NameDialog(self, "Rename the profile", self._profile.name, self._taken(backend, self._profile.id))
        if await alerts.shown(dialog):
            await self._save_profile(backend, replace(self._profile, name=dialog.text))

    async def _save_profile(self, backend: Backend, profile: Profile) -> None:
        backend.save_settings(backend.settings.with_profile(profile))
        self.profiles.show_profiles(backend.settings.profiles, profile.id)
        self._choose(profile.id)
        self.profiles_changed.emit()

    async def _remove(self) -> None:
        backend, profile = self._backend, self._profile
        question = alerts.Question(
            "Remove the profile",
            f"Remove the profile “{profile.name}”?",
            "Its address, its looks and its stored password and passphrase are forgotten on this PC. The database and "
            "IT Glue stay as they are.",
            ("Remove",),
            danger=True,
        )
        if backend is None or not await alerts.ask(self, question):
            return
        await backend.forget_profile(profile)
        self._failure = ""
        self.connection_changed.emit()
        self.profiles.show_profiles(backend.settings.profiles, backend.settings.current_profile)
        self._choose(self.profiles.profile_id)
        self.profiles_changed.emit()


def _certificate_question(unknown: UnknownCertificate, profile: Profile) -> alerts.Question:
    host = profile.database.host
    if unknown.changed:
        text = f"{host} shows another certificate than the one you confirmed."
        detail = "That is so after the server was set up anew, or when somebody stands in between."
    else:
        text = f"Is this the certificate of {host}?"
        detail = "Compare the fingerprint with the server's own certificate. It is remembered; any other is refused."
    shown = grouped(unknown.fingerprint)
    lines = "\n".join(shown[n : n + 48].strip(":") for n in range(0, len(shown), 48))
    return alerts.Question(
        "Confirm the certificate",
        text,
        f"SHA-256 fingerprint:\n{lines}\n\n{detail}",
        ("Trust it",),
        danger=unknown.changed,
    )
