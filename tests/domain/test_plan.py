"""The table of product.md 5, row by row, and the order in which its rows win."""

import pytest

from stickysync_gui.domain.plan import same_time
from stickysync_gui.domain.planned import Action, Matching, Rules, Status
from stickysync_gui.domain.records import CompanyMapping, Field, Link, MarkKind, SyncState, ValueState
from stickysync_gui.domain.snapshot import Scope
from tests.domain.world import CONTOSO, FABRIKAM, LATER, THEN, World


@pytest.fixture
def world() -> World:
    world = World()
    world.password(1)
    return world


def check(world: World, status: Status, action: Action, *fields: Field) -> None:
    row = world.row()
    assert (row.status, row.action) == (status, action)
    if fields:
        assert row.fields == fields
    if action is Action.NONE and status is not Status.IN_SYNC:
        assert row.reason


# --- rows 1 to 4 ---


def test_unreadable_comes_before_everything_but_a_mark(world: World) -> None:
    world.password(1, value=ValueState.UNREADABLE)
    world.mappings.clear()
    check(world, Status.UNREADABLE, Action.NONE)


@pytest.mark.parametrize("value", [ValueState.NONE, ValueState.EMPTY])
def test_no_password(world: World, value: ValueState) -> None:
    world.password(1, value=value)
    check(world, Status.NO_PASSWORD, Action.NONE)


def test_guessed_value_is_sent(world: World) -> None:
    world.password(1, value=ValueState.GUESSED)
    check(world, Status.NEW, Action.CREATE)


def test_client_row_gone_counts_as_not_mapped_even_with_a_mapping(world: World) -> None:
    del world.clients[1]
    check(world, Status.CLIENT_NOT_MAPPED, Action.NONE)
    assert "gone" in world.row().reason


def test_two_organizations_for_one_client_count_as_not_mapped(world: World) -> None:
    world.mappings.append(CompanyMapping(1, FABRIKAM))
    check(world, Status.CLIENT_NOT_MAPPED, Action.NONE)
    assert f"{CONTOSO}, {FABRIKAM}" in world.row().reason


def test_identical_duplicate_mappings_are_one(world: World) -> None:
    world.mappings.append(CompanyMapping(1, CONTOSO))
    check(world, Status.NEW, Action.CREATE)


def test_organization_missing(world: World) -> None:
    del world.organizations[CONTOSO]
    check(world, Status.ORGANIZATION_MISSING, Action.NONE)


# --- rows 5 to 8 ---


def test_archived(world: World) -> None:
    world.entry(7, archived=True)
    world.synced(1, 7)
    check(world, Status.ARCHIVED, Action.NONE)


def test_vaulted(world: World) -> None:
    world.entry(7, vaulted=True)
    world.synced(1, 7)
    check(world, Status.VAULTED, Action.NONE)


def test_missing_needs_a_404_not_only_an_absence(world: World) -> None:
    world.synced(1, 7)
    check(world, Status.MISSING, Action.NONE)
    world.withheld[7] = "not yours"
    check(world, Status.MISSING, Action.NONE)
    world.gone.add(7)
    check(world, Status.MISSING, Action.CREATE)
    assert world.row().organization_id == CONTOSO


def test_moved_waits_for_the_user_and_an_accepted_organization_is_kept(world: World) -> None:
    world.entry(7, organization=FABRIKAM)
    world.synced(1, 7)
    check(world, Status.MOVED, Action.NONE)
    world.states[1] = world.states[1]._replace(accepted_organization_id=FABRIKAM)
    check(world, Status.IN_SYNC, Action.NONE)


def test_remapped_client_makes_its_entries_moved(world: World) -> None:
    world.entry(7)
    world.synced(1, 7)
    world.mappings[0] = CompanyMapping(1, FABRIKAM)
    check(world, Status.MOVED, Action.NONE)


# --- rows 9 to 13 ---


def test_link_without_state_is_not_verified_and_sends_the_value(world: World) -> None:
    world.entry(7, name="admin")
    world.link(1, 7)
    check(world, Status.NOT_VERIFIED, Action.UPDATE, Field.NAME, Field.PASSWORD)


def test_state_of_another_entry_is_no_baseline(world: World) -> None:
    world.entry(7)
    world.synced(1, 7, entry_id=8)
    check(world, Status.NOT_VERIFIED, Action.UPDATE, Field.PASSWORD)


