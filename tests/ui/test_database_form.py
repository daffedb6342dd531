"""Connecting from the window to a real server, certificate and all."""

from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from stickysync_gui.domain.secret import Secret
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.settings import load
from stickysync_gui.storage.sealing import unseal
from stickysync_gui.ui.configuration.page import ITGLUE
from stickysync_gui.ui.configuration.passphrase import NewPassphrase
from stickysync_gui.ui.configuration.profiles import NameDialog
from stickysync_gui.ui.main_window import MAPPING, PASSWORDS
from tests.automate_schema import load_automate_schema, seed_client
from tests.mariadb import Database
from tests.memory_keyring import MemoryKeyring
from tests.ui.desk import Desk, click, dialog, fresh_desk, press
from tests.waiting import until

PASSWORD = "k€y-böard 42"


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


async def test_choosing_a_profile_goes_over_to_it_and_takes_the_other_tabs_along(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path
) -> None:
    other = automate.server.create_database()
    try:
        for database, client in ((automate, "Contoso"), (other, "Fabrikam")):
            with database.connect() as connection:
                if database is other:
                    load_automate_schema(connection)
                seed_client(connection, 1, client)
        grants = [f"SELECT, INSERT, UPDATE, DELETE, CREATE ON `{at.schema}`.*" for at in (automate, other)]
        automate.server.create_user("sticky", PASSWORD, grants)
        async with fresh_desk(tmp_path) as desk:
            form = desk.window.configuration.database
            for name, database in (("Main office", automate), ("Branch", other)):
                click(form.profiles.new)
                box = await dialog(NameDialog)
                QTest.keyClicks(box.name, name)
                press(box, "OK")
                await desk.idle()
                fill(desk, database)
                click(form.connect_button)
                press(await dialog(QMessageBox), "Trust it")
                await desk.idle()
            assert clients(desk) == ["Fabrikam"]

            choose(desk, "Main office")
            await desk.idle()
            assert clients(desk) == ["Contoso"]
            assert form.profiles.combo.currentText() == "Main office"
            assert form.fields.schema.text() == automate.schema
            assert desk.window.bar.database.text().endswith(automate.schema)
            assert desk.backend.settings.profile().name == "Main office"

            # Without a stored password nothing of the former one stays in sight.
            stored = next(name for name in key_store.entries if name[1].startswith(_id(desk, "Branch")))
            del key_store.entries[stored]
            choose(desk, "Branch")
            await desk.idle()
            assert desk.backend.database_state is None
            assert not desk.window.mapping_gate.is_open
            assert "Enter address and password of “Branch”" in form.banner.text.text()
            assert desk.frame.focusWidget() is form.fields.password
            fill(desk, other)
            click(form.connect_button)
            await desk.idle()
            assert clients(desk) == ["Fabrikam"]

            click(form.profiles.remove)
            press(await dialog(QMessageBox), "Remove")
            await desk.idle()
            assert desk.backend.database_state is None
            assert form.profiles.combo.currentText() == "Main office"
            assert len(key_store.entries) == 1, "the removed profile's password is forgotten"
    finally:
        other.drop()


def choose(desk: Desk, name: str) -> None:
    combo = desk.window.configuration.database.profiles.combo
    combo.setFocus()
    line = combo.findText(name)
    combo.setCurrentIndex(line)
    combo.activated.emit(line)


def clients(desk: Desk) -> list[str]:
    return [line.row.client.name for line in desk.mapping.clients.list.rows]


def _id(desk: Desk, name: str) -> str:
    return next(profile.id for profile in desk.backend.settings.profiles if profile.name == name)


async def test_without_a_key_store_the_window_works_until_it_is_closed_and_says_so(
    automate: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())
    user(automate)
    with SandboxServer(Glue()) as sandbox:
        monkeypatch.setenv("STICKYSYNC_ITGLUE_URL", sandbox.url)
        async with fresh_desk(tmp_path / "a") as desk:
            form = desk.window.configuration.database
            fill(desk, automate)
            click(form.connect_button)
            press(await dialog(QMessageBox), "Trust it")
            await desk.idle()
            assert desk.backend.database_state is not None
            (problem,) = desk.window.problems.problems()
            assert problem.happened == "This system's key store did not take the secret (NoKeyringError)."
            assert "STICKYSYNC_DB_PASSWORD or STICKYSYNC_DB_PASSWORD_FILE" in problem.todo
            await desk.backend.create_tables()

            # The passphrase lasts as long, so that the key can be set up all the same.
            page = desk.window.configuration.itglue
            desk.window.open_section(ITGLUE)
            page.key.setText(sandbox.glue.key)
            click(page.apply)
            box = await dialog(NewPassphrase)
            phrase = box.passphrase.text()
            click(box.stored)
            press(box, "Use this passphrase")
            await desk.idle()
            assert "The key works and is stored" in page.banner.text.text()
            assert "STICKYSYNC_PASSPHRASE_FILE" in desk.window.problems.problems()[0].todo
            form.disconnect_button.click()
            await desk.idle()
            form.connect_now()
            await desk.idle()
            assert desk.backend.itglue_state is not None

        # The next start finds them in files, where somebody put them.
        for variable, secret in (("STICKYSYNC_DB_PASSWORD", PASSWORD), ("STICKYSYNC_PASSPHRASE", phrase)):
            file = tmp_path / variable
            file.write_text(secret, "utf-8")
            monkeypatch.setenv(f"{variable}_FILE", str(file))
        async with fresh_desk(tmp_path / "a") as desk:
            await desk.idle()
            assert desk.backend.itglue_state is not None
            assert desk.problems == []


