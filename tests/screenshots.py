"""Pictures of the window in its states, on demo data: `python tests/screenshots.py FOLDER`.

Light, dark and 150 %, empty, loading, busy, failing; for looking at, not for comparing.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent.parent))

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from qasync import QEventLoop

from stickysync_gui.autostart import ForgottenAutostart
from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.bugs import Bugs
from stickysync_gui.errors import GuardStopped, ItGlueUnreachable
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.ui.about import AboutBox, LicencesBox, show_about
from stickysync_gui.ui.autosync.rounds import Mood
from stickysync_gui.ui.autosync.tray import tray_icon
from stickysync_gui.ui.configuration import page as sections
from stickysync_gui.ui.configuration.passphrase import NewPassphrase
from stickysync_gui.ui.contents import Contents
from stickysync_gui.ui.main_window import CONFIGURATION, MAPPING, PASSWORDS, MainWindow
from stickysync_gui.ui.passwords import marks
from tests.waiting import until

SIZE = (1280, 800)
LOOKS = {"light": {}, "dark": {}, "150-percent": {"QT_SCALE_FACTOR": "1.5"}}


def dark_palette() -> QPalette:
    """What Fusion takes from a dark system; the offscreen platform has no system to ask."""
    palette = QPalette()
    role = QPalette.ColorRole
    for names, shade in (
        ((role.Window, role.Button), "#2b2d30"),
        ((role.Base,), "#1f2023"),
        ((role.AlternateBase,), "#26282b"),
        ((role.ToolTipBase,), "#3a3d41"),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), "#e8eaed"),
        ((role.BrightText, role.HighlightedText), "#ffffff"),
        ((role.Highlight,), "#2f65ca"),
        ((role.Link,), "#7ab4ff"),
        ((role.Mid,), "#44474b"),
        ((role.PlaceholderText,), "#9aa0a8"),
        ((role.Light,), "#4a4d52"),
        ((role.Midlight,), "#3c3f43"),
        ((role.Dark,), "#18191b"),
        ((role.Shadow,), "#101113"),
    ):
        for name in names:
            palette.setColor(name, QColor(shade))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor("#7b8087"))
    return palette


class Camera:
    """Saves pictures of widgets under numbered names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)

    async def take(self, widget: QWidget, name: str) -> None:
        for _ in range(5):
            await asyncio.sleep(0.02)
        self._count += 1
        path = self._folder / f"{self._count:02}-{name}.png"
        widget.grab().save(str(path))
        print(path)


async def new_window(*, demo: bool) -> Contents:
    frame = MainWindow(demo=demo)
    frame.resize(*SIZE)
    frame.show()
    return Contents(frame, Bugs(str), ForgottenAutostart())


async def unconfigured(camera: Camera) -> None:
    """The first start on a new PC."""
    window = await new_window(demo=False)
    window.tabs.setCurrentIndex(PASSWORDS)
    await camera.take(window.window, "starting")
    backend = Backend.open(Path(tempfile.mkdtemp()))
    window.set_backend(backend, AutoSync(backend))
    await until(lambda: not window.jobs.names)
    await camera.take(window.window, "passwords-no-database")
    window.tabs.setCurrentIndex(CONFIGURATION)
    await camera.take(window.window, "configuration-first-start")
    window.problems.add_error(
        ItGlueUnreachable(
            happened="IT Glue did not answer for 60 seconds.",
            unchanged="12 of 90 passwords were synced; the others are as they were.",
            todo="Check the connection, then press Sync All again.",
        ),
        "Sync All",
    )
    window.problems.show()
    await camera.take(window.window, "problem-and-toast")
    await end(window, backend)