def test_lost_update_is_not_verified_never_changed_in_itglue(world: World) -> None:
    world.entry(7, password_updated_at=LATER)
    world.synced(1, 7)
    world.mark(1, kind=MarkKind.UPDATE)
    check(world, Status.NOT_VERIFIED, Action.UPDATE, Field.PASSWORD)


def test_in_sync(world: World) -> None:
    world.entry(7)
    world.synced(1, 7)
    check(world, Status.IN_SYNC, Action.NONE)


def test_value_changed_in_automate_sends_only_the_value(world: World) -> None:
    world.entry(7)
    world.synced(1, 7)
    world.change(1, cipher=b"fedcba9876543210")
    check(world, Status.CHANGED_IN_AUTOMATE, Action.UPDATE, Field.PASSWORD)


def test_same_bytes_under_another_client_are_another_value(world: World) -> None:
    world.entry(7, organization=FABRIKAM)
    world.synced(1, 7)
    world.change(1, client_id=2)
    check(world, Status.CHANGED_IN_AUTOMATE, Action.UPDATE, Field.PASSWORD)


def test_renamed_in_automate_sends_only_the_name(world: World) -> None:
    world.entry(7)
    world.synced(1, 7)
    world.change(1, title="Administrator")
    check(world, Status.CHANGED_IN_AUTOMATE, Action.UPDATE, Field.NAME)


def test_edit_that_itglue_shows_already_only_renews_the_baseline(world: World) -> None:
    entry = world.entry(7)
    world.synced(1, 7)
    world.change(1, title="Administrator")
    world.entries[7] = entry._replace(name="Administrator")
    row = world.row()
    assert (row.status, row.action, row.fields) == (Status.CHANGED_ON_BOTH_SIDES, Action.UPDATE, ())
    assert not row.overwrites


def test_notes_count_only_with_the_option(world: World) -> None:
    world.entry(7)
    world.synced(1, 7)
    world.change(1, notes="new")
    check(world, Status.IN_SYNC, Action.NONE)
    world.rules = Rules(sync_notes=True)
    check(world, Status.CHANGED_IN_AUTOMATE, Action.UPDATE, Field.NOTES)


def test_value_changed_in_itglue_is_an_overwrite(world: World) -> None:
    world.entry(7, password_updated_at=LATER)
    world.synced(1, 7)
    check(world, Status.CHANGED_IN_ITGLUE, Action.UPDATE, Field.PASSWORD)
    assert world.row().overwrites


def test_name_changed_in_itglue_sends_the_name_back(world: World) -> None:
    world.entry(7)
    world.synced(1, 7)
    world.edit(7, name="somebody renamed it")
    check(world, Status.CHANGED_IN_ITGLUE, Action.UPDATE, Field.NAME)


def test_changed_on_both_sides(world: World) -> None:
    world.entry(7, password_updated_at=LATER)
    world.synced(1, 7)
    world.change(1, title="Administrator")
    check(world, Status.CHANGED_ON_BOTH_SIDES, Action.UPDATE, Field.NAME, Field.PASSWORD)
    assert world.row().overwrites


def test_itglues_own_normalising_is_no_drift(world: World) -> None:
    world.password(1, url="example.com")
    world.entry(7, url="https://example.com")
    world.synced(1, 7)
    check(world, Status.IN_SYNC, Action.NONE)


def test_three_pushes_against_drift_are_enough(world: World) -> None:
    world.entry(7, password_updated_at=LATER)
    world.synced(1, 7, drift_pushes=2)
    check(world, Status.CHANGED_IN_ITGLUE, Action.UPDATE)
    world.states[1] = world.states[1]._replace(drift_pushes=3)
    check(world, Status.CHANGED_IN_ITGLUE, Action.NONE)
    world.change(1, title="but a change in Automate is still sent")
    check(world, Status.CHANGED_ON_BOTH_SIDES, Action.UPDATE)


@pytest.mark.parametrize(
    ("stored", "listed", "equal"),
    [
        (THEN, THEN, True),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00.999Z", True),
        ("2026-01-01T10:00:00.500Z", "2026-01-01T10:00:01.500Z", False),
        ("2026-01-01T10:00:01Z", "2026-01-01T10:00:00Z", False),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00+00:00", True),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00", False),
        ("", "2026-01-01T10:00:00Z", False),
        ("", "", True),
        ("nonsense", "other", False),
    ],
)
def test_times_are_equal_below_a_second(stored: str, listed: str, equal: bool) -> None:
    assert same_time(stored, listed) is equal


# --- rows 14 to 16 ---


