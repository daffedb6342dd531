"""Connecting from the window to a real server, certificate and all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.settings import load
from stickysync_gui.ui.configuration.profiles import NameDialog
from stickysync_gui.ui.main_window import MAPPING, PASSWORDS
from tests.automate_schema import seed_client
from tests.mariadb import Database
from tests.memory_keyring import MemoryKeyring
from tests.ui.desk import Desk, click, dialog, new_window, press, put_away
from tests.waiting import until

PASSWORD = "k€y-böard 42"


@asynccontextmanager
async def fresh_desk(home: Path) -> AsyncIterator[Desk]:
    """A window on a PC that knows nothing yet."""
    window = new_window()
    home.mkdir(exist_ok=True)
    backend = Backend.open(home)
    try:
        window.set_backend(backend, AutoSync(backend))
        desk = Desk(window, backend)
        await desk.idle()
        yield desk
    finally:
        await window.jobs.end_all(5)
        await backend.close()
        put_away(window)


def fill(desk: Desk, database: Database, password: str = PASSWORD) -> None:
    fields = desk.window.configuration.database.fields
    fields.host.setText(f" {database.host} ")
    fields.port.setValue(database.port)
    fields.schema.setText(database.schema)
    fields.user.setText("sticky")
    fields.password.clear()
    fields.password.setText(password)


def user(database: Database) -> None:
    grants = ["SELECT, INSERT, UPDATE, DELETE, CREATE ON `" + database.schema + "`.*"]
    database.server.create_user("sticky", PASSWORD, grants)


async def test_the_certificate_is_shown_confirmed_once_and_remembered(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path
) -> None:
    user(automate)
    async with fresh_desk(tmp_path) as desk:
        form = desk.window.configuration.database
        fill(desk, automate)
        click(form.connect_button)
        box = await dialog(QMessageBox)
        assert "SHA-256 fingerprint" in box.informativeText()
        press(box, "Cancel")
        await desk.idle()
        assert desk.backend.database_state is None
        assert "not confirmed" in form.banner.text.text()
        assert key_store.entries == {}

        click(form.connect_button)
        press(await dialog(QMessageBox), "Trust it")
        await desk.idle()
        state = desk.backend.database_state
        assert state is not None
        assert state.encrypted
        assert form.banner.text.text().startswith("Connected to")
        assert form.fields.fingerprint.text() != "None confirmed yet"
        assert form.fields.password.text() == ""
        assert PASSWORD in key_store.entries.values()
        assert not desk.window.bar.no_tls.isVisible()

        click(form.disconnect_button)
        await desk.idle()
        click(form.connect_button)
        await desk.idle()
        # Neither the certificate nor the password is asked for again.
        assert desk.backend.database_state is not None
    saved = load(tmp_path / "settings.toml")
    assert saved.profiles[0].database.pinned_fingerprint
    assert PASSWORD not in (tmp_path / "settings.toml").read_text("utf-8")


async def test_a_wrong_password_stays_readable_and_is_not_kept(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path
) -> None:
    user(automate)
    async with fresh_desk(tmp_path) as desk:
        form = desk.window.configuration.database
        fill(desk, automate, "wrong-one")
        click(form.connect_button)
        press(await dialog(QMessageBox), "Trust it")
        await desk.idle()
        assert desk.backend.database_state is None
        assert form.banner.text.text().startswith("Not connected.")
        assert len(desk.problems) == 1
        assert "wrong-one" not in form.banner.text.text() + desk.problems[0]
        assert key_store.entries == {}
        assert form.fields.host.text().strip() == automate.host


async def test_a_server_that_is_not_there_is_told(key_store: MemoryKeyring, automate: Database, tmp_path: Path) -> None:
    async with fresh_desk(tmp_path) as desk:
        form = desk.window.configuration.database
        fill(desk, automate)
        form.fields.port.setValue(1)
        click(form.connect_button)
        await desk.idle()
        assert desk.problems
        assert form.banner.text.text().startswith("Not connected.")


async def test_without_tls_the_status_bar_keeps_saying_so(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path
) -> None:
    user(automate)
    async with fresh_desk(tmp_path) as desk:
        form = desk.window.configuration.database
        fill(desk, automate)
        form.fields.tls.setCurrentIndex(form.fields.tls.findData("off"))
        click(form.connect_button)
        await desk.idle()
        assert desk.backend.database_state is not None
        for tab in (0, MAPPING, PASSWORDS):
            desk.window.tabs.setCurrentIndex(tab)
            assert desk.window.bar.no_tls.isVisible()


async def test_missing_tables_keep_the_tabs_shut_until_they_are_created(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path
) -> None:
    user(automate)
    with automate.connect() as connection:
        seed_client(connection, 1, "Contoso")
        connection.cursor().execute("DROP TABLE plugin_stickysync_companymap")
        connection.commit()
    async with fresh_desk(tmp_path) as desk:
        desk.window.tabs.setCurrentIndex(PASSWORDS)
        press(desk.window.passwords_gate.notice, "Set up the database")
        form = desk.window.configuration.database
        fill(desk, automate)
        click(form.connect_button)
        press(await dialog(QMessageBox), "Trust it")
        await desk.idle()
        gate = desk.window.mapping_gate
        assert not gate.is_open
        assert "plugin_stickysync_companymap" in gate.notice.text.text()
        desk.window.tabs.setCurrentIndex(MAPPING)
        press(gate.notice, "Create them")
        click(desk.window.configuration.tables.create_button)
        await desk.idle()
        await until(lambda: gate.is_open)
        assert [line.row.client.name for line in desk.mapping.clients.list.rows] == ["Contoso"]
        assert desk.window.passwords_gate.is_open


async def test_profiles_are_made_renamed_and_removed(tmp_path: Path, key_store: MemoryKeyring) -> None:
    async with fresh_desk(tmp_path) as desk:
        form = desk.window.configuration.database
        for name in ("Main office", "Branch"):
            click(form.profiles.new)
            box = await dialog(NameDialog)
            QTest.keyClicks(box.name, name)
            press(box, "OK")
            await desk.idle()
        click(form.profiles.rename)
        box = await dialog(NameDialog)
        box.name.setText("Main office")
        assert box.text == "Main office"
        ok = next(b for b in box.findChildren(type(form.connect_button)) if b.text() == "OK")
        assert not ok.isEnabled()
        box.name.setText("Branch 2")
        press(box, "OK")
        await desk.idle()
        assert sorted(p.name for p in desk.backend.settings.profiles) == ["Branch 2", "Main office"]
        click(form.profiles.remove)
        press(await dialog(QMessageBox), "Remove")
        await desk.idle()
        assert [p.name for p in desk.backend.settings.profiles] == ["Main office"]
        assert form.profiles.combo.currentText() == "Main office"
