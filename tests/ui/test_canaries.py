"""Planted secrets in the window: typed, stored, synced, echoed, and caught in a bug; then everything is searched."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from stickysync_gui import logs
from stickysync_gui.backend import Backend
from stickysync_gui.bugs import Bugs
from stickysync_gui.itglue import documents
from stickysync_gui.logs import Redactor
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.ui.configuration.page import CHECK, DATABASE, ITGLUE
from stickysync_gui.ui.configuration.passphrase import NewPassphrase
from stickysync_gui.ui.contents import Contents
from stickysync_gui.ui.history_dialog import HistoryDialog
from stickysync_gui.ui.main_window import CONFIGURATION, MAPPING, PASSWORDS, MainWindow
from stickysync_gui.ui.passwords.preview import Preview
from tests.automate_schema import seed_client, seed_password
from tests.canary_hunt import Hunt, texts_of_widgets
from tests.cli.planted_bug import plant
from tests.mariadb import Database
from tests.memory_keyring import MemoryKeyring
from tests.ui.desk import Desk, at_work, click, dialog, press

SECRETS = {
    "database password": "Dätabase-canary-€-4711",
    "wrong database password": "wröng-database-canary-1",
    "passphrase": 'the téam\'s "passphrase" canary',
    "wrong API key": "ITG.wrong-0123456789-canary",
    "value with quotes": "Canary \"'\\` one ü🔑<&>%s{}",
    "value with breaks": "Canary\ttwo\r\nsecond line  ",
    "value that is refused": "Canary-three-\x01-refused",
    "value that a bug quotes": "Canary-four-in-a-bug",
    "value in IT Glue": "Canary-five-of-IT-Glue",
}
VALUES = [name for name in SECRETS if name.startswith("value") and name != "value in IT Glue"]


@asynccontextmanager
async def logging_desk(home: Path) -> AsyncIterator[Desk]:
    """A window that logs as the program's own does, down to the last detail."""
    home.mkdir()
    redactor = Redactor()
    log = logs.start_file_log(home, redactor, "DEBUG", "stickysync-gui")
    frame = MainWindow()
    frame.show()
    window = Contents(frame, Bugs(redactor.redact, log))
    backend = Backend.open(home, know=redactor.know, itglue_url=_url())
    try:
        async with at_work(window, backend) as desk:
            yield desk
    finally:
        logs.close_file_logs()
        logging.getLogger().setLevel(logging.WARNING)


def _url() -> str:
    return os.environ["STICKYSYNC_ITGLUE_URL"]


class Scene:
    """The window, and what has been seen of it."""

    def __init__(self, desk: Desk, hunt: Hunt) -> None:
        self.desk, self.hunt = desk, hunt

    def look(self, name: str) -> None:
        """Read every widget there is, shown or not."""
        for text in texts_of_widgets(QApplication.allWidgets()):
            self.hunt.add(f"window: {name}", text)

    async def idle_and_look(self, name: str) -> None:
        await self.desk.idle()
        self.look(name)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("automate", ["bigint"], indirect=True)
async def test_no_secret_is_found_in_anything_that_the_window_shows_or_leaves(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    glue = Glue()
    glue.set_switches(errors_echo=True, control_characters="refused", list_leaks_value=True)
    organization = glue.add_organization("Contoso")
    glue.add_password(organization, "Of IT Glue", password=SECRETS["value in IT Glue"])
    glue.add_password(organization, "value with breaks", username="admin", password=SECRETS["value in IT Glue"])
    seeded(automate, organization)
    hunt = Hunt({**SECRETS, "API key": glue.key})
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "qt"))
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "qt"))
    with SandboxServer(glue) as sandbox:
        monkeypatch.setenv("STICKYSYNC_ITGLUE_URL", sandbox.url)
        async with logging_desk(tmp_path / "home") as desk:
            scene = Scene(desk, hunt)
            await connect(scene, automate)
            await apply_the_key(scene, glue.key)
            await sync(scene)
            await bug(scene)
            for tab in (CONFIGURATION, MAPPING, PASSWORDS):
                desk.window.tabs.setCurrentIndex(tab)
                await scene.idle_and_look(f"tab {tab}")
    out = capfd.readouterr()
    hunt.add("standard output", out.out)
    hunt.add("standard error", out.err)
    hunt.add("command line", Path("/proc/self/cmdline").read_bytes())
    hunt.add("environment", Path("/proc/self/environ").read_bytes())
    assert hunt.add_folder("home", tmp_path / "home") >= 3
    hunt.add_folder("Qt's settings and temporary folder", tmp_path / "qt")
    hunt.add_folder("temporary", tmp_path / "temporary")
    hunt.add("Qt's settings", str({name: QSettings().value(name) for name in QSettings().allKeys()}))
    assert hunt.add_database(automate) > 50
    assert set(key_store.entries.values()) >= {SECRETS["database password"], SECRETS["passphrase"]}
    assert sum(map(len, hunt.places.values())) > 50_000, "much was searched"
    hunt.assert_clean()