def test_match_is_linked_then_updated(world: World) -> None:
    world.entry(7, name=" ADMIN ", username="Root")
    check(world, Status.MATCHES, Action.LINK, Field.NAME, Field.USERNAME, Field.PASSWORD)
    assert world.row().entry_id == 7
    assert world.row().overwrites


@pytest.mark.parametrize(
    "changes",
    [{"archived": True}, {"vaulted": True}, {"embedded": True}, {"username": "other"}, {"organization_id": FABRIKAM}],
)
def test_what_is_no_match_is_new(world: World, changes: dict) -> None:
    world.entry(7, **changes)
    check(world, Status.NEW, Action.CREATE)


def test_entry_linked_by_another_clients_password_is_no_match(world: World) -> None:
    world.entry(7)
    world.password(2, client=2, title="elsewhere")
    world.synced(2, 7)
    check(world, Status.NEW, Action.CREATE)


def test_entry_of_an_orphaned_link_is_no_match(world: World) -> None:
    world.entry(7)
    world.link(99, 7)
    check(world, Status.NEW, Action.CREATE)
    assert world.plan().orphans == (Link(99, 7),)


def test_matching_options(world: World) -> None:
    world.entry(7)
    world.rules = Rules(matching=Matching.ASK)
    check(world, Status.MATCHES, Action.NONE)
    world.rules = Rules(matching=Matching.ALWAYS_CREATE)
    check(world, Status.NEW, Action.CREATE)
    assert world.row().seen == (7,)


def test_several_entries_are_ambiguous(world: World) -> None:
    world.entry(7)
    world.entry(8)
    check(world, Status.AMBIGUOUS, Action.NONE)
    assert "7, 8" in world.row().reason


def test_several_passwords_for_one_entry_are_ambiguous_also_of_another_client(world: World) -> None:
    world.entry(7)
    world.mappings[1] = CompanyMapping(2, CONTOSO)
    world.password(2, client=2)
    check(world, Status.AMBIGUOUS, Action.NONE)
    assert world.row(2).status is Status.AMBIGUOUS


def test_twins_without_entries_each_get_their_own(world: World) -> None:
    world.password(2)
    assert [row.action for row in world.plan().rows] == [Action.CREATE, Action.CREATE]


def test_links_that_contradict_each_other(world: World) -> None:
    world.entry(7)
    world.entry(8)
    world.link(1, 7)
    world.link(1, 8)
    check(world, Status.AMBIGUOUS, Action.NONE)


def test_two_passwords_linked_to_one_entry(world: World) -> None:
    world.entry(7)
    world.password(2)
    world.synced(1, 7)
    world.synced(2, 7)
    check(world, Status.AMBIGUOUS, Action.NONE)
    assert world.row(2).status is Status.AMBIGUOUS


def test_untitled_password_is_named_by_its_user(world: World) -> None:
    world.password(1, title="  ")
    world.entry(7, name="(untitled) root")
    check(world, Status.MATCHES, Action.LINK)


# --- row 0 ---


def test_mark_with_its_entry_is_linked_with_every_field(world: World) -> None:
    world.entry(7)
    world.mark(1)
    check(world, Status.INTERRUPTED, Action.LINK, Field.NAME, Field.USERNAME, Field.PASSWORD, Field.URL)
    assert world.row().entry_id == 7


def test_mark_without_entry_is_created_again_only_after_the_settle_time(world: World) -> None:
    world.mark(1, age_seconds=20.0)
    assert (world.row().action, world.row().wait_seconds) == (Action.CREATE, 40.0)
    world.mark(1, age_seconds=60.0)
    assert (world.row().action, world.row().wait_seconds) == (Action.CREATE, 0.0)


def test_mark_in_an_organization_that_was_not_walked_waits(world: World) -> None:
    world.walked = frozenset({FABRIKAM})
    world.mark(1)
    assert world.row().wait_seconds > 0


def test_entry_seen_before_is_not_what_the_lost_request_made(world: World) -> None:
    world.entry(7)
    world.mark(1, seen_entry_ids=(7,))
    check(world, Status.INTERRUPTED, Action.CREATE)
    assert world.row().seen == (7,)


def test_rename_and_remap_do_not_hide_the_entry(world: World) -> None:
    world.entry(7)
    world.mark(1)
    world.change(1, title="renamed")
    world.mappings[0] = CompanyMapping(1, FABRIKAM)
    row = world.row()
    # It is linked where it is, and nothing is sent to an organization that the mapping no longer names.
    assert (row.status, row.action, row.entry_id, row.fields) == (Status.INTERRUPTED, Action.LINK, 7, ())


