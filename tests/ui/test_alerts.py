import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from stickysync_gui.ui.alerts import Question, TypedConfirmation, ask, choose, confirm_by_typing
from tests.ui.desk import click, dialog, press
from tests.waiting import until

QUESTION = Question("Remap", "Map it elsewhere?", "12 passwords are linked.", ("Keep", "Anew"))


@pytest.fixture
def parent(qtbot: object) -> QWidget:
    window = QWidget()
    window.show()
    return window


async def test_the_clicked_answer_comes_back_and_other_tasks_go_on_meanwhile(parent: QWidget) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.ensure_future(tick())
    asking = asyncio.ensure_future(choose(parent, QUESTION))
    box = await dialog(QMessageBox)
    seen = ticks
    await until(lambda: ticks > seen + 3)
    press(box, "Anew")
    assert await asking == "Anew"
    ticking.cancel()


async def test_escape_and_cancel_give_nothing(parent: QWidget) -> None:
    asking = asyncio.ensure_future(ask(parent, QUESTION))
    QTest.keyClick(await dialog(QMessageBox), Qt.Key.Key_Escape)
    assert await asking is False
    asking = asyncio.ensure_future(ask(parent, QUESTION))
    press(await dialog(QMessageBox), "Cancel")
    assert await asking is False


async def test_enter_backs_out_of_a_dangerous_question(parent: QWidget) -> None:
    asking = asyncio.ensure_future(ask(parent, Question("Remove", "Remove it?", answers=("Remove",), danger=True)))
    QTest.keyClick(await dialog(QMessageBox), Qt.Key.Key_Return)
    assert await asking is False


async def test_cancelling_the_wait_closes_the_box(parent: QWidget) -> None:
    asking = asyncio.ensure_future(ask(parent, QUESTION))
    await dialog(QMessageBox)
    asking.cancel()
    await until(lambda: not any(isinstance(w, QMessageBox) and w.isVisible() for w in QApplication.topLevelWidgets()))
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_question_during_work_leaves_the_window_usable(parent: QWidget) -> None:
    asking = asyncio.ensure_future(ask(parent, Question("Quit", "Stop and quit?", modeless=True)))
    box = await dialog(QMessageBox)
    assert not box.isModal()
    press(box, "OK")
    assert await asking


async def test_only_the_right_number_goes_on(parent: QWidget) -> None:
    asking = asyncio.ensure_future(confirm_by_typing(parent, "Guard", "312 would be overwritten.", 312, "Sync anyway"))
    box = await dialog(TypedConfirmation)
    for wrong in ("31", "3120", "no"):
        box.number.clear()
        QTest.keyClicks(box.number, wrong)
        assert not box.go_on.isEnabled()
        QTest.keyClick(box.number, Qt.Key.Key_Return)
        assert not asking.done()
    box.number.clear()
    QTest.keyClicks(box.number, "312")
    click(box.go_on)
    assert await asking is True
