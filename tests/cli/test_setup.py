"""Tables, passphrase, key and self-check from the console."""

import codecs
import contextlib
import json
import os
import signal
from pathlib import Path

import pytest

from stickysync_gui.keychain import SERVICE, id_of_address
from tests.cli.conftest import PASSPHRASE, Desk, Done

NEW_PASSPHRASE = "another passphrase of theirs"


@pytest.fixture
def keyed(desk: Desk, sealed: str) -> Desk:
    """A desk whose key is stored, and whose PC knows the passphrase."""
    del desk.environment["STICKYSYNC_API_KEY"]
    desk.secrets |= {PASSPHRASE, NEW_PASSPHRASE}
    desk.sql("INSERT INTO plugin_stickysync_settings VALUES (%s)", sealed)
    entries = {f"{SERVICE}/{id_of_address(desk.address)}/passphrase": PASSPHRASE}
    Path(desk.environment["TEST_KEYRING_FILE"]).write_text(json.dumps(entries))
    return desk


def test_setup_creates_what_is_missing_and_only_that(bare_desk: Desk) -> None:
    first = bare_desk.call("setup", "--json")
    assert first.code == 0, first
    assert first.document["created"] == ["plugin_stickysync_syncstate", "plugin_stickysync_run"]
    assert any("ALTER TABLE" in problem for problem in first.document["problems"])
    assert bare_desk.call("setup", "--json").document["created"] == []


def test_the_sql_for_a_dba_needs_no_database(bare_desk: Desk) -> None:
    done = bare_desk.call("setup", "--show-sql", STICKYSYNC_DATABASE="mysql+pymysql://sync@no-such-host.invalid/cwa")
    assert done.code == 0, done
    assert "USE `cwa`;" in done.out
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON `cwa`.`plugin_stickysync_passwordmap` TO 'sync'@" in done.out


def test_the_sealed_key_opens_with_the_passphrase_only(keyed: Desk) -> None:
    assert keyed.call("key", "check").code == 0
    wrong = keyed.call("sync", "--json", STICKYSYNC_PASSPHRASE="not the passphrase")
    assert (wrong.code, wrong.error["kind"]) == (4, "wrong_passphrase")
    unknown = keyed.call("key", "check", "--json", TEST_KEYRING_FILE=str(keyed.home / "empty"))
    assert (unknown.code, unknown.error["kind"]) == (4, "passphrase_needed")
    refused = keyed.call("passphrase", "set", typed="not the passphrase\n")
    assert refused.code == 4, refused
    assert PASSPHRASE in Path(keyed.environment["TEST_KEYRING_FILE"]).read_text()
    stored = keyed.sql("SELECT APIKey FROM plugin_stickysync_settings")
    assert len(stored) == 1
    assert keyed.glue.key not in stored[0][0]
    keyed.assert_no_secret_leaked()


def test_changing_the_passphrase(keyed: Desk) -> None:
    wrong = keyed.call("passphrase", "change", typed=f"not the passphrase\n{NEW_PASSPHRASE}\n")
    assert wrong.code == 4, wrong
    short = keyed.call("passphrase", "change", typed=f"{PASSPHRASE}\nshort\n")
    assert short.code == 2, short
    assert keyed.run("passphrase", "change", typed=f"{PASSPHRASE}\r\n{NEW_PASSPHRASE}\r\n").code == 0
    assert keyed.call("key", "check", STICKYSYNC_PASSPHRASE=NEW_PASSPHRASE).code == 0


def test_only_a_working_key_is_stored(keyed: Desk) -> None:
    before = keyed.sql("SELECT APIKey FROM plugin_stickysync_settings")
    keyed.secrets.add("ITG.wrong-key-wrong-key")
    for typed, code in (("ITG.wrong-key-wrong-key\n", 4), ("", 2), ("two words\n", 2), ("ITG.ä\n", 2)):
        done = keyed.call("key", "set", typed=typed)
        assert done.code == code, (typed, done)
        assert len(done.three_sentences()) == 3
    assert keyed.sql("SELECT APIKey FROM plugin_stickysync_settings") == before
    keyed.assert_no_secret_leaked()


def test_another_program_s_key_is_replaced_only_on_demand(bare_desk: Desk) -> None:
    bare_desk.sql("ALTER TABLE plugin_stickysync_settings MODIFY APIKey VARCHAR(400)")
    bare_desk.sql("INSERT INTO plugin_stickysync_settings VALUES ('c29tZXRoaW5nIGVsc2U=')")
    bare_desk.environment["STICKYSYNC_PASSPHRASE"] = PASSPHRASE
    refused = bare_desk.call("key", "set", "--json", typed=bare_desk.glue.key)
    assert (refused.code, refused.error["kind"]) == (4, "foreign_key")
    assert bare_desk.run("key", "set", "--replace", typed=bare_desk.glue.key).code == 0
    assert bare_desk.call("key", "check").code == 0


