"""The whole job with real processes: 500 passwords, second and third run, death and Ctrl-C in the middle."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stickysync_gui.domain.progress import Phase
from stickysync_gui.sandbox.faults import Fault
from tests.cli.conftest import Desk, Done
from tests.connections import connections_to
from tests.middle import after_post
from tests.waiting import PATIENCE, until, wait_until

CLIENTS = 20
PASSWORDS = 500
# What people store; the number makes each value one of its own, so that a mix-up shows.
SHAPES = (
    "plain-{0}",
    "Pässwört-ß-€-{0}",
    "emoji-\N{KEY}\N{LOCK}-{0}",
    "two\r\nlines-{0}\r\n",
    "   leading and trailing {0}   ",
    "quotes\"'`\\{0}",
    "日本語-пароль-{0}",
    "=1+cmd|{0}; DROP TABLE passwords; --%s %(x)s",
    "[bold]{0}[/bold] :smile: <b>&amp;</b>",
)
NONE, EMPTY, UNREADABLE = range(3)


def value_of(number: int) -> str:
    """Every ninth value is 4096 bytes long."""
    return f"long-{number}-".ljust(4096, "x") if number % 9 == 0 else SHAPES[number % len(SHAPES)].format(number)


def seed_office(desk: Desk) -> dict[str, str]:
    """500 passwords of 20 clients, of which 15 can never be synced; return the others' values by title."""
    expected: dict[str, str] = {}
    for client_id in range(1, CLIENTS + 1):
        desk.client(client_id, f"Kunde Nº {client_id}")
    for number in range(PASSWORDS):
        client_id, title = number % CLIENTS + 1, f"Röuter «{number}»"
        columns = {"user_name": f"üser{number}", "url": f"https://host-{number}.example/ä", "notes": f"note {number}"}
        match number % 100:
            case 31:
                desk.password(client_id, title, None, **columns)
            case 32:
                desk.password(client_id, title, "", **columns)
            case 33:
                desk.password(client_id, title, f"undecryptable-{number}", key_client_id=client_id + 500, **columns)
            case _:
                expected[title] = value_of(number)
                desk.password(client_id, title, expected[title], **columns)
    return expected


def set_up(desk: Desk) -> None:
    """What a technician does once, with the program alone."""
    for client_id in range(1, CLIENTS + 1):
        desk.glue.add_organization(f"Kunde Nº {client_id}")
    assert desk.call("setup").code == 0
    desk.secrets.add("correct horse battery €")
    assert desk.run("passphrase", "set", typed="correct horse battery €\n").code == 0
    assert desk.run("key", "set", typed=f"  {desk.glue.key}\r\n\n").code == 0
    listed = desk.call("orgs", "--json").document["organizations"]
    assert [row["clients"] for row in listed] == [0] * CLIENTS
    done = desk.call("map", "--suggest", "--accept-above", "100", "--json")
    assert (done.code, done.document["accepted"]) == (0, CLIENTS), done


@pytest.mark.parametrize("automate", ["without_plugin_tables"], indirect=True)
def test_the_whole_job(bare_desk: Desk) -> None:
    desk = bare_desk
    expected = seed_office(desk)
    set_up(desk)

    planned = desk.call("plan", "--json")
    assert planned.code == 7, planned.err
    assert planned.document["create"] == len(expected) == planned.document["pending"]
    assert desk.writes() == []

    first = desk.run("sync", "--json")
    assert first.code == 0, first.err
    check_first_run(first, len(expected))
    assert desk.values() == expected
    entries = {record.name: record for record in desk.glue.passwords()}
    titles = dict(desk.sql("SELECT PasswordID, Title FROM passwords"))
    assert {titles[password_id]: id_ for password_id, id_ in desk.links().items()} == {
        name: record.id for name, record in entries.items()
    }
    organizations = dict(desk.sql("SELECT ClientID, ITGOrgID FROM plugin_stickysync_companymap"))
    of_client = dict(desk.sql("SELECT Title, ClientID FROM passwords"))
    assert all(record.organization_id == organizations[of_client[name]] for name, record in entries.items())
    assert entries["Röuter «1»"].username == "üser1"
    assert entries["Röuter «1»"].url == "https://host-1.example/ä"
    assert entries["Röuter «1»"].notes == "note 1"

    second_and_third_run(desk, expected)
    shown = desk.call("history", "--json").document["runs"]
    assert [(run["created"], run["updated"]) for run in shown] == [(0, 1), (0, 0), (len(expected), 0)]
    rows = desk.call("history", shown[0]["run_id"][:8], "--json").document["rows"]
    assert [row["action"] for row in rows if row["outcome"] == "done"] == ["update"]
    desk.assert_no_secret_leaked()


