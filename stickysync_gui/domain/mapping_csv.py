"""The company map as CSV: `client_id,client_name,organization_id,organization_name` (product.md 9)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stickysync_gui.domain.csv_text import csv_text
from stickysync_gui.domain.overview import MappingOverview
from stickysync_gui.errors import UsageError

COLUMNS = ("client_id", "client_name", "organization_id", "organization_name")


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One line of an import.

    Args:
        line: number in the file, from 1.
        problem: why it is not imported, or empty.
        before: the organizations the client is mapped to now.
    """

    line: int
    client_id: int | None
    organization_id: int | None
    problem: str = ""
    before: tuple[int, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether importing the line would change anything."""
        return not self.problem and self.before != (self.organization_id,)


def export_text(overview: MappingOverview) -> str:
    """All mapped clients, one line each; a client with several organizations gets several lines."""
    names = {row.organization.id: row.organization.name for row in overview.organizations}
    lines = ((row.client, id_) for row in overview.clients for id_ in row.organization_ids)
    return csv_text(COLUMNS, ((client.id, client.name, id_, names.get(id_, "")) for client, id_ in lines))


def read_text(text: str, overview: MappingOverview) -> list[ImportLine]:
    """Check an import against both systems; nothing is written.

    Raises:
        UsageError: the columns are missing.
    """
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    if not {"client_id", "organization_id"} <= set(reader.fieldnames or ()):
        raise UsageError(
            happened="The file lacks the columns client_id and organization_id.",
            unchanged="Nothing was imported.",
            todo=f"The first line must be: {','.join(COLUMNS)}",
        )
    mapped = {row.client.id: row.organization_ids for row in overview.clients if row.exists}
    organizations = {row.organization.id for row in overview.organizations if row.exists}
    wanted: dict[int, int] = {}
    return [_line(number, record, mapped, organizations, wanted) for number, record in enumerate(reader, start=2)]


def _line(
    number: int,
    record: Mapping[str, str | None],
    mapped: Mapping[int, tuple[int, ...]],
    organizations: set[int],
    wanted: dict[int, int],
) -> ImportLine:
    client_id, organization_id = _number(record.get("client_id")), _number(record.get("organization_id"))
    if client_id is None or organization_id is None:
        return ImportLine(number, client_id, organization_id, "client_id and organization_id must be numbers")
    before = mapped.get(client_id, ())
    problem = ""
    if client_id not in mapped:
        problem = f"Automate has no client {client_id}"
    elif organization_id not in organizations:
        problem = f"IT Glue shows no organization {organization_id}"
    elif wanted.setdefault(client_id, organization_id) != organization_id:
        problem = f"client {client_id} stands in the file twice, with another organization"
    return ImportLine(number, client_id, organization_id, problem, before)


def _number(text: str | None) -> int | None:
    try:
        return int((text or "").strip())
    except ValueError:
        return None


def to_write(lines: Iterable[ImportLine]) -> dict[int, int | None]:
    """The mappings that an import would write, by client id."""
    return {line.client_id: line.organization_id for line in lines if line.changes and line.client_id is not None}
