"""The whole job without a mouse: every key goes to whatever has the focus, as from a keyboard."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget

from stickysync_gui.domain.planned import Status
from stickysync_gui.ui.history_dialog import HistoryDialog
from stickysync_gui.ui.passwords.preview import Preview
from tests.ui.desk import Desk, demo_desk, dialog, first
from tests.waiting import until

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def focus(desk: Desk) -> QWidget:
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    if boxes:
        return boxes[-1].focusWidget() or boxes[-1]
    return QApplication.focusWidget() or desk.frame


def press(desk: Desk, key: Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(focus(desk), key, modifiers)


def type_(desk: Desk, text: str) -> None:
    QTest.keyClicks(focus(desk), text)


async def back_in_the_window(desk: Desk) -> None:
    """What a window manager does when a dialog closes; the offscreen platform has none."""
    desk.frame.activateWindow()
    await until(lambda: desk.frame.isActiveWindow())


async def test_a_client_is_mapped_unmapped_and_suggested_by_keyboard() -> None:
    async with demo_desk() as desk:
        desk.frame.activateWindow()
        page = desk.mapping
        press(desk, Key.Key_2, CTRL)
        await desk.idle()
        client = first(page.clients.list.rows, lambda line: line.row.exists and not line.row.organization_ids)
        target = first(page.organizations.list.rows, lambda row: row.exists and not row.client_count).organization

        press(desk, Key.Key_F, CTRL)
        type_(desk, client.row.client.name)
        press(desk, Key.Key_Down)
        assert [line.id for line in page.left.table.selected_rows()] == [client.id]
        press(desk, Key.Key_F, CTRL | SHIFT)
        type_(desk, target.name)
        press(desk, Key.Key_Down)
        press(desk, Key.Key_Return)
        await desk.idle()
        assert page.clients.list.find(client.id).row.organization_ids == (target.id,)

        press(desk, Key.Key_Z, CTRL)
        await until(lambda: not page.clients.list.find(client.id).is_mapped)
        await desk.idle()
        press(desk, Key.Key_Y, CTRL)
        await until(lambda: page.clients.list.find(client.id).is_mapped)
        await desk.idle()

        press(desk, Key.Key_F, CTRL)
        press(desk, Key.Key_Down)
        press(desk, Key.Key_Delete)
        await dialog(QMessageBox)
        press(desk, Key.Key_Return)
        await desk.idle()
        assert not page.clients.list.find(client.id).is_mapped
        await back_in_the_window(desk)

        press(desk, Key.Key_G, CTRL)
        best = page.suggestions.table.selected_rows()[0].suggestion
        press(desk, Key.Key_Return)
        await desk.idle()
        assert page.clients.list.find(best.client_id).row.organization_ids == (best.organization_id,)
        press(desk, Key.Key_G, CTRL)
        pair = page.suggestions.table.selected_rows()[0].pair
        press(desk, Key.Key_Delete)
        await desk.idle()
        assert pair in desk.backend.settings.dismissed_suggestions


async def test_passwords_are_found_ticked_previewed_and_synced_by_keyboard() -> None:
    async with demo_desk() as desk:
        desk.frame.activateWindow()
        page = desk.passwords
        press(desk, Key.Key_3, CTRL)
        row = first(page.model.list.rows, lambda row: row.mark.name == Status.MATCHES.value and not row.ticked)
        press(desk, Key.Key_F, CTRL)
        type_(desk, f"{row.client} {row.title}")
        press(desk, Key.Key_Down)
        chosen = page.table.selected_rows()
        assert len(chosen) == 1
        row = chosen[0]
        press(desk, Key.Key_Space)
        await until(lambda: page.model.list.find(row.id).ticked)
        await desk.idle()
        press(desk, Key.Key_Z, CTRL)
        await until(lambda: not page.model.list.find(row.id).ticked)
        await desk.idle()

        press(desk, Key.Key_Return, CTRL)
        preview = await dialog(Preview)
        press(desk, Key.Key_Space)
        assert not preview.apply.isEnabled()
        press(desk, Key.Key_Space)
        assert preview.apply.isEnabled()
        press(desk, Key.Key_Return, CTRL)
        await until(lambda: page.summary.isVisible())
        await desk.idle()
        assert "1 linked" in page.summary.text.text()
        assert page.model.list.find(row.id).mark.name == Status.IN_SYNC.value

        await back_in_the_window(desk)
        press(desk, Key.Key_H, CTRL)
        history = await dialog(HistoryDialog)
        await desk.idle()
        assert len(history.runs.list.rows) == 1
        press(desk, Key.Key_Escape)
        assert not history.isVisible()


async def test_the_configuration_is_walked_by_keyboard() -> None:
    async with demo_desk() as desk:
        desk.frame.activateWindow()
        press(desk, Key.Key_1, CTRL)
        seen = set()
        while (name := type(focus(desk)).__name__) != "QListWidget":
            press(desk, Key.Key_Tab)
            assert name not in seen or len(seen) < 40
            seen.add(name)
        sections = focus(desk)
        for _ in range(4):
            press(desk, Key.Key_Down)
        assert focus(desk) is sections
        press(desk, Key.Key_Tab)
        assert focus(desk) is not sections
        assert desk.window.configuration.isVisible()
