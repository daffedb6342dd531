import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from stickysync_gui.ui.row_list import Column, RowList, accept_all
from stickysync_gui.ui.rows import RowModel


@dataclass(frozen=True)
class Fruit:
    id: int
    name: str
    colour: str = "green"
    ripe: bool = False


COLUMNS: Sequence[Column[Fruit]] = (
    Column("Ripe", lambda f: "", order=lambda f: not f.ripe, checked=lambda f: f.ripe, searched=False),
    Column("Name", lambda f: f.name, tip=lambda f: f"tip of {f.name}"),
    Column("Colour", lambda f: f.colour),
    Column("Id", lambda f: str(f.id), order=lambda f: f.id, numeric=True, searched=False),
)
FRUIT = [
    Fruit(1, "pear", "green"),
    Fruit(2, "Apple", "red", ripe=True),
    Fruit(10, "cherry", "red"),
    Fruit(3, "ÄPFEL", "yellow"),
]


def rows(fruit: Sequence[Fruit] = FRUIT) -> RowList[Fruit]:
    return RowList(COLUMNS, lambda f: f.id, fruit)


def names(shown: RowList[Fruit]) -> list[str]:
    return [f.name for f in shown.shown_rows()]


def only_red(fruit: Fruit) -> bool:
    return fruit.colour == "red"


def test_search_finds_every_word_anywhere_and_ignores_case() -> None:
    listed = rows()
    listed.filter("RED app")
    assert names(listed) == ["Apple"]
    listed.filter("äpf")
    assert names(listed) == ["ÄPFEL"]
    listed.filter("1")
    assert names(listed) == []


def test_a_longer_text_narrows_and_a_shorter_one_brings_rows_back() -> None:
    listed = rows()
    listed.filter("r")
    listed.filter("re")
    listed.filter("red")
    assert names(listed) == ["Apple", "cherry"]
    listed.filter("re")
    assert names(listed) == ["pear", "Apple", "cherry"]
    listed.filter("")
    assert len(listed) == 4


def test_narrowing_never_hides_what_was_changed_in_place() -> None:
    listed = rows()
    listed.filter("gr")
    listed.replace([replace(FRUIT[1], colour="green")])
    listed.filter("gre")
    assert names(listed) == ["pear", "Apple"]


def test_sorting_uses_the_columns_order_and_keeps_the_filter() -> None:
    listed = rows()
    listed.sort(3, descending=False)
    assert [f.id for f in listed.shown_rows()] == [1, 2, 3, 10]
    listed.filter("", only_red)
    assert names(listed) == ["Apple", "cherry"]
    listed.sort(1, descending=True)
    assert names(listed) == ["cherry", "Apple"]
    listed.filter("", accept_all)
    assert names(listed) == ["ÄPFEL", "pear", "cherry", "Apple"]


def test_replacing_keeps_the_place_until_the_list_is_settled() -> None:
    listed = rows()
    listed.sort(1, descending=False)
    assert names(listed) == ["Apple", "cherry", "pear", "ÄPFEL"]
    assert listed.replace([Fruit(2, "zucchini"), Fruit(999, "unknown")]) == [0]
    assert names(listed)[0] == "zucchini"
    listed.settle()
    assert names(listed) == ["cherry", "pear", "zucchini", "ÄPFEL"]
    assert listed.find(999) is None


def test_a_new_list_takes_over_sorting_and_filter() -> None:
    listed = rows()
    listed.sort(1, descending=True)
    listed.filter("", only_red)
    other = listed.same_view([Fruit(5, "tomato", "red"), Fruit(6, "salad"), Fruit(7, "wine", "red")])
    assert names(other) == ["wine", "tomato"]
    assert other.line_of(5) == 1
    assert other.line_of(6) is None


def test_qt_finds_no_fault_with_the_model(qapp: Any) -> None:
    model = RowModel(COLUMNS, lambda f: f.id)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_rows(FRUIT)
    for column in range(4):
        model.sort(column, Qt.SortOrder.DescendingOrder)
    model.filter("red")
    model.replace([replace(FRUIT[2], name="berry")])
    model.filter("no such fruit")
    assert model.rowCount() == 0
    model.settle()
    model.show_rows([])
    model.sort(-1)


def test_one_signal_covers_all_replaced_lines(qapp: Any) -> None:
    model = RowModel(COLUMNS, lambda f: f.id)
    model.show_rows(FRUIT)
    changes: list[tuple[int, int, int]] = []
    model.dataChanged.connect(lambda a, b: changes.append((a.row(), b.row(), b.column())))
    model.replace([replace(FRUIT[1], name="a"), replace(FRUIT[3], name="b")])
    assert changes == [(1, 3, 3)]
    model.replace([Fruit(77, "stranger")])
    assert len(changes) == 1


def test_a_tick_is_a_request_and_changes_nothing_by_itself(qapp: Any) -> None:
    model = RowModel(COLUMNS, lambda f: f.id)
    model.show_rows(FRUIT)
    asked: list[tuple[int, bool]] = []
    model.tick_requested.connect(lambda row, on: asked.append((row.id, on)))
    check = Qt.ItemDataRole.CheckStateRole
    assert model.setData(model.index(0, 0), Qt.CheckState.Checked.value, check)
    assert asked == [(1, True)]
    assert model.data(model.index(0, 0), check) == Qt.CheckState.Unchecked
    assert not model.setData(model.index(0, 1), Qt.CheckState.Checked.value, check)
    model.tickable = False
    assert not model.setData(model.index(0, 0), Qt.CheckState.Checked.value, check)


def test_cells_show_text_tip_and_alignment(qapp: Any) -> None:
    model = RowModel(COLUMNS, lambda f: f.id)
    model.show_rows(FRUIT)
    assert model.data(model.index(1, 1)) == "Apple"
    assert model.data(model.index(1, 1), Qt.ItemDataRole.ToolTipRole) == "tip of Apple"
    assert model.data(model.index(1, 3), Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert model.data(QModelIndex()) is None
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Name"
    assert model.headerData(0, Qt.Orientation.Vertical) is None


@pytest.mark.parametrize("text", ["client 77", "a"])
def test_a_hundred_thousand_rows_are_filtered_and_sorted_at_once(text: str) -> None:
    dice = random.Random(7)
    many = [Fruit(n, f"client {dice.randrange(5000)} title {dice.random()}", "red") for n in range(100_000)]
    listed = rows(many)
    begun = time.perf_counter()
    listed.filter(text)
    filtered = time.perf_counter() - begun
    begun = time.perf_counter()
    listed.sort(1, descending=False)
    in_order = time.perf_counter() - begun
    # Generous: the measured figures are a tenth of this; a quadratic slip is a thousand times as much.
    assert filtered < 0.5
    assert in_order < 1.5