async def test_the_team_passphrase_is_changed_and_the_key_sealed_anew(
    automate: Database, key_store: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user(automate)
    with SandboxServer(Glue()) as sandbox:
        monkeypatch.setenv("STICKYSYNC_ITGLUE_URL", sandbox.url)
        async with fresh_desk(tmp_path) as desk:
            fill(desk, automate)
            click(desk.window.configuration.database.connect_button)
            press(await dialog(QMessageBox), "Trust it")
            await desk.idle()
            await desk.backend.create_tables()
            await desk.backend.set_passphrase(Secret("the former passphrase"))
            await desk.backend.apply_key(Secret(sandbox.glue.key), None)
            desk.window.configuration.connection_changed.emit()
            await desk.idle()
            before = stored_keys(automate)
            desk.window.open_section(ITGLUE)
            form = desk.window.configuration.itglue
            assert form.passphrase.text() == "Change…"
            click(form.passphrase)
            box = await dialog(NewPassphrase)
            assert box.windowTitle() == "Change the team passphrase"
            box.passphrase.setText("too short")
            click(box.stored)
            assert not box.use.isEnabled()
            box.passphrase.setText("one of the team's own")
            press(box, "Use this passphrase")
            await desk.idle()
            assert "sealed under the new passphrase" in form.banner.text.text()
            (after,) = stored_keys(automate)
            assert [after] != before
            assert unseal(after, Secret("one of the team's own")).key == Secret(sandbox.glue.key)
            assert "one of the team's own" in key_store.entries.values()
            assert desk.backend.itglue_state is not None


def stored_keys(database: Database) -> list[str]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT APIKey FROM plugin_stickysync_settings")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("foreign", ["zqG1vN8xY0u2h3k4l5m6nw==", "ITG.in-the-clear-of-another-program"])
async def test_a_key_of_another_program_is_replaced_only_after_a_question(
    automate: Database, key_store: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, foreign: str
) -> None:
    user(automate)
    with automate.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO plugin_stickysync_settings VALUES (%s)", (foreign,))
    with SandboxServer(Glue()) as sandbox:
        monkeypatch.setenv("STICKYSYNC_ITGLUE_URL", sandbox.url)
        async with fresh_desk(tmp_path) as desk:
            fill(desk, automate)
            click(desk.window.configuration.database.connect_button)
            press(await dialog(QMessageBox), "Trust it")
            await desk.idle()
            desk.window.open_section(ITGLUE)
            form = desk.window.configuration.itglue
            assert "written by another program and cannot be read" in form.banner.text.text()
            form.key.setText(sandbox.glue.key)
            click(form.apply)
            box = await dialog(NewPassphrase)
            click(box.stored)
            press(box, "Use this passphrase")
            question = await dialog(QMessageBox)
            assert "Another program stored an API key here" in question.text()
            assert "the plugin cannot read the new key and stops syncing" in question.informativeText()
            press(question, "Cancel")
            await desk.idle()
            assert stored_keys(automate) == [foreign]
            assert sandbox.count() == 0, "nothing is sent before the answer"
            click(form.apply)
            press(await dialog(QMessageBox), "Replace")
            await desk.idle()
            assert "The key works and is stored" in form.banner.text.text()
            assert stored_keys(automate) != [foreign]


async def test_a_column_that_is_too_narrow_is_told_with_the_statement_that_widens_it(
    automate: Database, key_store: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user(automate)
    with automate.connect() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE plugin_stickysync_settings MODIFY APIKey VARCHAR(100)")
        cursor.execute("INSERT INTO plugin_stickysync_settings VALUES ('foreign')")
    with SandboxServer(Glue()) as sandbox:
        monkeypatch.setenv("STICKYSYNC_ITGLUE_URL", sandbox.url)
        async with fresh_desk(tmp_path) as desk:
            fill(desk, automate)
            click(desk.window.configuration.database.connect_button)
            press(await dialog(QMessageBox), "Trust it")
            await desk.idle()
            await desk.backend.set_passphrase(Secret("a passphrase of the team"))
            desk.window.open_section(ITGLUE)
            form = desk.window.configuration.itglue
            form.key.setText(sandbox.glue.key)
            click(form.apply)
            press(await dialog(QMessageBox), "Replace")
            await desk.idle()
            words = form.banner.text.text()
            assert "plugin_stickysync_settings.APIKey holds 100" in words
            assert "ALTER TABLE plugin_stickysync_settings MODIFY APIKey VARCHAR(255);" in words
            assert stored_keys(automate) == ["foreign"]