def test_a_key_without_password_access(keyed: Desk) -> None:
    keyed.glue.set_switches(no_access_list="refused")
    keyed.glue.set_key(password_access=False)
    done = keyed.call("key", "check")
    assert done.code == 4, done
    assert "Password Access" in done.err
    checked = keyed.call("doctor", "--json")
    assert checked.code == 1, checked
    assert [f["name"] for f in checked.document["findings"] if f["verdict"] == "failed"] == ["Password Access"]


def test_doctor(desk: Desk) -> None:
    healthy = desk.call("doctor")
    assert healthy.code == 0, healthy
    assert "ok" in healthy.out
    desk.account(without="DELETE", on="plugin_stickysync_companymap")
    done = desk.call("doctor", "--json")
    assert done.code == 1, done
    failed = [f for f in done.document["findings"] if f["verdict"] == "failed"]
    assert len(failed) == 1
    assert "GRANT" in failed[0]["remedy"]
    assert desk.call("doctor", STICKYSYNC_API_KEY="ITG.wrong").code == 4
    assert desk.call("doctor", STICKYSYNC_DB_PASSWORD="wrong").code == 3


def test_at_a_terminal_it_asks_twice_without_echo(bare_desk: Desk) -> None:
    bare_desk.secrets.add(PASSPHRASE)
    ours, theirs = os.openpty()
    process = bare_desk.start("passphrase", "set", stdin=theirs)
    assert process.stderr is not None
    for prompt in ("Team passphrase: ", "Team passphrase again: "):
        shown = ""
        while not shown.endswith(prompt):
            letter = process.stderr.read(1)
            assert letter, f"no prompt after {shown!r}"
            shown += letter
        # The prompt comes after the echo was switched off.
        os.write(ours, f"{PASSPHRASE}\n".encode())
    done = bare_desk.ended(process)
    os.close(theirs)
    os.set_blocking(ours, False)
    with contextlib.suppress(BlockingIOError, OSError):
        bare_desk.told.append(os.read(ours, 4096).decode())
    os.close(ours)
    assert done.code == 0, done
    bare_desk.assert_no_secret_leaked()


def test_without_a_key_store_it_says_what_to_set(bare_desk: Desk) -> None:
    done = bare_desk.run(
        "passphrase", "set", typed=f"{PASSPHRASE}\n", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring"
    )
    assert done.code == 2, done
    assert "STICKYSYNC_PASSPHRASE" in done.err


class Terminal:
    """A call whose standard input and error are one terminal."""

    def __init__(self, desk: Desk, *arguments: str) -> None:
        self._desk = desk
        self._ours, theirs = os.openpty()
        self._process = desk.start(*arguments, stdin=theirs, stderr=theirs)
        os.close(theirs)
        self.shown = ""
        # A letter of several bytes may come in two pieces.
        self._letters = codecs.getincrementaldecoder("utf-8")()

    def until(self, words: str) -> str:
        while words not in self.shown:
            self.shown += self._letters.decode(os.read(self._ours, 4096))
        return self.shown

    def type(self, text: str) -> None:
        os.write(self._ours, f"{text}\n".encode())

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> Done:
        done = self._desk.ended(self._process)
        os.close(self._ours)
        return done


def kept(desk: Desk) -> list[str]:
    file = Path(desk.environment["TEST_KEYRING_FILE"])
    return list(json.loads(file.read_text()).values()) if file.exists() else []


def test_a_new_team_gets_a_passphrase_proposed_once(bare_desk: Desk) -> None:
    terminal = Terminal(bare_desk, "passphrase", "set")
    shown = terminal.until("Enter takes it")
    proposed = next(line.strip() for line in shown.splitlines() if line.startswith("    "))
    assert len(proposed) >= 20
    terminal.type("")
    done = terminal.ended()
    assert done.code == 0, done
    assert kept(bare_desk) == [proposed]
    bare_desk.secrets.add(proposed)
    bare_desk.assert_no_secret_leaked()


def test_instead_of_the_proposed_one_an_own_one_is_taken(bare_desk: Desk) -> None:
    for again, code in (("something else entirely", 2), (PASSPHRASE, 0)):
        terminal = Terminal(bare_desk, "passphrase", "set")
        terminal.until("Enter takes it")
        terminal.until("more): ")
        terminal.type(PASSPHRASE)
        terminal.until("again: ")
        terminal.type(again)
        assert terminal.ended().code == code
        assert kept(bare_desk) == ([PASSPHRASE] if code == 0 else [])
    assert PASSPHRASE not in terminal.shown


def test_where_a_key_is_stored_its_passphrase_is_asked_for(keyed: Desk) -> None:
    terminal = Terminal(keyed, "passphrase", "set")
    shown = terminal.until("Team passphrase: ")
    assert "proposed" not in shown
    terminal.type(PASSPHRASE)
    terminal.until("again: ")
    terminal.type(PASSPHRASE)
    assert terminal.ended().code == 0


def test_ctrl_c_at_a_prompt_ends_with_130_and_says_so(bare_desk: Desk) -> None:
    terminal = Terminal(bare_desk, "passphrase", "change")
    terminal.until("Present passphrase: ")
    terminal.interrupt()
    shown = terminal.until("Call again")
    assert "Stopped by Ctrl-C." in shown
    assert "Nothing was changed." in shown
    assert terminal.ended().code == 130
