"""The contents of one IT Glue account, and what people do to it in the web window."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

from stickysync_gui.sandbox.records import (
    ApiKey,
    AuditedRead,
    Category,
    KeyState,
    Organization,
    PasswordRecord,
    seconds_of,
    time_text,
)
from stickysync_gui.sandbox.switches import Switches

FIRST_ID = 2_100_000_000_000_001  # 16 digits, as ids of the EU data centre (itglue-api.md 3)
TYPES = {"Customer": 86, "Vendor": 87, "Prospect": 88, "Internal": 89, "Partner": 90}
STATUSES = {"Active": 68, "Inactive": 69, "Prospect": 70, "Onboarding": 71}
PERSON_ID = 1_204_377
_HUMAN_PACE = 2.0  # seconds; two edits by a person never bear the same time


class Account:
    """Organizations, entries, categories and keys. Every method may be called from any thread.

    `clock` gives Unix seconds. Ids are `first_id` and upward with gaps drawn from `seed`, never one twice,
    whatever the kind, so that mixing up two kinds of id cannot go unnoticed.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        first_id: int = FIRST_ID,
        seed: int = 1,
        switches: Switches | None = None,
        region: str = "us",
    ) -> None:
        """Start an empty account with one active key that has Password Access."""
        self.lock = threading.RLock()
        self.switches = switches or Switches()
        self.region = region
        self.organizations: dict[int, Organization] = {}
        self.categories: dict[int, Category] = {}
        self.records: dict[int, PasswordRecord] = {}
        self.in_organization: dict[int, dict[int, None]] = {}
        self.unlisted: dict[int, float] = {}
        self.keys: dict[str, ApiKey] = {}
        self.audited_reads: list[AuditedRead] = []
        self.texts: dict[int, tuple[PasswordRecord, str]] = {}  # rendered list rows
        self._clock = clock
        self._random = random.Random(seed)
        self._next_id = first_id
        self.key = self.add_key()

    # -- time, ids, storing ---------------------------------------------------------------------------------

    def now(self) -> float:
        """Unix seconds by this service's clock."""
        return self._clock() + self.switches.clock_offset

    def now_text(self) -> str:
        """The time by this service's clock, as it writes times."""
        return time_text(self.now())

    def new_id(self) -> int:
        """The next id; above all before it."""
        self._next_id += self._random.randint(1, 9)
        return self._next_id

    def store(self, record: PasswordRecord) -> PasswordRecord:
        """Put an entry in place of the one with its id, or add it."""
        former = self.records.get(record.id)
        if former is not None and former.organization_id != record.organization_id:
            self.in_organization[former.organization_id].pop(record.id)
        self.records[record.id] = record
        self.in_organization.setdefault(record.organization_id, {})[record.id] = None
        if record.listed_at > self.now():
            self.unlisted[record.id] = record.listed_at
        return record

    def set_switches(self, **changes: Any) -> None:
        """Change behaviours while requests come in. ValueError on an unknown name or value."""
        with self.lock:
            self.switches = self.switches.changed(**changes)
            self.texts.clear()

    # -- keys -----------------------------------------------------------------------------------------------

    def add_key(self, text: str | None = None, *, password_access: bool = True, region: str | None = None) -> str:
        """Make a key (101 characters unless given) and return it. `region` other than ours makes it a wrong one."""
        with self.lock:
            alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789_-"
            key = text or "ITG." + "".join(self._random.choices(alphabet, k=97))
            self.keys[key] = ApiKey(key, password_access=password_access, region=region or self.region)
            return key

    def set_key(
        self, key: str | None = None, *, state: KeyState | None = None, password_access: bool | None = None
    ) -> None:
        """Revoke, pause or re-activate a key (the first one unless given), or change its Password Access."""
        with self.lock:
            one = self.keys[key or self.key]
            access = one.password_access if password_access is None else password_access
            self.keys[one.text] = replace(one, state=state or one.state, password_access=access)

    # -- organizations and categories -----------------------------------------------------------------------

    def add_organization(
        self,
        name: str,
        *,
        id: int | None = None,
        short_name: str | None = None,
        type_name: str | None = "Customer",
        status_name: str | None = "Active",
        parent_id: int | None = None,
        primary: bool = False,
        quick_notes: str | None = None,
    ) -> int:
        """Add an organization and return its id; names may repeat."""
        with self.lock:
            now, number = self.now_text(), id or self.new_id()
            self.organizations[number] = Organization(
                id=number,
                name=name,
                short_name=short_name,
                type_id=_type_id(TYPES, type_name),
                type_name=type_name,
                status_id=_type_id(STATUSES, status_name),
                status_name=status_name,
                parent_id=parent_id,
                primary=primary,
                quick_notes=quick_notes,
                created_at=now,
                updated_at=now,
            )
            return number

    def edit_organization(self, id: int, **attributes: Any) -> None:
        """Change fields of an organization as a person does."""
        with self.lock:
            changed = replace(self.organizations[id], **attributes, updated_at=self.now_text())
            self.organizations[id] = changed
            self.texts.clear()

    def remove_organization(self, id: int) -> None:
        """Delete an organization with all its entries as a person does."""
        with self.lock:
            for number in list(self.in_organization.get(id, ())):
                self.remove_password(number)
            del self.organizations[id]

    def add_category(self, name: str, *, id: int | None = None) -> int:
        """Add a password category and return its id."""
        with self.lock:
            now, number = self.now_text(), id or self.new_id()
            self.categories[number] = Category(number, name, now, now)
            return number

    def category_counts(self) -> Counter[int | None]:
        """How many entries bear each category."""
        return Counter(record.category_id for record in self.records.values())

    # -- entries, as people see and change them -------------------------------------------------------------

    def add_password(
        self, organization_id: int, name: str, *, password: str | None = "", id: int | None = None, **attributes: Any
    ) -> int:
        """Add an entry as it might already lie there and return its id.

        `attributes` are further fields of PasswordRecord: username, url, notes, category_id, archived, restricted,
        vault_id, resource_id, resource_type, times as text. It is listed at once, whatever the listing delay.
        """
        with self.lock:
            if organization_id not in self.organizations:
                raise KeyError(f"no organization {organization_id}")
            now = self.now_text()
            times = {"created_at": now, "updated_at": now, "password_updated_at": now}
            by_person = {"updated_by": PERSON_ID, "updated_by_type": "User"}
            fields = {**by_person, **times, **attributes}
            record = PasswordRecord(
                id=id or self.new_id(), organization_id=organization_id, name=name, password=password, **fields
            )
            return self.store(record).id

    def add_passwords(self, rows: Iterable[dict[str, Any]]) -> list[int]:
        """Add many entries, each the arguments of `add_password`, and return their ids in that order."""
        with self.lock:
            return [self.add_password(**row) for row in rows]

    def edit_password(self, id: int, **attributes: Any) -> None:
        """Change fields of an entry as a person does; password-updated-at moves only with the value.

        The edit bears a time at least two seconds after the entry's last one: people are slower than tests.
        Giving `password_updated_at` sets it, as another tool may.
        """
        with self.lock:
            former = self.records[id]
            latest = max(seconds_of(former.updated_at), seconds_of(former.password_updated_at))
            stamp = time_text(max(self.now(), latest + _HUMAN_PACE))
            fields = {"updated_at": stamp, "updated_by": PERSON_ID, "updated_by_type": "User"}
            if attributes.get("password", former.password) != former.password:
                fields["password_updated_at"] = stamp
            self.store(replace(former, **{**fields, **attributes}))

    def archive_password(self, id: int) -> None:
        """Archive an entry as a person does."""
        self.edit_password(id, archived=True)

    def move_password(self, id: int, organization_id: int) -> None:
        """Move an entry to another organization as a person does."""
        with self.lock:
            if organization_id not in self.organizations:
                raise KeyError(f"no organization {organization_id}")
            self.edit_password(id, organization_id=organization_id)

    def remove_password(self, id: int) -> None:
        """Delete an entry as a person does. No route of the stand-in does this."""
        with self.lock:
            record = self.records.pop(id)
            self.in_organization[record.organization_id].pop(id)
            self.unlisted.pop(id, None)
            self.texts.pop(id, None)

    def password(self, id: int) -> PasswordRecord:
        """An entry with its value; KeyError when there is none."""
        return self.records[id]

    def passwords(self, organization_id: int | None = None) -> list[PasswordRecord]:
        """All entries, or those of an organization, with their values, in order of id."""
        with self.lock:
            numbers = self.records if organization_id is None else self.in_organization.get(organization_id, {})
            return [self.records[number] for number in sorted(numbers)]

    def named(self, name: str, organization_id: int | None = None) -> list[PasswordRecord]:
        """The entries of exactly this name, in order of id."""
        return [record for record in self.passwords(organization_id) if record.name == name]

    def values(self, organization_id: int | None = None) -> dict[int, str | None]:
        """The value of each entry by id."""
        return {record.id: record.password for record in self.passwords(organization_id)}

    # -- whole contents -------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Empty the account and put every switch back; keys stay and are active again, ids go on rising."""
        with self.lock:
            for contents in (self.organizations, self.categories, self.records, self.in_organization, self.unlisted):
                contents.clear()
            self.texts.clear()
            self.audited_reads.clear()
            self.switches = Switches()
            self.keys = {text: replace(key, state="active") for text, key in self.keys.items()}

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Everything but keys and switches as plain data, values included."""
        with self.lock:
            return {
                "organizations": [asdict(one) for one in self.organizations.values()],
                "categories": [asdict(one) for one in self.categories.values()],
                "passwords": [asdict(one) for one in self.records.values()],
            }

    def load(self, state: dict[str, list[dict[str, Any]]]) -> None:
        """Add what `dump` gave."""
        with self.lock:
            for row in state.get("organizations", ()):
                self.organizations[row["id"]] = Organization(**row)
            for row in state.get("categories", ()):
                self.categories[row["id"]] = Category(**row)
            for row in state.get("passwords", ()):
                self.store(PasswordRecord(**row))
            self._next_id = max([self._next_id, *self.organizations, *self.categories, *self.records])


def _type_id(known: dict[str, int], name: str | None) -> int | None:
    return None if name is None else known.get(name, 100 + sum(name.encode()) % 900)
