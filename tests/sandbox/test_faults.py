"""Scripted failures: what the client sees, and what was done all the same."""

import threading

import httpx
import pytest

from stickysync_gui.sandbox.faults import Fault, FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from tests.sandbox.conftest import SOON
from tests.waiting import wait_until


def post(client: httpx.Client, organization: int, name: str = "A", **options: httpx.Timeout) -> httpx.Response:
    attributes = {"organization-id": organization, "name": name, "password": "p"}
    return client.post("/passwords", json={"data": {"type": "passwords", "attributes": attributes}}, **options)


@pytest.mark.parametrize(("kind", "done"), [("cut_before", 0), ("cut_after", 1), ("cut_midway", 1)])
def test_cut_connections(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int, kind: str, done: int
) -> None:
    number = faults.add(Fault(kind, method="POST"))

    with pytest.raises(httpx.RemoteProtocolError):
        post(client, organization)

    assert len(glue.passwords()) == done
    assert faults.fired(number) == 1
    assert post(client, organization).status_code == 201


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "cut_midway"])
def test_cut_in_a_large_answer(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int, kind: str
) -> None:
    glue.add_passwords({"organization_id": organization, "name": f"Entry {n}"} for n in range(1000))
    faults.add(Fault(kind, path="/passwords"))

    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/passwords", params={"page[size]": 1000})

    assert len(client.get("/passwords", params={"page[size]": 1000}).json()["data"]) == 1000


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(("kind", "done"), [("status", 0), ("status_after", 1)])
def test_bad_statuses(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int, kind: str, done: int, status: int
) -> None:
    faults.add(Fault(kind, status=status, retry_after=3))

    answer = post(client, organization)

    assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
    assert answer.json()["errors"][0]["status"] == status
    assert len(glue.passwords()) == done


@pytest.mark.parametrize(
    ("form", "text"), [("html", "<html>"), ("empty", ""), ("message", '{"message":"Internal server error"}')]
)
def test_bodies_of_bad_statuses(
    client: httpx.Client, faults: FaultScript, organization: int, form: str, text: str
) -> None:
    faults.add(Fault("status", status=502, answer=form))

    answer = post(client, organization)

    assert text in answer.text
    assert (answer.text == "") is (text == "")


def test_no_content(client: httpx.Client, faults: FaultScript, organization: int) -> None:
    faults.add(Fault("status_after", status=204, answer="empty"))

    assert post(client, organization).status_code == 204
    assert post(client, organization).status_code == 201


@pytest.mark.parametrize(("kind", "done"), [("took_too_long", 0), ("took_too_long_after", 1)])
def test_took_too_long(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int, kind: str, done: int
) -> None:
    faults.add(Fault(kind, status=422))
    faults.add(Fault(kind, at=2))

    answer = post(client, organization)

    assert answer.status_code == 422
    assert "took too long" in answer.json()["errors"][0]["detail"]
    assert len(glue.passwords()) == done
    assert post(client, organization).status_code == 504


def test_throttled_html_and_redirect_do_nothing(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int
) -> None:
    faults.add(Fault("throttle", retry_after=7))
    faults.add(Fault("throttle", at=2))
    faults.add(Fault("html", at=3))
    faults.add(Fault("redirect", at=4, location="https://elsewhere.example/x"))

    first, second, third, fourth = (post(client, organization) for _ in range(4))

    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert (second.status_code, "retry-after" in second.headers) == (429, False)
    assert (third.status_code, third.headers["content-type"]) == (200, "text/html")
    assert (fourth.status_code, fourth.headers["location"]) == (302, "https://elsewhere.example/x")
    assert glue.passwords() == []


@pytest.mark.parametrize(
    ("kind", "during", "after"), [("hang", 0, 0), ("hang_after", 1, 1), ("hang_then_commit", 0, 1)]
)
def test_silence(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int, kind: str, during: int, after: int
) -> None:
    faults.add(Fault(kind, method="POST", seconds=600))

    with pytest.raises(httpx.ReadTimeout):
        post(client, organization, timeout=SOON)

    wait_until(lambda: faults.hanging == 1)
    assert len(glue.passwords()) == during
    faults.release()
    wait_until(lambda: faults.hanging == 0 and len(glue.passwords()) == after)
    client.get("/organizations")
    assert len(glue.passwords()) == after


