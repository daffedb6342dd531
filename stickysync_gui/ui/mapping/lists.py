"""What Org Mapping shows, made from what was read: slow in a large account, and made in a worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stickysync_gui.domain.overview import MappingOverview, OrganizationRow
from stickysync_gui.ui.mapping.clients import ClientLine, client_lines
from stickysync_gui.ui.mapping.suggestions import SuggestionLine
from stickysync_gui.ui.row_list import RowList

if TYPE_CHECKING:
    from stickysync_gui.domain.matching import Suggestion


@dataclass(frozen=True)
class Lists:
    """The lists of the tab, ready to be shown."""

    clients: RowList[ClientLine]
    organizations: RowList[OrganizationRow]
    suggestions: RowList[SuggestionLine]
    client_ids: frozenset[int]
    organization_ids: frozenset[int]
    mapped: int


def build_lists(
    overview: MappingOverview,
    suggested: Sequence[Suggestion],
    like: tuple[RowList[ClientLine], RowList[OrganizationRow], RowList[SuggestionLine]],
) -> Lists:
    """Make the lists from what was read, sorted and filtered like those on show; for a worker thread."""
    lines = client_lines(overview, {s.client_id: (s.organization_id, s.score) for s in suggested})
    clients = {row.client.id: row.client.name for row in overview.clients}
    organizations = {row.organization.id: row.organization.name for row in overview.organizations}
    suggestions = [
        SuggestionLine(s, clients.get(s.client_id, ""), organizations.get(s.organization_id, "")) for s in suggested
    ]
    return Lists(
        like[0].same_view(lines),
        like[1].same_view(overview.organizations),
        like[2].same_view(suggestions),
        frozenset(row.client.id for row in overview.clients if row.exists),
        frozenset(row.organization.id for row in overview.organizations if row.exists),
        sum(1 for line in lines if line.is_mapped),
    )
