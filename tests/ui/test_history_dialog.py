import csv
import json
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from stickysync_gui.domain.planned import Status
from stickysync_gui.domain.snapshot import Scope
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.ui.history_dialog import HistoryDialog
from tests.ui.desk import LEFT, NO_KEYS, Desk, choose_file, click, demo_desk, dialog, press
from tests.waiting import until


async def run(desk: Desk) -> list[int]:
    """One run of three passwords, one of which IT Glue refuses."""
    rows = [row for row in desk.passwords.model.list.rows if row.mark.name == Status.NEW.value][:3]
    ids = [row.id for row in rows]
    desk.backend.sandbox.faults.add(Fault("status", method="POST", path=".*/passwords", status=422))
    desk.passwords.flow.start("Sync three", Scope(password_ids=frozenset(ids)))
    await until(lambda: desk.passwords.summary.isVisible())
    await desk.idle()
    return ids


async def opened(desk: Desk) -> HistoryDialog:
    QTest.keyClick(desk.frame, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    box = await dialog(HistoryDialog)
    await desk.idle()
    return box


async def test_without_runs_the_list_says_so() -> None:
    async with demo_desk() as desk:
        box = await opened(desk)
        assert box.run_table.overlay.isVisible()
        assert not box.export.isEnabled()


async def test_a_run_is_listed_with_its_rows_and_exported(tmp_path: Any) -> None:
    async with demo_desk() as desk:
        ids = await run(desk)
        box = await opened(desk)
        (line,) = box.runs.list.rows
        assert (line.counts["created"], line.counts["failed"]) == (2, 1)
        assert sorted(row.step.password_id for row in box.steps.list.rows) == sorted(ids)
        assert all(row.title and row.client for row in box.steps.list.rows)
        for suffix in ("csv", "json"):
            click(box.export)
            await choose_file(tmp_path / f"run.{suffix}")
            await desk.idle()
        with (tmp_path / "run.csv").open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        document = json.loads((tmp_path / "run.json").read_text("utf-8"))
        assert {int(row["password_id"]) for row in rows} == set(ids)
        assert {row["outcome"] for row in document["rows"]} == {"done", "failed"}
        assert document["run_id"] == line.run_id


async def test_the_summary_leads_to_the_rows_of_its_run_and_leaves_the_window_usable() -> None:
    async with demo_desk() as desk:
        ids = await run(desk)
        click(desk.passwords.summary.details)
        box = await dialog(HistoryDialog)
        await desk.idle()
        assert sorted(row.step.password_id for row in box.steps.list.rows) == sorted(ids)
        assert not box.isModal()
        tabs = desk.window.tabs.tabBar()
        QTest.mouseClick(tabs, LEFT, NO_KEYS, tabs.tabRect(0).center())
        assert desk.window.tabs.currentIndex() == 0
        # A second call raises the same window.
        desk.window.show_history()
        await desk.idle()
        assert await dialog(HistoryDialog) is box
        QTest.keyClick(box, Qt.Key.Key_Escape)
        assert not box.isVisible()
        desk.window.show_history()
        assert await dialog(HistoryDialog) is not box
        await desk.idle()


async def test_runs_and_rows_are_searched() -> None:
    async with demo_desk() as desk:
        await run(desk)
        box = await opened(desk)
        QTest.keyClicks(box.step_search, "failed")
        (line,) = box.steps.list.shown_rows()
        assert line.step.outcome == "failed"
        QTest.keyClicks(box.run_search, "no such run")
        assert box.run_table.overlay.isVisible()
        assert box.steps.list.rows == []
        click(box.run_table.overlay.button)
        assert len(box.runs.list.shown_rows()) == 1


async def test_an_existing_file_is_replaced_only_after_a_question(tmp_path: Any) -> None:
    async with demo_desk() as desk:
        await run(desk)
        box = await opened(desk)
        path = tmp_path / "run.csv"
        path.write_text("precious")
        for answer, kept in (("Cancel", True), ("Replace", False)):
            click(box.export)
            await choose_file(path)
            press(await dialog(QMessageBox), answer)
            await desk.idle()
            assert (path.read_text("utf-8") == "precious") is kept
