"""A row is read again and marked with its place in flight in hand; what comes in between keeps it from being sent."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from stickysync_gui.errors import DatabaseUnreachable, KeyRefused
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.storage import sending
from stickysync_gui.storage.run_lock import RunLock
from stickysync_gui.sync import engine, writer
from tests.sync.conftest import Scene
from tests.sync.test_faults import assert_complete, fill
from tests.waiting import until


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


async def test_what_waits_for_a_place_is_read_when_it_has_one(scene: Scene) -> None:
    fill(scene, 12)
    [(wrong,)] = scene.sql("SELECT ITGOrgID FROM plugin_stickysync_companymap")
    right = scene.glue.add_organization("The right one")
    scene.faults.add(Fault("slow", method="POST", times=4, seconds=20))
    run = asyncio.create_task(scene.sync())
    await until(lambda: scene.faults.hanging == 4)
    scene.map(1, right)
    scene.faults.release()
    summary = await run
    assert len(scene.glue.passwords(wrong)) == 4
    assert (summary.created, summary.skipped) == (4, 8)
    assert scene.glue.passwords(right) == []


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


@pytest.mark.parametrize("count", [12, 130], ids=["each alone", "together"])
async def test_a_stop_while_rows_are_marked_sends_none_of_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    fill(scene, count)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    look = sending.reread

    def stopping(*arguments: object) -> object:
        loop.call_soon_threadsafe(stop.set)
        return look(*arguments)

    monkeypatch.setattr(sending, "reread", stopping)
    summary = await scene.sync(stop=stop)
    assert summary.ended == "cancelled"
    assert scene.server.count("POST") == 0
    assert scene.marks() == {}


async def test_a_run_that_is_cut_leaves_marks_of_what_was_sent_alone(scene: Scene) -> None:
    ids = fill(scene, 40)
    scene.faults.add(Fault("hang", method="POST", times=None, seconds=20))
    run = asyncio.create_task(scene.sync())
    await until(lambda: scene.faults.hanging == 4)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert len(scene.marks()) == 4 == scene.server.count("POST")
    scene.faults.clear()
    scene.faults.release()
    await scene.sync()
    assert_complete(scene, ids)


@pytest.mark.parametrize("bulk_creation", [False, True])
async def test_a_database_that_always_takes_too_long_ends_the_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, bulk_creation: bool
) -> None:
    """Whatever was asked of the lock is too old by the time of sending."""
    ids = fill(scene, 130)
    with monkeypatch.context() as patched:
        patched.setattr(writer, "OVERSLEPT_SHARE", 0.0)
        with pytest.raises(DatabaseUnreachable):
            await scene.sync(bulk_creation=bulk_creation)
    assert scene.server.count("POST") == 0
    assert scene.marks() == {}
    await scene.sync()
    assert_complete(scene, ids)


@pytest.mark.parametrize("count", [60, 130], ids=["each alone", "together"])
async def test_what_is_ready_is_not_sent_after_the_run_failed(scene: Scene, count: int) -> None:
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
