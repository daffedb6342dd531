"""Runs from lock to summary, over MariaDB and HTTP."""

import pytest

from stickysync_gui.domain.guards import Guard
from stickysync_gui.domain.planned import Action, Status
from stickysync_gui.domain.progress import Outcome
from stickysync_gui.errors import GuardStopped
from stickysync_gui.sandbox.faults import Fault

VALUES = {
    "unicode": "Zürich Straße",
    "emoji": "🔑🔒",
    "quotes": 'it\'s "quoted" \\ back',
    "line breaks": "one\r\ntwo",
    "leading blanks": "  spaced  ",
    "long": "x" * 4096,
}


async def test_first_run_fills_itglue_and_the_second_writes_nothing(scene) -> None:
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    for title, value in VALUES.items():
        scene.password(1, title, value.encode())
    empty, none = scene.password(1, "empty", b""), scene.password(1, "none", None)

    first = await scene.sync()

    assert first.sentence() == "6 created, 0 linked, 0 updated, 0 unchanged, 2 skipped, 0 failed"
    assert scene.values() == VALUES
    assert set(scene.links().values()) == {record.id for record in scene.glue.passwords()}
    assert {s.password_id for s in first.steps if s.status is Status.NO_PASSWORD} == {empty, none}
    scene.server.clear_requests()
    second = await scene.sync()
    assert second.sentence() == "0 created, 0 linked, 0 updated, 6 unchanged, 2 skipped, 0 failed"
    assert scene.server.count("POST") + scene.server.count("PATCH") == 0


async def test_lost_answer_after_commit_is_linked_not_created_again(scene) -> None:
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    ids = [scene.password(1, f"P{n}", f"v{n}".encode()) for n in range(8)]
    scene.faults.add(Fault("cut_after", method="POST", at=3, times=2))

    summary = await scene.sync()

    assert summary.failed == 0
    assert scene.values() == {f"P{n}": f"v{n}" for n in range(8)}
    assert sorted(scene.links()) == ids
    assert scene.marks() == {}


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_lost_answers_settle_with_waiting(scene, kind) -> None:
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    scene.password(1, "P", b"v")
    scene.faults.add(Fault(kind, method="POST", at=1))
    events = []
    summary = await scene.sync(events=events)
    assert summary.failed == 0
    assert scene.values() == {"P": "v"}
    assert len(scene.glue.passwords()) == 1


async def test_changed_value_without_last_date_is_the_only_write(scene) -> None:
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    ids = [scene.password(1, f"P{n}", f"v{n}".encode()) for n in range(5)]
    await scene.sync()
    scene.server.clear_requests()
    scene.sql(
        "UPDATE passwords SET Password = AES_ENCRYPT('changed', SHA(CONCAT(' ', ClientID + 1))), Last_Date = Last_Date"
        " WHERE PasswordID = %s",
        ids[2],
    )
    summary = await scene.sync()
    assert (summary.updated, summary.unchanged) == (1, 4)
    assert [r.method for r in scene.server.requests if r.method != "GET"] == ["PATCH"]
    assert scene.values()["P2"] == "changed"


async def test_refused_row_fails_alone(scene) -> None:
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    for n in range(4):
        scene.password(1, f"P{n}", f"v{n}".encode())
    scene.faults.add(Fault("status", method="POST", at=2, status=422))
    summary = await scene.sync()
    assert (summary.created, summary.failed) == (3, 1)
    failed = next(step for step in summary.steps if step.outcome is Outcome.FAILED)
    assert "422" in failed.reason
    assert scene.marks() == {}
    assert summary.ended == "rows_failed"
    assert scene.sql("SELECT Ended, Created, Failed FROM plugin_stickysync_run") == [("rows_failed", 3, 1)]


async def test_approved_create_without_answer_is_settled_all_the_same(scene) -> None:
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    ids = [scene.password(1, f"P{n}", b"v") for n in range(3)]
    scene.faults.add(Fault("cut_after", method="POST", at=1))
    approved = frozenset((id_, Action.CREATE) for id_ in ids[:2])
    summary = await scene.sync(approved=approved)
    assert (summary.failed, summary.skipped) == (0, 1)
    assert sorted(scene.links()) == ids[:2]
    assert "preview" in next(s.reason for s in summary.steps if s.password_id == ids[2])


async def test_what_a_run_read_stays_whole_after_settling(scene) -> None:
    for client in (1, 2, 3):
        scene.client(client, scene.glue.add_organization(f"O{client}"))
        scene.password(client, f"P{client}", b"v")
    await scene.sync()
    scene.password(1, "new", b"v")
    scene.faults.add(Fault("cut_after", method="POST", at=1))
    await scene.sync()
    snapshot = scene.last.snapshot
    assert snapshot.itglue.walked is None or len(snapshot.itglue.walked) == 3
    assert set(snapshot.itglue.entries) == {record.id for record in scene.glue.passwords()}


async def test_drift_is_fought_three_times_in_a_row_and_counted_anew_once_it_stays_away(scene) -> None:
    """An integration that keeps overwriting our value gets three answers, then the row is left alone."""
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    scene.password(1, "P", b"ours")
    await scene.sync()
    [entry] = scene.links().values()
    for attempt in range(1, 7):
        scene.glue.edit_password(entry, password=f"theirs {attempt}")
        summary = await scene.sync()
        if attempt == 2:
            assert (await scene.sync()).unchanged == 1
            assert scene.sql("SELECT DriftPushes FROM plugin_stickysync_syncstate") == [(0,)]
        expected = (0, 1) if attempt == 6 else (1, 0)
        assert (summary.updated, summary.skipped) == expected, attempt
    assert scene.values()["P"] == "theirs 6"


async def test_key_that_lost_sight_of_its_entries_stops_after_few_requests(scene) -> None:
    """300 linked entries gone at once: neither are they created again, nor asked for one by one."""
    organization = scene.glue.add_organization("Contoso")
    scene.client(1, organization)
    for n in range(300):
        scene.password(1, f"P{n}", b"v")
    await scene.sync()
    for record in scene.glue.passwords():
        scene.glue.remove_password(record.id)
    scene.server.clear_requests()
    with pytest.raises(GuardStopped) as stopped:
        await scene.sync()
    assert (stopped.value.guard, stopped.value.number) == ("missing_entries", 300)
    assert len(scene.server.requests) < 30
    with pytest.raises(GuardStopped):
        await scene.sync(overrides={Guard.MISSING_ENTRIES: 299})
    summary = await scene.sync(overrides={Guard.MISSING_ENTRIES: 300})
    assert summary.created == 300
    assert sorted(scene.links().values()) == sorted(record.id for record in scene.glue.passwords())
