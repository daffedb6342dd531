"""The stand-in as a server: connections, request log, start and stop, and as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import httpx
import pytest

from stickysync_gui.sandbox.faults import Fault, FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.remote import RemoteSandbox
from stickysync_gui.sandbox.server import SandboxServer
from tests.sandbox.conftest import SOON
from tests.waiting import PATIENCE, wait_until

VALUE = "Hunter2-canary-value"


def body(organization: int, name: str = "A") -> dict[str, object]:
    attributes = {"organization-id": organization, "name": name, "password": VALUE}
    return {"data": {"type": "passwords", "attributes": attributes}}


def test_request_log(client: httpx.Client, server: SandboxServer, glue: Glue, organization: int) -> None:
    made = client.post("/passwords", json=body(organization)).json()["data"]["id"]
    client.get("/passwords", params={"filter[organization_id]": organization})
    client.get(f"/passwords/{made}")
    client.get("/organizations", headers={"x-api-key": "ITG.wrong"})

    log = server.requests

    assert [(one.number, one.method, one.path, one.status) for one in log] == [
        (1, "POST", "/passwords", 201),
        (2, "GET", "/passwords", 200),
        (3, "GET", f"/passwords/{made}", 200),
        (4, "GET", "/organizations", 403),
    ]
    assert [one.organization_id for one in log] == [organization, organization, organization, None]
    assert [one.key_ok for one in log] == [True, True, True, False]
    assert log[0].bytes_in > 50
    assert log[1].query == (("filter[organization_id]", str(organization)),)
    assert server.count() == 4
    assert server.count("GET") == 3
    assert server.count("GET", r"/passwords(/\d+)?") == 2
    assert server.count(path="/pass") == 0
    server.clear_requests()
    assert server.count() == 0


def test_log_holds_neither_values_nor_keys(
    client: httpx.Client, server: SandboxServer, glue: Glue, organization: int
) -> None:
    client.post("/passwords", json=body(organization))
    client.get("/passwords", params={"password": VALUE, "filter[password]": VALUE, "x": glue.key})
    client.get(f"/passwords/{glue.key}", headers={"x-api-key": "ITG.unknown-key"}, params={"k": "ITG.unknown-key"})

    text = repr(server.requests) + repr(glue.passwords()) + repr(glue.keys[glue.key])

    assert VALUE not in text
    assert glue.key not in text
    assert "ITG.unknown-key" not in text


def test_silent_request_is_logged_as_unanswered(
    client: httpx.Client, server: SandboxServer, faults: FaultScript
) -> None:
    faults.add(Fault("hang", seconds=600))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/organizations", timeout=SOON)

    wait_until(lambda: faults.hanging == 1)
    assert [(one.status, one.fault) for one in server.requests] == [(None, "hang")]


def test_connections_are_kept_alive(server: SandboxServer, glue: Glue) -> None:
    request = f"GET /organizations HTTP/1.1\r\nHost: x\r\nX-Api-Key: {glue.key}\r\n\r\n".encode()
    with socket.create_connection((server.url[7:].split(":")[0], int(server.url.rsplit(":")[-1])), 5) as wire:
        for _ in range(3):
            wire.sendall(request)
            assert wire.recv(65536).startswith(b"HTTP/1.1 200")
        wire.sendall(request + request)  # pipelined
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 2:
            answers += wire.recv(65536)
        wire.sendall(b"nonsense\r\n\r\n")
        assert wire.recv(65536).startswith(b"HTTP/1.1 400")
        assert wire.recv(1) == b""


def test_requests_run_side_by_side(server: SandboxServer, glue: Glue, faults: FaultScript) -> None:
    server.latency = 0.2
    faults.before(threading.Barrier(4, timeout=PATIENCE).wait, times=4)

    def ask() -> None:
        headers = {"x-api-key": glue.key}
        httpx.get(f"{server.url}/organizations", headers=headers, trust_env=False, timeout=PATIENCE)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert server.peak_in_flight == 4


def test_stop_is_quick_and_start_keeps_the_port(glue: Glue) -> None:
    faults = FaultScript(Fault("hang_then_commit", method="POST", seconds=600))
    organization = glue.add_organization("Northwind Dental")
    server = SandboxServer(glue, faults=faults).start()
    url = server.url
    headers = {"x-api-key": glue.key, "content-type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        client.get("/organizations")
        with pytest.raises(httpx.ReadTimeout):
            client.post("/passwords", json=body(organization), timeout=SOON)
        wait_until(lambda: faults.hanging == 1)
        thread = server._thread  # noqa: SLF001
        assert thread is not None
        server.stop()
        assert not thread.is_alive(), "it did not wait for the end of the silence"
        assert glue.passwords() == []
        with pytest.raises(httpx.ConnectError):
            client.get("/organizations")
        server.start()
        assert server.url == url
        assert client.get("/organizations").status_code == 200
        server.stop()
        server.stop()


def test_taken_port_is_an_error(server: SandboxServer) -> None:
    with pytest.raises(OSError, match=r"address already in use|Only one usage"):
        SandboxServer(Glue(), port=int(server.url.rsplit(":")[-1])).start()


def test_control_routes_are_off_by_default(client: httpx.Client) -> None:
    assert client.post("/sandbox/dump").status_code == 404


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "stickysync_gui.sandbox", "--organizations", "2", "--passwords", "3"]
    command += ["--switch", "times=seconds", "--switch", "listing_delay=0.5"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as started:
        yield started
        started.kill()


@pytest.fixture
def remote(process: subprocess.Popen[str]) -> RemoteSandbox:
    assert process.stdout is not None
    return RemoteSandbox(**json.loads(process.stdout.readline()))


def test_a_process_of_its_own(remote: RemoteSandbox) -> None:
    assert remote.key not in repr(remote)
    with httpx.Client(base_url=remote.url, headers={"x-api-key": remote.key}, trust_env=False) as client:
        assert client.get("/organizations").json()["meta"]["total-count"] == 2
        assert len(client.get("/passwords").json()["data"]) == 6
        remote.reset()
        where, other = remote.add_organizations([{"name": "Contoso"}, {"name": "Fabrikam", "short_name": "fab"}])
        first, second = remote.add_passwords(
            [
                {"organization_id": where, "name": "A", "password": VALUE},
                {"organization_id": where, "name": "B", "vault_id": 4},
            ]
        )
        remote.edit_password(first, username="u")
        remote.move_password(first, other)
        remote.archive_password(second)
        assert (remote.password(first).username, remote.password(first).organization_id) == ("u", other)
        assert remote.values() == {first: VALUE, second: ""}
        assert remote.named("B")[0].archived
        remote.set_switches(page_above_maximum="refuse")
        assert client.get("/passwords", params={"page[size]": 2000}).status_code == 422
        number = remote.add_fault(Fault("status", status=503, path="/organizations"))
        assert client.get("/organizations").status_code == 503
        assert (remote.fired(number), remote.fired(), remote.hanging) == (1, 1, 0)
        assert client.get(f"/passwords/{first}").json()["data"]["attributes"]["password"] == VALUE
        assert [read.password_id for read in remote.audited_reads] == [first]
        assert remote.count("GET") == 3
        assert [one.status for one in remote.requests] == [422, 503, 200]
        assert remote.requests[0].query == (("page[size]", "2000"),)
        assert remote.peak_in_flight == 1
        key = remote.add_key(password_access=False)
        remote.set_key(key, state="revoked")
        assert client.get("/organizations", headers={"x-api-key": key}).status_code == 403
        remote.remove_password(first)
        kept = remote.dump()
        remote.add_fault(Fault("status", times=None))
        remote.set_latency(30.0)
        remote.reset()
        assert remote.requests == []
        assert client.get("/organizations").json()["data"] == []
        remote.load(kept)
        assert remote.passwords()[0].id == second


def test_errors_come_back_as_errors(remote: RemoteSandbox) -> None:
    with pytest.raises(KeyError):
        remote.password(5)
    with pytest.raises(ValueError, match="no switch named"):
        remote.set_switches(nothing=1)
    with pytest.raises(ValueError, match="no fault of kind"):
        remote.call("add_fault", kind="cut")
    with pytest.raises(TypeError):
        remote.call("add_organization", colour="red")
    with pytest.raises(LookupError, match="no control route"):
        remote.call("explode")


def test_process_ends_with_its_input(process: subprocess.Popen[str], remote: RemoteSandbox) -> None:
    assert process.stdin is not None
    process.stdin.close()

    assert process.wait(PATIENCE) == 0
    with pytest.raises(OSError, match="refused"):
        remote.dump()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_process_ends_on_sigterm(process: subprocess.Popen[str], remote: RemoteSandbox) -> None:
    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE) == 0


def test_state_file(glue: Glue, tmp_path: Path) -> None:
    organization = glue.add_organization("Contoso")
    glue.add_password(organization, "A", password=VALUE)
    state = tmp_path / "state.json"
    state.write_text(json.dumps(glue.dump()), encoding="utf-8")
    command = [sys.executable, "-m", "stickysync_gui.sandbox", "--state", str(state), "--key", "ITG.given"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as started:
        assert started.stdout is not None
        remote = RemoteSandbox(**json.loads(started.stdout.readline()))
        assert remote.key == "ITG.given"
        assert remote.passwords() == glue.passwords()
        added = remote.add_organization("Next")
        assert added > max(glue.records)


def test_loaded_contents_are_equal(glue: Glue) -> None:
    organization = glue.add_organization("Contoso")
    number = glue.add_password(organization, "A", password=VALUE)
    glue.add_category("Cloud")
    copy = Glue()

    copy.load(json.loads(json.dumps(glue.dump())))

    assert copy.dump() == glue.dump()
    assert asdict(copy.password(number)) == asdict(replace(glue.password(number)))


@pytest.mark.bench
def test_speed_of_a_page_of_a_thousand(client: httpx.Client, glue: Glue) -> None:
    organizations = [glue.add_organization(f"Organization {n}") for n in range(200)]
    glue.add_passwords(
        {"organization_id": organizations[n % 200], "name": f"Entry {n}", "password": "p"} for n in range(10_000)
    )
    before = time.perf_counter()
    for number in range(1, 11):
        client.get("/passwords", params={"page[size]": 1000, "page[number]": number, "sort": "id"})
    assert time.perf_counter() - before < 1.0
