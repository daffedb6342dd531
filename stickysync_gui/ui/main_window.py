"""The window itself: shown first, before its contents are even imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QStatusBar, QTabWidget, QVBoxLayout, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.looks import recalled

CONFIGURATION, MAPPING, PASSWORDS = range(3)
TABS = (("configuration", "Configuration"), ("mapping", "Org Mapping"), ("passwords", "Passwords"))
FIRST_SIZE = (1240, 780)
LEAST_SIZE = (820, 520)


class MainWindow(QMainWindow):
    """A frame with three tabs that say "Starting…" until `fill` puts their pages in.

    Nothing heavy may be imported here: what stands between the start and the first paint is what the user waits for.

    Args:
        looks: `Settings.window` as last saved.
        demo: whether demo data is shown.
    """

    first_painted = Signal()
    closed = Signal()
    """The user wants to leave; whoever runs the window then stops the jobs and ends."""

    def __init__(self, looks: dict[str, Any] | None = None, *, demo: bool = False) -> None:
        super().__init__()
        self.looks = looks or {}
        self.is_closed = False
        self.ask_to_leave: Callable[[], None] = self.close_for_good
        """What a click on the window's close button does."""
        self.leave: Callable[[], None] = self.close_for_good
        """Leaves without any question."""
        self.quit: Callable[[], None] = self.close_for_good
        """Leaves, after a question where a run is on."""
        self.was_painted = False
        """Whether it was seen already; it may be before anybody listens to `first_painted`."""
        self._demo = demo
        self.setWindowTitle("StickySync – DEMO" if demo else "StickySync")
        self.setWindowIcon(theme.application_icon())
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._notices = [QLabel("Starting…", alignment=Qt.AlignmentFlag.AlignCenter) for _ in TABS]
        for number, (icon, title) in enumerate(TABS):
            self.tabs.addTab(self._notices[number], theme.icon(icon), title)
            self.tabs.setTabToolTip(number, f"{title} (Ctrl+{number + 1})")
        centre = QWidget()
        self._column = QVBoxLayout(centre)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.tabs, 1)
        self.setCentralWidget(centre)
        # Menu and status bar keep their places from the first moment on, so that nothing jumps.
        self.menuBar().addMenu("&File")
        self.setStatusBar(QStatusBar())
        self.setMinimumSize(*LEAST_SIZE)
        self._dark = theme.is_dark()
        theme.show_boxes()
        self._restore()

    def fill(self, pages: Sequence[QWidget], below: QWidget, bar: QStatusBar) -> None:
        """Put the pages in place of the notices, a widget below them and the real status bar."""
        chosen = self.tabs.currentIndex()
        for number, page in enumerate(pages):
            icon, title, tip = self.tabs.tabIcon(number), self.tabs.tabText(number), self.tabs.tabToolTip(number)
            self.tabs.removeTab(number)
            self._notices[number].deleteLater()
            self.tabs.insertTab(number, page, icon, title)
            self.tabs.setTabToolTip(number, tip)
        self.tabs.setCurrentIndex(chosen)
        self._column.addWidget(below)
        self.setStatusBar(bar)

    def close_for_good(self) -> None:
        """Say that the user wants to leave."""
        self.is_closed = True
        self.closed.emit()

    def to_front(self) -> None:
        """Come back from tray or task bar, in front of other windows."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def state(self) -> dict[str, Any]:
        """Geometry and open tab, for the settings file."""
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        return {"geometry": geometry, "tab": self.tabs.currentIndex()}

    def _restore(self) -> None:
        kept = recalled(self.looks)
        geometry = QByteArray.fromBase64(str(kept.get("geometry", "")).encode())
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self.resize(*FIRST_SIZE)
        tab = kept.get("tab")
        if isinstance(tab, int) and CONFIGURATION <= tab <= PASSWORDS:
            self.tabs.setCurrentIndex(tab)
        elif self._demo:
            self.tabs.setCurrentIndex(PASSWORDS)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the system from light to dark and back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and theme.is_dark() is not self._dark:
            self._dark = theme.is_dark()
            theme.show_boxes()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Never close at once: what runs is ended first, and the window goes last."""
        event.ignore()
        self.ask_to_leave()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say so at the first time."""
        super().paintEvent(event)
        if not self.was_painted:
            self.was_painted = True
            self.first_painted.emit()
