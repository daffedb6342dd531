"""Rounds that many PCs share through the run table."""

import asyncio
from typing import Any

import pytest

from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.errors import OtherPluginActive
from tests.automate_schema import seed_client, seed_password


@pytest.fixture
def sql(automate) -> Any:
    def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with automate.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = list(cursor.fetchall())
            connection.commit()
            return rows

    return run


@pytest.fixture
def ids(automate, sandbox) -> list[int]:
    organization = sandbox.glue.add_organization("Contoso")
    with automate.connect() as connection, connection.cursor() as cursor:
        seed_client(connection, 1, "Contoso")
        found = [seed_password(connection, 1, f"P{n}", f"v{n}".encode()) for n in range(4)]
        cursor.execute("ALTER TABLE plugin_stickysync_companymap MODIFY ITGOrgID BIGINT")
        cursor.execute("ALTER TABLE plugin_stickysync_passwordmap MODIFY ITGPasswordID BIGINT")
        cursor.execute("INSERT INTO plugin_stickysync_companymap VALUES (1, %s)", (organization,))
        connection.commit()
    return found


async def test_one_round_serves_all_pcs_until_it_is_due_again(pc, sandbox, ids, sql) -> None:
    async with pc("PC-1") as first, pc("PC-2") as second:
        await first.set_autosync(ids[:3], True)
        rounds = AutoSync(first), AutoSync(second)
        assert (await rounds[0].state()).is_due
        done = await rounds[0].round_if_due()
        assert done is not None
        assert done.created == 3
        assert await rounds[1].round_if_due() is None
        state = await rounds[1].state()
        assert state.last is not None
        assert not state.is_due
        assert not state.is_overdue
        sql("UPDATE plugin_stickysync_run SET EndedAt = EndedAt - INTERVAL 15 MINUTE")
        assert (await rounds[1].state()).is_due
        sql("UPDATE plugin_stickysync_run SET EndedAt = EndedAt - INTERVAL 30 MINUTE")
        assert (await rounds[1].state()).is_overdue
        again = await rounds[1].round_if_due()
        assert again is not None
        assert again.unchanged == 3


async def test_round_at_once_and_two_at_the_same_time(pc, sandbox, ids) -> None:
    async with pc("PC-1") as first, pc("PC-2") as second:
        await first.set_autosync(ids, True)
        done = await asyncio.gather(*(AutoSync(b).round_if_due(at_once=True) for b in (first, second)))
        created = sorted(summary.created for summary in done if summary is not None)
        # Who finds the lock held waits silently; who comes after finds all done.
        assert created in ([4], [0, 4])
    assert len(sandbox.glue.passwords()) == 4


async def test_failed_round_is_no_round(pc, sandbox, ids, sql) -> None:
    async with pc() as backend:
        await backend.set_autosync(ids, True)
        await AutoSync(backend).round_if_due()
        sql("UPDATE plugin_stickysync_run SET Ended = 'itglue_unreachable'")
        state = await AutoSync(backend).state()
        assert state.last is None
        assert state.is_due


async def test_active_control_center_plugin_holds_rounds_until_somebody_answers(pc, sandbox, ids, sql) -> None:
    async with pc() as backend:
        await backend.set_autosync(ids, True)
        await AutoSync(backend).round_if_due()
        sql("UPDATE plugin_stickysync_passwordmap SET LastSync = NOW() + INTERVAL 1 HOUR LIMIT 2")
        with pytest.raises(OtherPluginActive, match="2 links"):
            await AutoSync(backend).round_if_due(at_once=True)
    async with pc("PC-3", other_plugin_is_off=True) as backend:
        assert await AutoSync(backend).round_if_due(at_once=True) is not None


async def test_choice_by_hand_is_not_taken_for_the_plugin(pc, sandbox, ids, sql) -> None:
    async with pc() as backend:
        await backend.set_autosync(ids[:1], True)
        await AutoSync(backend).round_if_due()
        sql("UPDATE plugin_stickysync_run SET LastSignAt = LastSignAt - INTERVAL 1 HOUR")
        organization = next(iter(sql("SELECT ITGOrgID FROM plugin_stickysync_companymap")))[0]
        entry = sandbox.glue.add_password(organization, "by hand")
        await backend.link(ids[3], entry)
        assert (await AutoSync(backend).state()).other_plugin_links == 0
