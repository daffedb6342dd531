"""Batches that meet at the database share its errands: what befalls one of them must not cost the others anything."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import pymysql
import pytest
from sqlalchemy import Connection

from stickysync_gui.domain.planned import PlannedRow
from stickysync_gui.errors import DatabaseRefused
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.storage import sending
from stickysync_gui.storage.database import Database
from stickysync_gui.sync.batch_writer import BATCH_ROWS, Batch, BatchWriter, into_batches
from tests.sync.conftest import Scene
from tests.sync.test_death import KINDS, Mortal, mortal, start_over  # noqa: F401 - a fixture
from tests.sync.test_death_in_groups import COUNT, assert_exactly_once, many  # noqa: F401 - a fixture
from tests.sync.test_faults import many_changed
from tests.waiting import PATIENCE, POLL_SECONDS

LARGEST_INT = 2**31 - 1
IN_FLIGHT = 4


@pytest.fixture
def batches(many: Scene) -> list[list[int]]:  # noqa: F811
    """The passwords of the batches that are made ready first, together, and sent one after the other."""
    plan = asyncio.run(many.plan())
    sent = into_batches(plan.rows, bulk_creation=True)
    return [[row.password.id for row in batch] for batch in sent[:IN_FLIGHT]]


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """How many batches were to share a transaction, each time.

    The first answer of a larger run is stored when all that were sent with it have theirs, too.
    """
    sizes: dict[str, list[int]] = {"prepare": [], "store": []}
    preparing, together = BatchWriter._prepare_batches, Database.batches_together  # noqa: SLF001
    storing = BatchWriter._store_batches  # noqa: SLF001

    def prepare(writer: BatchWriter, batches: Sequence[Batch]) -> Any:
        sizes["prepare"].append(len(batches))
        return preparing(writer, batches)

    def store_batches(writer: BatchWriter, batches: Sequence[Any]) -> Any:
        if not sizes["store"] and sizes["prepare"][0] == IN_FLIGHT:
            waiting = writer._storing_batches._waiting  # noqa: SLF001
            wait_for(lambda: len(batches) + len(waiting) >= IN_FLIGHT)
        return storing(writer, batches)

    def store(database: Database, fn: Any, batches: Sequence[Any], *, at_once: bool, map_lock: bool) -> Any:
        sizes["store"].append(len(batches) if at_once else 1)
        return together(database, fn, batches, at_once=at_once, map_lock=map_lock)

    monkeypatch.setattr(BatchWriter, "_prepare_batches", prepare)
    monkeypatch.setattr(BatchWriter, "_store_batches", store_batches)
    monkeypatch.setattr(Database, "batches_together", store)
    return sizes


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """On the database thread: wait until the loop's thread has come so far, or for so long."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(POLL_SECONDS)


def refuse(scene: Scene, table: str, password_id: int) -> None:
    """A trigger of a DBA's refuses new rows for one password."""
    scene.sql(
        f"CREATE TRIGGER refusing BEFORE INSERT ON plugin_stickysync_{table} FOR EACH ROW"
        f" IF NEW.PasswordID = {password_id} THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1644; END IF"
    )


async def mended(scene: Scene) -> None:
    scene.sql("DROP TRIGGER refusing")
    summary = await scene.sync(bulk_creation=True)
    assert summary.failed == 0
    assert_exactly_once(scene)


async def test_batches_that_wait_share_their_errand(many: Scene, met: dict[str, list[int]]) -> None:  # noqa: F811
    many.faults.add(Fault("slow", method="POST", times=IN_FLIGHT, seconds=0.3))
    await many.sync(bulk_creation=True)
    assert_exactly_once(many)
    assert met["prepare"][0] == IN_FLIGHT
    assert max(met["store"]) > 1


async def test_a_run_of_a_few_commits_each_batch_alone(scene: Scene, met: dict[str, list[int]]) -> None:
    scene.client(1, scene.glue.add_organization("One"))
    for number in range(100):
        scene.password(1, f"P{number}")
    summary = await scene.sync(bulk_creation=True)
    assert summary.created == 100
    assert scene.server.count("POST") == 4
    assert max(met["prepare"] + met["store"]) == 1


@pytest.mark.parametrize("refused", range(IN_FLIGHT))
async def test_a_refused_mark_stops_its_own_batch_and_those_behind_it(
    many: Scene,  # noqa: F811
    batches: list[list[int]],
    refused: int,
) -> None:
    """Those before it are sent and stored; those behind were made ready, and are not sent once the run has failed."""
    refuse(many, "syncstate", batches[refused][-1])
    with pytest.raises(DatabaseRefused, match="error 1644"):
        await many.sync(bulk_creation=True)
    assert many.server.count("POST") == refused
    assert sorted(many.links()) == sorted(id_ for batch in batches[:refused] for id_ in batch)
    assert many.marks() == {}
    await mended(many)


async def test_a_batch_that_is_refused_when_half_of_it_is_marked_keeps_no_mark(
    many: Scene,  # noqa: F811
    batches: list[list[int]],
) -> None:
    """Rows with a state and those without are marked in two statements, each of which commits itself."""
    for id_ in (id_ for batch in batches for id_ in batch[::2]):
        many.sql("INSERT INTO plugin_stickysync_syncstate (PasswordID, DriftPushes) VALUES (%s, 0)", id_)
    many.sql(
        "CREATE TRIGGER refusing BEFORE UPDATE ON plugin_stickysync_syncstate FOR EACH ROW"
        f" IF NEW.PasswordID = {batches[0][0]} THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1644; END IF"
    )
    with pytest.raises(DatabaseRefused, match="error 1644"):
        await many.sync(bulk_creation=True)
    assert many.server.count("POST") == 0
    assert many.marks() == {}
    await mended(many)


