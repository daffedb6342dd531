"""What a screen reader hears: every control on every page and in every dialog has a name."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ItGlueUnreachable
from stickysync_gui.ui.about import AboutBox, LicencesBox, show_about
from stickysync_gui.ui.alerts import TypedConfirmation
from stickysync_gui.ui.configuration.page import CHECK, DATABASE
from stickysync_gui.ui.configuration.passphrase import KnownPassphrase, NewPassphrase
from stickysync_gui.ui.configuration.tables_form import SqlDialog
from stickysync_gui.ui.main_window import CONFIGURATION, MAPPING, PASSWORDS
from tests.ui.desk import LONG, Desk, demo_desk, dialog
from tests.waiting import until

ROLE = QAccessible.Role
INTERACTIVE = frozenset(
    {
        ROLE.Button,
        ROLE.ButtonDropDown,
        ROLE.ButtonMenu,
        ROLE.CheckBox,
        ROLE.ComboBox,
        ROLE.EditableText,
        ROLE.Link,
        ROLE.List,
        ROLE.MenuItem,
        ROLE.PageTab,
        ROLE.ProgressBar,
        ROLE.RadioButton,
        ROLE.Slider,
        ROLE.SpinBox,
        ROLE.Table,
        ROLE.Tree,
    }
)
# Their cells are many, and rows are spoken by the model (test_table.py).
CLOSED = frozenset({ROLE.Table, ROLE.Tree, ROLE.ComboBox, ROLE.SpinBox})


def heard(widget: QWidget) -> Iterator[QAccessibleInterface]:
    """The interfaces of a widget and of what is shown in it."""
    waiting = [QAccessible.queryAccessibleInterface(widget)]
    while waiting:
        one = waiting.pop()
        if one is None or not one.isValid() or one.state().invisible:
            continue
        yield one
        if one.role() not in CLOSED:
            waiting += [one.child(number) for number in range(one.childCount())]


def nameless(widget: QWidget) -> list[str]:
    """The controls without a name, each with its class and where it is."""
    return [
        f"{one.role().name}: {_place(one)}"
        for one in heard(widget)
        if one.role() in INTERACTIVE and not one.text(QAccessible.Text.Name).strip() and not _is_inner(one)
    ]


def _place(one: QAccessibleInterface) -> str:
    widget: Any = one.object()
    names = []
    while widget is not None:
        names.append(type(widget).__name__)
        widget = widget.parent()
    return " < ".join(names[:5])


def _is_inner(one: QAccessibleInterface) -> bool:
    """Whether Qt put it there as a part of a control that has the name."""
    widget = one.object()
    # Arrows of a tab bar that is too narrow, the lines of scroll bars: never reached by the keyboard.
    is_part = widget is not None and widget.objectName().startswith(("qt_", "ScrollLeft", "ScrollRight"))
    unreachable = isinstance(widget, QAbstractButton) and widget.focusPolicy() is Qt.FocusPolicy.NoFocus
    return is_part or (unreachable and widget.text() == "" and widget.toolTip() != "")


async def test_every_control_on_every_page_has_a_name() -> None:
    async with demo_desk() as desk:
        window, found = desk.window, set()
        window.problems.add_error(ItGlueUnreachable(happened="No answer.", unchanged="None.", todo="Wait."), "Sync All")
        window.problems.show()
        window.mapping.show_suggestions()
        for tab in (PASSWORDS, MAPPING, CONFIGURATION):
            window.tabs.setCurrentIndex(tab)
            await desk.idle()
            for section in range(DATABASE, CHECK + 1) if tab == CONFIGURATION else (0,):
                if tab == CONFIGURATION:
                    window.configuration.open(section)
                found |= set(nameless(desk.frame))
        assert sorted(found) == []


async def test_every_control_while_a_run_is_on_and_summed_up_has_a_name() -> None:
    async with demo_desk() as desk:
        desk.set_options(preview_first=False)
        desk.passwords.sync_all()
        await until(desk.passwords.progress.isVisible)
        assert nameless(desk.frame) == []
        desk.passwords.progress.cancel.click()
        await desk.idle(LONG)
        assert desk.passwords.summary.isVisible()
        assert nameless(desk.frame) == []


async def _opened(desk: Desk, known: set[int]) -> QDialog:
    def found() -> QDialog | None:
        new = (w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible())
        return next((w for w in new if id(w) not in known), None)

    box = await until(found)
    assert box is not None
    return box


async def test_every_control_in_every_dialog_has_a_name() -> None:
    async with demo_desk() as desk:
        window, frame = desk.window, desk.frame
        found: dict[str, list[str]] = {}
        passphrase = Secret("abcde-fghij-klmno-pqrst")
        for box in (
            SqlDialog(frame, "CREATE TABLE …"),
            NewPassphrase(frame, passphrase),
            KnownPassphrase(frame, "The key is sealed."),
            TypedConfirmation(frame, "A guard", "Words", 312, "Sync anyway"),
        ):
            box.show()
            found[type(box).__name__] = nameless(box)
            box.close()
        window.show_history()
        box = await _opened(desk, set())
        await desk.idle()
        found["history"] = nameless(box)
        box.close()
        desk.passwords.strip.leftovers.click()
        box = await _opened(desk, set())
        found["leftovers"] = nameless(box)
        box.close()
        desk.passwords.sync_all(preview=True)
        box = await _opened(desk, set())
        found["preview"] = nameless(box)
        box.reject()
        await desk.idle()
        window.jobs.start("About", show_about(window))
        about = await dialog(AboutBox)
        found["about"] = nameless(about)
        about.licences.click()
        texts = await dialog(LicencesBox)
        found["licences"] = nameless(texts)
        texts.close()
        about.close()
        window.banners.plugin_off.click()
        question = await dialog(QMessageBox)
        found["question"] = nameless(question)
        question.reject()
        await desk.idle()
        assert {name: controls for name, controls in found.items() if controls} == {}


async def test_the_walk_sees_a_control_without_a_name(qapp: Any) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    for widget in (QLineEdit(), QPushButton("Named"), QPushButton()):
        column.addWidget(widget)
    page.show()
    assert sorted(control.split(":")[0] for control in nameless(page)) == ["Button", "EditableText"]
