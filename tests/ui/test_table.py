import asyncio
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table
from tests.ui.desk import click
from tests.ui.test_rows import COLUMNS, FRUIT, Fruit
from tests.waiting import until


@pytest.fixture
def table(qtbot: Any) -> Table[Fruit]:
    model = RowModel(COLUMNS, lambda f: f.id)
    model.show_rows(FRUIT)
    view = Table(model, "Fruit")
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show()
    return view


def selected(table: Table[Fruit]) -> list[str]:
    return [fruit.name for fruit in table.selected_rows()]


def test_rows_come_unsorted_and_a_click_on_the_header_sorts(table: Table[Fruit]) -> None:
    assert table.rows.list.sorted_by is None
    header = table.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(1) + 40, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert table.rows.list.sorted_by is not None
    assert table.rows.list.sorted_by[0] == 1


def test_selection_and_current_row_follow_their_records(table: Table[Fruit]) -> None:
    table.select_keys([2, 3], current=3)
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert sorted(selected(table)) == ["Apple", "ÄPFEL"]
    assert table.rows.row_at(table.currentIndex()) == FRUIT[3]
    table.rows.filter("red")
    assert selected(table) == ["Apple"]
    table.rows.show_rows([Fruit(2, "Apple", "red"), Fruit(8, "new")])
    assert selected(table) == ["Apple"]


def test_copying_gives_what_is_seen_with_headers_and_no_tabs_inside(table: Table[Fruit]) -> None:
    table.rows.show_rows([Fruit(1, "tab\there\nand there"), Fruit(2, "two")])
    table.horizontalHeader().moveSection(3, 0)
    table.selectAll()
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().split("\n") == [
        "Id\tRipe\tName\tColour",
        "1\t\ttab here and there\tgreen",
        "2\t\ttwo\tgreen",
    ]


def test_enter_and_delete_are_told(table: Table[Fruit]) -> None:
    told = []
    table.entered_row.connect(lambda: told.append("enter"))
    table.delete_pressed.connect(lambda: told.append("delete"))
    QTest.keyClick(table, Qt.Key.Key_Return)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert told == ["enter", "delete"]


def test_an_empty_table_says_why_and_leads_on(table: Table[Fruit]) -> None:
    cleared = []
    table.show_state("filter", "No fruit fits.", "Clear the filters", lambda: cleared.append(True))
    assert not table.overlay.isVisible()
    table.rows.filter("no such fruit")
    assert table.overlay.isVisible()
    assert table.overlay.text.text() == "No fruit fits."
    click(table.overlay.button)
    assert cleared == [True]
    table.rows.filter("")
    assert not table.overlay.isVisible()


def test_columns_fill_the_room_until_somebody_moves_them(table: Table[Fruit]) -> None:
    def widths() -> int:
        return sum(table.columnWidth(n) for n in range(4))

    assert abs(widths() - table.viewport().width()) < 8
    table.resize(900, 300)
    assert abs(widths() - table.viewport().width()) < 8
    table.setColumnWidth(1, 77)
    table.resize(600, 300)
    assert table.columnWidth(1) == 77


class Paints(QObject):
    """How wide each painting of a table's rows was."""

    def __init__(self, table: Table[Fruit]) -> None:
        super().__init__(table)
        self.widths: list[int] = []
        table.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.widths.append(event.rect().width())
        return False

    async def all(self) -> list[int]:
        """Until ten turns of the loop brought no more."""
        await until(lambda: bool(self.widths))
        for _ in range(10):
            await asyncio.sleep(0)
        return self.widths


async def test_new_rows_are_painted_once_even_if_they_need_a_scroll_bar(table: Table[Fruit]) -> None:
    table.viewport().update()
    await Paints(table).all()
    width = table.viewport().width()
    paints = Paints(table)
    table.rows.show_rows([Fruit(number, f"Fruit {number}") for number in range(1000)])
    assert await paints.all() == [table.viewport().width()]
    assert table.viewport().width() < width
    paints = Paints(table)
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert await paints.all() == [table.viewport().width()]


def test_widths_order_and_sorting_come_back(table: Table[Fruit], qtbot: Any) -> None:
    table.setColumnWidth(1, 77)
    table.horizontalHeader().moveSection(3, 0)
    table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    other = Table(RowModel(COLUMNS, lambda f: f.id), "Fruit")
    qtbot.addWidget(other)
    other.restore_layout(table.layout_state())
    assert other.columnWidth(1) == 77
    assert other.horizontalHeader().logicalIndex(0) == 3
    assert other.rows.list.sorted_by == (2, True)
    assert other.horizontalHeader().sortIndicatorSection() == 2


@pytest.mark.parametrize(
    "damage", [{}, {"widths": {"Name": "wide", "Gone": 5}}, {"order": ["Gone", "Name"]}, {"sorted_by": "Gone"}]
)
def test_a_damaged_memory_does_no_harm(table: Table[Fruit], damage: dict[str, Any]) -> None:
    table.restore_layout(damage)
    assert selected(table) == []


def test_text_that_is_cut_off_is_shown_as_a_tool_tip(table: Table[Fruit]) -> None:
    table.rows.show_rows([Fruit(1, "short", colour="a very long colour that does not fit into its column")])
    index = table.rows.index(0, 2)
    at = table.visualRect(index).center()
    help_event = QHelpEvent(QHelpEvent.Type.ToolTip, at, table.viewport().mapToGlobal(at))
    QApplication.sendEvent(table.viewport(), help_event)
    assert QToolTip.text() == "a very long colour that does not fit into its column"
    QToolTip.hideText()
