"""Creating and updating as a client does it, one record or many (itglue-api.md 7 to 9, 11)."""

import json
from typing import Any

import httpx
import pytest

from stickysync_gui.sandbox.glue import Glue

VALUE = "Hunter2-canary-value"
AWKWARD = ' "quoted" \\back\\ 🔑 tab\tß '


def row(**attributes: Any) -> dict[str, Any]:
    return {"type": "passwords", "attributes": {name.replace("_", "-"): value for name, value in attributes.items()}}


def post(client: httpx.Client, **attributes: Any) -> httpx.Response:
    return client.post("/passwords", json={"data": row(**attributes)})


def patch(client: httpx.Client, number: int, **attributes: Any) -> httpx.Response:
    return client.patch(f"/passwords/{number}", json={"data": row(**attributes)})


def nested(organization: int) -> str:
    return f"/organizations/{organization}/relationships/passwords"


def error(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["errors"][0]
    return found


def test_create_stores_what_was_sent(client: httpx.Client, glue: Glue, organization: int) -> None:
    category = glue.add_category("Cloud")
    sent = {"name": " Zürich 🔑 ", "username": "NWD\\svc", "password": AWKWARD, "url": "intranet", "notes": "a\r\nb"}

    answer = post(client, organization_id=organization, password_category_id=category, **sent)

    assert answer.status_code == 201
    record = glue.password(int(answer.json()["data"]["id"]))
    assert {name: getattr(record, name) for name in sent} == sent
    assert (record.organization_id, record.category_id) == (organization, category)
    attributes = answer.json()["data"]["attributes"]
    assert "password" not in attributes
    assert attributes["password-updated-at"] == attributes["created-at"] == record.created_at


def test_snake_case_and_quoted_numbers_pass(client: httpx.Client, glue: Glue, organization: int) -> None:
    category = glue.add_category("Cloud")
    attributes = {"organization_id": str(organization), "name": "A", "password": "p"}
    sent = {"data": {"type": "passwords", "attributes": {**attributes, "password_category_id": str(category)}}}

    assert client.post("/passwords", json=sent).status_code == 201
    assert glue.named("A")[0].category_id == category


def test_answer_shows_the_value_only_when_asked(client: httpx.Client, organization: int) -> None:
    sent = {"data": row(organization_id=organization, name="A", password=VALUE)}

    assert VALUE not in client.post("/passwords", json=sent).text
    shown = client.post("/passwords", params={"show_password": "true"}, json=sent)
    assert shown.json()["data"]["attributes"]["password"] == VALUE


def test_nested_create(client: httpx.Client, glue: Glue, organization: int) -> None:
    answer = client.post(nested(organization), json={"data": row(name="A", password="p")})

    assert answer.status_code == 201
    assert glue.named("A")[0].organization_id == organization
    assert client.post(nested(5), json={"data": row(name="A", password="p")}).status_code == 404


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"name": "A", "password": "p"}, "data/attributes/organization_id"),
        ({"organization_id": 5, "name": "A", "password": "p"}, "data/attributes/organization_id"),
        ({"organization_id": None, "name": "A", "password": "p"}, "data/attributes/organization_id"),
        ({"organization_id": "here", "password": "p"}, "data/attributes/name"),
        ({"organization_id": "here", "name": "  ", "password": "p"}, "data/attributes/name"),
        ({"organization_id": "here", "name": "A"}, "data/attributes/password"),
        ({"organization_id": "here", "name": "A", "password": None}, "data/attributes/password"),
        ({"organization_id": "here", "name": "A", "password": 7}, "data/attributes/password"),
        ({"organization_id": "here", "name": "A", "password": ""}, "data/attributes/password"),
        ({"organization_id": "here", "name": "A", "password": "p", "url": 7}, "data/attributes/url"),
        (
            {"organization_id": "here", "name": "A", "password": "p", "password_category_id": 5},
            "data/attributes/password_category_id",
        ),
        ({"organization_id": "here", "name": "A", "password": "p", "archived": "no"}, "data/attributes/archived"),
        (
            {"organization_id": "here", "name": "A", "password": "p", "password_updated_at": "soon"},
            "data/attributes/password_updated_at",
        ),
        (
            {"organization_id": "here", "name": "A", "password": "p", "resource_id": 3, "resource_type": "Toaster"},
            "data/attributes/resource_type",
        ),
    ],
)
def test_refused_create_leaves_nothing(
    client: httpx.Client, glue: Glue, organization: int, attributes: dict[str, Any], pointer: str
) -> None:
    if attributes.get("organization_id") == "here":
        attributes = {**attributes, "organization_id": organization}

    answer = post(client, **attributes)

    assert answer.status_code == 422
    assert error(answer)["source"]["pointer"] == pointer
    assert glue.passwords() == []


