"""The Configuration tab over the demo: key, tables, options, self-check."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QMessageBox

from stickysync_gui.autostart import MINIMISED, RUN_KEY, RUN_VALUE, RunKey
from stickysync_gui.domain.findings import Finding, Verdict
from stickysync_gui.domain.planned import Matching
from stickysync_gui.domain.secret import Secret
from stickysync_gui.ui.configuration.page import CHECK, ITGLUE, OPTIONS, TABLES
from stickysync_gui.ui.configuration.passphrase import KnownPassphrase, NewPassphrase
from stickysync_gui.ui.configuration.self_check import FindingLine
from stickysync_gui.ui.configuration.tables_form import TABLES as TABLE_NAMES
from stickysync_gui.ui.configuration.tables_form import SqlDialog
from stickysync_gui.ui.main_window import CONFIGURATION
from tests.fake_winreg import FakeWinreg
from tests.ui.desk import Desk, click, demo_desk, dialog, press
from tests.waiting import until


def open_section(desk: Desk, section: int) -> Any:
    desk.window.open_section(section)
    page = desk.window.configuration
    return {TABLES: page.tables, ITGLUE: page.itglue, OPTIONS: page.options, CHECK: page.self_check}[section]


def paste(field: QLineEdit, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


async def test_a_pasted_key_is_stripped_checked_and_stored_and_leaves_the_field() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, ITGLUE)
        paste(form.key, f"  {desk.backend.sandbox.glue.key}\n\n")
        assert form.key.echoMode() is QLineEdit.EchoMode.Password
        click(form.apply)
        await desk.idle()
        assert "The key works and is stored" in form.banner.text.text()
        assert form.key.text() == ""
        assert desk.backend.itglue_state is not None


@pytest.mark.parametrize("text", ["ITG.wrong", "no key at all"])
async def test_a_wrong_key_is_told_in_words_and_nothing_is_stored(text: str) -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, ITGLUE)
        paste(form.key, text)
        click(form.apply)
        await desk.idle()
        words = form.banner.text.text()
        assert "key" in words
        assert text.replace(" ", "") not in words
        assert form.key.text()
        # The stored one still works.
        await desk.backend.check_stored_key()


async def test_an_empty_key_is_asked_for() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, ITGLUE)
        paste(form.key, " \n ")
        QTest.keyClick(form.key, Qt.Key.Key_Return)
        assert "Paste an API key first" in form.banner.text.text()


async def test_without_a_passphrase_apply_asks_for_the_teams_one_first() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, ITGLUE)
        await desk.lose_the_key()
        assert "needs the team's passphrase" in form.banner.text.text()
        click(form.passphrase)
        box = await dialog(KnownPassphrase)
        assert not box.use.isEnabled()
        QTest.keyClicks(box.passphrase, "not the right passphrase")
        click(box.use)
        await desk.idle()
        assert desk.backend.itglue_state is None
        assert "passphrase" in form.banner.text.text()
        assert "not the right" not in form.banner.text.text()


async def test_replacing_a_key_that_does_not_open_asks_first() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, ITGLUE)
        key = desk.backend.sandbox.glue.key
        await desk.lose_the_key()
        await _forget_the_passphrase(desk)
        paste(form.key, key)
        click(form.apply)
        box = await dialog(QMessageBox)
        assert "colleagues' PCs ask" in box.informativeText()
        press(box, "Cancel")
        await desk.idle()
        assert desk.backend.itglue_state is None
        click(form.apply)
        press(await dialog(QMessageBox), "Replace")
        await desk.idle()
        assert "The key works and is stored" in form.banner.text.text()


async def _forget_the_passphrase(desk: Desk) -> None:
    """Give this PC another passphrase than the one the key was sealed under."""
    await desk.backend.connect(desk.backend.profile, None)
    keychain = desk.backend._keychain  # noqa: SLF001 - the demo keeps its own, and keeps it to itself
    keychain.keep_passphrase(desk.backend.profile.id, Secret("another passphrase of this PC"))
    desk.window.configuration.connection_changed.emit()
    await desk.idle()


async def test_the_proposed_passphrase_can_be_copied_and_must_be_put_away(qapp: Any) -> None:
    box = NewPassphrase(None, Secret("abcde-fghij-klmno-pqrst"))
    box.show()
    press(box, "Copy")
    assert QGuiApplication.clipboard().text() == "abcde-fghij-klmno-pqrst"
    assert any("cannot be recovered" in part.text() for part in box.findChildren(QLabel))
    assert not box.use.isEnabled()
    click(box.stored)
    assert box.use.isEnabled()
    box.passphrase.setText("short")
    assert not box.use.isEnabled()
    box.close()


async def test_the_tables_are_listed_and_the_sql_can_be_copied() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, TABLES)
        words = [part.text() for part in form.findChildren(QLabel)]
        assert words.count("present") == len(TABLE_NAMES)
        assert not form.create_button.isEnabled()
        click(form.sql)
        box = await dialog(SqlDialog)
        press(box, "Copy")
        assert "CREATE TABLE" in QGuiApplication.clipboard().text()
        assert "GRANT" in QGuiApplication.clipboard().text()
        box.reject()


async def test_options_are_saved_as_they_are_changed() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, OPTIONS)
        await desk.idle()
        click(form.notes)
        click(form.preview)
        form.matching.setCurrentIndex(form.matching.findData(Matching.ASK.value))
        form.matching.activated.emit(form.matching.currentIndex())
        assert form.category.count() > 1
        form.category.setCurrentIndex(1)
        form.category.activated.emit(1)
        form.overwrite_share.setValue(15)
        form.missing_count.setFocus()
        form.missing_count.selectAll()
        QTest.keyClicks(form.missing_count, "25")
        QTest.keyClick(form.missing_count, Qt.Key.Key_Return)
        await desk.idle()
        saved = desk.backend.settings.options
        assert (saved.sync_notes, saved.preview_first, saved.matching) == (True, False, Matching.ASK)
        assert saved.category_id == form.category.currentData()
        assert saved.guards.overwrite_share == pytest.approx(0.15)
        assert saved.guards.missing_count == 25
        # The plan follows the option: nothing is linked without asking any more.
        rows = desk.passwords.model.list.rows
        assert {row.action[:4] for row in rows if row.mark.name == "matches_an_existing_entry"} == {"Entr"}


async def test_test_lists_the_findings_with_their_remedies() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        click(desk.window.configuration.database.test_button)
        check = desk.window.configuration.self_check
        assert desk.window.configuration.side.currentRow() == CHECK
        await desk.idle()
        lines = check.findChildren(FindingLine)
        assert len(lines) == len(check.findings) > 5
        warned = [f for f in check.findings if f.verdict is Verdict.WARNING]
        assert all(any(f.remedy in line.accessibleName() for line in lines) for f in warned)
        press(check, "Copy")
        assert check.findings[0].words in QGuiApplication.clipboard().text()


async def test_a_failed_check_stands_out(qapp: Any) -> None:
    line = FindingLine(Finding("API key", Verdict.FAILED, "No key is stored.", "Apply one."))
    assert line.accessibleName() == "API key: failed. No key is stored. Apply one."


async def test_no_dead_options_are_shown() -> None:
    """Neither a tray where there is none, nor a start at log-on where nobody handed in how to arrange it."""
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, OPTIONS)
        assert not form.to_tray.isVisible()
        assert form.log_on is None
        texts = [part.text() for part in form.findChildren(QLabel) if part.isVisible()]
        assert not [text for text in texts if text == "Window" or "tray" in text]


COMMAND = ("C:\\StickySync\\stickysync-gui.exe", MINIMISED)


async def test_a_refused_start_at_log_on_leaves_the_box_as_it_was_and_is_told() -> None:
    registry = FakeWinreg()
    registry.denied.add((registry.HKEY_CURRENT_USER, RUN_KEY))
    async with demo_desk(CONFIGURATION, RunKey(COMMAND, registry)) as desk:
        form = open_section(desk, OPTIONS)
        click(form.log_on.box)
        await until(lambda: bool(desk.problems))
        assert "Access is denied" in desk.problems[0]
        assert not form.log_on.box.isChecked()


async def test_the_start_at_log_on_is_chosen_and_seen_when_another_program_changes_it() -> None:
    registry = FakeWinreg()
    async with demo_desk(CONFIGURATION, RunKey(COMMAND, registry)) as desk:
        form = open_section(desk, OPTIONS)
        assert not form.log_on.box.isChecked()
        values = registry.keys[registry.HKEY_CURRENT_USER, RUN_KEY] = {}
        click(form.log_on.box)
        await until(lambda: RUN_VALUE in values)
        assert form.log_on.box.isChecked()
        # The uninstaller of another copy, or Task Manager.
        values.clear()
        desk.window.open_section(CHECK)
        open_section(desk, OPTIONS)
        assert not form.log_on.box.isChecked()
        values[RUN_VALUE] = ("of the installer", registry.REG_SZ)
        desk.window.open_section(CHECK)
        open_section(desk, OPTIONS)
        assert form.log_on.box.isChecked()
        click(form.log_on.box)
        await until(lambda: RUN_VALUE not in values)
        assert desk.problems == []


async def test_what_an_administrator_chose_for_all_is_shown_and_cannot_be_undone_here() -> None:
    registry = FakeWinreg()
    registry.keys[registry.HKEY_LOCAL_MACHINE, RUN_KEY] = {RUN_VALUE: ("for all", registry.REG_SZ)}
    async with demo_desk(CONFIGURATION, RunKey(COMMAND, registry)) as desk:
        form = open_section(desk, OPTIONS)
        await desk.idle()
        assert form.log_on.box.isChecked()
        assert not form.log_on.box.isEnabled()
        assert "administrator" in form.log_on.hint.text()


async def test_dialogs_of_the_tab_close_with_the_window() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        form = open_section(desk, ITGLUE)
        await desk.lose_the_key()
        click(form.passphrase)
        await dialog(KnownPassphrase)
        await desk.window.jobs.end_all(5)
        await until(lambda: not any(isinstance(w, QDialog) and w.isVisible() for w in QGuiApplication.allWindows()))
