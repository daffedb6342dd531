"""Suggested organizations: scores, reasons, namesakes."""

import pytest

from stickysync_gui.domain.matching import plain_name, suggest
from stickysync_gui.domain.records import Client, Organization

ORGANIZATIONS = [
    Organization(1, "Contoso, Ltd."),
    Organization(2, "Fabrikam Inc"),
    Organization(3, "Müller & Söhne GmbH"),
    Organization(4, "Summit", type_name="Customer"),
    Organization(5, "SUMMIT", type_name="Vendor", parent_id=4),
]


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
    ],
)
def test_equal_but_for_form_scores_100(client: Client, organization: int) -> None:
    [found] = suggest([client], ORGANIZATIONS)
    assert (found.organization_id, found.score) == (organization, 100)
    assert "same" in found.reason


def test_similar_scores_less_and_unlike_nothing() -> None:
    [found] = suggest([Client(9, "Fabrikan")], ORGANIZATIONS)
    assert found.organization_id == 2
    assert 60 <= found.score < 100
    assert suggest([Client(9, "Zzyzx Road Works")], ORGANIZATIONS) == []


def test_namesakes_are_told_apart() -> None:
    [found] = suggest([Client(9, "Summit")], ORGANIZATIONS)
    assert "4 (Customer)" in found.namesakes
    assert "5 (Vendor, child of 4)" in found.namesakes


def test_dismissed_pair_stays_dismissed_for_that_client_only() -> None:
    found = suggest([Client(9, "Contoso"), Client(10, "Contoso")], ORGANIZATIONS, {(9, 1)})
    assert [(s.client_id, s.organization_id) for s in found] == [(10, 1)]


def test_blank_names_match_nothing() -> None:
    assert suggest([Client(9, " ")], ORGANIZATIONS) == []