def test_malformed_bodies(client: httpx.Client, glue: Glue, organization: int) -> None:
    good = {"data": row(organization_id=organization, name="A", password="p")}
    twice = client.post("/passwords", content=json.dumps(json.dumps(good)))

    assert client.post("/passwords", content=b"{").status_code == 400
    assert (twice.status_code, twice.content) == (500, b"")
    assert client.post("/passwords", json={}).status_code == 422
    assert client.post("/passwords", json={"data": None}).status_code == 422
    assert client.post("/passwords", json={"data": {**good["data"], "type": "cars"}}).status_code == 422
    assert client.post("/passwords", json={"data": {"type": "passwords", "name": "A"}}).status_code == 422
    assert client.post("/passwords", json=good, headers={"content-type": "text/plain"}).status_code == 415
    assert client.put("/passwords", json=good).status_code == 404
    assert glue.passwords() == []
    assert client.post("/passwords", json=good, headers={"content-type": "application/json"}).status_code == 201


def test_array_on_the_flat_post(client: httpx.Client, glue: Glue, organization: int) -> None:
    answer = client.post("/passwords", json={"data": [row(organization_id=organization, name="A", password="p")]})

    assert answer.status_code == 422
    assert "bulk action not allowed" in error(answer)["detail"]
    assert error(answer)["source"]["pointer"] == "data"
    assert glue.passwords() == []


@pytest.mark.parametrize(
    ("switch", "value", "status", "pointer"),
    [
        ("error_status", "number", 422, "data/attributes/name"),
        ("error_status", "text", "422", "data/attributes/name"),
        ("error_status", "symbol", "unprocessable_entity", "data/attributes/name"),
        ("error_pointer", "slash", 422, "/data/attributes/name"),
        ("error_pointer", "array", 422, ["data", "attributes", "name"]),
        ("error_pointer", "null", 422, None),
    ],
)
def test_variants_of_error_members(
    client: httpx.Client, glue: Glue, organization: int, switch: str, value: str, status: Any, pointer: Any
) -> None:
    glue.set_switches(**{switch: value})

    answer = post(client, organization_id=organization, password="p")

    assert answer.status_code == 422
    assert error(answer)["status"] == status
    assert error(answer)["source"]["pointer"] == pointer


