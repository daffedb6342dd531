"""The window's plain controls, made the same way everywhere: each has a name for screen readers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPalette, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QScrollArea, QSizePolicy, QToolButton, QWidget

from stickysync_gui.ui import theme

FIELD_WIDTH = 380


def label(
    text: str = "", *, bold: bool = False, quiet: bool = False, selectable: bool = False, wrap: bool = True
) -> QLabel:
    """A text that is never taken for markup.

    Args:
        quiet: in the colour of hints.
        selectable: may be marked and copied.
        wrap: whether it may take several lines.
    """
    made = QLabel(text, wordWrap=wrap, textFormat=Qt.TextFormat.PlainText)
    if bold:
        font = made.font()
        font.setBold(True)
        made.setFont(font)
    if quiet:
        made.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        # Reachable by mouse for copying; tabbing through texts would be a nuisance.
        made.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return made


class ElidedLabel(QLabel):
    """One line of plain text that is cut with an ellipsis where it does not fit, and whole in its tool tip."""

    def __init__(self, name: str) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText)
        self.whole = ""
        self.setAccessibleName(name)
        self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def say(self, words: str) -> None:
        """Show these words, in one line."""
        self.whole = " ".join(words.split())
        self.setToolTip(self.whole)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        self.setText(self.fontMetrics().elidedText(self.whole, Qt.TextElideMode.ElideRight, self.width()))


def push_button(
    text: str,
    clicked: Callable[[], object],
    *,
    icon: str = "",
    tip: str = "",
    shortcut: str = "",
    default: bool = False,
) -> QPushButton:
    """A push button; a shortcut stands in its tool tip."""
    made = QPushButton(text)
    if icon:
        made.setIcon(theme.icon(icon))
    made.setAutoDefault(False)
    made.setDefault(default)
    made.clicked.connect(lambda: clicked())
    _explain(made, tip, shortcut, clicked)
    return made


def tool_button(icon: str, name: str, clicked: Callable[[], object], *, shortcut: str = "") -> QToolButton:
    """A flat button that shows only an icon; `name` is its tool tip and what screen readers say."""
    made = QToolButton()
    made.setIcon(theme.icon(icon))
    made.setAutoRaise(True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName(name)
    made.clicked.connect(lambda: clicked())
    _explain(made, name, shortcut, clicked)
    return made


def _explain(button: QPushButton | QToolButton, tip: str, shortcut: str, clicked: Callable[[], object]) -> None:
    if shortcut:
        keys = QShortcut(QKeySequence(shortcut), button)
        # A shortcut of a hidden page must not act; WindowShortcut of an invisible widget is inactive.
        keys.setContext(Qt.ShortcutContext.WindowShortcut)
        keys.activated.connect(lambda: button.click() if button.isVisible() else None)
        native = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        tip = f"{tip or button.text()} ({native})"
    if tip:
        button.setToolTip(tip)


class SearchBox(QLineEdit):
    """A search box with a magnifier and a button that clears it; Down leads into what was found.

    Args:
        changed: takes the text with each change.
        keys: a shortcut that leads here, shown in the prompt.
    """

    went_down = Signal()

    def __init__(self, prompt: str, changed: Callable[[str], object], keys: str = "") -> None:
        super().__init__(placeholderText=prompt, clearButtonEnabled=True)
        self.setAccessibleName(prompt)
        # Screen readers find the magnifier, so it has a name.
        magnifier = QAction(theme.icon("search", theme.Tone.QUIET), "Search", self)
        self.addAction(magnifier, QLineEdit.ActionPosition.LeadingPosition)
        self.textChanged.connect(changed)
        if keys:
            find = QShortcut(QKeySequence(keys), self)
            self.setPlaceholderText(f"{prompt} ({find.key().toString(QKeySequence.SequenceFormat.NativeText)})")
            find.activated.connect(self._found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down leaves for the table."""
        if event.key() == Qt.Key.Key_Down and not event.modifiers():
            self.went_down.emit()
        else:
            super().keyPressEvent(event)

    def _found(self) -> None:
        # The shortcut of a page that is not in front must not act.
        if self.isVisible():
            self.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.selectAll()


def line_edit(name: str, *, prompt: str = "", secret: bool = False, width: int = FIELD_WIDTH) -> QLineEdit:
    """A field of a form; a secret one shows dots."""
    made = QLineEdit(placeholderText=prompt)
    made.setAccessibleName(name)
    made.setFixedWidth(width)
    if secret:
        made.setEchoMode(QLineEdit.EchoMode.Password)
        # A secret typed here must not stay in some input method's dictionary.
        made.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        _add_eye(made)
    return made


def _add_eye(field: QLineEdit) -> None:
    eye = QAction(theme.icon("preview", theme.Tone.QUIET), "Show what was typed", field)
    eye.setCheckable(True)
    eye.toggled.connect(lambda on: field.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password))
    # What is not there cannot be looked at: the eye comes with the first character and covers up when it is cleared.
    field.addAction(eye, QLineEdit.ActionPosition.TrailingPosition)
    eye.setVisible(False)
    field.textChanged.connect(lambda text: eye.setVisible(bool(text)))
    field.textChanged.connect(lambda text: None if text else eye.setChecked(False))


def scroll_area(inner: QWidget) -> QScrollArea:
    """A frameless scroll area round a widget that takes its width."""
    made = QScrollArea()
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setWidgetResizable(True)
    made.setWidget(inner)
    return made