def test_archived_candidate_is_linked_only(world: World) -> None:
    world.entry(7, archived=True)
    world.mark(1)
    row = world.row()
    assert (row.action, row.entry_id, row.fields) == (Action.LINK, 7, ())


def test_marks_alike_are_paired_in_order(world: World) -> None:
    world.password(2)
    world.mark(1)
    world.mark(2)
    world.entry(9)
    world.entry(8)
    assert [row.entry_id for row in world.plan().rows] == [8, 9]


def test_fewer_entries_than_marks_leave_a_create(world: World) -> None:
    world.password(2)
    world.mark(1)
    world.mark(2)
    world.entry(8)
    assert [(row.action, row.entry_id) for row in world.plan().rows] == [(Action.LINK, 8), (Action.CREATE, None)]


def test_more_entries_than_marks_are_contested_and_an_unmarked_twin_waits_too(world: World) -> None:
    world.password(2)
    world.mark(1)
    world.entry(8)
    world.entry(9)
    assert [row.status for row in world.plan().rows] == [Status.AMBIGUOUS, Status.AMBIGUOUS]


def test_unmarked_twin_does_not_take_the_marked_ones_entry(world: World) -> None:
    world.password(2)
    world.mark(1)
    world.entry(8)
    assert [(row.status, row.action) for row in world.plan().rows] == [
        (Status.INTERRUPTED, Action.LINK),
        (Status.NEW, Action.CREATE),
    ]
    assert world.row(2).seen == (8,)


def test_marks_that_saw_different_entries_get_what_they_had_not_seen(world: World) -> None:
    world.password(2)
    world.mark(1, seen_entry_ids=(8,))
    world.mark(2)
    world.entry(8)
    world.entry(9)
    assert [row.entry_id for row in world.plan().rows] == [9, 8]


def test_link_written_before_death_stands_for_the_entry(world: World) -> None:
    world.entry(7)
    world.mark(1)
    world.link(1, 7)
    row = world.row()
    assert (row.status, row.action, row.entry_id) == (Status.INTERRUPTED, Action.LINK, 7)


def test_interrupted_replacement_of_a_missing_entry(world: World) -> None:
    world.link(1, 7)
    world.gone.add(7)
    world.mark(1)
    check(world, Status.INTERRUPTED, Action.CREATE)
    world.entry(8)
    check(world, Status.INTERRUPTED, Action.LINK)
    assert world.row().entry_id == 8


def test_mark_on_a_password_that_lost_its_value_or_mapping(world: World) -> None:
    world.mark(1)
    world.mappings.clear()
    check(world, Status.INTERRUPTED, Action.NONE)
    world.entry(7)
    row = world.row()
    assert (row.action, row.entry_id, row.fields) == (Action.LINK, 7, ())


def test_mark_of_a_password_that_is_gone_keeps_its_entry_from_others(world: World) -> None:
    world.mark(99)
    world.entry(7)
    check(world, Status.NEW, Action.CREATE)


# --- scope ---


def test_scope_limits_the_rows_and_never_their_status(world: World) -> None:
    world.password(2, client=2, title="two")
    world.entry(7)
    world.synced(2, 7)
    everywhere = {row.password.id: row for row in world.plan().rows}
    for scope in (Scope(client_ids=frozenset({1})), Scope(password_ids=frozenset({1}))):
        assert [row for row in world.plan(scope).rows] == [everywhere[1]]
    world.ticked.add(2)
    ticked = world.plan(Scope(autosync_only=True)).rows
    assert [row.password.id for row in ticked] == [2]


def test_left_behind_is_listed_until_it_is_archived(world: World) -> None:
    world.entry(7, organization=FABRIKAM)
    world.states[1] = SyncState(1, left_behind=(7,))
    assert [(left.password_id, left.entry_id) for left in world.plan().left_behind] == [(1, 7)]
    world.edit(7, archived=True)
    assert world.plan().left_behind == ()


@pytest.mark.parametrize(
    ("status", "slug", "label"),
    [
        (Status.CHANGED_IN_AUTOMATE, "changed_in_automate", "Changed in Automate"),
        (Status.ARCHIVED, "archived_in_itglue", "Archived in IT Glue"),
        (Status.MATCHES, "matches_an_existing_entry", "Matches an existing entry"),
        (Status.IN_SYNC, "in_sync", "In sync"),
    ],
)
def test_names_of_statuses(status: Status, slug: str, label: str) -> None:
    assert (status.value, status.label) == (slug, label)