def test_variants_of_error_bodies(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.set_switches(error_body="message")
    assert post(client, organization_id=organization, password="p").json() == {"message": "Name can't be blank"}
    glue.set_switches(error_body="html")
    assert post(client, organization_id=organization, password="p").headers["content-type"] == "text/html"
    glue.set_switches(error_body="empty")
    assert post(client, organization_id=organization, password="p").content == b""
    glue.set_switches(error_body="errors", errors_echo=True, control_characters="refused")
    assert VALUE in error(post(client, organization_id=organization, name="A", password=f"{VALUE}\x01"))["detail"]


def test_update_changes_only_what_is_mentioned(client: httpx.Client, glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A", username="u", password="p", url="x", notes="n")
    before = glue.password(number)

    answer = patch(client, number, username="v", url=None)

    assert answer.status_code == 200
    after = glue.password(number)
    assert (after.name, after.username, after.password, after.url, after.notes) == ("A", "v", "p", None, "n")
    assert after.password_updated_at == before.password_updated_at
    assert after.updated_at >= before.updated_at
    assert answer.json()["data"]["attributes"]["username"] == "v"
    assert client.patch(f"{nested(organization)}/{number}", json={"data": row(name="B")}).status_code == 200
    assert glue.password(number).name == "B"


@pytest.mark.parametrize(("identical", "moved"), [("moves", True), ("keeps", False)])
def test_identical_value_and_its_time(
    client: httpx.Client, glue: Glue, organization: int, identical: str, moved: bool
) -> None:
    glue.set_switches(identical_password=identical, clock_offset=60.0)
    number = glue.add_password(organization, "A", password="p", password_updated_at="2025-06-02T08:15:30.120Z")

    patch(client, number, password="p")
    assert (glue.password(number).password_updated_at != "2025-06-02T08:15:30.120Z") is moved
    patch(client, number, password="q")
    assert glue.password(number).password_updated_at != "2025-06-02T08:15:30.120Z"


def test_other_edits_and_the_time_of_the_value(client: httpx.Client, glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A", password="p", password_updated_at="2025-06-02T08:15:30.120Z")

    patch(client, number, notes="n")
    assert glue.password(number).password_updated_at == "2025-06-02T08:15:30.120Z"
    glue.set_switches(other_edits="move")
    patch(client, number, notes="m")
    assert glue.password(number).password_updated_at != "2025-06-02T08:15:30.120Z"
    patch(client, number, password_updated_at="2001-01-01T00:00:00Z")
    assert glue.password(number).password_updated_at == "2001-01-01T00:00:00.000Z"


def test_write_answer_and_list_disagree_by_less_than_a_second(
    client: httpx.Client, glue: Glue, organization: int
) -> None:
    glue.set_switches(write_answer_shift_ms=400)
    answered = post(client, organization_id=organization, name="A", password="p").json()["data"]["attributes"]
    listed = client.get("/passwords").json()["data"][0]["attributes"]

    assert answered["password-updated-at"] != listed["password-updated-at"]
    assert listed["password-updated-at"] == glue.passwords()[0].password_updated_at


@pytest.mark.parametrize(
    ("switch", "moves", "status"), [("moves", True, 200), ("ignored", False, 200), ("refused", False, 422)]
)
def test_organization_in_patch(
    client: httpx.Client, glue: Glue, organization: int, switch: str, moves: bool, status: int
) -> None:
    other, number = glue.add_organization("Contoso"), glue.add_password(organization, "A")
    glue.set_switches(organization_in_patch=switch)

    assert patch(client, number, organization_id=other).status_code == status
    assert glue.password(number).organization_id == (other if moves else organization)
    assert len(glue.passwords(other)) == moves


def test_update_of_what_cannot_be_written(client: httpx.Client, glue: Glue, organization: int) -> None:
    vaulted = glue.add_password(organization, "V", password=None, vault_id=3)
    restricted = glue.add_password(organization, "R", restricted=True, password="p")
    plain = glue.add_password(organization, "P", password="p")

    assert patch(client, vaulted, password="q").status_code == 422
    assert patch(client, vaulted, notes="n").status_code == 200
    assert patch(client, restricted, password="q").status_code == 401
    assert patch(client, plain, password=None).status_code == 422
    assert patch(client, plain, name=None).status_code == 422
    assert patch(client, plain, password="").status_code == 422
    assert patch(client, 5, password="q").status_code == 404
    assert list(glue.values().values()) == [None, "p", "p"]
    glue.set_switches(vaulted_write="accepted", empty_password="accepted")
    assert patch(client, vaulted, password="q").status_code == 200
    assert patch(client, plain, password="").status_code == 200
    assert list(glue.values().values()) == ["q", "p", ""]


def test_normalising(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.set_switches(trim_names=True, trim_passwords=True, add_https=True, notes_as_html=True)

    answer = post(client, organization_id=organization, name=" A ", password=" p ", url=" intranet ", notes="a\r\nb\nc")

    attributes = answer.json()["data"]["attributes"]
    assert (attributes["name"], attributes["url"], attributes["notes"]) == ("A", "https://intranet", "a<br>b<br>c")
    assert glue.passwords()[0].password == "p"


def test_limits_of_names(client: httpx.Client, glue: Glue, organization: int) -> None:
    glue.set_switches(name_limit=10, duplicate_names="refused")

    assert post(client, organization_id=organization, name="n" * 11, password="p").status_code == 422
    assert post(client, organization_id=organization, name="n" * 10, password="p" * 999).status_code == 201
    assert post(client, organization_id=organization, name="n" * 10, password="p").status_code == 422
    glue.set_switches(duplicate_names="allowed")
    assert post(client, organization_id=organization, name="n" * 10, password="p").status_code == 201


def test_bulk_create(client: httpx.Client, glue: Glue, organization: int) -> None:
    rows = [row(name=name, password=f"p{name}") for name in "CAB"]

    answer = client.post(nested(organization), json={"data": rows})

    assert answer.status_code == 201
    assert [one["attributes"]["name"] for one in answer.json()["data"]] == ["C", "A", "B"]
    assert [record.password for record in glue.passwords()] == ["pC", "pA", "pB"]
    assert "pC" not in answer.text


@pytest.mark.parametrize(
    ("failure", "status", "stored", "answered"),
    [
        ("all_or_nothing", 422, [], None),
        ("partial_refused", 422, ["A", "C"], None),
        ("partial_listed", 201, ["A", "C"], ["A", "C"]),
    ],
)
def test_bulk_create_with_a_bad_row(
    client: httpx.Client, glue: Glue, organization: int, failure: str, status: int, stored: list[str], answered: Any
) -> None:
    glue.set_switches(bulk_failure=failure)
    rows = [row(name="A", password="a"), row(name="B"), row(name="C", password="c")]

    answer = client.post(nested(organization), json={"data": rows})

    assert answer.status_code == status
    assert [record.name for record in glue.passwords()] == stored
    if answered is not None:
        assert [one["attributes"]["name"] for one in answer.json()["data"]] == answered


@pytest.mark.parametrize(
    ("failure", "values"),
    [("all_or_nothing", ["p", "p"]), ("partial_refused", ["q", "p"]), ("partial_listed", ["q", "p"])],
)
def test_bulk_update_with_a_bad_row(
    client: httpx.Client, glue: Glue, organization: int, failure: str, values: list[str]
) -> None:
    glue.set_switches(bulk_failure=failure)
    numbers = [glue.add_password(organization, name, password="p") for name in "AB"]
    rows = [row(id=numbers[0], password="q"), row(id=numbers[1], password=7), row(id=5, password="q")]

    answer = client.patch("/passwords", json={"data": rows})

    assert answer.status_code == (200 if failure == "partial_listed" else 422)
    assert list(glue.values().values()) == values


@pytest.mark.parametrize(("order", "expected"), [("sent", "CAB"), ("reversed", "BAC"), ("by_id", "ABC")])
def test_bulk_update_and_the_order_of_its_answer(
    client: httpx.Client, glue: Glue, organization: int, order: str, expected: str
) -> None:
    glue.set_switches(bulk_order=order)
    numbers = {name: glue.add_password(organization, name, password="p") for name in "ABC"}

    answer = client.patch("/passwords", json={"data": [row(id=numbers[name], password=name * 2) for name in "CAB"]})

    assert answer.status_code == 200
    assert "".join(one["attributes"]["name"] for one in answer.json()["data"]) == expected
    assert list(glue.values().values()) == ["AA", "BB", "CC"]


@pytest.mark.parametrize(
    ("place", "inside", "top"), [("attributes", True, False), ("top_level", False, True), ("either", True, True)]
)
def test_where_bulk_ids_are_read(
    client: httpx.Client, glue: Glue, organization: int, place: str, inside: bool, top: bool
) -> None:
    glue.set_switches(bulk_ids=place)
    number = glue.add_password(organization, "A", password="p")

    assert client.patch("/passwords", json={"data": [row(id=number, password="q")]}).is_success is inside
    assert client.patch("/passwords", json={"data": [{**row(password="r"), "id": str(number)}]}).is_success is top


def test_bulk_refusals(client: httpx.Client, glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A", password="p")
    one = client.patch("/passwords", json={"data": row(id=number, password="q")})

    assert (one.status_code, error(one)["title"]) == (403, "Cannot PATCH Password in bulk")
    assert error(one)["source"]["pointer"] is None
    assert client.patch("/passwords", json={"data": []}).status_code == 422
    assert client.patch(nested(organization), json={"data": [row(id=number, password="q")]}).status_code == 404
    glue.set_switches(bulk_limit=1, bulk_create="refused")
    many = [row(id=number, password="q"), row(id=number, password="r")]
    assert client.patch("/passwords", json={"data": many}).status_code == 422
    assert client.post(nested(organization), json={"data": [row(name="A", password="q")]}).status_code == 422
    glue.set_switches(bulk_update="refused")
    assert client.patch("/passwords", json={"data": [row(id=number, password="q")]}).status_code == 403
    assert glue.values() == {number: "p"}


def test_delete_deletes_nothing_and_is_logged(client: httpx.Client, glue: Glue, organization: int, server: Any) -> None:
    number = glue.add_password(organization, "A")

    assert client.delete(f"/passwords/{number}").status_code == 405
    assert client.request("DELETE", "/passwords", json={"data": [row(id=number)]}).status_code == 405
    assert len(glue.passwords()) == 1
    assert server.count("DELETE") == 2


def test_categories(client: httpx.Client, glue: Glue) -> None:
    def sent(name: Any, kind: str = "password-categories") -> dict[str, Any]:
        return {"data": {"type": kind, "attributes": {"name": name}}}

    made = client.post("/password_categories", json=sent("Cloud"))
    number = int(made.json()["data"]["id"])

    assert made.status_code == 201
    assert client.post("/password_categories", json=sent(None)).status_code == 422
    assert client.patch(f"/password_categories/{number}", json=sent("Sky", "password_categories")).status_code == 200
    assert glue.categories[number].name == "Sky"
    assert client.patch("/password_categories/5", json=sent("Sky")).status_code == 404
    glue.set_switches(duplicate_categories="refused")
    assert client.post("/password_categories", json=sent("SKY")).status_code == 422


def test_what_people_do_moves_the_right_times(glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A", password="p")
    first = glue.password(number)

    glue.edit_password(number, notes="n")
    noted = glue.password(number)
    glue.edit_password(number, password="q")
    changed = glue.password(number)

    assert first.updated_at < noted.updated_at < changed.updated_at
    assert first.password_updated_at == noted.password_updated_at < changed.password_updated_at
    glue.archive_password(number)
    assert glue.password(number).archived
    other = glue.add_organization("Contoso")
    glue.move_password(number, other)
    assert [record.id for record in glue.passwords(other)] == [number]
    with pytest.raises(KeyError):
        glue.move_password(number, 5)


def test_unknown_switches_are_refused(glue: Glue) -> None:
    with pytest.raises(ValueError, match="no switch named 'bulk'"):
        glue.set_switches(bulk=True)
    with pytest.raises(ValueError, match="cannot be 'sometimes'"):
        glue.set_switches(bulk_failure="sometimes")
    with pytest.raises(ValueError, match="cannot be 1"):
        glue.set_switches(trim_names=1)
