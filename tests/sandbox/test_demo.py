"""The demo's two systems: what they hold, and that the planner finds every status in them (product.md 5, 11)."""

import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, inspect, select

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.domain.guards import GuardLimits, tripped_guards
from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Action, Plan, Rules, Status
from stickysync_gui.domain.records import Entry, Organization, ValueState
from stickysync_gui.domain.snapshot import EVERYTHING, AutomateSide, ItGlueSide, Snapshot
from stickysync_gui.sandbox.automate import build_automate
from stickysync_gui.sandbox.demo import Demo, build_demo
from stickysync_gui.sandbox.demo_names import AWKWARD
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.storage import automate, plugin, probes, tables
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.decrypt import decrypt


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return build_demo(tmp_path_factory.mktemp("demo"))


async def automate_side(demo: Demo) -> AutomateSide:
    """Read Automate's side as the program does."""
    database = Database(DatabaseAddress(sqlite_file=str(demo.database_file)))
    try:
        stored = await database.run(automate.passwords)
        return AutomateSide(
            clients={client.id: client for client in await database.run(automate.clients)},
            passwords=stored,
            values=automate.value_findings(stored, allow_windows_1252=False),
            mappings=await database.run(plugin.mappings),
            links=await database.run(plugin.links),
            states=await database.run(plugin.states),
            ticked=await database.run(plugin.ticked),
            locations=await database.run(automate.location_names),
        )
    finally:
        await database.close()


def itglue_side(glue: Glue, linked: set[int]) -> ItGlueSide:
    """IT Glue's side as a walk of the whole account would give it."""
    entries = {
        record.id: Entry(
            record.id,
            record.organization_id,
            record.name,
            record.username or "",
            record.url or "",
            record.archived,
            record.vault_id is not None,
            record.resource_id is not None,
            record.password_updated_at,
        )
        for record in glue.passwords()
    }
    organizations = {one.id: Organization(one.id, one.name) for one in glue.organizations.values()}
    return ItGlueSide(organizations, entries, gone=frozenset(linked - set(entries)))


async def plan_of(demo: Demo) -> tuple[AutomateSide, Plan]:
    side = await automate_side(demo)
    linked = {link.entry_id for link in side.links}
    return side, make_plan(Snapshot(side, itglue_side(demo.glue, linked)), Rules())


async def test_every_status_is_there(demo: Demo) -> None:
    _, plan = await plan_of(demo)
    found = plan.by_status()

    assert set(found) == set(Status)
    expected = {
        Status.INTERRUPTED: 3,
        Status.UNREADABLE: 11,
        Status.NO_PASSWORD: 15,
        Status.ARCHIVED: 6,
        Status.VAULTED: 5,
        Status.MISSING: 3,
        Status.MOVED: 4,
        Status.NOT_VERIFIED: 71,
        Status.CHANGED_ON_BOTH_SIDES: 5,
        Status.CHANGED_IN_ITGLUE: 13,
        Status.CHANGED_IN_AUTOMATE: 45,
        Status.MATCHES: 18,
        Status.AMBIGUOUS: 10,
    }
    assert {status: found[status] for status in expected} == expected
    assert found[Status.IN_SYNC] > 1500
    assert found[Status.NEW] > 300


async def test_interrupted_ambiguous_and_orphaned_rows_are_of_every_kind(demo: Demo) -> None:
    side, plan = await plan_of(demo)

    def reasons(status: Status) -> str:
        return "\n".join(row.reason for row in plan.rows if row.status is status)

    interrupted = Counter(row.action for row in plan.rows if row.status is Status.INTERRUPTED)
    assert interrupted == {Action.LINK: 2, Action.CREATE: 1}
    assert all(row.wait_seconds == 0 for row in plan.rows)
    for words in ("Several entries have this name", "2 passwords have the names", "also linked", "interrupted run may"):
        assert words in reasons(Status.AMBIGUOUS)
    assert "is gone from Automate" in reasons(Status.CLIENT_NOT_MAPPED)
    assert "mapped to no organization" in reasons(Status.CLIENT_NOT_MAPPED)
    assert "not UTF-8" in reasons(Status.UNREADABLE)
    assert "cannot be decrypted" in reasons(Status.UNREADABLE)
    assert "after 3 pushes" in reasons(Status.CHANGED_IN_ITGLUE)
    assert len(plan.orphans) == 3
    assert len(plan.left_behind) == 2
    assert {mapping.client_id for mapping in side.mappings} - set(side.clients) != set()
    assert any(row.state and row.state.accepted_organization_id for row in plan.rows if row.status is Status.IN_SYNC)


