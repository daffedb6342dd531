"""The Passwords tab over the demo: what is shown, filtered, ticked and decided."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QDesktopServices, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QRadioButton

from stickysync_gui.domain.planned import Status
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.choices import CREATE, EntryChoice, candidates, choices, shared_choices
from stickysync_gui.ui.passwords.leftovers import Leftovers
from stickysync_gui.ui.passwords.links import is_safe
from stickysync_gui.ui.passwords.model import AUTOSYNC, ENTRY, TITLE
from tests.ui.desk import Desk, click, click_cell, demo_desk, dialog, first, press
from tests.waiting import until


def show_only(desk: Desk, status: Status) -> None:
    desk.passwords.filters.choose_mark(marks.OF_STATUS[status])


def choose(desk: Desk, row: Any, words: str) -> None:
    """Take an entry of the row's context menu."""
    table = desk.passwords.table
    table.select_only(row.id)
    menu = table.menu(table.selected_rows())
    action = first(menu.actions(), lambda a: a.text() == words)
    assert action.isEnabled()
    action.trigger()


async def ticked(desk: Desk) -> frozenset[int]:
    return (await desk.backend.automate_side()).ticked


async def test_every_status_of_the_demo_is_shown_with_words_and_the_next_action() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        rows = page.model.list.rows
        assert {row.mark.name for row in rows} == {status.value for status in Status}
        assert {row.action for row in rows if row.mark.name == "new"} == {"Create"}
        assert all(row.action for row in rows if row.mark.name == "unreadable")
        assert page.filters.age.text() == "IT Glue read just now"
        assert "orphaned link" in page.strip.leftovers.text()


async def test_no_value_is_in_any_cell_tip_or_copy() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        page.table.selectAll()
        page.table.copy_selection()
        copied = QGuiApplication.clipboard().text()
        assert copied.count("\n") == len(page.model.list.rows)
        values = {value for value in desk.backend.sandbox.glue.values().values() if value}
        assert values
        for row in range(0, page.model.rowCount(), 37):
            for column in range(page.model.columnCount()):
                index = page.model.index(row, column)
                copied += f"\n{index.data()}\n{index.data(Qt.ItemDataRole.ToolTipRole)}"
        assert not [value for value in values if len(value) > 7 and value in copied]


async def test_the_list_comes_from_automate_at_once_with_checking_as_status() -> None:
    async with demo_desk() as desk:
        page, seen = desk.passwords, []
        page.model.modelReset.connect(lambda: seen.append({row.mark.name for row in page.model.list.rows}))
        page.forget()
        page.refresh()
        await desk.idle()
        assert {"checking"} in seen
        assert seen.index({"checking"}) < len(seen) - 1
        assert "in_sync" in seen[-1]


async def test_the_client_filter_alone_names_sync_all() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        total = len(page.model.list.rows)
        button, hidden = page.action_bar.sync_all, page.action_bar.hidden
        assert button.text() == f"Sync All ({total:,})"
        assert hidden.whole == ""
        show_only(desk, Status.MOVED)
        moved = len(page.model.list)
        assert 0 < moved < total
        assert button.text() == f"Sync All ({total:,})"
        assert hidden.whole == f"of which {total - moved:,} are hidden by the other filters"

        client = first(page.model.list.rows, lambda row: row.client == "Bluewater Marina")
        page.filters.choose_mark(None)
        combo = page.filters.clients
        combo.setFocus()
        combo.lineEdit().selectAll()
        QTest.keyClicks(combo.lineEdit(), "bluew")
        await until(lambda: combo.completer().popup().isVisible())
        QTest.keyClick(combo.completer().popup(), Qt.Key.Key_Down)
        QTest.keyClick(combo.completer().popup(), Qt.Key.Key_Return)
        count = sum(1 for row in page.model.list.rows if row.client_id == client.client_id)
        assert combo.client_id == client.client_id
        assert button.text() == f"Sync All – Bluewater Marina ({count:,})"
        assert {row.client for row in page.model.list.shown_rows()} == {"Bluewater Marina"}
        assert page.strip.buttons[marks.OF_STATUS[Status.IN_SYNC]].text().startswith("In sync ")


