"""Questions that a coroutine awaits. Never a nested loop: a box is opened, a future takes the answer."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from stickysync_gui.ui.controls import label


@dataclass(frozen=True, slots=True)
class Question:
    """A question with named answers.

    Args:
        title: of the window.
        text: the question itself.
        detail: what the answers mean.
        answers: the buttons in order; the first is what Enter does. Esc and closing give "".
        danger: shows a warning sign.
        modeless: leaves the window usable, for questions that come up while work runs.
    """

    title: str
    text: str
    detail: str = ""
    answers: tuple[str, ...] = ("OK",)
    cancel: str = "Cancel"
    danger: bool = False
    modeless: bool = False


async def choose(parent: QWidget, question: Question) -> str:
    """Ask and return the chosen answer; "" when the user backed out."""
    box = QMessageBox(parent)
    box.setWindowTitle(question.title)
    box.setText(question.text)
    box.setInformativeText(question.detail)
    box.setTextFormat(Qt.TextFormat.PlainText)
    kind = QMessageBox.Icon.Question if question.answers else QMessageBox.Icon.Information
    box.setIcon(QMessageBox.Icon.Warning if question.danger else kind)
    buttons = {box.addButton(answer, QMessageBox.ButtonRole.AcceptRole): answer for answer in question.answers}
    back = box.addButton(question.cancel, QMessageBox.ButtonRole.RejectRole)
    box.setEscapeButton(back)
    box.setDefaultButton(back if question.danger or not buttons else next(iter(buttons)))
    await shown(box, modeless=question.modeless)
    return next((answer for button, answer in buttons.items() if button is box.clickedButton()), "")


async def ask(parent: QWidget, question: Question) -> bool:
    """Ask a question that has one answer besides backing out."""
    return bool(await choose(parent, question))


async def shown(dialog: QDialog, *, modeless: bool = False) -> bool:
    """Open a dialog and wait until it is closed; True when it was accepted. Cancelling the wait closes it."""
    closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def finished(result: int) -> None:
        if not closed.done():
            closed.set_result(result)

    dialog.finished.connect(finished)
    if modeless:
        dialog.setModal(False)
        dialog.show()
        dialog.raise_()
    else:
        dialog.open()
    try:
        return await closed == QDialog.DialogCode.Accepted
    finally:
        dialog.hide()
        dialog.deleteLater()


async def choose_file(parent: QWidget, title: str, names: str, *, save_as: str = "") -> str:
    """Let the user pick a file; "" when none was picked.

    Args:
        names: a filter as Qt writes it: "Certificates (*.pem *.crt)".
        save_as: asks for a new file, with this proposed name; an existing one is only taken after a question.
    """
    dialog = QFileDialog(parent, title)
    dialog.setNameFilter(names)
    if save_as:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(save_as)
        # Qt would ask about an existing file in a nested loop.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(_suffix(chosen)))
        dialog.setDefaultSuffix(_suffix(names))
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    accepted = await shown(dialog)
    files = dialog.selectedFiles()
    path = files[0] if accepted and files else ""
    if path and save_as and Path(path).exists():
        name = Path(path).name
        replace = Question(
            "Replace the file", f"{name} is there already. Replace it?", answers=("Replace",), danger=True
        )
        return path if await ask(parent, replace) else ""
    return path


def _suffix(name_filter: str) -> str:
    found = re.search(r"\*\.(\w+)", name_filter)
    return found.group(1) if found else ""


class TypedConfirmation(QDialog):
    """Goes on only after a number was typed, so that nobody confirms what they did not read."""

    def __init__(self, parent: QWidget, title: str, text: str, number: int, act: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._wanted = str(number)
        words = label(text)
        words.setMinimumWidth(420)
        prompt = QLabel(f"To go on, type the number &{number}:")
        self.number = QLineEdit(placeholderText=str(number))
        self.number.setMaximumWidth(140)
        self.number.setAccessibleName("The number to confirm")
        prompt.setBuddy(self.number)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go_on = buttons.addButton(act, QDialogButtonBox.ButtonRole.AcceptRole)
        self.go_on.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        for widget in (words, prompt, self.number, buttons):
            layout.addWidget(widget)
        self.number.textChanged.connect(self._typed)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)

    def _typed(self, text: str) -> None:
        digits = "".join(character for character in text if character.isdigit())
        self.go_on.setEnabled(digits == self._wanted)


async def confirm_by_typing(parent: QWidget, title: str, text: str, number: int, act: str) -> bool:
    """Ask for a number to be typed; True when it was.

    Args:
        text: what happened and what going on means.
        number: what must be typed.
        act: label of the button that goes on.
    """
    return await shown(TypedConfirmation(parent, title, text, number, act))
