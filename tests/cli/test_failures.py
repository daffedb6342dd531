"""Every way in which a call can fail: its exit code, its three sentences, and no trace."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stickysync_gui import settings
from stickysync_gui.cli.main import main
from stickysync_gui.logs import close_file_logs
from stickysync_gui.sandbox.faults import Fault
from tests.cli.conftest import ACCOUNT_PASSWORD, OWN_TABLES, PROCESS_SECONDS, Desk
from tests.deaf_port import deaf_port
from tests.mariadb import Database


def nowhere(desk: Desk) -> None:
    desk.environment["STICKYSYNC_DATABASE"] = "mysql+pymysql://root@no-such-host.invalid/labtech"


def refused_port(desk: Desk) -> None:
    desk.environment["STICKYSYNC_DATABASE"] = f"mysql+pymysql://root@127.0.0.1:{desk.deaf_port}/labtech"


def wrong_password(desk: Desk) -> None:
    desk.account()
    desk.environment["STICKYSYNC_DB_PASSWORD"] = "Wrong-5Horse"
    desk.secrets.add("Wrong-5Horse")


def wrong_schema(desk: Desk) -> None:
    desk.environment["STICKYSYNC_DATABASE"] = desk.automate.url.replace(desk.automate.schema, "elsewhere")


def no_right_to_read(desk: Desk) -> None:
    desk.account(on="passwords")


def no_right_to_link(desk: Desk) -> None:
    organization = desk.glue.add_organization("Contoso")
    desk.password(desk.client(1, "Contoso", organization), "Router")
    desk.account(without="INSERT", on="plugin_stickysync_passwordmap")


def no_tables(desk: Desk) -> None:
    desk.sql("DROP TABLE plugin_stickysync_syncstate")


def id_does_not_fit(desk: Desk) -> None:
    desk.sql("ALTER TABLE plugin_stickysync_companymap MODIFY ITGOrgID INT")
    desk.glue.add_organization("Contoso")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (nowhere, "no-such-host.invalid"),
        (refused_port, "refused the connection"),
        (wrong_password, "refuses user 'stickysync'"),
        (wrong_schema, "schema 'elsewhere'"),
        (no_right_to_read, "lacks the right SELECT"),
        (no_right_to_link, "lacks the right INSERT on"),
        (no_tables, "lacks plugin_stickysync_syncstate"),
        (id_does_not_fit, "does not fit into plugin_stickysync_companymap.ITGOrgID"),
    ],
)
def test_what_the_database_refuses_ends_with_3(desk: Desk, spoil, words: str) -> None:
    spoil(desk)
    done = desk.call("sync", "--quiet")
    assert done.code == 3, done
    assert words in done.three_sentences()[0]
    desk.assert_no_secret_leaked()


def wrong_key(desk: Desk) -> None:
    desk.environment["STICKYSYNC_API_KEY"] = "ITG.not-the-key-of-this-account"
    desk.secrets.add("ITG.not-the-key-of-this-account")


def key_of_another_region(desk: Desk) -> None:
    desk.environment["STICKYSYNC_API_KEY"] = desk.glue.add_key(region="eu")


def no_such_address(desk: Desk) -> None:
    desk.environment["STICKYSYNC_ITGLUE_URL"] = f"{desk.server.url}/somewhere"


def no_key(desk: Desk) -> None:
    del desk.environment["STICKYSYNC_API_KEY"]


def a_foreign_key(desk: Desk) -> None:
    no_key(desk)
    desk.environment["STICKYSYNC_PASSPHRASE"] = "a-passphrase-of-ours"
    desk.sql("INSERT INTO plugin_stickysync_settings VALUES ('c29tZXRoaW5nIGVsc2U=')")


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (wrong_key, "key_refused"),
        (key_of_another_region, "key_refused"),
        (no_such_address, "itglue_unreachable"),
        (no_key, "key_unreadable"),
        (a_foreign_key, "foreign_key"),
    ],
)
def test_what_itglue_refuses_ends_with_4(desk: Desk, spoil, kind: str) -> None:
    spoil(desk)
    done = desk.call("plan", "--json")
    assert done.code == 4, done
    assert (done.error["code"], done.error["kind"]) == (4, kind)
    assert all(done.error[part] for part in ("happened", "unchanged", "todo"))
    assert "Traceback" not in done.err
    desk.assert_no_secret_leaked()


def test_itglue_that_is_down_ends_with_4(desk: Desk) -> None:
    desk.server.stop()
    once = "import stickysync_gui.itglue.client as client; client.READ_ATTEMPTS = 1"
    done = desk.ended(desk.start("orgs", prelude=once))
    assert done.code == 4, done
    assert len(done.three_sentences()) == 3


def test_a_key_that_dies_during_the_run_ends_with_4_and_keeps_what_was_done(desk: Desk) -> None:
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    for number in range(8):
        desk.password(1, f"P{number}")
    desk.faults.add(Fault("revoke_key", method="POST", at=4))
    done = desk.call("sync", "--json")
    assert done.code == 4, done
    assert done.error["kind"] == "key_refused"
    assert done.document["created"] == len(desk.glue.passwords()) == len(desk.links()) < 8
    assert len(done.document["rows"]) == 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command"),
        (["sync", "--nonsense"], "No such option"),
        (["sync", "--wait", "soon"], "'--wait'"),
        (["sync", "--tls", "maybe"], "'--tls'"),
        (["sync", "--log-level", "loud"], "'--log-level'"),
        (["map", "1"], "no complete `map` call"),
        (["map", "1", "2", "--suggest"], "no complete `map` call"),
        (["map", "1", "2", "--dry-run"], "no complete `map` call"),
        (["autosync-set", "on"], "which passwords"),
        (["autosync-set", "on", "--all", "--client", "1"], "which passwords"),
        (["sync", "--database", "mysql+pymysql://user:Wr1tten-here@127.0.0.1/labtech"], "holds a password"),
        (["sync", "--database", "postgresql://user@127.0.0.1/labtech"], "MySQL"),
        (["sync", "--itglue-url", "https://api.itglue.com.evil.example"], "none of the service's three"),
        (["sync", "--itglue-url", "http://api.itglue.com"], "none of the service's three"),
        (["sync", "--tls", "off", "--tls-ca", __file__], "contradict"),
        (["sync", "--profile", "nobody's"], "no profile"),
        (["history", "0000"], "No run begins"),
    ],
)
def test_wrong_calls_end_with_2_before_anything_is_contacted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    # Whoever contacted this database would end with 3.
    with deaf_port() as port:
        monkeypatch.setenv("STICKYSYNC_DATABASE", f"mysql+pymysql://root@127.0.0.1:{port}/labtech")
        code = main([*arguments, "--json"])
    close_file_logs()
    printed = capsys.readouterr()
    assert code == 2
    assert words in json.loads(printed.out)["error"]["happened"]
    assert "Wr1tten-here" not in printed.out + printed.err


def test_usage_errors_are_three_sentences_too(bare_desk: Desk) -> None:
    done = bare_desk.run("sync", "--nonsense")
    assert done.code == 2
    assert done.three_sentences() == [
        "No such option: --nonsense.",
        "Nothing was changed.",
        "See `stickysync sync --help`.",
    ]
    assert done.out == ""


def test_without_any_database_it_says_how_to_name_one(bare_desk: Desk) -> None:
    done = bare_desk.call("sync", STICKYSYNC_DATABASE=None)
    assert done.code == 2
    assert done.three_sentences()[0] == "No database is configured."


def test_without_our_tables_it_plans_but_does_not_sync(desk: Desk) -> None:
    organization = desk.glue.add_organization("Contoso")
    desk.password(desk.client(1, "Contoso", organization), "Router")
    for table in OWN_TABLES[1:]:
        desk.sql(f"DROP TABLE {table}")
    planned = desk.call("plan", "--json")
    assert (planned.code, planned.document["create"]) == (7, 1), planned
    refused = desk.call("sync", "--json")
    assert (refused.code, refused.error["kind"]) == (3, "tables_missing")
    assert "CREATE TABLE IF NOT EXISTS plugin_stickysync_run" in refused.error["todo"]
    assert desk.writes() == []


def test_which_database_is_meant(desk: Desk) -> None:
    """--database before a profile, a profile before the environment."""
    nowhere = f"mysql+pymysql://root@127.0.0.1:{desk.deaf_port}/labtech"
    here, desk.environment["STICKYSYNC_DATABASE"] = desk.environment["STICKYSYNC_DATABASE"], nowhere
    assert desk.call("clients").code == 3
    assert desk.call("clients", "--database", here).code == 0
    assert desk.call("--json", "--database", here, "clients").document == {"clients": []}
    file = desk.home / "settings.toml"
    lost = replace(desk.address, port=desk.deaf_port)
    kept = settings.load(file).with_profile(settings.Profile.new("Lost", lost))
    settings.save(kept.with_profile(settings.Profile.new("Main office", desk.address)), file)
    before = file.read_bytes()
    assert desk.call("clients").code == 0
    assert desk.call("clients", "--profile", "Main office").code == 0
    assert desk.call("clients", "--profile", "Lost").code == 3
    assert desk.call("clients", "--database", nowhere).code == 3
    # A scheduled call must not change which server the window opens next.
    assert file.read_bytes() == before


def test_an_address_elsewhere_in_the_environment_is_refused_too(desk: Desk) -> None:
    desk.environment["STICKYSYNC_ITGLUE_URL"] = "https://elsewhere.example"
    done = desk.call("sync")
    assert done.code == 2
    assert "none of the service's three" in done.err


def test_a_client_name_borne_by_two_is_refused_with_both_ids(desk: Desk) -> None:
    desk.client(3, "Contoso")
    desk.client(8, "Contoso")
    for command in (["sync", "--client", "Contoso"], ["map", "Contoso", "1"], ["unmap", "contoso"]):
        done = desk.call(*command)
        assert done.code == 2, done
        assert "3 (Contoso)" in done.err
        assert "8 (Contoso)" in done.err


def test_an_unknown_password_is_refused_before_the_run(desk: Desk) -> None:
    done = desk.call("sync", "--password", "4711")
    assert done.code == 2
    assert "4711" in done.err
    assert desk.sql("SELECT COUNT(*) FROM plugin_stickysync_run") == [(0,)]


def test_the_guard_stops_sync_and_plan_and_is_overridden_for_once(desk: Desk) -> None:
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    for number in range(4):
        desk.password(1, f"P{number}")
    assert desk.call("sync").code == 0
    desk.sql("DELETE FROM passwords WHERE Title <> 'P0'")
    desk.server.clear_requests()

    stopped = desk.call("sync", "--json")
    assert stopped.code == 5, stopped
    assert (stopped.error["code"], stopped.error["kind"]) == (5, "guard")
    assert stopped.document["guard"]["guard"] == "passwords_vanished"
    assert stopped.document["guard"]["number"] == 3

    planned = desk.call("plan", "--json")
    assert planned.code == 5, planned
    assert planned.document["guard"]["number"] == 3
    assert len(planned.document["orphaned_links"]) == 3
    assert "A sync would be stopped" in desk.call("plan").out

    assert desk.call("sync", "--override-guard").code == 0
    assert desk.writes() == []


def test_a_held_lock_ends_with_6_at_once(desk: Desk) -> None:
    with desk.automate.connect() as holder, holder.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (f"stickysync:{desk.automate.schema}",))
        done = desk.call("sync")
    assert done.code == 6, done
    assert "Another run is on" in done.three_sentences()[0]


def test_waiting_for_the_lock(desk: Desk) -> None:
    with desk.automate.connect() as holder, holder.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (f"stickysync:{desk.automate.schema}",))
        process = desk.start("sync", "--wait", "30")
        assert process.stderr is not None
        told = process.stderr.readline()
        while "Waiting" not in told:
            told = process.stderr.readline()
    assert desk.ended(process).code == 0


def test_a_bug_is_one_sentence_and_a_log(desk: Desk) -> None:
    # A history that is no database is something that nobody foresaw.
    (desk.home / "history.sqlite").mkdir()
    done = desk.call("history", "--json")
    assert done.code == 1, done
    assert done.error["kind"] == "failed"
    assert "Traceback" not in done.err + done.out
    assert "Traceback" in next(desk.home.rglob("*.log")).read_text()
    assert "stickysync-console.log" in done.error["todo"]


# --- TLS --------------------------------------------------------------------------------------------------------


def test_the_first_certificate_is_trusted_aloud_and_another_refused(bare_desk: Desk) -> None:
    first = bare_desk.call("clients")
    assert first.code == 0, first
    assert "It is trusted from now on" in first.err
    assert bare_desk.call("clients").err == ""

    settings = bare_desk.home / "settings.toml"
    text = settings.read_text()
    fingerprint = text.split(f'"127.0.0.1:{bare_desk.automate.port}" = "')[1][:64]
    settings.write_text(text.replace(fingerprint, "0" * 64))
    done = bare_desk.call("clients")
    assert done.code == 3, done
    assert "another certificate" in done.three_sentences()[0]


def test_a_certificate_authority_is_verified(bare_desk: Desk, tmp_path) -> None:
    authority = str(bare_desk.automate.server.ca_file)
    done = bare_desk.call("status", "--tls-ca", authority, "--json")
    assert done.code == 0, done
    assert done.document["database"]["tls"] == "TLS, verify"
    assert done.err == ""
    # Without one the system's authorities are asked, which do not know this server.
    assert bare_desk.call("status", "--tls", "verify").code == 3


@pytest.fixture
def without_tls(automate: Database) -> Iterator[int]:
    """A port at which the same server seems to offer no TLS."""
    from tests.cli.greeting_proxy import GreetingProxy

    with GreetingProxy(automate.port) as proxy:
        yield proxy.port


def test_only_loopback_may_do_without_tls_and_only_when_there_is_none(bare_desk: Desk, without_tls: int) -> None:
    url = bare_desk.automate.url.replace(f":{bare_desk.automate.port}/", f":{without_tls}/")
    done = bare_desk.call("status", "--json", STICKYSYNC_DATABASE=url)
    assert done.code == 0, done
    assert done.document["database"]["tls"] == "no TLS"
    asked_for = bare_desk.call("status", "--tls", "pin", STICKYSYNC_DATABASE=url)
    assert asked_for.code == 3, asked_for
    assert "TLS" in asked_for.three_sentences()[0]


def test_a_server_that_had_tls_before_is_not_let_off(bare_desk: Desk, without_tls: int) -> None:
    assert bare_desk.call("clients").code == 0
    settings = bare_desk.home / "settings.toml"
    settings.write_text(settings.read_text().replace(f":{bare_desk.automate.port}", f":{without_tls}"))
    url = bare_desk.automate.url.replace(f":{bare_desk.automate.port}/", f":{without_tls}/")
    assert bare_desk.call("clients", STICKYSYNC_DATABASE=url).code == 3


def test_the_password_may_stand_in_the_environment_s_url_or_in_a_file(desk: Desk, tmp_path) -> None:
    desk.account()
    written = tmp_path / "password"
    written.write_text(f"{ACCOUNT_PASSWORD}\n", encoding="utf-8")
    from_file = desk.call("clients", STICKYSYNC_DB_PASSWORD=None, STICKYSYNC_DB_PASSWORD_FILE=str(written))
    assert from_file.code == 0, from_file
    url = desk.automate.url_for("stickysync", ACCOUNT_PASSWORD)
    assert desk.call("clients", STICKYSYNC_DB_PASSWORD=None, STICKYSYNC_DATABASE=url).code == 0
    assert desk.call("clients", "--database", url).code == 2
    desk.assert_no_secret_leaked()


@pytest.mark.linux
def test_a_run_goes_on_when_nobody_reads_its_output_any_more(desk: Desk) -> None:
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    for number in range(30):
        desk.password(1, f"Password {number}")
    read, write = os.pipe()
    os.close(read)
    process = desk.start("sync", stdout=write, stderr=write)
    os.close(write)
    assert process.wait(PROCESS_SECONDS) == 0
    assert len(desk.links()) == 30


@pytest.mark.linux
@pytest.mark.parametrize("arguments", [("nonsense", "--json"), ("history", "--json"), ("history",)])
def test_a_result_that_nobody_reads_is_no_bug(desk: Desk, arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = desk.start(*arguments, stdout=write)
    os.close(write)
    done = desk.ended(process)
    assert done.code == (2 if "nonsense" in arguments else 0)
    assert done.err == ""


@pytest.mark.linux
def test_a_full_disk_under_the_result_is_told(desk: Desk) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = desk.ended(desk.start("nonsense", "--json", stdout=full))
    assert done.code == 2
    assert "No such command" in done.err
    assert "Traceback" not in done.err
