"""The demo: an invented MSP's Automate database and IT Glue account, with every status in it (product.md 11)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from stickysync_gui.domain.records import StoredPassword
from stickysync_gui.sandbox.automate import build_automate, computers, database_url, encrypted
from stickysync_gui.sandbox.demo_books import BROKEN_RUN, DemoBooks, Draft, some_value
from stickysync_gui.sandbox.demo_cases import COUNTS, in_sync, new
from stickysync_gui.sandbox.demo_names import (
    AWKWARD,
    CATEGORIES,
    CLIENTS,
    GONE,
    NOTES,
    OTHER_ORGANIZATIONS,
    TWIN,
    DemoClient,
    credentials,
)
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.switches import Switches
from stickysync_gui.storage import tables

PASSWORDS = 3000
SEED = 20
_ROWS_OF_GONE_CLIENTS = 6
_GONE_CLIENT = 907
_GONE_PASSWORDS = (90_001, 90_002, 90_003)


@dataclass(frozen=True, slots=True)
class Demo:
    """Both sides of the demo; whoever starts it serves `glue` with a SandboxServer."""

    database_url: str
    database_file: Path
    glue: Glue


def build_demo(folder: Path) -> Demo:
    """Create the demo in a folder that exists and holds no demo yet; the same one every time, save for times."""
    dice = random.Random(SEED)
    # Limited as the real service is (itglue-api.md 2).
    glue = Glue(seed=SEED, switches=Switches(rate_limit=3000, rate_window=300.0))
    categories = {name: glue.add_category(name) for name in CATEGORIES}
    organizations = _organizations(glue)
    books = DemoBooks(glue, dice, organizations["Our Own Office"])
    _passwords(books, organizations, categories)
    for organization in list(glue.organizations):
        _entries_of_people(glue, dice, organization)
    file = folder / "automate.sqlite"
    build_automate(file, _rows(books, organizations, dice))
    return Demo(database_url(file), file, glue)


def _organizations(glue: Glue) -> dict[str, int]:
    """Add all organizations; ids by name, of namesakes the first that a client is mapped to."""
    found: dict[str, int] = {}
    for client in CLIENTS:
        name = client.mapped_to
        if client.name == GONE:
            found[GONE] = glue.new_id()
        elif name is not None and name not in found:
            shown = client.name if name == TWIN else name
            found[name] = glue.add_organization(shown, short_name=client.key.lower())
    for name, type_name, status in OTHER_ORGANIZATIONS:
        parent = found.get("Our Own Office") if type_name == "Internal" else None
        number = glue.add_organization(name, type_name=type_name, status_name=status, parent_id=parent)
        found.setdefault(name, number)
    return found


def _passwords(books: DemoBooks, organizations: dict[str, int], categories: dict[str, int]) -> None:
    """Deal the cases out to the passwords of mapped clients; the others only lie in Automate."""
    mapped: list[Draft] = []
    for number, client in enumerate(CLIENTS, 1):
        organization = organizations.get(client.mapped_to or "", 0)
        drafts = list(_drafts(books, number, client, organization, categories))
        if organization in books.glue.organizations:
            mapped += drafts
        else:
            for draft in drafts:
                books.keep(draft)
    dealt = books.dice.sample(mapped, k=len(mapped))
    for awkward in AWKWARD:
        in_sync(books, dealt.pop().with_value(awkward))
        new(books, dealt.pop().with_value(awkward))
    for case, count in COUNTS:
        for _ in range(count):
            case(books, dealt.pop())
    for draft in dealt:
        (in_sync if books.dice.random() < 0.75 else new)(books, draft)


def _drafts(
    books: DemoBooks, number: int, client: DemoClient, organization: int, categories: dict[str, int]
) -> Iterator[Draft]:
    dice = books.dice
    size = round((PASSWORDS - _ROWS_OF_GONE_CLIENTS) / len(CLIENTS)) + dice.randint(-25, 25)
    for title, username, url, category in islice(credentials(client, number), size):
        books.next_id += 1
        value = some_value(dice)
        site = next((place for place, name in enumerate(client.sites, 1) if title.endswith(f"- {name}")), 0)
        row = StoredPassword(
            id=books.next_id,
            client_id=number,
            location_id=number * 10 + site if site else 0,
            title="" if dice.random() < 0.002 else title,
            username=username,
            url=url,
            notes=dice.choice(NOTES),
            cipher=encrypted(number, value),
        )
        yield Draft(row, value, organization, categories[category])


def _entries_of_people(glue: Glue, dice: random.Random, organization: int) -> None:
    """What people keep in IT Glue themselves and Automate knows nothing of."""
    names = ("Alarm monitoring station", "Postage meter", "Vendor support PIN", "Old firewall", "Gym locker", "Fax")
    for name in dice.sample(names, k=dice.randint(0, 4)):
        glue.add_password(organization, name, username=None, password=some_value(dice), archived=name == "Old firewall")


def _rows(books: DemoBooks, organizations: dict[str, int], dice: random.Random) -> dict[Any, list[dict[str, Any]]]:
    """Everything that stands in Automate's tables."""
    strangers = [
        StoredPassword(books.next_id + n, _GONE_CLIENT, 0, f"Router {n}", "admin", "", "", encrypted(_GONE_CLIENT, "x"))
        for n in range(1, _ROWS_OF_GONE_CLIENTS + 1)
    ]
    stored = sorted([*books.passwords, *strangers], key=lambda row: row.id)
    linked = [row["PasswordID"] for row in books.links]
    orphans = [
        {"PasswordID": number, "ITGPasswordID": books.glue.new_id(), "LastSync": None} for number in _GONE_PASSWORDS
    ]
    numbered = list(enumerate(CLIENTS, 1))
    return {
        tables.clients: [{"ClientID": n, "Name": c.name, "Company": c.company or c.name} for n, c in numbered],
        tables.locations: [
            {"LocationID": n * 10 + place, "ClientID": n, "Name": name}
            for n, c in numbered
            for place, name in enumerate(c.sites, 1)
        ],
        computers: [{"ComputerID": n, "ClientID": n, "LocationID": 0, "Name": f"{c.key}-SRV1"} for n, c in numbered],
        tables.passwords: [_password_columns(row) for row in stored],
        tables.companymap: [
            {"ClientID": n, "ITGOrgID": organizations[c.mapped_to]} for n, c in numbered if c.mapped_to is not None
        ]
        + [{"ClientID": _GONE_CLIENT + 1, "ITGOrgID": organizations["Fenwick Motors"]}],
        tables.passwordautosync: [
            {"PasswordID": number, "AutoSync": int(dice.random() < 0.9)} for number in linked if dice.random() < 0.4
        ],
        tables.passwordmap: [*books.links, *orphans],
        tables.syncstate: books.states,
        tables.run: _runs(len(stored)),
    }


