"""Mapping, links, ticks and lists from the console."""

import csv

import pytest

from tests.cli.conftest import Desk


@pytest.fixture
def office(desk: Desk) -> Desk:
    """Three clients, three organizations, two of them of one name."""
    for client_id, name in ((1, "Contoso, Ltd."), (2, "Fabrikam"), (3, "Northwind")):
        desk.client(client_id, name)
    for name in ("Contoso", "Fabrikam", "Fabrikam"):
        desk.glue.add_organization(name)
    return desk


def organization_ids(desk: Desk) -> list[int]:
    return sorted(desk.glue.organizations)


def mapped(desk: Desk) -> dict[int, int]:
    return dict(desk.sql("SELECT ClientID, ITGOrgID FROM plugin_stickysync_companymap"))


def test_mapping_by_name_and_id(office: Desk) -> None:
    contoso, fabrikam, _ = organization_ids(office)
    done = office.call("map", "contoso, ltd.", "Contoso", "--json")
    assert done.code == 0, done
    assert (done.document["changed"], done.document["organization_id"]) == (True, contoso)
    assert office.call("map", "1", str(contoso), "--json").document["changed"] is False

    refused = office.call("map", "1", str(fabrikam))
    assert refused.code == 2
    assert "--replace" in refused.err
    assert mapped(office) == {1: contoso}
    assert office.call("map", "1", str(fabrikam), "--replace").code == 0
    assert mapped(office) == {1: fabrikam}

    ambiguous = office.call("map", "2", "fabrikam")
    assert ambiguous.code == 2
    assert str(organization_ids(office)[1]) in ambiguous.err
    assert str(organization_ids(office)[2]) in ambiguous.err

    assert office.call("unmap", "1").code == 0
    assert mapped(office) == {}
    assert office.call("unmap", "1", "--json").document["changed"] is False


def test_suggestions_are_shown_and_accepted_unless_namesakes_need_a_look(office: Desk) -> None:
    contoso = organization_ids(office)[0]
    shown = office.call("map", "--suggest", "--json").document
    assert shown["accepted"] == 0
    by_client = {row["client_id"]: row for row in shown["suggestions"]}
    assert by_client[1]["score"] == by_client[2]["score"] == 100
    assert "2 organizations have this name" in by_client[2]["namesakes"]
    assert mapped(office) == {}

    done = office.call("map", "--suggest", "--accept-above", "90")
    assert done.code == 0, done
    assert mapped(office) == {1: contoso}


def test_export_and_import(office: Desk, tmp_path) -> None:
    contoso, fabrikam, _ = organization_ids(office)
    office.call("map", "1", str(contoso))
    file = tmp_path / "mapping.csv"
    assert office.call("map", "--export", str(file)).code == 0
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    assert rows == [
        ["client_id", "client_name", "organization_id", "organization_name"],
        ["1", "Contoso, Ltd.", str(contoso), "Contoso"],
    ]

    file.write_text(f"client_id,organization_id\n1,{fabrikam}\n2,{fabrikam}\n9,{contoso}\n3,77\n", encoding="utf-8-sig")
    dry = office.call("map", "--import", str(file), "--dry-run", "--json")
    assert (dry.code, dry.document["written"], dry.document["to_write"], dry.document["failed"]) == (1, 0, 1, 3), dry
    assert mapped(office) == {1: contoso}

    done = office.call("map", "--import", str(file))
    assert done.code == 1, done
    assert "--replace" in done.out
    assert mapped(office) == {1: contoso, 2: fabrikam}
    assert office.call("map", "--import", str(file), "--replace").code == 1
    assert mapped(office) == {1: fabrikam, 2: fabrikam}


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_mapping_is_refused(office: Desk, tmp_path, content: bytes) -> None:
    file = tmp_path / "mapping.csv"
    file.write_bytes(content)
    done = office.call("map", "--import", str(file))
    assert done.code == 2, done
    assert len(done.three_sentences()) == 3


def test_lists_and_status(office: Desk) -> None:
    contoso, *_ = organization_ids(office)
    office.call("map", "1", "Contoso")
    office.password(1, "Router")
    rows = {row["id"]: row for row in office.call("clients", "--json").document["clients"]}
    assert (rows[1]["organization_id"], rows[1]["passwords"]) == (contoso, 1)
    assert rows[2]["organization_id"] is None
    listed = office.call("orgs").out
    assert "Contoso" in listed
    assert str(contoso) in listed
    status = office.call("status", "--json").document
    assert (status["clients"], status["mapped_clients"], status["passwords"]) == (3, 1, 1)
    assert status["itglue"]["url"] == office.server.url
    assert status["last_run"] is None
    assert "3, 1 mapped" in office.call("status").out


def test_ticks(office: Desk) -> None:
    ids = [office.password(client_id, "P") for client_id in (1, 1, 2)]

    def ticked() -> set[int]:
        return {i for i, on in office.sql("SELECT PasswordID, AutoSync FROM plugin_stickysync_passwordautosync") if on}

    assert office.call("autosync-set", "on", "--password", str(ids[0]), str(ids[2])).code == 0
    assert ticked() == {ids[0], ids[2]}
    assert office.call("autosync-set", "on", "--client", "1").code == 0
    assert ticked() == set(ids)
    assert office.call("autosync-set", "off", "--all", "--json").document == {"autosync": False, "passwords": 3}
    assert ticked() == set()
    assert office.call("autosync-set", "on", "--password", "4711").code == 2


def test_links_by_hand(office: Desk) -> None:
    contoso, fabrikam, _ = organization_ids(office)
    office.call("map", "1", "Contoso")
    password = office.password(1, "Router", "router-value")
    entry = office.glue.add_password(contoso, "Another name", password="old")
    assert office.call("link", str(password), "4711").code == 2
    assert office.call("link", str(password), str(entry)).code == 0
    assert office.call("sync", "--json").document["updated"] == 1
    assert office.values() == {"Router": "router-value"}

    office.glue.move_password(entry, fabrikam)
    assert office.call("plan", "--json").document["by_status"] == {"moved": 1}
    assert office.call("keep", str(password)).code == 0
    assert "moved" not in office.call("plan", "--json").document["by_status"]
    assert office.call("unlink", str(password), "--json").document == {"password_id": password}
    assert office.links() == {}
    planned = office.call("plan", "--json").document
    assert [left["itglue_password_id"] for left in planned["left_behind"]] == [entry]