def check_first_run(done: Done, created: int) -> None:
    document = done.document
    counts = {name: document[name] for name in ("created", "linked", "updated", "unchanged", "skipped", "failed")}
    assert counts == {
        "created": created, "linked": 0, "updated": 0, "unchanged": 0, "skipped": PASSWORDS - created, "failed": 0
    }  # fmt: skip
    assert document["skipped_by_status"] == {"no_password": 10, "unreadable": 5}
    assert all(isinstance(document[name], int) for name in (*counts, "requests"))
    assert document["seconds"] > 0
    assert len(document["rows"]) == PASSWORDS
    row = next(row for row in document["rows"] if row["action"] == "create")
    assert set(row) == {
        "password_id", "client_id", "itglue_password_id", "status", "action", "outcome", "reason"
    }  # fmt: skip
    assert (row["status"], row["outcome"]) == ("new", "done")
    assert "Syncing" in done.err


def second_and_third_run(desk: Desk, expected: dict[str, str]) -> None:
    desk.server.clear_requests()
    second = desk.call("sync", "--json")
    assert (second.code, second.document["unchanged"]) == (0, len(expected)), second.err
    assert desk.writes() == []
    assert desk.call("plan", "--quiet").code == 0

    desk.secrets.add("chänged \N{KEY}")
    desk.sql(
        "UPDATE passwords SET Password = AES_ENCRYPT(%s, SHA(CONCAT(' ', ClientID + 1))), Last_Date = Last_Date"
        " WHERE Title = 'Röuter «7»'",
        "chänged \N{KEY}".encode(),
    )
    third = desk.call("sync", "--json")
    assert (third.code, third.document["updated"]) == (0, 1), third.err
    assert desk.writes() == ["PATCH"]
    assert desk.values() == {**expected, "Röuter «7»": "chänged \N{KEY}"}


def some_passwords(desk: Desk, count: int) -> None:
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    for number in range(count):
        desk.password(1, f"P{number}", f"value-of-{number}")


def test_killed_between_the_post_and_the_link_it_links_and_never_creates_twice(desk: Desk) -> None:
    some_passwords(desk, 12)
    process = desk.start("sync")

    def kill() -> None:
        process.kill()
        process.wait(PATIENCE)

    after_post(desk.faults, kill, at=5)
    assert desk.ended(process).code == -signal.SIGKILL
    # What was in flight is carried out all the same.
    port = urlsplit(desk.server.url).port or 0
    wait_until(lambda: connections_to(port) == 0)
    created = len(desk.glue.passwords())
    assert len(desk.links()) < created < 12

    linked = len(desk.links())
    done = desk.call("sync", "--json")
    assert done.code == 0, done
    assert (done.document["linked"], done.document["created"]) == (created - linked, 12 - created)
    assert desk.values() == {f"P{number}": f"value-of-{number}" for number in range(12)}
    assert sorted(desk.links().values()) == [record.id for record in desk.glue.passwords()]
    assert desk.sql("SELECT COUNT(*) FROM plugin_stickysync_syncstate WHERE MarkKind IS NOT NULL") == [(0,)]
    desk.assert_no_secret_leaked()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_interrupt_ends_the_run_in_good_order(desk: Desk, number: int, tmp_path: Path) -> None:
    some_passwords(desk, 40)
    desk.server.latency = 0.02
    said = tmp_path / "standard error"
    with said.open("w") as errors:
        process = desk.start("sync", "--json", stderr=errors.fileno())

    def interrupt() -> None:
        process.send_signal(number)
        wait_until(lambda: "Stopping after the requests in flight" in said.read_text())

    after_post(desk.faults, interrupt, at=6)
    done = desk.ended(process)
    assert done.code == 130, (done, said.read_text())
    assert done.document["ended"] == "cancelled"
    assert 6 <= done.document["created"] == len(desk.glue.passwords()) == len(desk.links()) < 40
    assert len(done.document["rows"]) == 40
    assert desk.call("sync").code == 0
    assert len(desk.glue.passwords()) == 40


