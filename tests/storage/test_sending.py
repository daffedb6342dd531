"""What is written round one request: re-read and mark before, link and baseline after, and what a death leaves."""

from dataclasses import replace

import pytest

from stickysync_gui.domain import fingerprint
from stickysync_gui.domain.planned import Action, PlannedRow, Status
from stickysync_gui.domain.records import Entry, Field, MarkKind, SendingMark, StoredPassword, SyncState
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import DatabaseRefused, IdDoesNotFit
from stickysync_gui.storage import automate as reading
from stickysync_gui.storage import plugin, sending
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.sending import Ready, WritingRules
from tests.automate_schema import PLUGIN_TABLES, seed_client, seed_password
from tests.mariadb import Database as Schema
from tests.storage.ground import STILL

COMPANY_MAP, AUTO_SYNC, PASSWORD_MAP, _ = PLUGIN_TABLES
CLIENT, ORGANIZATION = 1, 77
EU_ID = 2_100_000_000_000_001
RULES = WritingRules("run1", only_ticked=False, allow_windows_1252=False, largest_entry_id=2**31 - 1)
EVERYTHING = (Field.NAME, Field.USERNAME, Field.PASSWORD, Field.URL, Field.NOTES)
ENTRY = Entry(4411, ORGANIZATION, "Router", "admin", "https://r", password_updated_at="2025-01-01T00:00:00.000Z")


@pytest.fixture
def password(complete: Database, automate: Schema, sql) -> StoredPassword:
    """A mapped client's password, as it was read for the plan."""
    with automate.connect() as connection:
        seed_client(connection, CLIENT, "Contoso")
        id_ = seed_password(
            connection, CLIENT, "Router", "wört 🔑".encode(), user_name="admin", url="https://r", notes="n"
        )
        found = complete.unit(reading.password, id_)
    sql(f"INSERT INTO {COMPANY_MAP} VALUES (%s, %s)", CLIENT, ORGANIZATION)
    assert found is not None
    return found


def planned(password: StoredPassword, **changes: object) -> PlannedRow:
    row = PlannedRow(
        password, Status.NEW, Action.CREATE, mapped=frozenset((ORGANIZATION,)), organization_id=ORGANIZATION
    )
    return row._replace(**changes)  # type: ignore[arg-type]


async def marked(database: Database, password: StoredPassword) -> SendingMark | None:
    state = await database.run(plugin.state, password.id)
    return state.mark if state else None


# --- something changed between plan and request ----------------------------------------------------------------

MOVES = {
    "value": "UPDATE passwords SET Password = UNHEX('00')",
    "value gone": "UPDATE passwords SET Password = NULL",
    "client": "UPDATE passwords SET ClientID = 2",
    "title": "UPDATE passwords SET Title = 'router'",
    "user name": "UPDATE passwords SET UserName = 'admin '",
    "url": "UPDATE passwords SET URL = ''",
    "notes": "UPDATE passwords SET Notes = NULL",
    "location": "UPDATE passwords SET LocationID = 9",
    "row gone": "DELETE FROM passwords",
    "linked": f"INSERT INTO {PASSWORD_MAP} SELECT PasswordID, 4411, NULL FROM passwords",
    "mapped elsewhere": f"UPDATE {COMPANY_MAP} SET ITGOrgID = 78",
    "unmapped": f"DELETE FROM {COMPANY_MAP}",
    "mapped twice": f"INSERT INTO {COMPANY_MAP} VALUES (1, 78)",
}


@pytest.mark.parametrize("move", MOVES)
async def test_nothing_is_marked_when_anything_moved(complete: Database, password, sql, move: str) -> None:
    sql(MOVES[move])

    assert await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES) is None
    assert await complete.write_map(sending.link, planned(password, action=Action.LINK, entry=ENTRY), RULES) is None
    assert sql("SELECT * FROM plugin_stickysync_syncstate") == []


@pytest.mark.parametrize("tick", [None, 0])
async def test_an_unticked_row_is_left_out_of_an_autosync_run_only(
    complete: Database, password, sql, tick: int | None
) -> None:
    if tick is not None:
        sql(f"INSERT INTO {AUTO_SYNC} VALUES (%s, %s)", password.id, tick)
    autosync = replace(RULES, only_ticked=True)

    assert await complete.run(sending.prepare, planned(password), EVERYTHING, (), autosync) is None
    assert await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES) is not None
    sql(f"INSERT INTO {AUTO_SYNC} VALUES (%s, 1)", password.id)
    assert await complete.run(sending.prepare, planned(password), EVERYTHING, (), autosync) is not None