async def configured(camera: Camera) -> None:
    """Everything on demo data."""
    window = await new_window(demo=True)
    backend = Backend.demo_backend()
    window.set_backend(backend, AutoSync(backend))
    window.tabs.setCurrentIndex(PASSWORDS)
    await until(lambda: bool(window.passwords.model.list.rows))
    await camera.take(window.window, "passwords-checking")
    await until(lambda: not window.jobs.names)
    standing = window.rounds.state
    window.rounds.state = replace(standing, last=replace(standing.last, ended=standing.now - timedelta(days=1)))
    window.rounds.changed.emit()
    await camera.take(window.window, "autosync-overdue")
    window.rounds.state = replace(standing, other_plugin_links=2)
    window.rounds.changed.emit()
    await camera.take(window.window, "autosync-other-plugin")
    window.banners.plugin_off.click()
    await until(lambda: top_dialog(window, none=True) is not None)
    await camera.take(top_dialog(window), "autosync-plugin-question")
    top_dialog(window).reject()
    await until(lambda: not window.jobs.names)
    window.rounds.look()
    await until(lambda: not window.jobs.names)
    await camera.take(window.tray.menu, "tray-menu")
    await camera.take(tray_icons(), "tray-icons")
    await passwords(camera, window)
    await mapping(camera, window)
    window.tabs.setCurrentIndex(CONFIGURATION)
    for section, name in enumerate(("database", "tables", "itglue", "options")):
        window.configuration.open(section)
        await camera.take(window.window, f"configuration-{name}")
    window.configuration.open(sections.CHECK)
    window.configuration.test()
    await until(lambda: not window.jobs.names)
    await camera.take(window.window, "configuration-self-check")
    dialog = NewPassphrase(window.window, backend.proposed_passphrase())
    dialog.show()
    await camera.take(dialog, "passphrase")
    dialog.close()
    await about(camera, window)
    await running(camera, window, backend)
    await end(window, backend)


async def about(camera: Camera, window: Contents) -> None:
    window.jobs.start("About", show_about(window))
    await until(lambda: isinstance(top_dialog(window, none=True), AboutBox))
    box = top_dialog(window)
    box.copy.click()
    await camera.take(box, "about")
    box.licences.click()
    await until(lambda: any(isinstance(w, LicencesBox) for w in QApplication.topLevelWidgets()))
    licences = next(w for w in QApplication.topLevelWidgets() if isinstance(w, LicencesBox))
    licences.list.setCurrentRow(8)
    await camera.take(licences, "licences")
    licences.close()
    box.close()
    await until(lambda: not window.jobs.names)


def tray_icons() -> QWidget:
    """The four icons, on a light and on a dark bar."""
    bars = QWidget()
    column = QVBoxLayout(bars)
    for ground in ("#f3f3f3", "#202020"):
        bar = QWidget(autoFillBackground=True)
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(ground))
        bar.setPalette(palette)
        line = QHBoxLayout(bar)
        for size in (16, 24, 48):
            for mood in Mood:
                sign = QLabel()
                sign.setPixmap(tray_icon(mood).pixmap(size, size))
                line.addWidget(sign)
        column.addWidget(bar)
    return bars


async def passwords(camera: Camera, window: Contents) -> None:
    page = window.passwords
    await camera.take(window.window, "passwords")
    table = page.table
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for line in (3, 4, 5):
        table.selectionModel().select(page.model.index(line, 0), flags)
    page.ticks.request(table.selected_rows(), on=True)
    await until(lambda: not window.jobs.names)
    await camera.take(window.window, "passwords-ticked")
    page.filters.choose_mark(marks.BY_NAME["moved"])
    table.selectRow(0)
    menu = table.menu(table.selected_rows())
    menu.popup(table.viewport().mapToGlobal(table.viewport().rect().center()))
    await camera.take(menu, "passwords-menu")
    menu.close()
    await camera.take(window.window, "passwords-moved-only")
    page.filters.search.setText("nothing has this name")
    await asyncio.sleep(0.2)
    await camera.take(window.window, "passwords-nothing-fits")
    page.filters.clear()
    client = next(id_ for id_ in (row.client_id for row in page.model.list.rows))
    page.filters.clients.choose(client)
    page.filters.choose_mark(marks.BY_NAME["in_sync"])
    await camera.take(window.window, "passwords-one-client")
    page.filters.clear()
    page.strip.leftovers.click()
    await camera.take(top_dialog(window), "leftovers")
    top_dialog(window).close()


