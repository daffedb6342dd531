"""What stops a run before its first write, at its limits."""

import pytest

from stickysync_gui.domain.guards import Guard, GuardLimits, check_guards, tripped_guards
from stickysync_gui.domain.records import ValueState
from stickysync_gui.domain.snapshot import EVERYTHING, Scope
from stickysync_gui.errors import ExitCode, GuardStopped
from tests.domain.world import LATER, World


def world_of(count: int) -> World:
    """So many passwords, linked and in sync."""
    world = World()
    for id_ in range(1, count + 1):
        world.password(id_, title=f"P{id_}")
        world.entry(10_000 + id_, name=f"P{id_}")
        world.synced(id_, 10_000 + id_)
    return world


def tripped(world: World, last_good: int | None = None, scope: Scope = EVERYTHING) -> dict[Guard, int]:
    return tripped_guards(world.plan(scope), world.snapshot.automate, scope, last_good, GuardLimits())


def drift(world: World, count: int) -> None:
    for id_ in range(1, count + 1):
        world.edit(10_000 + id_, password_updated_at=LATER)


def test_empty_table_with_links() -> None:
    world = world_of(3)
    world.passwords.clear()
    assert tripped(world) == {Guard.PASSWORDS_VANISHED: 3}


def test_empty_table_of_a_new_server_is_fine() -> None:
    assert tripped(World()) == {}


@pytest.mark.parametrize(("count", "trips"), [(50, False), (49, True)])
def test_fewer_than_half_of_the_last_good_run(count: int, trips: bool) -> None:
    assert (Guard.PASSWORDS_VANISHED in tripped(world_of(count), last_good=100)) is trips


@pytest.mark.parametrize(
    ("links", "overwrites", "trips"),
    [(60, 50, False), (60, 51, True), (300, 90, False), (300, 91, True), (1000, 250, False), (1000, 251, True)],
)
def test_overwrites(links: int, overwrites: int, trips: bool) -> None:
    world = world_of(links)
    drift(world, overwrites)
    assert (tripped(world) == {Guard.OVERWRITES: overwrites}) is trips


def test_matches_count_as_overwrites_and_creates_do_not() -> None:
    world = World()
    for id_ in range(1, 52):
        world.password(id_, title=f"P{id_}")
        world.entry(10_000 + id_, name=f"P{id_}")
    for id_ in range(100, 300):
        world.password(id_, title=f"New {id_}")
    assert tripped(world) == {Guard.OVERWRITES: 51}


def test_moving_over_from_the_plugin_is_no_alarm() -> None:
    world = world_of(400)
    world.states.clear()
    assert tripped(world) == {}


def test_only_rows_in_scope_count() -> None:
    world = world_of(100)
    drift(world, 60)
    assert tripped(world, scope=Scope(client_ids=frozenset({2}))) == {}


@pytest.mark.parametrize(
    ("links", "missing", "trips"), [(100, 10, False), (100, 11, True), (1000, 20, False), (1000, 21, True)]
)
def test_missing_entries(links: int, missing: int, trips: bool) -> None:
    world = world_of(links)
    for id_ in range(1, missing + 1):
        del world.entries[10_000 + id_]
        world.gone.add(10_000 + id_)
    assert (tripped(world) == {Guard.MISSING_ENTRIES: missing}) is trips


@pytest.mark.parametrize(("unreadable", "trips"), [(5, False), (6, True)])
def test_unreadable_values_do_not_count_absent_ones(unreadable: int, trips: bool) -> None:
    world = World()
    for id_ in range(10):
        world.password(id_, value=ValueState.UNREADABLE if id_ < unreadable else ValueState.READABLE)
    for id_ in range(10, 100):
        world.password(id_, value=ValueState.NONE)
    assert (tripped(world) == {Guard.UNREADABLE_VALUES: unreadable}) is trips


def test_override_holds_for_that_guard_and_number_only() -> None:
    world = world_of(100)
    drift(world, 60)

    def run(overrides: dict[Guard, int]) -> None:
        check_guards(world.plan(), world.snapshot.automate, EVERYTHING, None, GuardLimits(), overrides)

    with pytest.raises(GuardStopped, match="60 entries") as stopped:
        run({})
    assert stopped.value.exit_code == ExitCode.GUARD
    assert (stopped.value.guard, stopped.value.number) == ("overwrites", 60)
    run({Guard.OVERWRITES: 60})
    with pytest.raises(GuardStopped):
        run({Guard.MISSING_ENTRIES: 60})
    drift(world, 61)
    with pytest.raises(GuardStopped):
        run({Guard.OVERWRITES: 60})
