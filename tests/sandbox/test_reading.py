"""Lists and single records as a client reads them (itglue-api.md 3 to 6, 9, 10, 12)."""

import re
from typing import Any

import httpx
import pytest

from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer

VALUE = "Hunter2-canary-value"


def pages(client: httpx.Client, path: str = "/passwords", **query: Any) -> list[dict[str, Any]]:
    """Walk all pages by meta.next-page and return their documents."""
    found, number = [], 1
    while number:
        answer = client.get(path, params={"page[size]": 1000, "page[number]": number, "sort": "id", **query})
        assert answer.status_code == 200
        found.append(answer.json())
        number = found[-1]["meta"]["next-page"]
    return found


def names(answer: httpx.Response) -> list[str]:
    return [row["attributes"]["name"] for row in answer.json()["data"]]


@pytest.mark.parametrize(("rows", "expected"), [(0, [0]), (1, [1]), (999, [999]), (1000, [1000]), (1001, [1000, 1])])
def test_walk_meets_every_row_once(
    client: httpx.Client, glue: Glue, organization: int, rows: int, expected: list[int]
) -> None:
    glue.add_passwords({"organization_id": organization, "name": f"Entry {n}", "password": VALUE} for n in range(rows))

    walked = pages(client)

    assert [len(page["data"]) for page in walked] == expected
    ids = [row["id"] for page in walked for row in page["data"]]
    assert ids == [str(record.id) for record in glue.passwords()]
    assert walked[0]["meta"]["total-count"] == rows
    assert walked[0]["meta"]["total-pages"] == (0 if rows == 0 else len(expected))
    assert walked[-1]["links"] == {}
    assert walked[-1]["meta"]["next-page"] is None


