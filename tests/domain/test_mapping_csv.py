"""Import and export of the company map."""

import pytest

from stickysync_gui.domain.mapping_csv import export_text, read_text, to_write
from stickysync_gui.domain.overview import map_overview
from stickysync_gui.domain.records import Client, CompanyMapping, Organization
from stickysync_gui.errors import UsageError

OVERVIEW = map_overview(
    [Client(1, "Contoso"), Client(2, 'Quote "and, comma"'), Client(3, "Third")],
    {1: 5},
    [CompanyMapping(1, 10), CompanyMapping(2, 20), CompanyMapping(9, 10)],
    [Organization(10, "Contoso Org"), Organization(20, "Zwanzig")],
)
HEADER = "client_id,client_name,organization_id,organization_name\r\n"


def test_export_and_import_round_trip() -> None:
    text = export_text(OVERVIEW)
    assert text.startswith(HEADER)
    assert '2,"Quote ""and, comma""",20,Zwanzig' in text
    lines = read_text("\ufeff" + text, OVERVIEW)
    assert to_write(lines) == {}
    assert [line.client_id for line in lines if line.problem] == [9]


def test_every_bad_line_says_why_and_good_ones_are_kept() -> None:
    text = HEADER + "3,,10,\r\nx,,10,\r\n1,,99,\r\n77,,10,\r\n2,,10,\r\n2,,20,\r\n"
    lines = read_text(text, OVERVIEW)
    assert to_write(lines) == {3: 10, 2: 10}
    assert {line.line: line.problem for line in lines if line.problem} == {
        3: "client_id and organization_id must be numbers",
        4: "IT Glue shows no organization 99",
        5: "Automate has no client 77",
        7: "client 2 stands in the file twice, with another organization",
    }


def test_missing_columns_are_refused() -> None:
    with pytest.raises(UsageError, match="organization_id"):
        read_text("client_id,name\r\n1,x\r\n", OVERVIEW)


def test_overview_lists_what_is_gone_and_counts() -> None:
    gone = [row for row in OVERVIEW.clients if not row.exists]
    assert [(row.client.id, row.organization_ids) for row in gone] == [(9, (10,))]
    assert {row.organization.id: row.client_count for row in OVERVIEW.organizations} == {10: 2, 20: 1}
    without_itglue = map_overview([Client(1, "A")], {}, [CompanyMapping(1, 10)], None)
    assert without_itglue.organizations == ()
