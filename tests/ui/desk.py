"""A whole window over the demo: real database, real HTTP, real events."""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QDialog, QFileDialog, QLineEdit
from shiboken6 import delete

from stickysync_gui.autostart import Autostart
from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.bugs import Bugs
from stickysync_gui.settings import Profile
from stickysync_gui.ui.contents import Contents
from stickysync_gui.ui.main_window import MAPPING, PASSWORDS, MainWindow
from tests.waiting import PATIENCE, until

W = TypeVar("W", bound=QDialog)
LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
LONG = 2 * PATIENCE
"""Ends a hang where a whole run is waited for."""


@dataclass
class Desk:
    """The window and what stands behind it."""

    window: Contents
    backend: Any

    @property
    def frame(self) -> MainWindow:
        return self.window.window

    @property
    def passwords(self) -> Any:
        return self.window.passwords

    @property
    def mapping(self) -> Any:
        return self.window.mapping

    @property
    def problems(self) -> list[str]:
        return [problem.happened for problem in self.window.problems.problems()]

    async def idle(self, timeout: float = PATIENCE) -> None:
        await until(lambda: not self.window.jobs.names, timeout=timeout)

    async def lose_the_key(self) -> None:
        """Connect under a profile for which this PC knows no passphrase."""
        address = self.backend.profile.database
        await self.backend.connect(Profile("stranger", "Stranger", address), None)
        self.window.configuration.connection_changed.emit()
        await self.idle()

    def set_options(self, **changes: Any) -> None:
        settings = self.backend.settings
        self.backend.save_settings(replace(settings, options=replace(settings.options, **changes)))


@asynccontextmanager
async def demo_desk(
    tab: int = PASSWORDS, autostart: Autostart | None = None, *, overdue: bool = False
) -> AsyncIterator[Desk]:
    """A connected demo window, everything read.

    Args:
        overdue: whether the last AutoSync round was a day ago, not a few minutes.
    """
    window = new_window(demo=True, autostart=autostart)
    backend = Backend.demo_backend()
    try:
        window.window.resize(1280, 800)
        window.tabs.setCurrentIndex(tab)
        window.set_backend(backend, AutoSync(backend))
        desk = Desk(window, backend)
        await until(lambda: bool(window.passwords.model.list.rows))
        await desk.idle()
        assert desk.problems == []
        if overdue:
            change(desk, "UPDATE plugin_stickysync_run SET EndedAt = datetime(EndedAt, '-1 day') WHERE Ended = 'done'")
            window.rounds.look()
            await desk.idle()
        yield desk
    finally:
        await window.jobs.end_all(10)
        await backend.close()
        put_away(window)


@asynccontextmanager
async def at_work(window: Contents, backend: Backend) -> AsyncIterator[Desk]:
    """A window and its backend, both put away in the end."""
    try:
        window.set_backend(backend, AutoSync(backend))
        desk = Desk(window, backend)
        await desk.idle()
        yield desk
    finally:
        await window.jobs.end_all(5)
        await backend.close()
        put_away(window)


@asynccontextmanager
async def fresh_desk(home: Path) -> AsyncIterator[Desk]:
    """A window on a PC that knows nothing yet."""
    home.mkdir(exist_ok=True)
    backend = Backend.open(home, itglue_url=os.environ.get("STICKYSYNC_ITGLUE_URL", ""))
    async with at_work(new_window(), backend) as desk:
        yield desk


def change(desk: Desk, sql: str, *values: object) -> None:
    """Do something to the demo's database that another PC might do."""
    with closing(sqlite3.connect(desk.backend.profile.database.sqlite_file)) as connection, connection:
        assert connection.execute(sql, values).rowcount


def new_window(
    looks: dict[str, Any] | None = None, *, demo: bool = False, autostart: Autostart | None = None
) -> Contents:
    """A window with its contents, on the screen."""
    frame = MainWindow(looks, demo=demo)
    frame.show()
    return Contents(frame, Bugs(str), autostart)


def put_away(window: Contents) -> None:
    """Delete the window now: left to itself, it might end in a worker thread of the next test."""
    window.window.hide()
    delete(window.window)


def mapping_desk() -> Any:
    """A desk with Org Mapping in front."""
    return demo_desk(MAPPING)


async def dialog(kind: type[W], timeout: float = PATIENCE) -> W:
    """The dialog of that kind, once it is open."""

    def found() -> W | None:
        shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
        return shown[-1] if shown else None

    result = await until(found, timeout=timeout)
    assert result is not None
    return result


def press(parent: Any, text: str) -> None:
    """Click the button of that label, with the mouse."""
    buttons = [b for b in parent.findChildren(QAbstractButton) if b.text().replace("&", "") == text]
    assert buttons, f"no button “{text}”, only {[b.text() for b in parent.findChildren(QAbstractButton)]}"
    click(buttons[0])


def click(button: QAbstractButton) -> None:
    assert button.isVisible(), button.text()
    assert button.isEnabled(), button.text()
    # Radio buttons and check boxes take clicks on their text alone, which stands at the left.
    QTest.mouseClick(button, LEFT, NO_KEYS, QPoint(10, button.height() // 2))


def click_cell(view: QAbstractItemView, index: QModelIndex, *, at_left: bool = False) -> None:
    """Press and release on a cell; at its left is where check boxes are."""
    view.scrollTo(index)
    rect = view.visualRect(index)
    at = QPoint(rect.left() + 10, rect.center().y()) if at_left else rect.center()
    QTest.mouseClick(view.viewport(), LEFT, NO_KEYS, at)


def drop_on(view: QAbstractItemView, mime: QMimeData, index: QModelIndex) -> bool:
    """Enter, move and drop at the centre of a cell; True if the view took all three."""
    view.scrollTo(index)
    action = Qt.DropAction.CopyAction
    at = view.visualRect(index).center()
    accepted = []
    for event in (
        QDragEnterEvent(at, action, mime, LEFT, NO_KEYS),
        QDragMoveEvent(at, action, mime, LEFT, NO_KEYS),
        QDropEvent(QPointF(at), action, mime, LEFT, NO_KEYS),
    ):
        QApplication.sendEvent(view.viewport(), event)
        accepted.append(event.isAccepted())
    return all(accepted)


async def choose_file(path: Path) -> None:
    """Type a path into the file dialog and accept it."""
    chooser = await dialog(QFileDialog)
    name = chooser.findChild(QLineEdit)
    assert name is not None
    name.setText(str(path))
    chooser.accept()


def begin_drag(view: QAbstractItemView, index: QModelIndex) -> None:
    """Press on a cell and move past the start distance."""
    viewport, start = view.viewport(), view.visualRect(index).center()
    steps = [(QEvent.Type.MouseButtonPress, 0, LEFT)]
    steps += [(QEvent.Type.MouseMove, n, Qt.MouseButton.NoButton) for n in (8, 16, 24, 32)]
    for kind, offset, button in steps:
        at = QPointF(start + QPoint(offset, offset // 2))
        QApplication.sendEvent(
            viewport, QMouseEvent(kind, at, QPointF(viewport.mapToGlobal(at.toPoint())), button, LEFT, NO_KEYS)
        )


def first(rows: Any, condition: Callable[[Any], bool]) -> Any:
    """The first row that fulfils the condition."""
    return next(row for row in rows if condition(row))
