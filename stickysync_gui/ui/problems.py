"""The last problems, readable until they are dismissed, and the toast that points at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from stickysync_gui.errors import StickySyncError
from stickysync_gui.ui import theme
from stickysync_gui.ui.controls import label, push_button, scroll_area, tool_button

KEPT = 20
TOAST_MS = 8_000
PANEL_HEIGHT = 210


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong.

    Args:
        doing: what the program was busy with.
        happened, unchanged, todo: the three sentences; any may be empty.
        report: a long text that only copying gives, for unexpected errors.
        at: local time.
        act: what may be done about it at once, with its label.
    """

    doing: str
    happened: str
    unchanged: str = ""
    todo: str = ""
    report: str = ""
    at: datetime | None = None
    act_label: str = ""
    act: Callable[[], None] | None = None

    @classmethod
    def bug(cls, report: str, doing: str) -> Problem:
        """An unexpected error; the report goes along with "Copy"."""
        return cls(
            doing,
            "Something went wrong that this program did not foresee.",
            "The program goes on; what it was doing was not finished.",
            "Copy the report and send it to whoever looks after StickySync here. It holds no passwords.",
            report,
        )

    def text(self) -> str:
        """Everything, for the clipboard."""
        parts = (f"{self.doing}:", self.happened, self.unchanged, self.todo, self.report)
        return "\n".join(part for part in parts if part)


class ProblemCard(QFrame):
    """One problem with its buttons."""

    dismissed = Signal()

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._sign = QLabel()
        self._draw_sign()
        when = problem.at.strftime("%H:%M") if problem.at else ""
        head = label(f"{problem.doing} – {when}" if when else problem.doing, quiet=True)
        happened = label(problem.happened, bold=True, selectable=True)
        words = QVBoxLayout()
        words.setSpacing(2)
        rest = "\n".join(part for part in (problem.unchanged, problem.todo) if part)
        for part in (head, happened, label(rest, selectable=True)):
            words.addWidget(part)
        copy = push_button("Copy", lambda: QGuiApplication.clipboard().setText(problem.text()), icon="copy")
        away = tool_button("close", "Dismiss this problem", self.dismissed.emit)
        layout = QHBoxLayout(self)
        layout.addWidget(self._sign, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        if problem.act is not None:
            layout.addWidget(push_button(problem.act_label, problem.act), alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(copy, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(away, alignment=Qt.AlignmentFlag.AlignTop)

    def changeEvent(self, event: QEvent) -> None:
        """Redraw the sign for another scheme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._draw_sign()

    def _draw_sign(self) -> None:
        self._sign.setPixmap(theme.pixmap("error", theme.Tone.BAD, 20, self.devicePixelRatioF()))


class Problems(QWidget):
    """The panel of the last problems, newest first."""

    count_changed = Signal(int)
    added = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Problems")
        self._cards: list[ProblemCard] = []
        clear = push_button("Dismiss all", self.clear)
        hide = tool_button("down", "Hide the problems", self.hide)
        head = QHBoxLayout()
        head.addWidget(label("Problems", bold=True, wrap=False))
        head.addStretch()
        head.addWidget(clear)
        head.addWidget(hide)
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addLayout(head)
        layout.addWidget(scroll_area(inner))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(PANEL_HEIGHT)
        self.hide()

    def add(self, problem: Problem) -> None:
        """Show a problem; the oldest goes when there are too many."""
        card = ProblemCard(problem)
        self._cards.insert(0, card)
        self._list.insertWidget(0, card)
        card.show()
        card.dismissed.connect(lambda: self._remove(card))
        for old in self._cards[KEPT:]:
            self._remove(old)
        self.count_changed.emit(len(self._cards))
        self.added.emit(problem)

    def add_error(
        self, error: StickySyncError, doing: str, act_label: str = "", act: Callable[[], None] | None = None
    ) -> None:
        """Show a failure, with the time of now, and what may be done about it at once."""
        now = datetime.now().astimezone()
        self.add(Problem(doing, error.happened, error.unchanged, error.todo, at=now, act_label=act_label, act=act))

    def problems(self) -> list[Problem]:
        """What the panel holds, newest first."""
        return [card.problem for card in self._cards]

    def clear(self) -> None:
        """Dismiss all."""
        for card in list(self._cards):
            self._remove(card)

    def dismiss_of(self, doing: str) -> None:
        """Dismiss what an act of that name left, because it went well now."""
        for card in [card for card in self._cards if card.problem.doing == doing]:
            self._remove(card)

    def _remove(self, card: ProblemCard) -> None:
        self._cards.remove(card)
        self._list.removeWidget(card)
        card.hide()
        card.deleteLater()
        if not self._cards:
            self.hide()
        self.count_changed.emit(len(self._cards))


class Toast(QFrame):
    """A line in the corner that goes away by itself; what it says also stands somewhere else.

    Args:
        parent: whose lower right corner it takes.
    """

    opened = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._corner_of = parent
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.ToolTipBase)
        self._sign = QLabel()
        self.text = label()
        self.text.setMinimumWidth(260)
        self.text.setMaximumWidth(420)
        self.text.setForegroundRole(QPalette.ColorRole.ToolTipText)
        self.details = push_button("Details", self._open)
        layout = QHBoxLayout(self)
        layout.addWidget(self._sign)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.details)
        self._timer = QTimer(self, singleShot=True, interval=TOAST_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def say(self, words: str, *, icon: str = "error", tone: theme.Tone = theme.Tone.BAD, details: bool = True) -> None:
        """Show the words for some seconds."""
        self._sign.setPixmap(theme.pixmap(icon, tone, 20, self.devicePixelRatioF()))
        self.text.setText(words)
        self.details.setVisible(details)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the window changes its size."""
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _open(self) -> None:
        self.hide()
        self.opened.emit()

    def _place(self) -> None:
        parent = self._corner_of
        self.move(parent.width() - self.width() - 16, parent.height() - self.height() - 40)
