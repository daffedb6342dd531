"""A new user's way, from nothing to Org Mapping: a real screen, real clicks and keys, a real server.

With FIRST_USE_PICTURES=FOLDER (`make screenshots`) each step leaves a picture.
"""

import asyncio
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from stickysync_gui.domain.findings import Verdict
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.ui.configuration.passphrase import NewPassphrase
from stickysync_gui.ui.main_window import MAPPING, PASSWORDS
from tests.automate_schema import seed_client, seed_password
from tests.mariadb import Database
from tests.memory_keyring import MemoryKeyring
from tests.ui.desk import Desk, click, dialog, fresh_desk, press
from tests.ui.test_database_form import PASSWORD
from tests.waiting import until

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CLIENTS = ("Contoso Ltd", "Fabrikam Inc.", "Northwind Traders", "Adatum", "Wide World Importers", "Tailspin Toys")


class Camera:
    """Takes a picture of the whole screen's window after each step, when somebody asks for it."""

    def __init__(self) -> None:
        self._folder = os.environ.get("FIRST_USE_PICTURES", "")
        self._count = 0

    async def take(self, widget: QWidget, name: str) -> None:
        self._count += 1
        if not self._folder:
            return
        # Not for luck: layouts and paints that are due come first.
        for _ in range(5):
            await asyncio.sleep(0.02)
        Path(self._folder).mkdir(parents=True, exist_ok=True)
        widget.grab().save(f"{self._folder}/{self._count:02}-{name}.png")


def type_into(desk: Desk, text: str) -> None:
    """Type where the focus is."""
    field = focus(desk)
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    for character in text:
        if character.isascii():
            QTest.keyClick(field, character)
        else:
            # QTest knows the keys of ASCII only.
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(field, QKeyEvent(kind, Qt.Key.Key_unknown, NO_KEYS, character))


def focus(desk: Desk) -> QWidget:
    field = QGuiApplication.focusObject() or desk.frame.focusWidget()
    assert isinstance(field, QWidget)
    return field


def key(desk: Desk, which: Qt.Key) -> None:
    QTest.keyClick(focus(desk), which)


async def led_on(desk: Desk, label: str) -> None:
    """The next step is offered, has the focus, and is taken with the space bar."""
    button = desk.window.configuration.next_step.button
    await until(button.isVisible)
    # Without a window manager nobody gives the window its focus back after a dialog.
    desk.frame.activateWindow()
    await until(button.hasFocus)
    assert button.text() == label
    QTest.keyClick(button, Qt.Key.Key_Space)


@pytest.fixture
def at_work(automate: Database) -> Database:
    """Automate of an MSP that never had the plugin, and the account that its DBA made for the set-up."""
    with automate.connect() as connection:
        for number, name in enumerate(CLIENTS, start=1):
            seed_client(connection, number, name)
            for title in ("Router", "Domain administrator"):
                seed_password(connection, number, title, b"s3cret", user_name="admin")
    grants = [f"SELECT, INSERT, UPDATE, DELETE, CREATE ON `{automate.schema}`.*"]
    automate.server.create_user("sticky", PASSWORD, grants)
    return automate


