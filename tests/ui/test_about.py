"""The About box: what it tells, and what it must never tell."""

import platform
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from stickysync_gui import __version__
from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.history import History
from stickysync_gui.keychain import ForgetfulStore, Keychain
from stickysync_gui.parts import Part, installed
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.settings import Profile
from stickysync_gui.ui.about import AboutBox, LicencesBox
from tests.mariadb import Database as Automate
from tests.ui.desk import click, demo_desk, dialog, new_window, press, put_away
from tests.waiting import until

PASSWORD, USER, PROFILE = "canary-db-Passw0rd", "canary_user", "Canary profile"


async def test_no_secret_and_no_account_gets_into_the_diagnostics(automate: Automate, tmp_path: Path) -> None:
    automate.server.create_user(USER, PASSWORD, [f"ALL ON `{automate.schema}`.*"])
    with SandboxServer(Glue()) as sandbox:
        backend = Backend(
            tmp_path / "settings.toml",
            Keychain(ForgetfulStore(), environment={}),
            History(tmp_path / "history.sqlite"),
            itglue_url=sandbox.url,
        )
        ca = str(automate.server.ca_file)
        address = DatabaseAddress("localhost", automate.port, automate.schema, USER, TlsMode.VERIFY, ca)
        await backend.connect(Profile("canary-id", PROFILE, address), Secret(PASSWORD))
        await backend.create_tables()
        passphrase = backend.proposed_passphrase()
        await backend.set_passphrase(passphrase)
        await backend.apply_key(Secret(sandbox.glue.key), None)
        window = new_window()
        try:
            window.set_backend(backend, AutoSync(backend))
            await until(lambda: not window.jobs.names)
            about_action(window).trigger()
            box = await dialog(AboutBox)
            press(box, "Copy diagnostics")
            text = QGuiApplication.clipboard().text()
            shown = "\n".join(part.text() for part in box.findChildren(QLabel))
            box.close()
        finally:
            await window.jobs.end_all(5)
            put_away(window)
            await backend.close()
    # It did look: this is the database with the key in use.
    assert "MariaDB" in text
    assert "key in use" in text
    canaries = (PASSWORD, USER, PROFILE, "canary", passphrase.reveal(), sandbox.glue.key, automate.schema, sandbox.url)
    assert [canary for canary in canaries if canary in text + shown] == []
    assert str(tmp_path) not in text


async def test_a_secret_in_an_unforeseen_place_is_masked() -> None:
    async with demo_desk() as desk:
        desk.window.bugs = type(desk.window.bugs)(lambda text: text.replace("Python", "***"))
        about_action(desk.window).trigger()
        box = await dialog(AboutBox)
        click(box.copy)
        assert "Python" not in QGuiApplication.clipboard().text()
        box.close()
        await desk.idle()


async def test_it_names_the_versions_and_the_diagnostics_every_library() -> None:
    async with demo_desk() as desk:
        about_action(desk.window).trigger()
        box = await dialog(AboutBox)
        shown = [part.text() for part in box.findChildren(QLabel)]
        for version in (__version__, platform.python_version(), qVersion()):
            assert any(version in text for text in shown), version
        click(box.copy)
        text = QGuiApplication.clipboard().text()
        for part in installed():
            assert f"{part.name} {part.version}" in text
        assert "demo" in text
        assert "Copied" in box.copied.text()
        box.close()
        await desk.idle()


async def test_diagnostics_can_be_copied_before_anything_is_connected() -> None:
    window = new_window()
    try:
        about_action(window).trigger()
        box = await dialog(AboutBox)
        click(box.copy)
        assert "Database: not connected" in QGuiApplication.clipboard().text()
        box.close()
        await until(lambda: not window.jobs.names)
    finally:
        await window.jobs.end_all(5)
        put_away(window)


async def test_every_part_shows_its_licence() -> None:
    async with demo_desk() as desk:
        about_action(desk.window).trigger()
        about = await dialog(AboutBox)
        click(about.licences)
        box = await dialog(LicencesBox)
        texts = {}
        for row in range(box.list.count()):
            box.list.setCurrentRow(row)
            texts[box.list.item(row).text().split()[0]] = box.text.toPlainText()
        assert "GNU LESSER GENERAL PUBLIC LICENSE" in texts["PySide6_Essentials"]
        assert "PYTHON SOFTWARE FOUNDATION LICENSE" in texts["Python"].upper()
        assert min(map(len, texts.values())) > 500, {name: len(text) for name, text in texts.items()}
        box.close()
        about.close()
        await desk.idle()


async def test_a_licence_text_that_is_gone_is_told(tmp_path: Path) -> None:
    async with demo_desk() as desk:
        box = LicencesBox(desk.frame, [Part("gone", "1", "MIT", (tmp_path / "gone.txt",))])
        assert "No such file" in box.text.toPlainText()


def about_action(window: object) -> object:
    return window.window.menuBar().actions()[-1].menu().actions()[0]
