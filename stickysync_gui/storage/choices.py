"""What users decide by hand, kept as rows: mappings, links, accepted organizations (product.md 5).

Every function works inside the caller's transaction, under the map lock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select

from stickysync_gui.domain.records import SyncState
from stickysync_gui.errors import MappingChanged, UsageError
from stickysync_gui.storage import automate, plugin
from stickysync_gui.storage import tables as t


def map_clients(
    connection: Connection, wanted: Mapping[int, int | None], expected: Mapping[int, tuple[int, ...]]
) -> None:
    """Write mappings, unless one differs from what the user was shown.

    Raises:
        MappingChanged: nothing is written then.
    """
    for client_id, shown in expected.items():
        now = plugin.organizations_of(connection, client_id)
        if now != frozenset(shown):
            raise MappingChanged(
                happened=f"Client {client_id} was mapped to something else meanwhile, by another PC or the plugin.",
                unchanged="No mapping was written.",
                todo="The list is read again; check it and repeat the step.",
            )
    for client_id, organization_id in wanted.items():
        plugin.write_mapping(connection, client_id, organization_id)


def linked_counts(connection: Connection, client_ids: Collection[int]) -> dict[int, int]:
    """How many passwords of each client are linked."""
    p, m = t.passwords.c, t.passwordmap.c
    rows = connection.execute(
        select(p.ClientID, func.count(func.distinct(p.PasswordID)))
        .join_from(t.passwords, t.passwordmap, p.PasswordID == m.PasswordID)
        .where(p.ClientID.in_(sorted(client_ids)))
        .group_by(p.ClientID)
    )
    return {client_id: count for client_id, count in rows}


def link(connection: Connection, password_id: int, entry_id: int) -> None:
    """Link a password to one entry, whatever it was linked to; nothing is known of the entry's value then.

    Raises:
        UsageError: no such password, or another one is linked to the entry.
    """
    if automate.password(connection, password_id) is None:
        raise UsageError(
            happened=f"Automate has no password {password_id}.", unchanged="No link was written.", todo="Refresh."
        )
    others = plugin.holders_of(connection, entry_id) - {password_id}
    if others:
        raise UsageError(
            happened=f"Entry {entry_id} is linked to password {', '.join(map(str, sorted(others)))} already.",
            unchanged="No link was written.",
            todo="Unlink that one first, or choose another entry.",
        )
    before = plugin.state(connection, password_id)
    plugin.write_link(connection, password_id, entry_id)
    left = tuple(id_ for id_ in before.left_behind if id_ != entry_id) if before else ()
    plugin.write_state(connection, SyncState(password_id, entry_id=entry_id, left_behind=left))


def unlink(connection: Connection, *password_ids: int) -> None:
    """Forget links and all that was known of their entries, but for the fact that the entries were left behind."""
    for password_id in password_ids:
        _unlink(connection, password_id)


def _unlink(connection: Connection, password_id: int) -> None:
    before = plugin.state(connection, password_id) or SyncState(password_id)
    left = dict.fromkeys((*before.left_behind, *sorted(plugin.entries_of(connection, password_id))))
    plugin.remove_link(connection, password_id)
    plugin.write_state(connection, SyncState(password_id, left_behind=tuple(left), mark=before.mark))


def keep_moved(connection: Connection, organizations: Mapping[int, int]) -> None:
    """Accept that the entries of some passwords lie in other organizations than the mapping says.

    Args:
        organizations: where each entry lies, by the id of its password.
    """
    for password_id, organization_id in organizations.items():
        before = plugin.state(connection, password_id) or SyncState(password_id)
        plugin.write_state(connection, before._replace(accepted_organization_id=organization_id))


def links_of(connection: Connection, client_ids: Collection[int]) -> list[int]:
    """The linked passwords of some clients."""
    p, m = t.passwords.c, t.passwordmap.c
    rows = connection.scalars(
        select(p.PasswordID)
        .distinct()
        .join_from(t.passwords, t.passwordmap, p.PasswordID == m.PasswordID)
        .where(p.ClientID.in_(sorted(client_ids)))
        .order_by(p.PasswordID)
    )
    return list(rows)
