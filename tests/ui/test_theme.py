from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget

from stickysync_gui import paths
from stickysync_gui.ui import theme
from stickysync_gui.ui.banner import Banner
from stickysync_gui.ui.main_window import MainWindow
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.theme import Tone
from tests.waiting import until

ICONS = sorted(path.stem for path in (paths.resources_folder() / "icons").glob("*.svg"))
LIGHT, DARK = QColor("#efefef"), QColor("#2b2d30")


def ink(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> set[str]:
    """The colours of an icon's opaque pixels."""
    image = icon.pixmap(QSize(24, 24), 1.0, mode).toImage()
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


def contrast(one: QColor, other: QColor) -> float:
    def luminance(shade: QColor) -> float:
        def linear(part: float) -> float:
            return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

        return 0.2126 * linear(shade.redF()) + 0.7152 * linear(shade.greenF()) + 0.0722 * linear(shade.blueF())

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_draws_something(qapp: Any, name: str) -> None:
    image = theme.icon(name).pixmap(QSize(24, 24), 1.0).toImage()
    assert any(image.pixelColor(x, y).alpha() > 100 for x in range(24) for y in range(24))


def test_icons_follow_the_tone_and_the_scheme(qapp: QApplication) -> None:
    good = theme.icon("status-in-sync", Tone.GOOD)
    assert QColor(Tone.GOOD.value[0]).name() in ink(good)
    before = qapp.palette()
    try:
        qapp.setPalette(QPalette(DARK))
        assert theme.is_dark()
        assert QColor(Tone.GOOD.value[1]).name() in ink(good)
        assert qapp.palette().color(QPalette.ColorRole.HighlightedText).name() in ink(good, QIcon.Mode.Selected)
    finally:
        qapp.setPalette(before)
    assert not theme.is_dark()


def greatest_contrast(widget: QWidget, ground: QColor) -> float:
    """Of any pixel in the left of a widget, where its box is, to the ground."""
    image = widget.grab().toImage()
    return max(contrast(image.pixelColor(x, image.height() // 2), ground) for x in range(min(20, image.width())))


async def test_an_empty_box_can_be_seen_in_a_dark_window_and_follows_the_scheme(qtbot: Any, qapp: QApplication) -> None:
    before = qapp.palette()
    window, box = MainWindow(), QCheckBox()
    qtbot.addWidget(window)
    qtbot.addWidget(box)
    window.show()
    box.show()
    try:
        qapp.setPalette(QPalette(DARK))
        await until(lambda: greatest_contrast(box, qapp.palette().color(QPalette.ColorRole.Window)) >= 3)
    finally:
        qapp.setPalette(before)
    ground = before.color(QPalette.ColorRole.Window)
    await until(lambda: box.palette().color(QPalette.ColorRole.Window) == ground)


async def test_a_banner_follows_the_scheme(qtbot: Any, qapp: QApplication) -> None:
    def ground() -> QColor:
        return window.grab().toImage().pixelColor(window.width() - 3, 3)

    before = qapp.palette()
    window = QWidget()
    qtbot.addWidget(window)
    banner = Banner(window)
    banner.say("warning", Tone.ALERT, "Something to say.")
    window.resize(300, 60)
    banner.resize(300, 60)
    window.show()
    light = ground()
    assert light != before.color(QPalette.ColorRole.Window)
    try:
        qapp.setPalette(QPalette(DARK))
        await until(lambda: ground().lightness() < 128 < light.lightness())
        assert ground() != DARK
    finally:
        qapp.setPalette(before)
    await until(lambda: ground() == light)


@pytest.mark.parametrize("tone", [tone for tone in Tone if tone is not Tone.TEXT])
def test_tones_can_be_read_on_both_grounds(tone: Tone) -> None:
    assert contrast(QColor(tone.value[0]), LIGHT) >= 4.5
    assert contrast(QColor(tone.value[1]), DARK) >= 4.5


def test_no_two_statuses_share_a_shape() -> None:
    shapes = [mark.icon_name for mark in marks.OF_STATUS.values()]
    assert len(set(shapes)) == len(shapes)


def test_windows_gets_an_icon_of_every_size() -> None:
    icon = Path(paths.resources_folder() / "icons" / "stickysync.ico")
    sizes = {size.width() for size in QIcon(str(icon)).availableSizes()}
    assert {16, 32, 48, 256} <= sizes
    assert not theme.application_icon().isNull()
