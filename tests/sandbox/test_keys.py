"""Keys, regions, Password Access and throttling (itglue-api.md 1, 2; U1 to U4)."""

from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from stickysync_gui.sandbox.glue import Glue

BODY = {"data": {"type": "passwords", "attributes": {"name": "A", "password": "p"}}}


def one_organization(client: httpx.Client, key: str | None) -> int:
    headers = {} if key is None else {"x-api-key": key}
    request = client.build_request("GET", "/organizations", params={"page[size]": 1}, headers=headers)
    if key is None:
        del request.headers["x-api-key"]
    return client.send(request).status_code


def test_each_state_of_a_key(client: httpx.Client, glue: Glue) -> None:
    foreign = glue.add_key(region="eu")

    assert len(glue.key) == 101
    assert glue.key.startswith("ITG.")
    assert one_organization(client, glue.key) == 200
    assert one_organization(client, "ITG.wrong") == 403
    assert one_organization(client, foreign) == 403
    assert one_organization(client, None) == 401
    glue.set_key(state="revoked")
    assert one_organization(client, glue.key) == 403
    glue.set_key(state="paused")
    assert one_organization(client, glue.key) == 401
    glue.set_key(state="active")
    assert one_organization(client, glue.key) == 200


def test_other_statuses_and_bodies_for_bad_keys(client: httpx.Client, glue: Glue) -> None:
    glue.set_switches(missing_key_status=403, wrong_key_status=401, error_body="html")

    assert one_organization(client, None) == 403
    assert one_organization(client, "ITG.wrong") == 401
    assert client.get("/organizations", headers={"x-api-key": "x"}).headers["content-type"] == "text/html"


def test_a_key_works_in_its_own_region() -> None:
    eu = Glue(region="eu")

    assert eu.keys[eu.key].region == "eu"


def test_without_password_access(client: httpx.Client, glue: Glue, organization: int) -> None:
    number = glue.add_password(organization, "A", password="p")
    glue.set_key(password_access=False)
    nested = f"/organizations/{organization}/relationships/passwords"

    assert client.get("/organizations").status_code == 200
    assert client.get("/passwords").status_code == 200
    assert client.get(f"/passwords/{number}").status_code == 401
    for answer in (
        client.post("/passwords", json=BODY),
        client.post(nested, json=BODY),
        client.post(nested, json={"data": [BODY["data"]]}),
        client.patch(f"/passwords/{number}", json=BODY),
    ):
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["title"], error["source"]["pointer"]) == (401, "Unauthorized", "id")
    bulk = client.patch("/passwords", json={"data": []})
    assert (bulk.status_code, bulk.json()["errors"][0]["title"]) == (403, "Cannot PATCH Password in bulk")
    assert glue.values() == {number: "p"}
    assert glue.audited_reads == []


@pytest.mark.parametrize(("show", "attributes"), [("without_value", {}), ("null_value", {"password": None})])
def test_show_without_password_access(
    client: httpx.Client, glue: Glue, organization: int, show: str, attributes: dict[str, Any]
) -> None:
    number = glue.add_password(organization, "A", password="p")
    glue.set_key(password_access=False)
    glue.set_switches(no_access_show=show, no_access_list="refused", no_access_status=403)

    answer = client.get(f"/passwords/{number}")

    assert answer.status_code == 200
    assert {k: v for k, v in answer.json()["data"]["attributes"].items() if k == "password"} == attributes
    assert client.get("/passwords").status_code == 403


def test_addresses_that_are_not_allowed(client: httpx.Client, glue: Glue) -> None:
    glue.set_switches(address_blocked="json")
    assert client.get("/organizations").status_code == 403
    glue.set_switches(address_blocked="html")
    assert "<html>" in client.get("/organizations").text


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_760_000_000.0

    def __call__(self) -> float:
        return self.seconds


def test_rate_limit_and_its_window() -> None:
    from stickysync_gui.sandbox.records import GlueRequest

    clock = Clock()
    glue = Glue(clock=clock)
    glue.set_switches(rate_limit=3, rate_window=300.0)
    request = GlueRequest("GET", "/organizations", headers={"x-api-key": glue.key})

    assert [glue.respond(request).status for _ in range(4)] == [200, 200, 200, 429]
    clock.seconds += 100
    refused = glue.respond(request)
    assert (refused.status, refused.headers["retry-after"]) == (429, "200")
    clock.seconds += 200
    assert glue.respond(request).status == 200


@pytest.mark.parametrize("form", ["seconds", "date", "absent"])
def test_forms_of_retry_after(client: httpx.Client, glue: Glue, form: str) -> None:
    glue.set_switches(rate_limit=1, rate_window=100.0, retry_after=form)
    client.get("/organizations")

    answer = client.get("/organizations")

    assert answer.status_code == 429
    wait = answer.headers.get("retry-after")
    if form == "seconds":
        assert 1 <= int(wait) <= 100
    elif form == "date":
        ahead = parsedate_to_datetime(wait).timestamp() - parsedate_to_datetime(answer.headers["date"]).timestamp()
        assert 90 <= ahead <= 102
    else:
        assert wait is None