def test_page_defaults_and_nonsense(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.add_passwords({"organization_id": organization, "name": f"Entry {n}"} for n in range(60))

    assert len(client.get("/passwords").json()["data"]) == 50
    assert len(client.get("/passwords", params={"page[size]": "x", "page[number]": "-1"}).json()["data"]) == 50
    assert client.get("/passwords", params={"page[number]": 9}).json()["data"] == []
    assert client.get("/passwords", params={"page[number]": 2}).json()["meta"]["prev-page"] == 1


def test_page_size_above_the_maximum(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.add_passwords({"organization_id": organization, "name": f"Entry {n}"} for n in range(1001))

    assert len(client.get("/passwords", params={"page[size]": 5000}).json()["data"]) == 1000
    glue.set_switches(page_above_maximum="refuse")
    assert client.get("/passwords", params={"page[size]": 1001}).status_code == 422
    assert client.get("/passwords", params={"page[size]": 1000}).status_code == 200


def test_large_pages_take_too_long(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.set_switches(slow_page_above=250, slow_page_status=422)

    answer = client.get("/passwords", params={"page[size]": 500})

    assert answer.status_code == 422
    assert "took too long" in answer.json()["errors"][0]["detail"]
    assert client.get("/passwords", params={"page[size]": 250}).status_code == 200


def test_next_link_leads_to_the_next_page(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.add_passwords({"organization_id": organization, "name": f"Entry {n}"} for n in range(5))
    query = {"page[size]": 2, "sort": "id", "filter[organization_id]": organization}

    link = client.get("/passwords", params=query).json()["links"]["next"]

    assert link.startswith(str(client.base_url).rstrip("/"))
    assert names(client.get(link)) == ["Entry 2", "Entry 3"]


@pytest.mark.parametrize(("links", "expected"), [("absent", None), ("empty", {})])
def test_links_left_out(client: httpx.Client, glue: Glue, organization: int, links: str, expected: Any) -> None:
    glue.add_passwords({"organization_id": organization, "name": f"Entry {n}"} for n in range(60))
    glue.set_switches(links=links, meta="absent")

    document = client.get("/passwords").json()

    assert document.get("links") == expected
    assert "meta" not in document


def test_foreign_next_link(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.add_passwords({"organization_id": organization, "name": f"Entry {n}"} for n in range(60))
    glue.set_switches(links="foreign")

    assert client.get("/passwords").json()["links"]["next"].startswith("https://api.elsewhere.example/passwords")


def test_false_total_count(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.set_switches(total_count_offset=2)

    assert client.get("/passwords").json()["meta"]["total-count"] == 2


def test_organization_with_comma_is_found_with_backslash_only(client: httpx.Client, glue: Glue) -> None:
    glue.add_organization("Alpha, Beta Ltd")
    glue.add_organization("Alpha")

    escaped = client.get("/organizations", params={"filter[name]": r"Alpha\, Beta Ltd"})
    bare = client.get("/organizations", params={"filter[name]": "Alpha, Beta Ltd"})

    assert names(escaped) == ["Alpha, Beta Ltd"]
    assert names(bare) == ["Alpha"]


def test_comma_lists_combine_with_other_filters(client: httpx.Client, glue: Glue, organization: int) -> None:
    other, third = glue.add_organization("Contoso"), glue.add_organization("Fabrikam")
    category = glue.add_category("Cloud")
    for where in (organization, other, third):
        glue.add_password(where, f"a {where}", category_id=category, url="https://a.example")
        glue.add_password(where, f"b {where}", archived=True)

    query = {"filter[organization_id]": f"{organization},{other}", "sort": "id"}
    assert names(client.get("/passwords", params={**query, "filter[archived]": "true"})) == [
        f"b {organization}",
        f"b {other}",
    ]
    assert len(names(client.get("/passwords", params={**query, "filter[archived]": "0"}))) == 2
    assert len(names(client.get("/passwords", params={**query, "filter[archived]": "perhaps"}))) == 4
    assert len(names(client.get("/passwords", params={"filter[password_category_id]": category}))) == 3
    assert len(names(client.get("/passwords", params={"filter[password-category-id]": category}))) == 3
    assert len(names(client.get("/passwords", params={"filter[url]": "https://a.example"}))) == 3
    assert len(names(client.get("/passwords", params={"filter[surname]": "x"}))) == 6
    assert len(names(client.get("/passwords", params={"filter[id]": "1,2"}))) == 0


@pytest.mark.parametrize(
    ("match", "expected"),
    [("exact", []), ("ignore_case", ["SQL sa"]), ("partial", ["SQL sa", "SQL sa (old)"])],
)
def test_name_matching(client: httpx.Client, glue: Glue, organization: int, match: str, expected: list[str]) -> None:
    for name in ("SQL sa", "SQL sa (old)", "UPS"):
        glue.add_password(organization, name)
    glue.set_switches(filter_match=match)

    assert names(client.get("/passwords", params={"filter[name]": "sql SA"})) == expected


def test_filters_on_the_nested_route(client: httpx.Client, glue: Glue, organization: int) -> None:
    for name in ("A", "B"):
        glue.add_password(organization, name)
        glue.add_password(glue.add_organization(f"Other {name}"), name)
    route, query = f"/organizations/{organization}/relationships/passwords", {"filter[name]": "A"}

    assert names(client.get(route, params=query)) == ["A", "B"]
    glue.set_switches(nested_filters="honoured")
    assert names(client.get(route, params=query)) == ["A"]
    assert client.get("/organizations/77/relationships/passwords").status_code == 404


def test_sort(client: httpx.Client, glue: Glue, organization: int) -> None:
    for name, user in (("b", "x"), ("A", "y"), ("c", None), ("a", "x")):
        glue.add_password(organization, name, username=user)

    assert names(client.get("/passwords")) == ["A", "a", "b", "c"]
    assert names(client.get("/passwords", params={"sort": "id"})) == ["b", "A", "c", "a"]
    assert names(client.get("/passwords", params={"sort": "-id"})) == ["a", "c", "A", "b"]
    assert names(client.get("/passwords", params={"sort": "username,-name"})) == ["c", "b", "a", "A"]
    assert names(client.get("/passwords", params={"sort": "created-at"})) == ["b", "A", "c", "a"]


def test_newest_edits_first(client: httpx.Client, glue: Glue, organization: int) -> None:
    first = glue.add_password(organization, "first")
    glue.add_password(organization, "second")
    glue.edit_password(first, notes="seen")

    assert names(client.get("/passwords", params={"sort": "-updated_at"})) == ["first", "second"]


def test_shape_of_a_row(client: httpx.Client, glue: Glue, organization: int) -> None:
    category = glue.add_category("Cloud")
    number = glue.add_password(organization, "Zürich 🔑", username="NWD\\svc", category_id=category, notes="a\r\nb")

    row = client.get("/passwords").json()["data"][0]
    attributes = row["attributes"]

    assert (row["id"], row["type"]) == (str(number), "passwords")
    assert number > 2**32
    assert len(str(number)) == 16
    assert (attributes["organization-id"], attributes["password-category-id"]) == (organization, category)
    assert (attributes["organization-name"], attributes["password-category-name"]) == ("Northwind Dental", "Cloud")
    assert (attributes["name"], attributes["notes"], attributes["url"]) == ("Zürich 🔑", "a\r\nb", None)
    assert attributes["resource-url"] == f"https://msp.itglue.com/{organization}/passwords/{number}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", attributes["password-updated-at"])
    glue.set_switches(times="seconds")
    second = client.get("/passwords").json()["data"][0]["attributes"]["password-updated-at"]
    assert second == attributes["password-updated-at"][:19] + "Z"


def test_renamed_organization_shows_in_rows(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.add_password(organization, "A")
    client.get("/passwords")
    glue.edit_organization(organization, name="Southwind")

    assert client.get("/passwords").json()["data"][0]["attributes"]["organization-name"] == "Southwind"


def test_lists_never_hold_a_value(client: httpx.Client, glue: Glue, organization: int) -> None:
    for name in "AB":
        glue.add_password(organization, name, password=VALUE)

    for path in ("/passwords", f"/organizations/{organization}/relationships/passwords"):
        answer = client.get(path, params={"show_password": "true"})
        assert len(names(answer)) == 2
        assert VALUE not in answer.text
        assert all("password" not in row["attributes"] for row in answer.json()["data"])
    assert glue.audited_reads == []


def test_list_row_that_wrongly_shows_a_value(client: httpx.Client, glue: Glue, organization: int) -> None:
    for name in "AB":
        glue.add_password(organization, name, password=VALUE)
    glue.set_switches(list_leaks_value=True)

    rows = client.get("/passwords", params={"sort": "id"}).json()["data"]

    assert [row["attributes"].get("password") for row in rows] == [VALUE, None]


def test_show_gives_the_value_unless_told_not_to(client: httpx.Client, glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A", password=VALUE)
    nested = f"/organizations/{organization}/relationships/passwords/{number}"

    assert client.get(f"/passwords/{number}").json()["data"]["attributes"]["password"] == VALUE
    assert client.get(nested).json()["data"]["attributes"]["password"] == VALUE
    quiet = client.get(f"/passwords/{number}", params={"show_password": "false"})
    assert "password" not in quiet.json()["data"]["attributes"]
    assert [read.password_id for read in glue.audited_reads] == [number, number]


def test_show_of_what_is_not_there(client: httpx.Client, glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A")
    other = glue.add_organization("Contoso")

    assert client.get("/passwords/4").status_code == 404
    assert client.get(f"/organizations/{other}/relationships/passwords/{number}").status_code == 404
    assert client.get("/organizations/4").status_code == 404
    assert client.get("/nothing/here").status_code == 404
    assert client.get("/passwords/abc").status_code == 404
    glue.remove_password(number)
    assert client.get(f"/passwords/{number}").status_code == 404
    assert client.get("/passwords").json()["data"] == []


def test_restricted_entries(client: httpx.Client, glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A", restricted=True)

    assert client.get(f"/passwords/{number}").status_code == 401
    assert names(client.get("/passwords")) == ["A"]
    glue.set_switches(restricted_rows="allowed", restricted_listed=False)
    assert client.get(f"/passwords/{number}").status_code == 200
    assert names(client.get("/passwords")) == []


def test_namesakes_are_told_apart(client: httpx.Client, glue: Glue) -> None:
    parent = glue.add_organization("Group")
    glue.add_organization("Contoso", short_name="cts", type_name="Customer", status_name="Active")
    glue.add_organization("Contoso", type_name="Vendor", status_name="Inactive", parent_id=parent)

    rows = client.get("/organizations", params={"filter[name]": "Contoso", "sort": "id"}).json()["data"]
    shown = [row["attributes"] for row in rows]

    assert [one["short-name"] for one in shown] == ["cts", None]
    assert [one["organization-type-name"] for one in shown] == ["Customer", "Vendor"]
    assert [one["parent-id"] for one in shown] == [None, str(parent)]
    kind = shown[1]["organization-type-id"]
    assert len(names(client.get("/organizations", params={"filter[organization_type_id]": kind}))) == 1
    assert len(names(client.get("/organizations", params={"exclude[organization_type_id]": kind}))) == 2


def test_quick_notes_are_cut_in_lists_only(client: httpx.Client, glue: Glue) -> None:
    number = glue.add_organization("Contoso", quick_notes="n" * 300)

    assert len(client.get("/organizations").json()["data"][0]["attributes"]["quick-notes"]) == 250
    assert len(client.get(f"/organizations/{number}").json()["data"]["attributes"]["quick-notes"]) == 300


def test_organizations_by_time_of_change(client: httpx.Client, glue: Glue, organization: int) -> None:
    time = client.get(f"/organizations/{organization}").json()["data"]["attributes"]["updated-at"]

    assert len(names(client.get("/organizations", params={"filter[updated_at]": f"{time},*"}))) == 1
    assert len(names(client.get("/organizations", params={"filter[updated_at]": "*,2001-01-01"}))) == 0


def test_categories_are_counted(client: httpx.Client, glue: Glue, organization: int) -> None:
    cloud, wifi = glue.add_category("Cloud"), glue.add_category("WiFi")
    glue.add_password(organization, "A", category_id=cloud)

    rows = client.get("/password_categories", params={"sort": "name"}).json()["data"]

    assert [(row["attributes"]["name"], row["attributes"]["passwords-count"]) for row in rows] == [
        ("Cloud", 1),
        ("WiFi", 0),
    ]
    assert client.get(f"/password_categories/{wifi}").json()["data"]["attributes"]["name"] == "WiFi"
    assert client.get("/password_categories/5").status_code == 404
    assert names(client.get("/password_categories", params={"filter[name]": "WiFi"})) == ["WiFi"]


def test_folder_routes(client: httpx.Client, glue: Glue, organization: int) -> None:
    route = f"/organizations/{organization}/relationships/password_folders"

    assert client.get(route).status_code == 404
    glue.set_switches(folders="refused")
    assert client.get(route).status_code == 401
    assert client.get("/password_folders").status_code == 401


def test_listing_delay(client: httpx.Client, organization: int, server: SandboxServer, glue: Glue) -> None:
    glue.set_switches(listing_delay=60.0)
    body = {
        "data": {"type": "passwords", "attributes": {"organization-id": organization, "name": "A", "password": "p"}}
    }
    number = client.post("/passwords", json=body).json()["data"]["id"]

    assert names(client.get("/passwords")) == []
    assert names(client.get("/passwords", params={"filter[name]": "A"})) == []
    assert client.get(f"/passwords/{number}", params={"show_password": "false"}).status_code == 200
    glue.set_switches(clock_offset=61.0)
    assert names(client.get("/passwords")) == ["A"]
