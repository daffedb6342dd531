"""Both sides of any size in memory, for measurements of what needs neither database nor network."""

from collections.abc import Iterator

from stickysync_gui.domain import fingerprint
from stickysync_gui.domain.records import (
    Client,
    CompanyMapping,
    Entry,
    Link,
    Organization,
    StoredPassword,
    SyncState,
    ValueState,
)
from stickysync_gui.domain.snapshot import AutomateSide, ItGlueSide, Snapshot, ValueFinding

PASSWORDS_PER_CLIENT = 50
READABLE = ValueFinding(ValueState.READABLE)


def clients_for(count: int) -> int:
    """How many clients so many passwords belong to."""
    return max(1, count // PASSWORDS_PER_CLIENT)


def new(count: int) -> Snapshot:
    """Nothing was synced yet."""
    return Snapshot(_automate(count, list(_passwords(count)), [], {}), ItGlueSide(_organizations(count), {}))


def synced(count: int, *, changed_every: int = 0) -> Snapshot:
    """Everything was synced; every n-th password has changed in Automate since then, with 0 none."""
    passwords = list(_passwords(count))
    entries = {
        password.id: Entry(
            password.id,
            password.client_id,
            password.title,
            password.username,
            password_updated_at="2026-01-01T00:00:00.000Z",
            resource_url=f"https://example.itglue.com/{password.client_id}/passwords/{password.id}",
        )
        for password in passwords
    }
    links = [Link(password.id, password.id, "2026-01-01 00:00:00") for password in passwords]
    states = {
        password.id: SyncState(
            password.id,
            password.id,
            fingerprint.value_hash(password),
            fingerprint.notes_hash(password),
            fingerprint.fields_hash(password),
            fingerprint.returned_hash(password.id, entries[password.id]),
            entries[password.id].password_updated_at,
        )
        for password in passwords
    }
    if changed_every:
        passwords = [
            password._replace(cipher=bytes(16)) if password.id % changed_every == 0 else password
            for password in passwords
        ]
    return Snapshot(_automate(count, passwords, links, states), ItGlueSide(_organizations(count), entries))


def _passwords(count: int) -> Iterator[StoredPassword]:
    clients = clients_for(count)
    for number in range(1, count + 1):
        cipher = number.to_bytes(16)
        yield StoredPassword(number, 1 + number % clients, 0, f"Password {number}", f"user {number}", "", "", cipher)


def _automate(
    count: int, passwords: list[StoredPassword], links: list[Link], states: dict[int, SyncState]
) -> AutomateSide:
    clients = range(1, clients_for(count) + 1)
    return AutomateSide(
        clients={id_: Client(id_, f"Client {id_}") for id_ in clients},
        passwords=passwords,
        values={password.id: READABLE for password in passwords},
        mappings=[CompanyMapping(id_, id_) for id_ in clients],
        links=links,
        states=states,
        ticked=frozenset(),
    )


def _organizations(count: int) -> dict[int, Organization]:
    return {id_: Organization(id_, f"Organization {id_}") for id_ in range(1, clients_for(count) + 1)}
