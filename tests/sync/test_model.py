"""Random edits on both sides, mapping changes, choices, faults, deaths and reruns; then one clean run must mend all.

The state machine knows no rule of the planner. It knows what a user is promised: an entry is created once, a link is
not lost, what is in sync holds Automate's values, nothing goes to an organization the mapping does not name, and
nothing is deleted.
"""

import asyncio
import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from stickysync_gui.domain.planned import Action, Matching, Status
from stickysync_gui.domain.snapshot import EVERYTHING, Scope, same_text
from stickysync_gui.errors import StickySyncError, UsageError
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.storage import choices
from stickysync_gui.storage.database import Database
from stickysync_gui.storage.decrypt import encrypt
from tests.sync.conftest import Scene
from tests.sync.test_death import Mortal

CLIENTS = (1, 2)
TITLES = ("Admin", "admin ", "")
USERS = ("root",)
STEPS, EXAMPLES = 40, 60 if "CI" in os.environ else 12
KINDS = ("cut_before", "cut_after", "cut_midway", "status", "status_after", "throttle", "html")
SETTLED = {
    Status.IN_SYNC,
    Status.NO_PASSWORD,
    Status.CLIENT_NOT_MAPPED,
    Status.ARCHIVED,
    Status.MOVED,
    Status.AMBIGUOUS,
}

titles, users = st.sampled_from(TITLES), st.sampled_from(USERS)
values = st.sampled_from(("one", "two", "drei €", " four "))
clients = st.sampled_from(CLIENTS)
picks = st.integers(0, 50)
matchings = st.sampled_from((Matching.LINK, Matching.ALWAYS_CREATE))
deaths = st.sampled_from(("commit", "committed", "send", "answered"))