async def test_an_unlinked_row_is_not_updated(complete: Database, password, sql) -> None:
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (%s, 4411, NULL)", password.id)
    row = planned(password, action=Action.UPDATE, links=frozenset((4411,)), entry=ENTRY)
    assert await complete.run(sending.prepare, row, EVERYTHING, (), RULES) is not None

    sql(f"UPDATE {PASSWORD_MAP} SET ITGPasswordID = 4412")

    assert await complete.run(sending.prepare, row, EVERYTHING, (), RULES) is None


async def test_a_value_that_cannot_be_read_is_never_sent(complete: Database, automate: Schema, password) -> None:
    with automate.connect() as connection:
        moved_id = seed_password(connection, CLIENT, "moved", b"x", key_client_id=99)
        latin_id = seed_password(connection, CLIENT, "latin", "grün".encode("cp1252"))
    moved = await complete.run(reading.password, moved_id)
    latin = await complete.run(reading.password, latin_id)
    guessing = replace(RULES, allow_windows_1252=True)

    assert await complete.run(sending.prepare, planned(moved), EVERYTHING, (), guessing) is None
    assert await complete.run(sending.prepare, planned(latin), EVERYTHING, (), RULES) is None
    ready = await complete.run(sending.prepare, planned(latin), EVERYTHING, (), guessing)
    assert ready is not None
    assert ready.payload[Field.PASSWORD] == Secret("grün")


async def test_a_batch_leaves_out_the_rows_that_moved(complete: Database, automate: Schema, password, sql) -> None:
    with automate.connect() as connection:
        other_id = seed_password(connection, CLIENT, "Other", b"x")
    other = await complete.run(reading.password, other_id)
    sql("UPDATE passwords SET Title = 'moved' WHERE PasswordID = %s", password.id)

    asked = [(planned(each), EVERYTHING, ()) for each in (password, other)]
    ready = await complete.run(sending.prepare_together, asked, RULES)

    assert [one is not None and one.before.password_id for one in ready] == [False, other_id]
    assert await marked(complete, password) is None
    assert await marked(complete, other) is not None


# --- the mark --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("still_clock")
async def test_the_mark_holds_what_is_sent_and_what_was_seen(complete: Database, password) -> None:
    ready = await complete.run(sending.prepare, planned(password), EVERYTHING, (EU_ID, 5), RULES)

    assert ready == Ready(
        {
            Field.NAME: "Router",
            Field.USERNAME: "admin",
            Field.PASSWORD: Secret("wört 🔑"),
            Field.URL: "https://r",
            Field.NOTES: "n",
        },
        SyncState(password.id),
    )
    mark = await marked(complete, password)
    assert mark is not None
    assert mark == SendingMark(MarkKind.CREATE, "run1", ORGANIZATION, "Router", "admin", (EU_ID, 5))
    assert mark.age_seconds == 0
    assert "wört" not in repr(ready)


async def test_an_untitled_password_gets_the_name_it_is_sent_under(complete: Database, password, sql) -> None:
    sql("UPDATE passwords SET Title = '   '")
    untitled = await complete.run(reading.password, password.id)

    ready = await complete.run(sending.prepare, planned(untitled), (Field.NAME,), (), RULES)

    mark = await marked(complete, password)
    assert ready is not None
    assert mark is not None
    assert ready.payload == {Field.NAME: "(untitled) admin"}
    assert mark.name == "(untitled) admin"


@pytest.mark.parametrize("action", [Action.UPDATE, Action.LINK])
async def test_an_update_is_marked_as_one(complete: Database, password, sql, action: Action) -> None:
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (%s, 4411, NULL)", password.id)
    row = planned(password, action=action, links=frozenset((4411,)), entry=ENTRY)

    ready = await complete.run(sending.prepare, row, (Field.URL,), (), RULES)

    mark = await marked(complete, password)
    assert ready is not None
    assert ready.payload == {Field.URL: "https://r"}, "only the fields that differ"
    assert mark is not None
    assert mark.kind is MarkKind.UPDATE


# --- refused ---------------------------------------------------------------------------------------------------


async def test_a_refusal_takes_the_mark_back(complete: Database, password) -> None:
    known = SyncState(password.id, 4411, "v", "n", "f", "r", "t", 78, 2, (9,))
    await complete.run(plugin.write_state, known)
    ready = await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES)
    assert ready is not None

    await complete.run(sending.take_back, ready, RULES)

    assert await complete.run(plugin.state, password.id) == known