@pytest.mark.xvfb
@pytest.mark.parametrize("automate", ["without_plugin_tables"], indirect=True)
async def test_from_nothing_to_org_mapping(
    at_work: Database, key_store: MemoryKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    glue = Glue()
    for name in CLIENTS[:4]:
        glue.add_organization(name.removesuffix(" Ltd"))
    camera = Camera()
    with SandboxServer(glue) as sandbox:
        monkeypatch.setenv("STICKYSYNC_ITGLUE_URL", sandbox.url)
        async with fresh_desk(tmp_path / "home") as desk:
            frame, page = desk.frame, desk.window.configuration
            frame.resize(1240, 780)
            frame.activateWindow()
            await until(frame.isActiveWindow)
            desk.window.tabs.setCurrentIndex(PASSWORDS)
            await camera.take(frame, "passwords-lead-to-the-database")
            press(desk.window.passwords_gate.notice, "Set up the database")
            await connect(desk, at_work, camera)
            await make_tables(desk, camera)
            await apply_the_key(desk, glue.key, camera)

            await led_on(desk, "Org Mapping")
            await desk.idle()
            assert desk.window.tabs.currentIndex() == MAPPING
            assert desk.window.mapping_gate.is_open
            assert len(desk.mapping.clients.list.rows) == len(CLIENTS)
            assert len(desk.mapping.organizations.list.rows) == 4
            await camera.take(frame, "org-mapping")
            await self_check(desk, camera)
            assert desk.problems == []
            assert not page.next_step.isVisible()
        assert PASSWORD not in (tmp_path / "home" / "settings.toml").read_text("utf-8")


async def connect(desk: Desk, database: Database, camera: Camera) -> None:
    """By keys alone from field to field, as people fill forms."""
    form = desk.window.configuration.database
    await until(form.fields.host.hasFocus)
    type_into(desk, database.host)
    key(desk, Qt.Key.Key_Tab)
    type_into(desk, str(database.port))
    key(desk, Qt.Key.Key_Tab)
    assert focus(desk) is form.fields.schema
    type_into(desk, database.schema)
    key(desk, Qt.Key.Key_Tab)
    type_into(desk, "sticky")
    key(desk, Qt.Key.Key_Tab)
    assert focus(desk) is form.fields.password
    type_into(desk, PASSWORD)
    assert form.fields.password.displayText() != PASSWORD
    await camera.take(desk.frame, "database-filled-in")
    click(form.connect_button)
    box = await dialog(QMessageBox)
    await camera.take(box, "certificate")
    press(box, "Trust it")
    await desk.idle()
    assert desk.backend.database_state is not None
    await camera.take(desk.frame, "connected")


async def make_tables(desk: Desk, camera: Camera) -> None:
    await led_on(desk, "Plugin tables")
    form = desk.window.configuration.tables
    await until(form.create_button.hasFocus)
    await camera.take(desk.frame, "tables-missing")
    key(desk, Qt.Key.Key_Space)
    await desk.idle()
    assert desk.backend.database_state.missing_tables == ()
    await camera.take(desk.frame, "tables-created")


async def apply_the_key(desk: Desk, api_key: str, camera: Camera) -> None:
    await led_on(desk, "IT Glue")
    form = desk.window.configuration.itglue
    await until(form.key.hasFocus)
    await camera.take(desk.frame, "itglue")
    QTest.keyClicks(form.key, "ITG.mistyped-key")
    key(desk, Qt.Key.Key_Return)
    box = await dialog(NewPassphrase)
    await until(box.isActiveWindow)
    assert not box.use.isEnabled()
    await camera.take(box, "passphrase")
    press(box, "Copy")
    copied = QGuiApplication.clipboard().text()
    # 26 characters of base 32 are 130 bits, of which 128 are random.
    assert len(copied.replace("-", "")) == 26
    QTest.mouseClick(box.stored, LEFT, NO_KEYS, QPoint(10, box.stored.height() // 2))
    await camera.take(box, "passphrase-put-away")
    click(box.use)
    await desk.idle()
    assert "refuses the API key" in form.banner.text.text()
    assert desk.backend.itglue_state is None
    await camera.take(desk.frame, "key-refused")
    form.key.setFocus()
    type_into(desk, api_key)
    click(form.apply)
    await desk.idle()
    assert "The key works and is stored" in form.banner.text.text()
    assert form.key.text() == ""
    assert desk.window.bar.itglue.text() == "IT Glue"
    await camera.take(desk.frame, "key-stored")


async def self_check(desk: Desk, camera: Camera) -> None:
    desk.window.tabs.setCurrentIndex(0)
    desk.window.open_section(0)
    click(desk.window.configuration.database.test_button)
    await desk.idle()
    findings = desk.window.configuration.self_check.findings
    assert [finding.name for finding in findings if finding.verdict is not Verdict.OK] == []
    await camera.take(desk.frame, "self-check")
