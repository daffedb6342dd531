"""A picture of the X screen: `python tests/screen.py PICTURE.png` says how many colours it has, 1 when it is blank."""

import os
import sys

from PySide6.QtGui import QGuiApplication


def main() -> None:
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    QGuiApplication(sys.argv[:1])
    screen = QGuiApplication.primaryScreen()
    picture = screen.grabWindow(0).toImage()
    picture.save(sys.argv[1])
    # A grid of points is enough to tell a window from an empty screen.
    columns, rows = range(0, picture.width(), 3), range(0, picture.height(), 3)
    print(len({picture.pixel(x, y) for x in columns for y in rows}))


if __name__ == "__main__":
    main()