@pytest.mark.parametrize(("kind", "stays"), [(MarkKind.CREATE, False), (MarkKind.UPDATE, True)])
async def test_an_older_mark_survives_a_refusal_only_if_its_update_may_still_have_arrived(
    complete: Database, password, kind: MarkKind, stays: bool
) -> None:
    older = SendingMark(kind, "run0", ORGANIZATION, "Router", "admin")
    await complete.run(plugin.write_state, SyncState(password.id, mark=older))
    ready = await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES)
    assert ready is not None

    await complete.run(sending.take_back, ready, RULES)

    assert (await marked(complete, password) is not None) is stays


# --- stored ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("still_clock")
@pytest.mark.parametrize("automate", ["plain", "keyed", "myisam"], indirect=True)
async def test_link_time_and_baseline_are_stored_and_the_mark_is_cleared(complete: Database, password, sql) -> None:
    await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES)

    await complete.write_map(sending.store, planned(password), ENTRY, EVERYTHING, RULES)

    assert await complete.run(plugin.state, password.id) == SyncState(
        password.id,
        4411,
        fingerprint.value_hash(password),
        fingerprint.notes_hash(password),
        fingerprint.fields_hash(password),
        fingerprint.returned_hash(password.id, ENTRY),
        ENTRY.password_updated_at,
    )
    now = f"FROM_UNIXTIME({STILL.timestamp()})"
    assert sql(f"SELECT ITGPasswordID, LastSync = {now} FROM {PASSWORD_MAP}") == [(4411, 1)]


async def test_what_is_kept_of_the_former_state(complete: Database, password) -> None:
    former = SyncState(password.id, 4411, "v", "notes", "f", "r", "t", 78, 2, (9,))
    drifted = planned(password, status=Status.CHANGED_IN_ITGLUE, action=Action.UPDATE)

    same = sending.baseline(drifted, ENTRY, (Field.PASSWORD,), former)
    bookkeeping = sending.baseline(drifted, ENTRY, (), former)
    calm = sending.baseline(drifted._replace(status=Status.CHANGED_IN_AUTOMATE), ENTRY, (Field.URL,), former)
    other = sending.baseline(drifted, ENTRY._replace(id=5), (Field.NOTES,), former)

    assert (same.accepted_organization_id, same.drift_pushes, same.left_behind) == (78, 3, (9,))
    assert same.notes_hash == "notes", "notes that were not sent keep their hash"
    assert (bookkeeping.drift_pushes, calm.drift_pushes) == (0, 0)
    assert (other.accepted_organization_id, other.left_behind) == (None, (9,))
    assert other.notes_hash == fingerprint.notes_hash(password)


async def test_an_id_that_does_not_fit_leaves_the_mark(complete: Database, password, sql) -> None:
    await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES)

    with pytest.raises(IdDoesNotFit) as caught:
        await complete.write_map(sending.store, planned(password), ENTRY._replace(id=EU_ID), EVERYTHING, RULES)

    assert str(EU_ID) in caught.value.happened
    assert "ALTER TABLE" in caught.value.todo
    assert await marked(complete, password) is not None
    assert sql(f"SELECT * FROM {PASSWORD_MAP}") == []


async def test_one_id_that_does_not_fit_stays_out_alone(complete: Database, automate: Schema, password, sql) -> None:
    with automate.connect() as connection:
        other_ids = [seed_password(connection, CLIENT, f"Other {number}", b"x") for number in range(2)]
    others = [await complete.run(reading.password, other_id) for other_id in other_ids]
    rows = [planned(each) for each in (password, *others)]
    entries = [ENTRY, ENTRY._replace(id=EU_ID), ENTRY._replace(id=4412)]
    answered = [(row, entry, EVERYTHING) for row, entry in zip(rows, entries, strict=True)]
    await complete.run(sending.prepare_together, [(row, EVERYTHING, ()) for row in rows], RULES)

    before, too_big, behind = await complete.write_map(sending.store_together, answered, RULES)

    assert isinstance(too_big, IdDoesNotFit)
    assert before is behind is True
    assert sql(f"SELECT PasswordID, ITGPasswordID FROM {PASSWORD_MAP} ORDER BY ITGPasswordID") == [
        (password.id, 4411),
        (other_ids[1], 4412),
    ]
    states = await complete.run(plugin.states)
    assert {id_ for id_, state in states.items() if state.mark is not None} == {other_ids[0]}


# --- links to existing entries ---------------------------------------------------------------------------------


