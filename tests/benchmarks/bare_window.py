"""The least that a PySide6 program can show: an empty main window. Says when it is painted, then its memory."""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow


class Window(QMainWindow):
    painted = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.painted:
            self.painted = True
            print("painted", flush=True)
            QTimer.singleShot(200, self.end)

    def end(self) -> None:
        print("memory", Path("/proc/self/statm").read_text(encoding="ascii").split()[1], flush=True)
        QApplication.quit()


application = QApplication(sys.argv)
window = Window()
window.resize(1240, 780)
window.show()
sys.exit(QApplication.exec())