async def mapping(camera: Camera, window: Contents) -> None:
    window.tabs.setCurrentIndex(MAPPING)
    page = window.mapping
    await camera.take(window.window, "mapping")
    page.show_suggestions()
    page.left.table.selectRow(1)
    page.right.table.selectRow(2)
    page.right.table.drop_line = 4
    await camera.take(window.window, "mapping-suggestions")
    page.right.table.drop_line = -1
    page.suggestions.hide()
    mapped = next(line for line in page.clients.list.rows if line.is_mapped and line.row.password_count > 20)
    other = next(row for row in page.organizations.list.rows if row.exists and not row.client_count)
    page.map_clients([mapped.id], other.organization.id)
    await until(lambda: top_dialog(window, none=True) is not None)
    await camera.take(top_dialog(window), "mapping-question")
    top_dialog(window).reject()
    await until(lambda: not window.jobs.names)


async def running(camera: Camera, window: Contents, backend: Backend) -> None:
    """A run from preview to summary."""
    window.tabs.setCurrentIndex(PASSWORDS)
    page = window.passwords
    page.sync_all()
    await until(lambda: top_dialog(window, none=True) is not None)
    await camera.take(top_dialog(window), "preview")
    top_dialog(window).accept()
    await until(lambda: page.progress.bar.maximum() > 0 and page.progress.bar.value() > 60, timeout=30)
    await camera.take(window.window, "run")
    page.progress.cancel.click()
    await camera.take(window.window, "run-stopping")
    await until(lambda: not window.jobs.names, timeout=60)
    await camera.take(window.window, "run-summary")
    await failures(camera, window, backend)
    page.summary.details.click()
    await until(lambda: not window.jobs.names)
    await camera.take(top_dialog(window), "history")
    top_dialog(window).close()
    window.jobs.start("Guard", guard(window))
    await until(lambda: top_dialog(window, none=True) is not None)
    await camera.take(top_dialog(window), "guard")
    top_dialog(window).reject()


async def failures(camera: Camera, window: Contents, backend: Backend) -> None:
    """Rows that IT Glue refused, listed with its words."""
    page = window.passwords
    fault = backend.sandbox.faults.add(Fault("status", method="POST", path=".*/passwords", status=422, times=None))
    new = [row.id for row in page.model.list.rows if row.mark.name == "new"][:4]
    page.table.select_keys(new, current=new[0])
    page.action_bar.sync_selected.click()
    await until(lambda: page.summary.retry.isVisible(), timeout=30)
    await until(lambda: not window.jobs.names)
    page.summary.show_failed.click()
    await camera.take(window.window, "run-failed-rows")
    backend.sandbox.faults.remove(fault)
    page.filters.clear()


async def guard(window: Contents) -> None:
    from stickysync_gui.ui.alerts import confirm_by_typing

    stopped = GuardStopped(
        guard="overwrites",
        number=312,
        happened="312 entries that people typed in IT Glue would be overwritten; the limit here is 250.",
        unchanged="Nothing was written, neither to IT Glue nor to the plugin's tables.",
        todo="",
    )
    text = f"{stopped.happened}\n\n{stopped.unchanged}"
    await confirm_by_typing(window.window, "A guard stopped the run", text, stopped.number, "Sync anyway")


def top_dialog(window: Contents, *, none: bool = False) -> QWidget:
    from PySide6.QtWidgets import QDialog

    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    return dialogs[-1] if dialogs or not none else None


async def end(window: Contents, backend: Backend) -> None:
    await window.jobs.end_all(10)
    window.window.hide()
    window.window.deleteLater()
    await backend.close()


async def all_pictures(folder: Path) -> None:
    camera = Camera(folder)
    steps: list[Callable[[Camera], Awaitable[None]]] = [unconfigured, configured]
    for step in steps:
        await step(camera)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots")
    look = os.environ.get("SCREENSHOT_LOOK", "")
    if not look:
        for name, environment in LOOKS.items():
            surroundings = {**os.environ, **environment, "SCREENSHOT_LOOK": name}
            subprocess.run([sys.executable, __file__, str(folder / name)], env=surroundings, check=True)
        return
    os.environ["STICKYSYNC_HOME"] = tempfile.mkdtemp(prefix="stickysync-pictures-")
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    app = QApplication(sys.argv[:1])
    app.setStyle("fusion")
    app.setQuitOnLastWindowClosed(False)
    if look == "dark":
        app.setPalette(dark_palette())
    with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
        runner.run(all_pictures(folder))
    os._exit(0)


if __name__ == "__main__":
    main()
