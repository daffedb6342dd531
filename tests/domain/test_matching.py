"""Suggested organizations: scores, reasons, namesakes."""

import pytest

from stickysync_gui.domain.matching import Matcher, plain_name, suggest
from stickysync_gui.domain.records import Client, Organization

ORGANIZATIONS = [
    Organization(1, "Contoso, Ltd."),
    Organization(2, "Fabrikam Inc"),
    Organization(3, "Müller & Söhne GmbH"),
    Organization(4, "Summit", type_name="Customer"),
    Organization(5, "SUMMIT", type_name="Vendor", parent_id=4),
]
MATCHER = Matcher(ORGANIZATIONS)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Contoso, Ltd.", "contoso"),
        ("  CONTOSO  ", "contoso"),
        ("Müller & Söhne GmbH & Co. KG", "muller sohne"),
        ("The Group", "the"),
        ("Inc", "inc"),
        ("", ""),
    ],
)
def test_plain_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("client", "organization"),
    [
        (Client(9, "contoso"), 1),
        (Client(9, "Fabrikam Incorporated"), 2),
        (Client(9, "C-0815", "Muller & Sohne"), 3),
        (Client(9, "Con toso"), 1),
    ],
)
def test_equal_but_for_form_scores_100(client: Client, organization: int) -> None:
    [found] = suggest([client], MATCHER)
    assert (found.organization_id, found.score) == (organization, 100)
    assert "same" in found.reason


def test_similar_scores_less_and_unlike_nothing() -> None:
    [found] = suggest([Client(9, "Fabrikan")], MATCHER)
    assert found.organization_id == 2
    assert 60 <= found.score < 100
    assert suggest([Client(9, "Zzyzx Road Works")], MATCHER) == []


def test_namesakes_are_told_apart() -> None:
    [found] = suggest([Client(9, "Summit")], MATCHER)
    assert "4 (Customer)" in found.namesakes
    assert "5 (Vendor, child of 4)" in found.namesakes


def test_dismissed_pair_stays_dismissed_for_that_client_only() -> None:
    found = suggest([Client(9, "Contoso"), Client(10, "Contoso")], MATCHER, {(9, 1)})
    assert [(s.client_id, s.organization_id) for s in found] == [(10, 1)]


def test_blank_names_match_nothing() -> None:
    assert suggest([Client(9, " ")], MATCHER) == []


def test_dismissed_best_gives_way_to_the_next() -> None:
    matcher = Matcher([Organization(1, "Contoso"), Organization(2, "Contoso Retail")])
    [found] = suggest([Client(9, "Contoso")], matcher, {(9, 1)})
    assert found.organization_id == 2
    assert found.score < 100


def test_among_many_organizations_a_misspelt_name_is_found() -> None:
    trades = ("Bakery", "Solutions", "Services", "Dental", "Partners", "Logistics", "Consulting")
    places = [f"{first}{second}" for first in ("North", "South", "East", "West", "Mill") for second in _ENDS]
    names = [f"{place} {trade} Ltd" for place in places for trade in trades]
    matcher = Matcher([Organization(id_, name) for id_, name in enumerate(names, start=1)])
    for id_, name in enumerate(names, start=1):
        misspelt = name[:2] + name[3:].replace(" Ltd", ", Limited")
        [found] = suggest([Client(9, misspelt)], matcher)
        assert found.organization_id == id_, misspelt


_ENDS = ("bridge", "ham", "ford", "gate", "wick", "stead", "haven", "mouth", "field", "dale", "bury", "combe", "leigh")