async def test_text_filters_after_typing_and_the_empty_table_offers_to_clear() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        QTest.keyClick(desk.frame, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert page.filters.search.hasFocus()
        QTest.keyClicks(page.filters.search, "firewall main")
        await until(lambda: 0 < len(page.model.list) < len(page.model.list.rows))
        assert all("firewall" in row.title.casefold() for row in page.model.list.shown_rows())
        QTest.keyClicks(page.filters.search, " no such thing")
        await until(lambda: page.table.overlay.isVisible())
        click(page.table.overlay.button)
        assert len(page.model.list) == len(page.model.list.rows)


async def test_the_bar_and_its_buttons_filter_and_release() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        new = marks.OF_STATUS[Status.NEW]
        bar = page.strip.bar
        x = first(range(bar.width()), lambda x: bar.segment_at(x) is new) + 3
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(x, 5))
        assert {row.mark for row in page.model.list.shown_rows()} == {new}
        assert page.filters.statuses.currentText().startswith("New (")
        button = page.strip.buttons[new]
        assert button.isChecked()
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        assert len(page.model.list) == len(page.model.list.rows)
        assert not button.isChecked()


async def test_a_tick_by_click_is_written_and_undone() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        row = first(page.model.list.rows, lambda row: not row.ticked)
        index = page.model.index(page.model.list.line_of(row.id), AUTOSYNC)
        click_cell(page.table, index, at_left=True)
        await desk.idle()
        assert row.id in await ticked(desk)
        assert page.model.list.find(row.id).ticked
        page.table.setFocus()
        QTest.keyClick(desk.frame, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: not page.model.list.find(row.id).ticked)
        await desk.idle()
        assert row.id not in await ticked(desk)


async def test_space_ticks_the_selection_together() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        ids = [row.id for row in page.model.list.shown_rows()[:4]]
        page.table.select_keys(ids, current=ids[0])
        QTest.keyClick(page.table, Qt.Key.Key_Space)
        await desk.idle()
        assert set(ids) <= await ticked(desk)
        QTest.keyClick(page.table, Qt.Key.Key_Space)
        await desk.idle()
        assert not set(ids) & await ticked(desk)


async def test_the_header_ticks_all_shown_rows_as_one_act() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        before = await ticked(desk)
        show_only(desk, Status.NEW)
        shown = {row.id for row in page.model.list.shown_rows()}
        header = page.table.header
        at = header.box().center()
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        await desk.idle()
        assert await ticked(desk) == before | shown
        assert header.box_state is Qt.CheckState.Checked
        assert page.model.list.sorted_by is None
        click(page.action_bar.undo)
        await desk.idle()
        assert await ticked(desk) == before