def adopting(password: StoredPassword, **changes: object) -> PlannedRow:
    matched = {"status": Status.MATCHES, "action": Action.LINK, "entry": ENTRY, "fields": EVERYTHING}
    return planned(password, **{**matched, **changes})


async def test_a_link_is_written_with_an_update_mark_until_the_update_is_stored(complete: Database, password) -> None:
    await complete.run(plugin.write_state, SyncState(password.id, 9, "v", "n", "f", "r", "t", 78, 2, (9,)))

    linked = await complete.write_map(sending.link, adopting(password), RULES)

    assert linked is not None
    assert linked.links == {4411}
    assert await complete.run(plugin.entries_of, password.id) == {4411}
    state = await complete.run(plugin.state, password.id)
    assert state is not None
    assert (state.entry_id, state.has_baseline, state.left_behind) == (4411, False, (9,))
    assert state.mark is not None
    assert state.mark.kind is MarkKind.UPDATE
    ready = await complete.run(sending.prepare, linked, EVERYTHING, (), RULES)
    assert ready is not None
    await complete.run(sending.take_back, ready, RULES)
    assert await marked(complete, password) is not None, "a refused update leaves it Not verified"


async def test_a_link_without_an_update_has_no_mark(complete: Database, password) -> None:
    assert await complete.write_map(sending.link, adopting(password, fields=()), RULES) is not None
    assert await marked(complete, password) is None


async def test_an_entry_that_another_password_holds_by_now_is_not_linked(complete: Database, password, sql) -> None:
    sql(f"INSERT INTO {PASSWORD_MAP} VALUES (%s, 4411, NULL)", password.id + 1)

    assert await complete.write_map(sending.link, adopting(password), RULES) is None
    assert await complete.run(plugin.entries_of, password.id) == frozenset()


async def test_an_entry_whose_id_does_not_fit_is_not_linked(complete: Database, password, sql) -> None:
    with pytest.raises(IdDoesNotFit):
        await complete.write_map(sending.link, adopting(password, entry=ENTRY._replace(id=EU_ID)), RULES)

    assert sql("SELECT * FROM plugin_stickysync_syncstate") == []


# --- a death inside `store` ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("automate", "linked"), [("myisam", {4411}), ("plain", set())], indirect=["automate"])
async def test_a_death_between_link_and_state_leaves_the_mark(
    complete: Database, password, sql, linked: set[int]
) -> None:
    await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES)
    sql(
        "CREATE TRIGGER death BEFORE UPDATE ON plugin_stickysync_syncstate FOR EACH ROW"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'death'"
    )

    with pytest.raises(DatabaseRefused):
        await complete.write_map(sending.store, planned(password), ENTRY, EVERYTHING, RULES)
    sql("DROP TRIGGER death")

    assert await complete.run(plugin.entries_of, password.id) == linked
    mark = await marked(complete, password)
    assert mark is not None
    assert mark.kind is MarkKind.CREATE


async def test_confirming_starts_the_count_anew_and_keeps_the_rest(complete: Database) -> None:
    state = SyncState(5, 4411, "v", "n", "f", "r", "t", 78, 2, (9,))
    await complete.run(plugin.write_state, state)

    await complete.run(sending.confirm, [5, 6])

    assert await complete.run(plugin.states) == {5: state._replace(drift_pushes=0)}


async def test_a_run_that_slept_does_not_store_over_what_another_settled(complete: Database, password, sql) -> None:
    await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES)
    other = replace(RULES, run_id="run2")
    ready = await complete.run(sending.prepare, planned(password), EVERYTHING, (), other)
    newer = ENTRY._replace(password_updated_at="2026-01-01T00:00:09.000Z")
    assert ready is not None
    assert await complete.write_map(sending.store, planned(password), newer, EVERYTHING, other) is True
    settled = await complete.run(plugin.state, password.id)

    assert await complete.write_map(sending.store, planned(password), ENTRY, EVERYTHING, RULES) is False
    await complete.run(sending.take_back, ready, RULES)

    assert await complete.run(plugin.state, password.id) == settled


async def test_storing_twice_is_storing_once(complete: Database, password) -> None:
    """The answer to a commit may be lost; the unit is then repeated whole."""
    await complete.run(sending.prepare, planned(password), EVERYTHING, (), RULES)
    assert await complete.write_map(sending.store, planned(password), ENTRY, EVERYTHING, RULES) is True
    assert await complete.write_map(sending.store, planned(password), ENTRY, EVERYTHING, RULES) is True
    assert await complete.run(plugin.entries_of, password.id) == {ENTRY.id}
