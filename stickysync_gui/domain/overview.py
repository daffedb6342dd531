"""What Org Mapping shows: both sides of the company map, with counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from stickysync_gui.domain.records import Client, CompanyMapping, Organization


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client and where it is documented.

    Args:
        organization_ids: one when mapped; several are a conflict and count as not mapped.
        exists: False for a mapping whose client is gone from Automate.
    """

    client: Client
    password_count: int
    organization_ids: tuple[int, ...] = ()
    exists: bool = True

    @property
    def organization_id(self) -> int | None:
        """The one organization, or None."""
        return self.organization_ids[0] if len(self.organization_ids) == 1 else None


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """An organization and how many clients are mapped to it; `exists` is False when IT Glue shows it no more."""

    organization: Organization
    client_count: int
    exists: bool = True


@dataclass(frozen=True, slots=True)
class MappingOverview:
    """Both lists, in order of name."""

    clients: tuple[ClientRow, ...]
    organizations: tuple[OrganizationRow, ...]


def map_overview(
    clients: list[Client],
    password_counts: dict[int, int],
    mappings: list[CompanyMapping],
    organizations: list[Organization] | None,
) -> MappingOverview:
    """Join both sides.

    Args:
        password_counts: passwords per ClientID.
        organizations: None while IT Glue was not read: then no organization counts as missing.
    """
    known = {client.id: client for client in clients}
    mapped: dict[int, set[int]] = {}
    for mapping in mappings:
        mapped.setdefault(mapping.client_id, set()).add(mapping.organization_id)
    rows = [
        ClientRow(client, password_counts.get(client.id, 0), tuple(sorted(mapped.get(client.id, ()))))
        for client in clients
    ]
    rows += [
        ClientRow(Client(id_, f"(client {id_} is gone)"), password_counts.get(id_, 0), tuple(sorted(ids)), exists=False)
        for id_, ids in mapped.items()
        if id_ not in known
    ]
    per_organization = Counter(id_ for ids in mapped.values() for id_ in ids)
    listed = {organization.id: organization for organization in organizations or ()}
    columns = [OrganizationRow(o, per_organization[o.id]) for o in listed.values()]
    if organizations is not None:
        columns += [
            OrganizationRow(Organization(id_, f"(organization {id_} is gone)"), count, exists=False)
            for id_, count in per_organization.items()
            if id_ not in listed
        ]
    return MappingOverview(
        tuple(sorted(rows, key=lambda row: (row.client.name.casefold(), row.client.id))),
        tuple(sorted(columns, key=lambda row: (row.organization.name.casefold(), row.organization.id))),
    )