async def test_a_link_opens_only_where_it_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()) or True)
    async with demo_desk() as desk:
        page = desk.passwords
        row = first(page.model.list.rows, lambda row: bool(row.entry_url))
        click_cell(page.table, page.model.index(page.model.list.line_of(row.id), ENTRY))
        assert opened == [row.entry_url]
        unlinked = first(page.model.list.rows, lambda row: row.entry_id is None)
        click_cell(page.table, page.model.index(page.model.list.line_of(unlinked.id), ENTRY))
        assert len(opened) == 1


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://example.itglue.com/1/passwords/2", True),
        ("http://127.0.0.1:8080/1/passwords/2", True),
        ("http://localhost/x", True),
        ("http://example.itglue.com/1", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("https://user:pass@example.com/", False),
        ("smb://host/share", False),
        ("https:///nowhere", False),
        ("", False),
    ],
)
def test_only_https_and_loopback_are_opened(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


async def test_a_moved_entry_can_be_kept_or_made_anew() -> None:
    async with demo_desk() as desk:
        rows = [row for row in desk.passwords.model.list.rows if row.mark.name == "moved"]
        choose(desk, rows[0], "Keep the entry where it is and update it there")
        await desk.idle()
        assert desk.passwords.model.list.find(rows[0].id).mark.name != "moved"
        assert desk.passwords.model.list.find(rows[0].id).entry_id == rows[0].entry_id
        choose(desk, rows[1], "Unlink, and create it in the mapped organization")
        await desk.idle()
        assert desk.passwords.model.list.find(rows[1].id).mark.name in ("new", "matches_an_existing_entry")
        assert desk.problems == []


async def test_several_moved_entries_are_decided_at_once() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        show_only(desk, Status.MOVED)
        moved = page.model.list.shown_rows()
        assert len(moved) > 1
        page.table.setFocus()
        QTest.keyClick(page.table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        menu = page.table.menu(page.table.selected_rows())
        words = [action.text() for action in menu.actions()]
        assert "Link to an entry…" not in words
        action = first(menu.actions(), lambda a: a.text() == "Keep the entries where they are and update them there")
        action.trigger()
        await desk.idle()
        marks_now = {page.model.list.find(row.id).mark.name for row in moved}
        assert "moved" not in marks_now
        assert all(page.model.list.find(row.id).entry_id == row.entry_id for row in moved)


async def test_rows_in_different_states_share_no_choice() -> None:
    async with demo_desk() as desk:
        rows = desk.passwords.model.list.rows
        moved = first(rows, lambda row: row.mark.name == "moved")
        archived = first(rows, lambda row: row.mark.name == "archived_in_itglue")
        new = first(rows, lambda row: row.mark.name == "new")
        assert [c.name for c in shared_choices([moved.planned])] == ["keep", "anew"]
        assert shared_choices([moved.planned, archived.planned]) == []
        assert shared_choices([moved.planned, new.planned]) == []


async def test_an_ambiguous_match_is_settled_by_picking_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo_desk() as desk:
        row = first(
            desk.passwords.model.list.rows,
            lambda row: row.mark.name == "ambiguous_match" and "Several entries" in row.hint,
        )
        ids = list(candidates(row.planned))
        assert len(ids) > 1
        choose(desk, row, "Link to an entry…")
        box = await dialog(EntryChoice)
        entry = row.planned.candidates[1]
        (button,) = [b for b in box.findChildren(QRadioButton) if f"Entry {entry.id}," in b.text()]
        assert button.text().startswith(f"{entry.name} ({entry.username or 'no user name'})")
        click(button)
        asked: list[str] = []
        monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toString()) or True)
        click(box.look)
        assert asked == [entry.resource_url]
        click(box.link)
        await desk.idle()
        assert desk.problems == []
        assert desk.passwords.model.list.find(row.id).entry_id == ids[1]


async def test_an_archived_entry_is_unlinked_and_created_anew_from_the_menu_by_mouse() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        row = first(page.model.list.rows, lambda row: row.mark.name == Status.ARCHIVED.value)
        page.table.select_only(row.id)
        at = page.table.visualRect(page.model.index(page.model.list.line_of(row.id), TITLE)).center()
        viewport = page.table.viewport()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, viewport.mapToGlobal(at))
        QApplication.sendEvent(viewport, event)
        menu = QApplication.activePopupWidget()
        action = first(menu.actions(), lambda a: a.text() == "Unlink the archived entry, and create it anew")
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        await desk.idle()
        now = page.model.list.find(row.id)
        assert now.mark.name == Status.NEW.value
        # It still stands in IT Glue, archived.
        assert desk.backend.sandbox.glue.password(row.entry_id).archived