async def test_no_guard_stops_the_first_run(demo: Demo) -> None:
    side, plan = await plan_of(demo)

    assert tripped_guards(plan, side, EVERYTHING, len(side.passwords), GuardLimits()) == {}


async def test_sizes(demo: Demo) -> None:
    side = await automate_side(demo)
    names = Counter(client.name for client in side.clients.values())
    organizations = demo.glue.organizations.values()

    assert len(side.clients) == 40
    assert names["Riverside Medical"] == 2
    assert any(client.company != client.name for client in side.clients.values())
    assert len(organizations) == 55
    assert sum("," in one.name for one in organizations) == 1
    summits = [one for one in organizations if one.name == "Summit Solutions"]
    assert len({(one.type_name, one.status_name) for one in summits}) == 2
    assert 2800 <= len(side.passwords) <= 3200
    assert max(len(row.title) for row in side.passwords) <= 50
    assert 200 < len(side.ticked) < len(side.links)


async def test_values_decrypt_and_equal_those_of_linked_entries(demo: Demo) -> None:
    side, plan = await plan_of(demo)
    values = {}
    for row in side.passwords:
        found = decrypt(row.client_id, row.cipher)
        if found.value is not None:
            values[row.id] = found.value.reveal()

    assert set(AWKWARD) <= set(values.values())
    assert max(len(value.encode()) for value in values.values()) == 4096
    assert len(values) == len(side.passwords) - 11 - 15
    kinds = Counter(finding.state for finding in side.values.values())
    assert kinds[ValueState.EMPTY] > 0
    assert any(row.cipher is None for row in side.passwords)
    assert any(row.cipher == b"" for row in side.passwords)
    in_sync = [(row.password.id, row.entry_id or 0) for row in plan.rows if row.status is Status.IN_SYNC]
    assert [pair for pair in in_sync if demo.glue.password(pair[1]).password != values[pair[0]]] == []


async def test_same_demo_every_time(demo: Demo, tmp_path: Path) -> None:
    again = build_demo(tmp_path)
    first, second = await automate_side(demo), await automate_side(again)

    assert first.passwords == second.passwords
    assert [(one.password_id, one.entry_id) for one in first.links] == [
        (one.password_id, one.entry_id) for one in second.links
    ]
    assert again.glue.values() == demo.glue.values()
    assert again.glue.key == demo.glue.key


def test_file_holds_no_plain_value(demo: Demo) -> None:
    contents = demo.database_file.read_bytes()

    for record in demo.glue.passwords()[:500]:
        if record.password and len(record.password) > 8:
            assert record.password.encode() not in contents


def test_empty_database_has_all_tables(tmp_path: Path) -> None:
    build_automate(tmp_path / "empty.sqlite")
    engine = create_engine(f"sqlite+pysqlite:///{tmp_path / 'empty.sqlite'}")

    wanted = {table.name for table in (*tables.PLUGIN_TABLES, *tables.OWN_TABLES)}
    assert set(inspect(engine).get_table_names()) == wanted | {"clients", "locations", "computers", "passwords"}
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.passwords)) == 0
    engine.dispose()


@pytest.mark.bench
def test_speed(tmp_path: Path) -> None:
    before = time.perf_counter()
    build_demo(tmp_path)
    assert time.perf_counter() - before < 2


async def test_nobody_else_seems_to_sync(demo: Demo) -> None:
    """AutoSync would wait for an answer about the Control Center plugin."""
    database = Database(DatabaseAddress(sqlite_file=str(demo.database_file)))
    try:
        assert await database.run(probes.links_newer_than_our_runs) == 0
    finally:
        await database.close()