class TwoSystems(RuleBasedStateMachine):
    """Both systems and a user at each."""

    def __init__(self, scene: Scene, mortal: Mortal) -> None:
        super().__init__()
        self.scene = scene
        self.mortal = mortal
        self.ever_linked: set[int] = set()
        self.by_hand: set[int] = set()

    @initialize()
    def begin(self) -> None:
        scene = self.scene
        for record in scene.glue.passwords():
            scene.glue.remove_password(record.id)
        for table in ("passwords", "clients"):
            scene.sql(f"DELETE FROM {table}")
        for table in ("companymap", "passwordmap", "syncstate", "run", "passwordautosync"):
            scene.sql(f"DELETE FROM plugin_stickysync_{table}")
        scene.faults.clear()
        scene.server.clear_requests()
        self.organizations = [scene.glue.add_organization(f"Organization {n}") for n in range(3)]
        for client in CLIENTS:
            scene.client(client, self.organizations[client - 1])

    # --- a technician in Automate ---

    @rule(client=clients, title=titles, user=users, value=values)
    def add_password(self, client: int, title: str, user: str, value: str) -> None:
        self.scene.password(client, title, value.encode(), user_name=user)

    @rule(pick=picks, value=values)
    def change_value(self, pick: int, value: str) -> None:
        self._edit(pick, lambda id_, client: ("Password", encrypt(client, value.encode())))

    @rule(pick=picks, title=titles)
    def change_title(self, pick: int, title: str) -> None:
        self._edit(pick, lambda id_, client: ("Title", title))

    @rule(pick=picks, client=clients, value=values)
    def move_to_client(self, pick: int, client: int, value: str) -> None:
        self._edit(pick, lambda id_, _: ("ClientID", client))
        self._edit(pick, lambda id_, _: ("Password", encrypt(client, value.encode())))

    @rule(pick=picks)
    def delete_password(self, pick: int) -> None:
        rows = self._passwords()
        if rows:
            self.scene.sql("DELETE FROM passwords WHERE PasswordID = %s", rows[pick % len(rows)][0])

    @rule(client=clients, organization=st.integers(0, 2))
    def map(self, client: int, organization: int) -> None:
        self.scene.map(client, self.organizations[organization])

    @rule(client=clients)
    def unmap(self, client: int) -> None:
        self.scene.sql("DELETE FROM plugin_stickysync_companymap WHERE ClientID = %s", client)

    # --- somebody in IT Glue ---

    @rule(organization=st.integers(0, 2), title=titles, user=users)
    def add_entry(self, organization: int, title: str, user: str) -> None:
        glue = self.scene.glue
        name = title or "(untitled) "
        self.by_hand.add(glue.add_password(self.organizations[organization], name, username=user, password="theirs"))

    @precondition(lambda self: self.scene.glue.passwords())
    @rule(pick=picks, what=st.sampled_from(["value", "name", "archive", "remove", "move"]))
    def disturb_entry(self, pick: int, what: str) -> None:
        glue = self.scene.glue
        records = glue.passwords()
        id_ = records[pick % len(records)].id
        match what:
            case "value":
                glue.edit_password(id_, password=f"typed {pick}")
            case "name":
                glue.edit_password(id_, name=f"renamed {pick}")
            case "archive":
                glue.archive_password(id_)
            case "remove":
                glue.remove_password(id_)
            case "move":
                glue.move_password(id_, self.organizations[pick % 3])

    # --- runs ---

    @rule(
        kind=st.sampled_from((*KINDS, None)),
        method=st.sampled_from(["POST", "PATCH", "GET"]),
        at=st.integers(1, 4),
        client=st.sampled_from((None, *CLIENTS)),
        bulk=st.booleans(),
        matching=matchings,
    )
    def run(self, kind: Any, method: str, at: int, client: int | None, bulk: bool, matching: Matching) -> None:
        if kind is not None:
            self.scene.faults.add(Fault(kind, method=method, at=at, retry_after=0.0))
        rules = replace(self.scene.rules, matching=matching)
        scope = Scope(client_ids=frozenset({client})) if client else EVERYTHING
        self._sync(scope, bulk_creation=bulk, rules=rules)

    @rule(kind=deaths, at=st.integers(1, 12), bulk=st.booleans(), matching=matchings)
    def die(self, kind: str, at: int, bulk: bool, matching: Matching) -> None:
        before = self._links_that_must_stay()
        options = {"bulk_creation": bulk, "override_all": True, "matching": matching.value}
        self.mortal.run(self.scene, kind=kind, at=at, options=options)
        self._check(before)

    @rule(pick=picks, choice=st.sampled_from(["unlink", "link"]))
    def choose(self, pick: int, choice: str) -> None:
        rows, records = self._passwords(), self.scene.glue.passwords()
        if not rows or not records:
            return
        password_id, entry_id = rows[pick % len(rows)][0], records[pick % len(records)].id
        arguments = (choices.unlink, password_id) if choice == "unlink" else (choices.link, password_id, entry_id)

        async def act() -> None:
            database = Database(self.scene.address)
            try:
                await database.write_map(*arguments)
            except UsageError:
                pass
            finally:
                await database.close()

        asyncio.run(act())
        self.ever_linked.update(self.scene.links().values())

    def teardown(self) -> None:
        if not hasattr(self, "organizations"):
            return
        scene = self.scene
        scene.faults.clear()
        self._sync(EVERYTHING)
        scene.server.clear_requests()
        self._sync(EVERYTHING)
        writes = [r for r in scene.server.requests if r.method != "GET"]
        assert not writes, f"the second clean run still wrote: {writes}"
        plan = asyncio.run(scene.plan())
        assert {row.status for row in plan.rows} <= SETTLED
        assert all(row.action is Action.NONE for row in plan.rows)
        plain = self._plain()
        for row in plan.rows:
            if row.status is Status.IN_SYNC:
                record = scene.glue.password(row.entry_id)
                title, user, value, organizations = plain[row.password.id]
                assert record.password == value
                assert (record.name, record.username or "") == (title if title.strip() else f"(untitled) {user}", user)
                assert record.organization_id in organizations
        self._no_duplicates({row.password.id: row.status for row in plan.rows})

    # --- what is promised ---

    def _no_duplicates(self, statuses: dict[int, Status]) -> None:
        """Every entry of ours is or was linked; what nobody could tell apart is shown as ambiguous."""
        marked = self.scene.sql(
            "SELECT s.PasswordID, s.MarkName, s.MarkUserName, s.MarkOrgID, p.PasswordID"
            " FROM plugin_stickysync_syncstate s LEFT JOIN passwords p ON p.PasswordID = s.PasswordID"
            " WHERE s.MarkKind = 'create'"
        )
        waiting = {
            (organization, same_text(name or ""), same_text(user or ""))
            for password_id, name, user, organization, living in marked
            if living is None or statuses.get(password_id) in (Status.AMBIGUOUS, Status.INTERRUPTED)
        }
        for record in self.scene.glue.passwords():
            if record.id in self.by_hand or record.id in self.ever_linked:
                continue
            key = (record.organization_id, same_text(record.name), same_text(record.username or ""))
            assert key in waiting or record.name.startswith("renamed"), f"created and never linked: {record}"

    def _links_that_must_stay(self) -> dict[int, int]:
        living = {row[0] for row in self._passwords()}
        existing = {record.id for record in self.scene.glue.passwords()}
        return {p: e for p, e in self.scene.links().items() if p in living and e in existing}

    def _check(self, before: dict[int, int]) -> None:
        after = self.scene.links()
        assert before.items() <= after.items(), "a link was lost or changed by a run"
        self.ever_linked.update(after.values())
        assert self.scene.server.count("DELETE") == 0

    def _sync(self, scope: Scope, **options: Any) -> None:
        before = self._links_that_must_stay()
        allowed = {row[0] for row in self.scene.sql("SELECT ITGOrgID FROM plugin_stickysync_companymap")}
        counts = {o: len(self.scene.glue.passwords(o)) for o in self.organizations if o not in allowed}
        try:
            asyncio.run(self.scene.sync(scope, override_all=True, **options))
        except StickySyncError:
            assert options or scope is not EVERYTHING or self.scene.faults.fired(), "a clean run stopped"
        self._check(before)
        assert counts == {o: len(self.scene.glue.passwords(o)) for o in counts}, "sent where no client is mapped"

    # --- looking ---

    def _passwords(self) -> list[tuple[Any, ...]]:
        return self.scene.sql("SELECT PasswordID, ClientID FROM passwords ORDER BY PasswordID")

    def _plain(self) -> dict[int, tuple[str, str, str, set[int]]]:
        rows = self.scene.sql(
            "SELECT p.PasswordID, p.Title, p.UserName, AES_DECRYPT(p.Password, SHA(CONCAT(' ', p.ClientID + 1))),"
            " m.ITGOrgID FROM passwords p LEFT JOIN plugin_stickysync_companymap m ON m.ClientID = p.ClientID"
        )
        return {id_: (title, user, (value or b"").decode(), {org}) for id_, title, user, value, org in rows}

    def _edit(self, pick: int, change: Any) -> None:
        rows = self._passwords()
        if rows:
            id_, client = rows[pick % len(rows)]
            column, value = change(id_, client)
            self.scene.sql(f"UPDATE passwords SET {column} = %s WHERE PasswordID = %s", value, id_)


@pytest.mark.timeout(3600)
def test_whatever_happens_one_clean_run_mends_it(scene: Scene, monkeypatch) -> None:
    from stickysync_gui.itglue import client as itglue_client
    from stickysync_gui.sync import writer

    short = itglue_client.wait_or_stop

    async def soon(seconds: float, stop: asyncio.Event | None) -> None:
        await short(seconds / 1000, stop)

    monkeypatch.setattr(itglue_client, "wait_or_stop", soon)
    monkeypatch.setattr(writer, "wait_or_stop", soon)
    monkeypatch.setattr(itglue_client, "FIRST_PAUSE", 0.001)
    mortal = Mortal()
    try:
        run_state_machine_as_test(
            lambda: TwoSystems(scene, mortal),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                # Making a failure small costs minutes; at a desk it is worth them.
                phases=[Phase.generate] if "CI" in os.environ else [Phase.generate, Phase.shrink],
            ),
        )
    finally:
        mortal.close()
