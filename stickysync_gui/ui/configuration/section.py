"""The frame that every section of the Configuration tab shares."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from stickysync_gui.ui.banner import Banner
from stickysync_gui.ui.controls import label

WIDTH = 760


class Section(QWidget):
    """A heading, a word of explanation, a banner for states and outcomes, then the section's own controls.

    Args:
        title: the heading.
        words: what the section is for.
    """

    def __init__(self, title: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumWidth(WIDTH)
        heading = label(title, bold=True)
        font = heading.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        heading.setFont(font)
        self.banner = Banner()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(18, 12, 18, 12)
        self.column.setSpacing(10)
        self.column.addWidget(heading)
        self.column.addWidget(label(words, quiet=True))
        self.column.addWidget(self.banner)

    def add_form(self) -> QFormLayout:
        """A form layout at the section's end."""
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        self.column.addLayout(form)
        return form

    def add_buttons(self, *buttons: QWidget) -> None:
        """A line of buttons, from the left."""
        line = QHBoxLayout()
        for button in buttons:
            line.addWidget(button)
        line.addStretch()
        self.column.addLayout(line)


def field_line(*widgets: QWidget) -> QWidget:
    """Several controls that make one field."""
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        line.addWidget(widget)
    line.addStretch()
    return holder


def buddy(text: str, widget: QWidget) -> QLabel:
    """A label whose access key leads to the widget."""
    made = QLabel(text)
    made.setBuddy(widget)
    return made