async def test_refused_together_each_batch_is_marked_right_before_its_own_request(
    many: Scene,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a database that is slow, and takes no statement as long as that of all batches."""
    acts: list[tuple[str, frozenset[int]]] = []
    prepare, request = sending.prepare_many, BatchWriter._request  # noqa: SLF001

    def preparing(connection: Connection, rows: Sequence[sending.Asked], rules: sending.WritingRules) -> Any:
        if len(rows) > BATCH_ROWS:
            raise pymysql.err.OperationalError(1153, "a packet bigger than max_allowed_packet")
        # So slow that what is marked already has all the time to be sent; what is held back with it has not.
        wait_for(lambda: not acts or acts[-1][0] == "sent", seconds=5)
        ready = prepare(connection, rows, rules)
        acts.append(("marked", frozenset(ready)))
        return ready

    def requesting(writer: BatchWriter, sent: Sequence[PlannedRow], ready: dict[int, sending.Ready]) -> Any:
        acts.append(("sent", frozenset(row.password.id for row in sent)))
        return request(writer, sent, ready)

    monkeypatch.setattr(sending, "prepare_many", preparing)
    monkeypatch.setattr(BatchWriter, "_request", requesting)
    await many.sync(bulk_creation=True)
    assert_exactly_once(many)
    assert [act for act, _ in acts] == ["marked", "sent"] * (len(acts) // 2)
    assert [ids for _, ids in acts[::2]] == [ids for _, ids in acts[1::2]], "no other batch was marked in between"
    assert sum(len(ids) for _, ids in acts[::2]) == COUNT


async def test_a_refused_link_leaves_the_marks_of_its_own_batch_alone(
    many: Scene,  # noqa: F811
    batches: list[list[int]],
    met: dict[str, list[int]],
) -> None:
    refuse(many, "passwordmap", batches[1][0])
    many.faults.add(Fault("slow", method="POST", times=IN_FLIGHT, seconds=0.3))
    with pytest.raises(DatabaseRefused, match="error 1644"):
        await many.sync(bulk_creation=True)
    assert max(met["store"]) > 1
    assert set(many.marks()) == set(batches[1])
    assert set(many.links()) >= {id_ for batch in batches for id_ in batch} - set(batches[1])
    assert len(many.links()) == len(many.glue.passwords()) - len(batches[1])
    await mended(many)


async def test_ids_that_do_not_fit_fail_their_own_rows(many: Scene, met: dict[str, list[int]]) -> None:  # noqa: F811
    many.sql("ALTER TABLE plugin_stickysync_passwordmap MODIFY ITGPasswordID INT")
    many.glue._next_id = LARGEST_INT - 5 * COUNT // 2  # noqa: SLF001
    many.faults.add(Fault("slow", method="POST", times=IN_FLIGHT, seconds=0.3))
    summary = await many.sync(bulk_creation=True)
    too_big = [record for record in many.glue.passwords() if record.id > LARGEST_INT]
    assert 0 < len(too_big) == summary.failed < COUNT
    assert max(met["store"]) > 1
    assert set(many.links().values()) == {record.id for record in many.glue.passwords()} - {r.id for r in too_big}
    assert len(many.marks()) == len(too_big)
    many.sql("ALTER TABLE plugin_stickysync_passwordmap MODIFY ITGPasswordID BIGINT")
    await many.sync(bulk_creation=True)
    assert_exactly_once(many)


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM"])
async def test_the_map_of_either_engine_is_filled(many: Scene, engine: str) -> None:  # noqa: F811
    many.sql(f"ALTER TABLE plugin_stickysync_passwordmap ENGINE = {engine}")
    summary = await many.sync(bulk_creation=True)
    assert summary.created == COUNT
    assert_exactly_once(many)


async def test_a_refused_form_is_not_tried_by_the_batches_that_wait(many: Scene) -> None:  # noqa: F811
    """Nor by those that were made ready with the refused one, and were not sent yet."""
    nested = r"/organizations/.*"
    many.faults.add(Fault("status", method="POST", path=nested, status=422, times=None))
    summary = await many.sync(bulk_creation=True)
    assert summary.failed == 0
    assert_exactly_once(many)
    assert 0 < many.server.count("POST", nested) <= IN_FLIGHT


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_its_writes(many: Scene, mortal: Mortal, kind: str) -> None:  # noqa: F811
    options = {"bulk_creation": True}
    # How many transactions there are differs from run to run: two or more of marks, as many of what was answered.
    first, last = (1, 6) if kind in ("send", "answered") else (3, 6)
    for at in range(first, last + 1, 1 if "CI" in os.environ else 2):
        start_over(many)
        assert mortal.run(many, kind=kind, at=at, options=dict(options))["died"], at
        assert mortal.run(many, options=dict(options))["code"] == 0, at
        assert_exactly_once(many)


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM"])
async def test_updates_in_batches_renew_each_its_own_link(scene: Scene, engine: str) -> None:
    """On a map without a key, where one password stands twice."""
    async with many_changed(scene, 210) as ids:
        scene.sql(f"ALTER TABLE plugin_stickysync_passwordmap DROP PRIMARY KEY, ENGINE = {engine}")
        scene.sql("UPDATE plugin_stickysync_passwordmap SET LastSync = '2001-01-01'")
        twice = "INSERT INTO plugin_stickysync_passwordmap SELECT * FROM plugin_stickysync_passwordmap"
        scene.sql(f"{twice} WHERE PasswordID = %s", ids[5])
        summary = await scene.sync()
        assert summary.updated == 210
        renewed = "SELECT COUNT(*), MIN(LastSync) > '2001-01-01' FROM plugin_stickysync_passwordmap"
        assert scene.sql(renewed) == [(210, 1)]