async def test_a_second_interrupt_ends_it_at_once(desk: Desk) -> None:
    some_passwords(desk, 3)
    desk.faults.add(Fault("hang_after", method="POST", times=None, seconds=600))
    process = desk.start("sync")
    await until(lambda: desk.faults.hanging == 3)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "Stopping" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    done = desk.ended(process)
    assert done.code == 130, done
    assert desk.faults.hanging == 3, "it waited for no answer"
    assert "Stopped by Ctrl-C." in done.err
    desk.faults.clear()
    assert desk.run("sync").code == 0
    assert len(desk.glue.passwords()) == 3


def test_interrupting_what_never_stops_softly_ends_it(desk: Desk) -> None:
    process = desk.start("orgs", "--json")
    desk.faults.before(lambda: process.send_signal(signal.SIGINT), method="GET")
    desk.faults.add(Fault("hang", method="GET", seconds=600))
    done = desk.ended(process)
    desk.faults.clear()
    assert done.code == 130, done
    assert done.error["kind"] == "cancelled"


def test_a_refused_row_fails_alone_and_is_named(desk: Desk) -> None:
    some_passwords(desk, 4)
    desk.faults.add(Fault("status", method="POST", at=2, status=422))
    done = desk.call("sync")
    assert done.code == 1, done
    assert "422" in done.out
    assert "Contoso" in done.out
    assert "3 created" in done.out.splitlines()[-1]
    assert "1 failed" in done.out.splitlines()[-1]


def test_scope_limits_what_is_synced(desk: Desk) -> None:
    some_passwords(desk, 2)
    other = desk.glue.add_organization("Fabrikam")
    desk.client(2, "Fabrikam", other)
    wanted = desk.password(2, "Only this", "only-this-value")
    desk.password(2, "Not this", "not-this-value")
    assert desk.call("plan", "--client", "fabrikam", "--json").document["create"] == 2
    assert desk.call("sync", "--password", str(wanted), "--quiet").code == 0
    assert desk.values() == {"Only this": "only-this-value"}
    assert desk.call("sync", "--client", "2", "--client", "Contoso").code == 0
    assert len(desk.values()) == 4


def test_quiet_says_nothing_when_all_is_well(desk: Desk) -> None:
    some_passwords(desk, 1)
    done = desk.call("sync", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_on_a_terminal_a_bar_shows_how_it_goes(desk: Desk) -> None:
    some_passwords(desk, 30)
    desk.server.latency = 0.03
    ours, theirs = os.openpty()
    process = desk.start("sync", stderr=theirs, TERM="xterm")
    os.close(theirs)
    drawn = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        drawn += chunk
    os.close(ours)
    assert desk.ended(process).code == 0
    shown = drawn.decode()
    assert Phase.APPLYING.value in shown
    assert "of 30" in shown
    assert "/s" in shown
    assert "Contoso" in shown


def test_two_at_once_make_no_duplicate(desk: Desk) -> None:
    """A second process started in the middle of the first is told who holds the lock, and sends nothing."""
    some_passwords(desk, 20)
    second: list[Done] = []
    desk.faults.before(lambda: second.append(desk.run("sync", "--json")), method="POST", at=8)

    first = desk.run("sync", "--json")

    assert (first.code, first.document["created"]) == (0, 20), first.err
    assert second[0].code == 6
    assert "Another run is on" in second[0].document["error"]["happened"]
    assert len(desk.glue.passwords()) == 20 == len(desk.links())
    again = desk.run("sync", "--json")
    assert (again.code, again.document["unchanged"]) == (0, 20), again.err
