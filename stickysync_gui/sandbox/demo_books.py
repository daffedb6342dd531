"""Passwords on their way into both demo systems, and the bookkeeping that goes with them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from stickysync_gui.domain import fingerprint
from stickysync_gui.domain.records import Entry, MarkKind, StoredPassword
from stickysync_gui.domain.snapshot import entry_name
from stickysync_gui.sandbox.automate import encrypted
from stickysync_gui.sandbox.demo_names import WORDS
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.records import time_text

DAY = 86_400.0
BROKEN_RUN = "1f0c7a9e5b2d4c8893e6a0d4b7c15f21"


@dataclass(frozen=True, slots=True)
class Draft:
    """A password on its way into both systems: Automate's row, its plain value, and where its entry belongs."""

    row: StoredPassword
    value: str = field(repr=False)
    organization_id: int
    category_id: int | None

    def with_value(self, value: str) -> Draft:
        """The same with another value, encrypted."""
        return replace(self, value=value, row=self.row._replace(cipher=encrypted(self.row.client_id, value)))


def some_value(dice: random.Random) -> str:
    """A password as people or generators make them."""
    if dice.random() < 0.35:
        return f"{dice.choice(WORDS).title()}-{dice.choice(WORDS).title()}-{dice.randint(10, 99)}!"
    alphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#%&*+-=?@_"
    return "".join(dice.choices(alphabet, k=dice.randint(10, 24)))


class DemoBooks:
    """Both demo systems as they are being written; `passwords`, `links` and `states` go into Automate's tables."""

    def __init__(self, glue: Glue, dice: random.Random, elsewhere: int) -> None:
        """Take the IT Glue side, a seeded source of chance, and an organization that entries are moved to."""
        self.glue = glue
        self.dice = dice
        self.elsewhere = elsewhere
        self.passwords: list[StoredPassword] = []
        self.links: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.next_id = 1
        self._now = datetime.now()
        self._utc = datetime.now(UTC).replace(tzinfo=None)

    def keep(self, draft: Draft) -> None:
        """Let Automate hold the draft's row."""
        self.passwords.append(draft.row)

    def twin(self, draft: Draft) -> Draft:
        """Another password of the same client, title and user name, with a value of its own."""
        self.next_id += 1
        return replace(draft, row=draft.row._replace(id=self.next_id)).with_value(some_value(self.dice))

    def entry(self, draft: Draft, **different: Any) -> int:
        """Let IT Glue hold an entry for the draft, some months old; return its id."""
        made = self.glue.now() - self.dice.uniform(40, 700) * DAY
        times = {"created_at": time_text(made), "password_updated_at": time_text(made)}
        fields: dict[str, Any] = {
            "organization_id": draft.organization_id,
            "name": entry_name(draft.row),
            "username": draft.row.username,
            "password": draft.value,
            "url": draft.row.url,
            "notes": draft.row.notes or None,
            "category_id": draft.category_id,
            "updated_by": None,
            "updated_by_type": None,
            "updated_at": time_text(made + self.dice.uniform(0, 3) * DAY),
        }
        return self.glue.add_password(**{**times, **fields, **different})

    def link(self, draft: Draft, entry_id: int) -> None:
        """Link password and entry in the plugin's map, before our last run: nobody else seems to sync here."""
        synced = self._now - timedelta(days=self.dice.uniform(0.2, 30))
        self.links.append(
            {"PasswordID": draft.row.id, "ITGPasswordID": entry_id, "LastSync": synced.replace(microsecond=0)}
        )

    def push(self, draft: Draft, entry_id: int, **state: Any) -> None:
        """Link, and keep the sync state of a push of this draft that is done and stored."""
        self.link(draft, entry_id)
        record = self.glue.password(entry_id)
        shown = Entry(entry_id, record.organization_id, record.name, record.username or "", record.url or "")
        self.keep_state(
            draft,
            ITGPasswordID=entry_id,
            ValueHash=fingerprint.value_hash(draft.row),
            NotesHash=fingerprint.notes_hash(draft.row),
            FieldsHash=fingerprint.fields_hash(draft.row),
            ReturnedHash=fingerprint.returned_hash(draft.row.id, shown),
            PasswordUpdatedAt=record.password_updated_at,
            **state,
        )

    def mark(self, draft: Draft, kind: MarkKind = MarkKind.CREATE, seen: str | None = None, **state: Any) -> None:
        """Leave the sending mark of a run that died three hours ago."""
        self.keep_state(
            draft,
            MarkKind=kind.value,
            MarkRunID=BROKEN_RUN,
            MarkOrgID=draft.organization_id,
            MarkName=entry_name(draft.row),
            MarkUserName=draft.row.username,
            MarkSeen=seen,
            MarkedAt=(self._utc - timedelta(hours=3)).replace(microsecond=0),
            **state,
        )

    def keep_state(self, draft: Draft, **columns: Any) -> None:
        """Keep a sync state; columns that are not given are empty."""
        self.states.append({**_NO_STATE, "PasswordID": draft.row.id, **columns})

    def retype(self, entry: int, *, name: bool = False) -> None:
        """Let a person change an entry: its value, or its name."""
        if name:
            self.glue.edit_password(entry, name=f"{self.glue.password(entry).name} (see notes)")
        else:
            self.glue.edit_password(entry, password=some_value(self.dice))


_NO_STATE: dict[str, Any] = {
    "ITGPasswordID": None,
    "ValueHash": None,
    "NotesHash": None,
    "FieldsHash": None,
    "ReturnedHash": None,
    "PasswordUpdatedAt": None,
    "AcceptedOrgID": None,
    "DriftPushes": 0,
    "LeftBehind": None,
    "MarkKind": None,
    "MarkRunID": None,
    "MarkOrgID": None,
    "MarkName": None,
    "MarkUserName": None,
    "MarkSeen": None,
    "MarkedAt": None,
}
