"""Rows are made ready while others are in flight: what that must not change, above all where IT Glue is slow."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from stickysync_gui.errors import KeyRefused
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.storage import sending
from stickysync_gui.storage.run_lock import RunLock
from stickysync_gui.sync import engine, writer
from tests.sync.conftest import Scene
from tests.sync.test_faults import assert_complete, fill
from tests.waiting import until

SLOW = writer.FRESH_SECONDS + 0.1


@pytest.fixture
def taken_back(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Passwords whose marks were taken back, in order."""
    ids: list[int] = []
    take_back = sending.take_back

    def seen(connection: Connection, ready: sending.Ready, rules: sending.WritingRules) -> None:
        ids.append(ready.before.password_id)
        take_back(connection, ready, rules)

    monkeypatch.setattr(sending, "take_back", seen)
    return ids


@pytest.fixture
def false_alarm(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Event]:
    """The first look at the lock's session seems to see its end; the events in the list are set then."""
    to_set: list[asyncio.Event] = []
    looks = []
    seems_ours = RunLock.seems_ours

    def once(lock: RunLock) -> bool:
        looks.append(lock)
        if len(looks) > 1:
            return seems_ours(lock)
        for event in to_set:
            event.set()
        return False

    monkeypatch.setattr(RunLock, "seems_ours", once)
    return to_set


async def test_rows_are_marked_again_where_a_place_in_flight_was_long_in_coming(
    scene: Scene, taken_back: list[int]
) -> None:
    ids = fill(scene, 12)
    scene.faults.add(Fault("slow", method="POST", times=None, seconds=SLOW))
    await scene.sync()
    assert_complete(scene, ids)
    assert scene.server.count("POST") == 12
    # The first four found free places; the next four were made ready while those were taken.
    assert len(set(taken_back)) >= 4
    assert ids[0] not in taken_back


async def test_a_create_is_judged_by_the_time_of_its_request(scene: Scene) -> None:
    """Sent late, and listed late: the wait before it is made again must not count from long before it was sent."""
    ids = fill(scene, 6)
    scene.rules = replace(scene.rules, settle_seconds=4.0)
    scene.glue.set_switches(listing_delay=3.0)
    scene.faults.add(Fault("slow", method="POST", at=1, times=4, seconds=3.0))
    scene.faults.add(Fault("cut_after", method="POST", at=5))
    await scene.sync()
    assert len(scene.glue.passwords()) == 6 == scene.server.count("POST")
    assert_complete(scene, ids)


async def test_what_is_corrected_meanwhile_is_not_sent(scene: Scene) -> None:
    fill(scene, 30)
    [(wrong,)] = scene.sql("SELECT ITGOrgID FROM plugin_stickysync_companymap")
    right = scene.glue.add_organization("The right one")
    at_correction: list[int] = []

    def correct() -> None:
        scene.map(1, right)
        at_correction.append(len(scene.glue.passwords(wrong)))

    scene.faults.add(Fault("slow", method="POST", times=None, seconds=SLOW))
    scene.faults.after(correct, method="POST", at=10)
    await scene.sync()
    # What was in flight with the tenth.
    assert len(scene.glue.passwords(wrong)) - at_correction[0] <= 3


async def test_a_stop_while_rows_are_marked_again_sends_none_of_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(scene, 12)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    at_stop: list[int] = []
    take_back = sending.take_back

    def stopping(connection: Connection, ready: sending.Ready, rules: sending.WritingRules) -> None:
        loop.call_soon_threadsafe(stop.set)
        at_stop.append(scene.server.count("POST"))
        take_back(connection, ready, rules)

    monkeypatch.setattr(sending, "take_back", stopping)
    scene.faults.add(Fault("slow", method="POST", times=4, seconds=SLOW))
    summary = await scene.sync(stop=stop)
    assert summary.ended == "cancelled"
    assert scene.server.count("POST") == at_stop[0]
    assert scene.marks() == {}


async def test_a_run_that_is_cut_leaves_marks_of_what_was_sent_alone(scene: Scene) -> None:
    ids = fill(scene, 40)
    scene.faults.add(Fault("hang", method="POST", times=None, seconds=20))
    run = asyncio.create_task(scene.sync())
    await until(lambda: scene.faults.hanging == 4 and len(scene.marks()) == 8)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert len(scene.marks()) == 4 == scene.server.count("POST")
    scene.faults.clear()
    scene.faults.release()
    await scene.sync()
    assert_complete(scene, ids)


@pytest.mark.parametrize("count", [60, 130], ids=["each alone", "together"])
async def test_what_was_made_ready_is_not_sent_after_the_run_failed(scene: Scene, count: int) -> None:
    ids = fill(scene, count)
    scene.faults.add(Fault("revoke_key", method="POST", at=10))
    with pytest.raises(KeyRefused):
        await scene.sync()
    # The refused one asks whether the key is dead; whoever was at work meanwhile may have been refused as well.
    assert scene.server.count("POST") <= 10 + engine.WORKERS
    assert len(scene.glue.passwords()) == 9 == len(scene.links())
    assert scene.marks() == {}
    scene.glue.set_key(scene.glue.key, state="active")
    await scene.sync()
    assert_complete(scene, ids)


# --- batches ---------------------------------------------------------------------------------------------------


async def test_a_batch_that_was_not_sent_leaves_no_marks(scene: Scene, false_alarm: list[asyncio.Event]) -> None:
    ids = fill(scene, 60)
    stop = asyncio.Event()
    false_alarm.append(stop)
    summary = await scene.sync(bulk_creation=True, stop=stop)
    assert summary.ended == "cancelled"
    assert scene.marks() == {}
    await scene.sync(bulk_creation=True)
    assert_complete(scene, ids)


async def test_a_row_that_changed_before_its_batch_was_sent_keeps_no_mark(
    scene: Scene, false_alarm: list[asyncio.Event], taken_back: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(scene, 20)
    take_all_back = sending.take_all_back

    def changing(*arguments: object) -> None:
        scene.sql("UPDATE passwords SET UserName = 'x' WHERE PasswordID = %s", ids[3])
        take_all_back(*arguments)

    monkeypatch.setattr(sending, "take_all_back", changing)
    summary = await scene.sync(bulk_creation=True)
    assert set(taken_back) == set(ids)
    assert (summary.created, summary.skipped) == (19, 1)
    assert scene.marks() == {}


async def test_batches_wait_while_the_key_is_in_doubt(scene: Scene) -> None:
    fill(scene, 400)
    scene.faults.add(Fault("revoke_key", method="POST", at=3))
    with pytest.raises(KeyRefused):
        await scene.sync(bulk_creation=True)
    assert scene.server.count("POST") <= 3 + 3
    assert len(scene.glue.passwords()) == 50 == len(scene.links())