def seeded(automate: Database, organization: int) -> None:
    schema = automate.schema
    grants = [f"SELECT, INSERT, UPDATE, DELETE, CREATE ON `{schema}`.*"]
    automate.server.create_user("sticky", SECRETS["database password"], grants)
    with automate.connect() as connection, connection.cursor() as cursor:
        seed_client(connection, 1, "Contoso")
        for name in VALUES:
            seed_password(connection, 1, name, SECRETS[name].encode(), user_name="admin")
        cursor.execute("INSERT INTO plugin_stickysync_companymap VALUES (1, %s)", (organization,))
        cursor.execute("INSERT INTO plugin_stickysync_settings VALUES ('zqG1vN8xY0u2h3k4l5m6nw==')")


async def connect(scene: Scene, automate: Database) -> None:
    desk = scene.desk
    desk.window.open_section(DATABASE)
    form = desk.window.configuration.database
    fields = form.fields
    fields.host.setText(automate.host)
    fields.port.setValue(automate.port)
    fields.schema.setText(automate.schema)
    fields.user.setText("sticky")
    for name in ("wrong database password", "database password"):
        fields.password.setText(SECRETS[name])
        scene.look("password typed")
        click(form.connect_button)
        if desk.backend.settings.profiles == () and not fields.address().pinned_fingerprint:
            press(await dialog(QMessageBox), "Trust it")
        await scene.idle_and_look(f"connected with the {name}")
    assert desk.backend.database_state is not None
    await desk.backend.create_tables()
    desk.window.configuration.connection_changed.emit()
    await desk.idle()


async def apply_the_key(scene: Scene, key: str) -> None:
    desk = scene.desk
    desk.window.open_section(ITGLUE)
    form = desk.window.configuration.itglue
    form.key.setText(SECRETS["wrong API key"])
    click(form.apply)
    box = await dialog(NewPassphrase)
    # Shown on purpose: it has to be copied into the team's vault. An own one goes the same way.
    box.passphrase.setText(SECRETS["passphrase"])
    click(box.stored)
    press(box, "Use this passphrase")
    press(await dialog(QMessageBox), "Replace")
    await scene.idle_and_look("a wrong key")
    assert "refuses the API key" in form.banner.text.text()
    form.key.setText(key)
    click(form.apply)
    press(await dialog(QMessageBox), "Replace")
    await scene.idle_and_look("a good key")
    assert "The key works" in form.banner.text.text()
    desk.window.open_section(CHECK)
    desk.window.configuration.test()
    await scene.idle_and_look("the self-check")


async def sync(scene: Scene) -> None:
    desk = scene.desk
    desk.window.tabs.setCurrentIndex(PASSWORDS)
    await scene.idle_and_look("passwords")
    desk.passwords.sync_all(preview=True)
    preview = await dialog(Preview)
    scene.look("preview")
    preview.accept()
    await scene.idle_and_look("synced, with a refusal that repeats the value")
    shown = b"".join(content for place, content in scene.hunt.places.items() if "that repeats the value" in place)
    assert b"its words repeat the value and are not shown" in shown
    desk.window.problems.show()
    desk.window.show_history()
    history = await dialog(HistoryDialog)
    await scene.idle_and_look("history")
    history.close()


async def bug(scene: Scene) -> None:
    """A bug that Python words with a value, in a job and outside of any."""
    desk = scene.desk
    former = documents.create_body
    plant()
    try:
        with_value = SECRETS["value that a bug quotes"]
        desk.backend.save_settings(desk.backend.settings)
        await desk.backend.unlink(desk.passwords.model.list.rows[-1].id)
        desk.passwords.sync_all(preview=False)
        await desk.idle()
    finally:
        documents.create_body = former
    try:
        {}[with_value]
    except KeyError as error:
        desk.window.jobs.report(error, "Sync All")
    desk.window.problems.show()
    problems = desk.window.problems.problems()
    for problem in problems:
        scene.hunt.add("what Copy gives of the problems", problem.text())
    press(desk.window.problems, "Copy")
    scene.hunt.add("clipboard", QGuiApplication.clipboard().text())
    scene.look("the reports")
    reports = "".join(problem.report for problem in problems)
    assert "KeyError" in reports
    assert "in create_body" in reports, "the planted bug was met in the run"
