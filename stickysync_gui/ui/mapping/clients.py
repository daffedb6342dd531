"""The left list: Automate's clients and where each is mapped; organizations are dropped here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor

from stickysync_gui.domain.overview import ClientRow, MappingOverview, OrganizationRow
from stickysync_gui.ui import theme
from stickysync_gui.ui.mapping.drag_data import CLIENTS, ORGANIZATIONS
from stickysync_gui.ui.mapping.drop_model import DropModel
from stickysync_gui.ui.row_list import Column
from stickysync_gui.ui.theme import Tone


@dataclass(frozen=True, slots=True)
class ClientLine:
    """A client as the list shows it.

    Args:
        organization: the mapped organizations' names; empty when there is none.
        how: how it came to its organization, or what is wrong with that.
        look: icon and tone of that.
    """

    row: ClientRow
    organization: str = ""
    how: str = ""
    look: tuple[str, Tone] = ("status-no-password", Tone.QUIET)

    @property
    def id(self) -> int:
        """The ClientID."""
        return self.row.client.id

    @property
    def is_mapped(self) -> bool:
        """Whether it has exactly one organization, which IT Glue shows."""
        return self.row.organization_id is not None and self.look[1] is not Tone.BAD


NOT_MAPPED = "Not mapped"


def _color(line: ClientLine) -> QColor | None:
    return theme.color(line.look[1]) if line.look[1] in (Tone.BAD, Tone.ALERT, Tone.QUIET) else None


COLUMNS: tuple[Column[ClientLine], ...] = (
    Column("Client", lambda line: line.row.client.name, tip=lambda line: line.row.client.company, width=200),
    Column("Id", lambda line: str(line.id), order=lambda line: line.id, numeric=True, width=54),
    Column(
        "Passwords",
        lambda line: f"{line.row.password_count:,}",
        order=lambda line: line.row.password_count,
        searched=False,
        numeric=True,
        width=84,
        fixed=True,
    ),
    Column("Organization", lambda line: line.organization, width=200),
    Column(
        "Match",
        lambda line: line.how,
        icon=lambda line: theme.icon(*line.look),
        color=_color,
        width=190,
        header_tip="How the client came to its organization, or what is wrong",
    ),
)


def client_lines(overview: MappingOverview, suggested: Mapping[int, tuple[int, int]]) -> list[ClientLine]:
    """The list's records.

    Args:
        suggested: (organization id, score) for unmapped clients.
    """
    organizations = {row.organization.id: row for row in overview.organizations}
    return [_line(row, organizations, suggested.get(row.client.id)) for row in overview.clients]


def _line(
    row: ClientRow, organizations: Mapping[int, OrganizationRow], suggested: tuple[int, int] | None
) -> ClientLine:
    def name(id_: int) -> str:
        found = organizations.get(id_)
        return found.organization.name if found else f"organization {id_}"

    names = ", ".join(name(id_) for id_ in row.organization_ids)
    if not row.exists:
        return ClientLine(row, names, "Client is gone from Automate", ("error", Tone.BAD))
    if len(row.organization_ids) > 1:
        return ClientLine(
            row, names, f"{len(row.organization_ids)} organizations: counts as not mapped", ("error", Tone.BAD)
        )
    if not row.organization_ids:
        how = f"Suggested: {name(suggested[0])} ({suggested[1]})" if suggested else NOT_MAPPED
        return ClientLine(row, "", how, ("suggest", Tone.NEW) if suggested else ("status-no-password", Tone.QUIET))
    target = organizations.get(row.organization_ids[0])
    if target is not None and not target.exists:
        return ClientLine(row, names, "Organization is gone from IT Glue", ("error", Tone.BAD))
    return ClientLine(row, names, *_how_matched(row, name(row.organization_ids[0])))


def _how_matched(row: ClientRow, organization: str) -> tuple[str, tuple[str, Tone]]:
    # Imported late: its fuzzy matcher is no part of what the first paint needs.
    from stickysync_gui.domain.matching import plain_name

    wanted = plain_name(organization)
    if plain_name(row.client.name) == wanted:
        return "Name is the same", ("ok", Tone.GOOD)
    if row.client.company and plain_name(row.client.company) == wanted:
        return "Company is the same", ("ok", Tone.GOOD)
    return "Chosen, names differ", ("link", Tone.CHANGE)


def client_key(line: ClientLine) -> int:
    """Clients are known by their ClientID."""
    return line.id


def unmapped_only(line: object) -> bool:
    """Leaves the clients that have no usable mapping."""
    return isinstance(line, ClientLine) and not line.is_mapped


class ClientModel(DropModel[ClientLine]):
    """The clients: takes one organization per drop."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            COLUMNS,
            client_key,
            lambda line: line.row.exists,
            gives=CLIENTS,
            takes=ORGANIZATIONS,
            means=lambda organizations, client: ([client], organizations[0]) if len(organizations) == 1 else None,
            parent=parent,
        )
