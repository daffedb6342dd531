"""The right list: IT Glue's organizations; clients are dropped here."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor

from stickysync_gui.domain.overview import OrganizationRow
from stickysync_gui.ui import theme
from stickysync_gui.ui.mapping.drag_data import CLIENTS, ORGANIZATIONS
from stickysync_gui.ui.mapping.drop_model import DropModel
from stickysync_gui.ui.row_list import Column
from stickysync_gui.ui.theme import Tone


def _gone_color(row: OrganizationRow) -> QColor | None:
    return None if row.exists else theme.color(Tone.BAD)


COLUMNS: tuple[Column[OrganizationRow], ...] = (
    Column(
        "Organization",
        lambda row: row.organization.name,
        color=_gone_color,
        tip=lambda row: f"Id {row.organization.id}",
        width=210,
    ),
    Column("Short name", lambda row: row.organization.short_name, width=90),
    Column("Type", lambda row: row.organization.type_name, width=100),
    Column("Status", lambda row: row.organization.status_name if row.exists else "Gone", color=_gone_color, width=90),
    Column(
        "Clients",
        lambda row: f"{row.client_count:,}" if row.client_count else "",
        order=lambda row: -row.client_count,
        searched=False,
        numeric=True,
        width=64,
        header_tip="How many clients are mapped to it",
    ),
)


def organization_key(row: OrganizationRow) -> int:
    """Organizations are known by their id."""
    return row.organization.id


class OrganizationModel(DropModel[OrganizationRow]):
    """The organizations: takes any number of clients per drop."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            COLUMNS,
            organization_key,
            lambda row: row.exists,
            gives=ORGANIZATIONS,
            takes=CLIENTS,
            means=lambda clients, organization: (clients, organization),
            parent=parent,
        )
