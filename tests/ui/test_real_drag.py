"""Whole drags with the mouse of a real X screen."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QDrag
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView

from tests.ui.desk import first, mapping_desk
from tests.waiting import until

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
STEPS = 8
SAFETY_MS = 8_000


def drag(source: QAbstractItemView, start: QPoint, target: QAbstractItemView, end: QPoint) -> None:
    """Press, move and release on the window. A drag is a nested loop, so what follows the press is queued before."""
    window = source.window().windowHandle()
    begin = source.viewport().mapTo(source.window(), start)
    finish = target.viewport().mapTo(source.window(), end)
    path = [begin + (finish - begin) * step / STEPS for step in range(1, STEPS + 1)] + [finish, finish]
    for number, at in enumerate(path, start=1):
        QTimer.singleShot(60 * number, lambda at=at: QTest.mouseMove(window, at))
    QTimer.singleShot(60 * (len(path) + 2), lambda: QTest.mouseRelease(window, LEFT, NO_KEYS, finish))
    QTimer.singleShot(SAFETY_MS, QDrag.cancel)
    QTest.mousePress(window, LEFT, NO_KEYS, begin)


def centre(view: QAbstractItemView, model: Any, key: int) -> QPoint:
    index = model.index(model.list.line_of(key), 0)
    view.scrollTo(index)
    return view.visualRect(index).center()


@pytest.mark.xvfb
async def test_an_organization_is_dragged_onto_a_client() -> None:
    async with mapping_desk() as desk:
        page = desk.mapping
        client = first(page.clients.list.rows, lambda line: line.row.exists and not line.row.organization_ids)
        target = first(page.organizations.list.rows, lambda row: row.exists and not row.client_count)
        id_ = target.organization.id
        asked: list[tuple[list[int], int]] = []
        page.clients.map_requested.connect(lambda ids, organization: asked.append((ids, organization)))
        start = centre(page.right.table, page.organizations, id_)
        end = centre(page.left.table, page.clients, client.id)
        drag(page.right.table, start, page.left.table, end)
        await until(lambda: bool(asked))
        await desk.idle()
        assert asked == [([client.id], id_)]
        overview = await desk.backend.mapping_overview()
        assert first(overview.clients, lambda row: row.client.id == client.id).organization_ids == (id_,)


@pytest.mark.xvfb
async def test_several_clients_are_dragged_onto_an_organization() -> None:
    async with mapping_desk() as desk:
        page = desk.mapping
        lines = [line for line in page.clients.list.rows if line.row.exists and not line.row.organization_ids][:2]
        page.left.unmapped.setChecked(True)
        page.left.table.select_keys([line.id for line in lines], current=lines[0].id)
        target = first(page.organizations.list.rows, lambda row: row.exists and not row.client_count)
        asked: list[tuple[list[int], int]] = []
        page.organizations.map_requested.connect(lambda ids, organization: asked.append((ids, organization)))
        start = centre(page.left.table, page.clients, lines[0].id)
        end = centre(page.right.table, page.organizations, target.organization.id)
        drag(page.left.table, start, page.right.table, end)
        await until(lambda: bool(asked))
        await desk.idle()
        assert asked == [([line.id for line in lines], target.organization.id)]