def test_silence_ends_by_itself(client: httpx.Client, faults: FaultScript, organization: int) -> None:
    faults.add(Fault("hang", seconds=0.05))

    with pytest.raises(httpx.RemoteProtocolError):
        post(client, organization)


@pytest.mark.parametrize(("kind", "during"), [("slow", 0), ("slow_answer", 1)])
def test_slow_but_good(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int, kind: str, during: int
) -> None:
    faults.add(Fault(kind, seconds=600))
    seen: list[int] = []

    def look() -> None:
        wait_until(lambda: faults.hanging == 1)
        seen.append(len(glue.passwords()))
        faults.release()

    looker = threading.Thread(target=look)
    looker.start()
    assert post(client, organization).status_code == 201
    looker.join()
    assert seen == [during]
    assert len(glue.passwords()) == 1


def test_key_revoked_in_the_middle(client: httpx.Client, glue: Glue, faults: FaultScript, organization: int) -> None:
    faults.add(Fault("revoke_key", method="POST", at=3))

    assert [post(client, organization, str(n)).status_code for n in range(5)] == [201, 201, 403, 403, 403]
    assert [record.name for record in glue.passwords()] == ["0", "1"]
    assert client.get("/organizations").status_code == 403


def test_which_requests_a_fault_strikes(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int
) -> None:
    by_path = faults.add(Fault("status", path=r"/passwords/\d+", times=None))
    by_body = faults.add(Fault("status", status=401, method="POST", body='"name": ?"B"'))
    in_a_row = faults.add(Fault("status", status=503, method="GET", path="/organizations", at=2, times=2))
    number = glue.add_password(organization, "Z")

    assert [post(client, organization, name).status_code for name in "ABCB"] == [201, 401, 201, 201]
    assert [client.get("/organizations").status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert [client.get(f"/passwords/{number}").status_code for _ in range(3)] == [500, 500, 500]
    assert client.get("/passwords").status_code == 200
    assert [faults.fired(one) for one in (by_path, by_body, in_a_row)] == [3, 1, 2]
    assert faults.fired() == 6
    faults.remove(by_path)
    assert client.get(f"/passwords/{number}").status_code == 200
    faults.add(Fault("status", times=None))
    faults.clear()
    assert client.get("/passwords").status_code == 200


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="no fault of kind 'cut'"):
        Fault("cut")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no answer of kind"):
        Fault("status", answer="xml")  # type: ignore[arg-type]


def test_hooks_before_and_after_a_request(
    client: httpx.Client, glue: Glue, faults: FaultScript, organization: int
) -> None:
    seen: list[tuple[str, int]] = []
    faults.before(lambda: seen.append(("before", len(glue.passwords()))), method="POST", at=2)
    faults.after(lambda: seen.append(("after", len(glue.passwords()))), method="POST", at=2)
    counted = faults.after(lambda: None, times=None)

    for _ in range(3):
        post(client, organization)

    assert seen == [("before", 1), ("after", 2)]
    assert faults.fired(counted) == 3
    assert faults.fired() == 0


def test_hook_may_talk_to_the_server_itself(
    client: httpx.Client, server: SandboxServer, glue: Glue, faults: FaultScript, organization: int
) -> None:
    def intrude() -> None:
        with httpx.Client(base_url=server.url, headers=dict(client.headers), trust_env=False) as other:
            assert post(other, organization, "Intruder").status_code == 201

    faults.before(intrude, method="POST")

    post(client, organization, "Own")

    assert [record.name for record in glue.passwords()] == ["Intruder", "Own"]


def test_hook_runs_though_the_answer_is_lost(client: httpx.Client, faults: FaultScript, organization: int) -> None:
    seen: list[str] = []
    faults.add(Fault("cut_after"))
    faults.after(lambda: seen.append("committed"))

    with pytest.raises(httpx.RemoteProtocolError):
        post(client, organization)

    assert seen == ["committed"]


def test_error_in_a_hook_surfaces(glue: Glue) -> None:
    def fail() -> None:
        raise AssertionError("seen in the hook")

    faults = FaultScript()
    faults.before(fail)
    server = SandboxServer(glue, faults=faults)

    def use() -> None:
        with server:
            httpx.get(f"{server.url}/organizations", trust_env=False)

    with pytest.raises(AssertionError, match="seen in the hook"):
        use()