def _password_columns(row: StoredPassword) -> dict[str, Any]:
    return {
        "PasswordID": row.id,
        "ClientID": row.client_id,
        "LocationID": row.location_id,
        "Title": row.title,
        "UserName": row.username,
        "Password": row.cipher,
        "URL": row.url,
        "Notes": row.notes or None,
    }


def _runs(password_rows: int) -> list[dict[str, Any]]:
    """Earlier runs: two that ended well, the later one just now, and between them the one whose marks were left."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    common = {
        "StartedBy": "jo.field",
        "Computer": "FIELD-LAPTOP-7",
        "Scope": "everything",
        "PasswordRows": password_rows,
    }
    broken = now - timedelta(hours=3)
    good = [
        {
            **common,
            "RunID": run_id,
            "Kind": "autosync",
            "StartedAt": ended - timedelta(minutes=1),
            "LastSignAt": ended,
            "EndedAt": ended,
            "Ended": "done",
            "Updated": updated,
            "Unchanged": 1870,
        }
        for run_id, ended, updated in (
            ("6a4e0c13d9b84f7a8c52e1f09b7d3a60", now - timedelta(days=1), 14),
            ("c07be52f61d84a0f9a3311d2e4f80b95", now - timedelta(minutes=6), 2),
        )
    ]
    return [
        *good,
        {
            **common,
            "RunID": BROKEN_RUN,
            "Kind": "sync",
            "StartedAt": broken - timedelta(minutes=1),
            "LastSignAt": broken,
            "EndedAt": None,
            "Ended": None,
            "Updated": 0,
            "Unchanged": 0,
        },
    ]
