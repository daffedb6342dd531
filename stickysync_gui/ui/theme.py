"""Colours and icons that follow the system's light or dark scheme."""

from __future__ import annotations

from enum import Enum
from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from stickysync_gui import paths


class Tone(Enum):
    """What a colour means: (on light, on dark). Each is told apart from the text around it at 4.5:1 or better."""

    TEXT = ("", "")
    QUIET = ("#5f6873", "#a2abb6")
    GOOD = ("#1a7a3c", "#5fce83")
    NEW = ("#1560c0", "#74b0ff")
    CHANGE = ("#0b7480", "#56cbd6")
    MATCH = ("#7441b8", "#c09bf5")
    ALERT = ("#a85400", "#f5a94f")
    BAD = ("#c0262d", "#ff8a86")


def is_dark() -> bool:
    """Whether the application draws light text on dark ground."""
    return _is_dark(QGuiApplication.palette().cacheKey())


@lru_cache(maxsize=2)
def _is_dark(palette_key: int) -> bool:
    # Asked for each icon and each coloured cell of a table, and worked out once for each palette.
    return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def color(tone: Tone) -> QColor:
    """The tone's colour in the present scheme."""
    if tone is Tone.TEXT:
        return QGuiApplication.palette().color(QPalette.ColorRole.WindowText)
    return QColor(tone.value[is_dark()])


def tint(tone: Tone) -> QColor:
    """A faint ground of that tone, for banners and drop targets."""
    ground = QColor(color(tone))
    ground.setAlpha(48 if is_dark() else 28)
    return ground


@cache
def icon(name: str, tone: Tone = Tone.TEXT) -> QIcon:
    """The icon `resources/icons/<name>.svg`, drawn in the tone's colour of the moment it is painted."""
    return QIcon(_SvgIcon(_svg(name), tone))


def pixmap(name: str, tone: Tone, size: int, ratio: float) -> QPixmap:
    """The icon as a picture of `size` logical pixels for a screen of that device pixel ratio."""
    return icon(name, tone).pixmap(QSize(size, size), ratio)


def box_ground() -> QColor:
    """The Window colour for check boxes alone: Fusion makes their outline from it, darker than it is, which cannot be
    seen in a dark window."""
    palette = QGuiApplication.palette()
    ground, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
    return text.darker(115) if is_dark() else ground


def show_boxes() -> None:
    """Give the check boxes and radio buttons of all windows an outline that can be seen; again after a new scheme."""
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, box_ground())
    for kind in ("QCheckBox", "QRadioButton"):
        # The type hint says bytes, which Qt then refuses.
        QApplication.setPalette(palette, kind)  # type: ignore[arg-type]


def application_icon() -> QIcon:
    """The program's own icon, in its own colours."""
    # Not the SVG: loading Qt's plug-in for it would hold up the first paint.
    return QIcon(str(paths.resources_folder() / "icons" / "stickysync.png"))


@cache
def _svg(name: str) -> str:
    return (paths.resources_folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@cache
def _drawn(svg: str, color_name: str, width: int, height: int) -> QPixmap:
    picture = QPixmap(width, height)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", color_name).encode()))
    renderer.render(painter, QRectF(0, 0, width, height))
    painter.end()
    return picture


class _SvgIcon(QIconEngine):
    """Asks for the palette at each painting, so a change of scheme needs no new icons."""

    def __init__(self, svg: str, tone: Tone) -> None:
        super().__init__()
        self._svg = svg
        self._tone = tone

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        size = QSize(round(rect.width() * ratio), round(rect.height() * ratio))
        painter.drawPixmap(rect, self._picture(size, mode))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self._picture(size, mode)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        return self._picture(size, mode)

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        return size

    def clone(self) -> QIconEngine:
        return _SvgIcon(self._svg, self._tone)

    def _picture(self, size: QSize, mode: QIcon.Mode) -> QPixmap:
        palette = QGuiApplication.palette()
        if mode is QIcon.Mode.Disabled:
            shade = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText)
        elif mode is QIcon.Mode.Selected:
            shade = palette.color(QPalette.ColorRole.HighlightedText)
        else:
            shade = color(self._tone)
        side = max(1, min(size.width(), size.height()))
        drawn = _drawn(self._svg, shade.name(), side, side)
        if size == drawn.size():
            return drawn
        framed = QPixmap(size)
        framed.fill(Qt.GlobalColor.transparent)
        painter = QPainter(framed)
        painter.drawPixmap(QPoint((size.width() - side) // 2, (size.height() - side) // 2), drawn)
        painter.end()
        return framed
