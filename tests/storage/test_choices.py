"""What users decide by hand: re-read before it is written, and never over somebody else's choice."""

import pytest

from stickysync_gui.domain.records import MarkKind, SendingMark, SyncState
from stickysync_gui.errors import MappingChanged, UsageError
from stickysync_gui.storage import choices, plugin
from stickysync_gui.storage.database import Database
from tests.automate_schema import PLUGIN_TABLES, seed_password
from tests.mariadb import Database as Schema

COMPANY_MAP, _, PASSWORD_MAP, _ = PLUGIN_TABLES


async def mapped(database: Database) -> set[tuple[int, int]]:
    return {(m.client_id, m.organization_id) for m in await database.run(plugin.mappings)}


@pytest.mark.parametrize("shown", [{1: ()}, {1: (11,)}, {1: (10, 11)}, {1: (10,), 2: (20,)}])
async def test_a_mapping_that_differs_from_what_was_shown_is_not_written(complete: Database, sql, shown) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 10)")

    with pytest.raises(MappingChanged):
        await complete.write_map(choices.map_clients, {1: 12, 3: 30}, shown)

    assert await mapped(complete) == {(1, 10)}


async def test_several_clients_are_mapped_and_unmapped_together(complete: Database, sql) -> None:
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (1, 10), (2, 20), (2, 21)")

    await complete.write_map(choices.map_clients, {1: None, 2: 22, 3: 22}, {1: (10,), 2: (21, 20), 3: ()})

    assert await mapped(complete) == {(2, 22), (3, 22)}


async def test_counting_linked_passwords(complete: Database, automate: Schema, sql) -> None:
    with automate.connect() as connection:
        ids = [seed_password(connection, client, "a", b"x") for client in (1, 1, 1, 2)]
    for id_, entry_id in ((ids[0], 10), (ids[0], 11), (ids[1], 12), (ids[3], 13), (9999, 14)):
        sql(f"INSERT INTO {PASSWORD_MAP} VALUES (%s, %s, NULL)", id_, entry_id)

    assert await complete.run(choices.linked_counts, [1, 2, 3]) == {1: 2, 2: 1}
    assert await complete.run(choices.linked_counts, [1]) == {1: 2}
    assert await complete.run(choices.linked_counts, []) == {}


async def test_a_link_needs_a_password_and_a_free_entry(complete: Database, automate: Schema, sql) -> None:
    with automate.connect() as connection:
        password_id = seed_password(connection, 1, "a", b"x")
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (77, 10, NULL)")

    with pytest.raises(UsageError, match="no password 5000"):
        await complete.write_map(choices.link, 5000, 11)
    with pytest.raises(UsageError, match="linked to password 77"):
        await complete.write_map(choices.link, password_id, 10)

    assert await complete.run(plugin.entries_of, password_id) == frozenset()


async def test_a_chosen_link_replaces_all_others_and_forgets_their_baseline(
    complete: Database, automate: Schema, sql
) -> None:
    with automate.connect() as connection:
        password_id = seed_password(connection, 1, "a", b"x")
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (%s, 10, NULL), (%s, 11, NULL)", password_id, password_id)
    await complete.run(plugin.write_state, SyncState(password_id, 10, "v", "n", "f", "r", "t", 78, 1, (12, 13)))

    await complete.write_map(choices.link, password_id, 12)

    assert await complete.run(plugin.entries_of, password_id) == {12}
    assert await complete.run(plugin.state, password_id) == SyncState(password_id, 12, left_behind=(13,))


async def test_unlinking_leaves_the_entries_behind_and_keeps_a_mark(complete: Database, sql) -> None:
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (5, 11, NULL), (5, 10, NULL), (6, 12, NULL)")
    mark = SendingMark(MarkKind.CREATE, "run1", 7, "n", "u")
    await complete.run(plugin.write_state, SyncState(5, 10, "v", "n", "f", "r", "t", 78, 1, (10, 9), mark))

    await complete.write_map(choices.unlink, 5)
    await complete.write_map(choices.unlink, 404)

    assert await complete.run(plugin.entries_of, 5) == frozenset()
    assert await complete.run(plugin.entries_of, 6) == {12}
    assert await complete.run(plugin.state, 5) == SyncState(5, left_behind=(10, 9, 11), mark=mark)


async def test_a_moved_entry_is_kept_where_it_lies(complete: Database) -> None:
    state = SyncState(5, 10, "v", "n", "f", "r", "t")
    await complete.run(plugin.write_state, state)

    await complete.write_map(choices.keep_moved, {5: 78})
    await complete.write_map(choices.keep_moved, {6: 79})

    found = await complete.run(plugin.states)
    assert found[5].accepted_organization_id == 78
    assert found[5].has_baseline
    assert found[6].accepted_organization_id == 79
