"""Org Mapping over the demo: what is dragged, typed and clicked ends in the database."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from stickysync_gui.ui.mapping.csv_exchange import ImportPreview
from stickysync_gui.ui.mapping.panels import HINT
from tests.ui.desk import Desk, begin_drag, choose_file, click, dialog, drop_on, first, mapping_desk, press
from tests.waiting import until


async def stored(desk: Desk) -> dict[int, tuple[int, ...]]:
    """Organization ids by client, read from the database."""
    overview = await desk.backend.mapping_overview()
    return {row.client.id: row.organization_ids for row in overview.clients}


def unmapped(desk: Desk) -> list[Any]:
    lines = desk.mapping.clients.list.rows
    return [line for line in lines if line.row.exists and not line.row.organization_ids]


def free_organization(desk: Desk) -> Any:
    return first(desk.mapping.organizations.list.rows, lambda row: row.exists and not row.client_count)


def index_of(model: Any, key: int) -> Any:
    line = model.list.line_of(key)
    assert line is not None
    return model.index(line, 0)


async def test_dropping_an_organization_on_a_client_maps_it_and_undo_and_redo_follow() -> None:
    async with mapping_desk() as desk:
        page, client, organization = desk.mapping, unmapped(desk)[0], free_organization(desk)
        id_ = organization.organization.id
        data = page.organizations.mimeData([index_of(page.organizations, id_)])
        assert drop_on(page.left.table, data, index_of(page.clients, client.id))
        await desk.idle()
        assert (await stored(desk))[client.id] == (id_,)
        assert page.clients.list.find(client.id).organization == organization.organization.name
        assert page.organizations.list.find(id_).client_count == 1

        page.left.table.setFocus()
        QTest.keyClick(desk.frame, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: page.bar.redo.isEnabled())
        assert (await stored(desk))[client.id] == ()
        QTest.keyClick(desk.frame, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: page.bar.undo.isEnabled())
        assert (await stored(desk))[client.id] == (id_,)


async def test_dropping_several_clients_on_an_organization_is_one_act() -> None:
    async with mapping_desk() as desk:
        page, clients, organization = desk.mapping, unmapped(desk)[:3], free_organization(desk)
        data = page.clients.mimeData([index_of(page.clients, line.id) for line in clients])
        target = index_of(page.organizations, organization.organization.id)
        assert drop_on(page.right.table, data, target)
        await desk.idle()
        now = await stored(desk)
        assert {now[line.id] for line in clients} == {(organization.organization.id,)}
        click(page.bar.undo)
        await desk.idle()
        now = await stored(desk)
        assert {now[line.id] for line in clients} == {()}


async def test_the_row_under_a_drag_is_lit_only_where_it_would_be_taken() -> None:
    async with mapping_desk() as desk:
        page, lit, said = desk.mapping, [], []
        table = page.left.table
        table.lit.connect(lit.append)
        table.lit.connect(lambda _: said.append(page.bar.hint.whole))
        gone = first(page.clients.list.rows, lambda line: not line.row.exists)
        organization = free_organization(desk).organization
        page.right.table.select_only(organization.id)
        data = page.organizations.mimeData([index_of(page.organizations, organization.id)])
        assert not drop_on(table, data, index_of(page.clients, gone.id))
        assert lit == []
        client = unmapped(desk)[0]
        assert drop_on(table, data, index_of(page.clients, client.id))
        assert lit[0] == page.clients.list.line_of(client.id)
        assert table.drop_line == -1
        assert said == [f"Map {client.row.client.name} to {organization.name}", HINT]
        await desk.idle()


async def test_a_drag_begins_with_the_selected_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    async with mapping_desk() as desk:
        table, begun = desk.mapping.left.table, []
        monkeypatch.setattr(table, "startDrag", lambda actions: begun.append(table.selected_rows()))
        client = unmapped(desk)[0]
        table.scrollTo(index_of(desk.mapping.clients, client.id))
        begin_drag(table, index_of(desk.mapping.clients, client.id))
        assert [line.id for line in begun[0]] == [client.id]


async def test_by_keyboard_select_both_and_press_enter_and_delete_unmaps() -> None:
    async with mapping_desk() as desk:
        page, client, organization = desk.mapping, unmapped(desk)[0], free_organization(desk)
        page.left.table.select_only(client.id)
        page.right.table.select_only(organization.organization.id)
        QTest.keyClick(page.left.table, Qt.Key.Key_Return)
        await desk.idle()
        assert (await stored(desk))[client.id] == (organization.organization.id,)
        QTest.keyClick(page.left.table, Qt.Key.Key_Delete)
        press(await dialog(QMessageBox), "Unmap")
        await desk.idle()
        assert (await stored(desk))[client.id] == ()


async def test_mappings_whose_client_or_organization_is_gone_are_listed_and_removed() -> None:
    async with mapping_desk() as desk:
        page = desk.mapping
        gone = first(page.clients.list.rows, lambda line: not line.row.exists)
        assert gone.how == "Client is gone from Automate"
        lost = first(page.clients.list.rows, lambda line: line.how == "Organization is gone from IT Glue")
        assert first(page.organizations.list.rows, lambda row: row.organization.id in lost.row.organization_ids)
        for line in (gone, lost):
            page.left.table.select_only(line.id)
            page.left.table.setFocus()
            QTest.keyClick(page.left.table, Qt.Key.Key_Delete)
            press(await dialog(QMessageBox), "Unmap")
            await desk.idle()
        now = await stored(desk)
        assert gone.id not in now
        assert now[lost.id] == ()
        assert page.clients.list.find(gone.id) is None
        assert all(row.exists for row in page.organizations.list.rows)


async def test_changing_a_mapping_asks_with_the_number_of_links_and_cancel_changes_nothing() -> None:
    async with mapping_desk() as desk:
        page, organization = desk.mapping, free_organization(desk)
        mapped = first(page.clients.list.rows, lambda line: line.is_mapped and line.row.password_count > 20)
        before = await stored(desk)
        linked = (await desk.backend.linked_password_counts([mapped.id]))[mapped.id]
        page.left.table.select_only(mapped.id)
        page.right.table.select_only(organization.organization.id)
        click(page.bar.map)
        box = await dialog(QMessageBox)
        assert f"{linked} passwords" in box.informativeText()
        press(box, "Cancel")
        await desk.idle()
        assert await stored(desk) == before
        assert not page.bar.undo.isEnabled()


async def test_a_remap_can_start_the_linked_passwords_anew() -> None:
    async with mapping_desk() as desk:
        page, organization = desk.mapping, free_organization(desk)
        mapped = first(page.clients.list.rows, lambda line: line.is_mapped and line.row.password_count > 20)
        page.map_clients([mapped.id], organization.organization.id)
        press(await dialog(QMessageBox), "Create them anew")
        await desk.idle()
        assert await desk.backend.linked_password_counts([mapped.id]) in ({}, {mapped.id: 0})
        rows = [row for row in desk.passwords.model.list.rows if row.client_id == mapped.id]
        assert not any(row.mark.name == "moved" for row in rows)
        assert any(row.mark.name == "new" for row in rows)


async def test_a_remap_can_keep_all_linked_entries_where_they_are_at_once() -> None:
    async with mapping_desk() as desk:
        page, organization = desk.mapping, free_organization(desk)
        mapped = first(page.clients.list.rows, lambda line: line.is_mapped and line.row.password_count > 20)
        linked = await desk.backend.linked_passwords([mapped.id])
        page.map_clients([mapped.id], organization.organization.id)
        press(await dialog(QMessageBox), "Keep them there")
        await desk.idle()
        assert await desk.backend.linked_passwords([mapped.id]) == linked
        rows = [row for row in desk.passwords.model.list.rows if row.client_id == mapped.id]
        assert "in_sync" in {row.mark.name for row in rows}
        assert not any(row.mark.name == "moved" for row in rows)


async def test_another_pcs_change_is_told_and_the_list_is_read_again() -> None:
    async with mapping_desk() as desk:
        page, client, organization = desk.mapping, unmapped(desk)[0], free_organization(desk)
        other = page.organizations.list.rows[3].organization
        await desk.backend.map_clients({client.id: other.id})
        page.map_clients([client.id], organization.organization.id)
        await desk.idle()
        assert (await stored(desk))[client.id] == (other.id,)
        assert len(desk.problems) == 1
        assert page.clients.list.find(client.id).row.organization_ids == (other.id,)


async def test_an_undo_that_no_longer_fits_is_refused_and_the_stack_is_cleared() -> None:
    async with mapping_desk() as desk:
        page, client, organization = desk.mapping, unmapped(desk)[0], free_organization(desk)
        other = page.organizations.list.rows[3].organization
        page.map_clients([client.id], organization.organization.id)
        await desk.idle()
        await desk.backend.map_clients({client.id: other.id})
        click(page.bar.undo)
        await desk.idle()
        assert (await stored(desk))[client.id] == (other.id,)
        assert desk.problems
        assert not page.bar.undo.isEnabled()
        assert not page.bar.redo.isEnabled()


async def test_suggestions_are_accepted_above_a_level_and_dismissed_for_good() -> None:
    async with mapping_desk() as desk:
        page = desk.mapping
        click(page.bar.suggest)
        panel = page.suggestions
        safe = [s for s in await desk.backend.suggestions() if s.score >= 95 and not s.namesakes]
        twin = first(panel.model.list.rows, lambda line: bool(line.suggestion.namesakes))
        assert safe
        assert "organizations have this name" in twin.suggestion.namesakes
        click(panel.accept_all)
        await desk.idle()
        now = await stored(desk)
        assert all(now[s.client_id] == (s.organization_id,) for s in safe)
        assert now[twin.suggestion.client_id] == ()
        panel.table.select_only(twin.pair)
        click(panel.dismiss)
        await desk.idle()
        assert twin.pair in desk.backend.settings.dismissed_suggestions
        assert panel.model.list.find(twin.pair) is None
        assert panel.bring_back.text() == "Bring back dismissed (1)"
        click(panel.bring_back)
        await desk.idle()
        assert panel.model.list.find(twin.pair) is not None
        assert not panel.bring_back.isVisible()


async def test_the_menu_maps_unmaps_and_leads_to_the_clients_passwords() -> None:
    async with mapping_desk() as desk:
        page, client, organization = desk.mapping, unmapped(desk)[0], free_organization(desk).organization
        page.left.table.select_only(client.id)
        page.right.table.select_only(organization.id)
        act = {action.text().split("\t")[0]: action for action in page.menu(page.left.table).actions()}
        act[f"Map {client.row.client.name} to {organization.name}".replace("&", "&&")].trigger()
        await desk.idle()
        assert (await stored(desk))[client.id] == (organization.id,)
        act = {action.text().split("\t")[0]: action for action in page.menu(page.left.table).actions()}
        assert act["Unmap the selected clients"].isEnabled()
        act["Show its passwords"].trigger()
        assert desk.window.tabs.currentIndex() == 2
        assert {row.client_id for row in desk.passwords.model.list.shown_rows()} == {client.id}
        act = {action.text().split("\t")[0] for action in page.menu(page.right.table).actions()}
        assert "Show its passwords" not in act


async def test_a_right_click_opens_the_menu() -> None:
    async with mapping_desk() as desk:
        table = desk.mapping.left.table
        at = table.visualRect(desk.mapping.clients.index(3, 0)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, table.viewport().mapToGlobal(at))
        QApplication.sendEvent(table.viewport(), event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        QTest.keyClick(menu, Qt.Key.Key_Escape)
        assert QApplication.activePopupWidget() is None


async def test_search_and_unmapped_only_narrow_the_lists() -> None:
    async with mapping_desk() as desk:
        page = desk.mapping
        QTest.keyClicks(page.left.search, "harbour")
        assert {line.row.client.name.split()[0] for line in page.clients.list.shown_rows()} == {"Harbour"}
        page.left.search.clear()
        click(page.left.unmapped)
        shown = page.clients.list.shown_rows()
        assert 0 < len(shown) < len(page.clients.list.rows)
        assert not any(line.is_mapped for line in shown)
        QTest.keyClicks(page.right.search, "no such organization")
        assert page.right.table.overlay.isVisible()


async def test_the_mapping_goes_out_as_csv_and_comes_back_after_a_preview(tmp_path: Any) -> None:
    async with mapping_desk() as desk:
        page = desk.mapping
        page.export_csv()
        path = tmp_path / "mapping.csv"
        await choose_file(path)
        await desk.idle()
        before = await stored(desk)
        client, organization = unmapped(desk)[0], free_organization(desk).organization
        lines = path.read_text("utf-8-sig").splitlines()
        assert lines[0] == "client_id,client_name,organization_id,organization_name"
        path.write_text("\n".join([*lines[:3], f"{client.id},,{organization.id},", "999999,,1,"]), "utf-8")
        page.import_csv()
        await choose_file(path)
        preview = await dialog(ImportPreview)
        press(preview, "Map 1 client")
        await desk.idle()
        assert await stored(desk) == {**before, client.id: (organization.id,)}
        assert page.bar.undo.isEnabled()


async def test_without_a_key_the_left_list_works_and_the_right_says_why_not() -> None:
    async with mapping_desk() as desk:
        await desk.lose_the_key()
        assert desk.mapping.clients.list.rows
        assert "not connected" in desk.mapping.right.table.overlay.text.text()
        hint = desk.window.mapping_gate.hint
        assert hint.isVisible()
        press(hint, "Set up IT Glue")
        assert desk.window.tabs.currentIndex() == 0