async def test_removing_a_link_asks_and_leaves_the_entry() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        row = first(page.model.list.rows, lambda row: row.mark.name == Status.IN_SYNC.value)
        for answer in ("Cancel", "Remove the link"):
            choose(desk, row, "Remove the link…")
            press(await dialog(QMessageBox), answer)
            await desk.idle()
            linked = page.model.list.find(row.id).mark.name == Status.IN_SYNC.value
            assert linked is (answer == "Cancel")
        # The entry is found again by its name.
        assert page.model.list.find(row.id).mark.name == Status.MATCHES.value
        assert not desk.backend.sandbox.glue.password(row.entry_id).archived


@pytest.mark.parametrize("status", [Status.AMBIGUOUS, Status.MATCHES])
async def test_an_entry_of_its_own_is_created_beside_those_of_the_same_name(status: Status) -> None:
    async with demo_desk() as desk:
        page, glue = desk.passwords, desk.backend.sandbox.glue
        row = first(page.model.list.rows, lambda row: row.mark.name == status.value and CREATE in choices(row.planned))
        before = {entry.id: entry for entry in glue.passwords()}
        choose(desk, row, CREATE.words)
        press(await dialog(QMessageBox), "Create")
        await until(lambda: page.summary.isVisible())
        await desk.idle()
        assert "1 created, 0 linked, 0 updated" in page.summary.text.text()
        now = page.model.list.find(row.id)
        assert now.mark.name == Status.IN_SYNC.value
        assert now.entry_id not in before
        assert {entry.id: entry for entry in glue.passwords() if entry.id in before} == before


async def test_an_entry_id_is_typed_in_digits_only() -> None:
    async with demo_desk() as desk:
        row = first(desk.passwords.model.list.rows, lambda row: row.mark.name == "ambiguous_match")
        choose(desk, row, "Link to an entry…")
        box = await dialog(EntryChoice)
        press(box, "Another entry, by its id:")
        assert not box.link.isEnabled()
        QTest.keyClicks(box.other, "12x3")
        assert box.entry_id == 123
        box.other.clear()
        QTest.keyClicks(box.other, "999999999999")
        click(box.link)
        await desk.idle()
        assert desk.problems == ["IT Glue shows no entry 999999999999."]


async def test_choices_fit_the_status() -> None:
    async with demo_desk() as desk:
        offered = {}
        for row in desk.passwords.model.list.rows:
            offered.setdefault(row.mark.name, {choice.name for choice in choices(row.planned)})
        assert offered["moved"] == {"keep", "anew"}
        assert offered["archived_in_itglue"] == {"anew"}
        assert offered["in_sync"] == {"unlink"}
        assert offered["new"] == set()
        assert "pick" in offered["ambiguous_match"]


async def test_orphaned_links_are_listed_and_removed() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        orphans = [link.password_id for link in (await desk.backend.plan()).orphans]
        click(page.strip.leftovers)
        box = await dialog(Leftovers)
        box.orphans.table.selectAll()
        press(box, "Remove the selected links")
        await desk.idle()
        side = await desk.backend.automate_side()
        assert orphans
        assert not set(orphans) & {link.password_id for link in side.links}
        assert "orphaned" not in page.strip.leftovers.text()


async def test_without_a_key_everything_but_the_status_works() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        await desk.lose_the_key()
        assert {row.mark.name for row in page.model.list.rows} == {"not_checked"}
        assert not page.action_bar.sync_all.isEnabled()
        assert desk.window.passwords_gate.hint.isVisible()
        row = page.model.list.rows[0]
        page.ticks.request([row], on=not row.ticked)
        await desk.idle()
        assert (row.id in await ticked(desk)) is not row.ticked


async def test_filters_and_columns_come_back_for_the_same_profile() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        show_only(desk, Status.NEW)
        page.filters.search.setText("router")
        page.table.setColumnWidth(3, 321)
        state = page.state()
        page.filters.clear()
        page.table.setColumnWidth(3, 100)
        page.restore(state)
        await until(lambda: len(page.model.list) < len(page.model.list.rows))
        assert page.filters.mark is marks.OF_STATUS[Status.NEW]
        assert page.table.columnWidth(3) == 321
        assert all(row.mark.name == "new" for row in page.model.list.shown_rows())
