"""AutoSync from the console: one round for schedulers, and rounds until Ctrl-C."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stickysync_gui import settings
from stickysync_gui.sandbox.faults import Fault
from tests.cli.conftest import Desk, Done
from tests.cli.greeting_proxy import GreetingProxy

LOOK_OFTEN = "import stickysync_gui.backend.autosync as rounds; rounds.LOOK_EVERY_SECONDS = 0.1"


@pytest.fixture
def ticked(desk: Desk) -> Desk:
    """Three passwords, of which two are ticked."""
    desk.client(1, "Contoso", desk.glue.add_organization("Contoso"))
    ids = [desk.password(1, f"P{number}", f"value-of-{number}") for number in range(3)]
    assert desk.call("autosync-set", "on", "--password", *map(str, ids[:2])).code == 0
    return desk


def due_again(desk: Desk) -> None:
    desk.sql("UPDATE plugin_stickysync_run SET EndedAt = EndedAt - INTERVAL 15 MINUTE")


def test_one_round_and_then_none_until_it_is_due(ticked: Desk) -> None:
    first = ticked.call("autosync", "--json")
    assert (first.code, first.document["ran"], first.document["created"]) == (0, True, 2), first
    assert ticked.values() == {"P0": "value-of-0", "P1": "value-of-1"}

    ticked.server.clear_requests()
    fresh = ticked.call("autosync", "--json")
    assert (fresh.code, fresh.document["ran"], fresh.document["reason"]) == (0, False, "not_due")
    assert fresh.document["next_due"] > fresh.document["last_round"]["ended"]
    assert "No round is due: the last one ended" in ticked.call("autosync").out
    assert ticked.call("autosync", "--quiet").out == ""
    assert not ticked.server.requests

    due_again(ticked)
    assert ticked.call("autosync", "--json").document["unchanged"] == 2
    kinds = [run["kind"] for run in ticked.call("history", "--json").document["runs"]]
    assert kinds == ["autosync", "autosync"]
    ticked.assert_no_secret_leaked()


@contextmanager
def lock_held(desk: Desk) -> Iterator[None]:
    with desk.automate.connect() as holder, holder.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (f"stickysync:{desk.automate.schema}",))
        yield


def test_who_finds_the_lock_held_ends_silently(ticked: Desk) -> None:
    with lock_held(ticked):
        silent = ticked.call("autosync")
        asked = ticked.call("autosync", "--json")
    assert (silent.code, silent.out, silent.err) == (0, "", "")
    assert (asked.code, asked.document) == (0, {"ran": False, "reason": "another_run_is_on"})


def test_a_guard_ends_it_with_5(ticked: Desk) -> None:
    assert ticked.call("autosync").code == 0
    due_again(ticked)
    ticked.sql("DELETE FROM passwords")
    done = ticked.call("autosync", "--json")
    assert (done.code, done.error["kind"], done.document["guard"]["guard"]) == (5, "guard", "passwords_vanished")


def test_failed_rows_end_it_with_1_and_an_interrupt_with_130(ticked: Desk) -> None:
    ticked.faults.add(Fault("status", method="POST", at=1, status=422))
    done = ticked.call("autosync", "--json")
    assert (done.code, done.document["failed"]) == (1, 1), done
    ticked.server.latency = 0.05
    due_again(ticked)
    process = ticked.start("autosync", "--json")
    ticked.faults.before(lambda: process.send_signal(signal.SIGTERM), method="GET")
    assert ticked.ended(process).code == 130


def test_an_active_control_center_plugin_holds_it_until_the_answer_which_is_remembered(ticked: Desk) -> None:
    assert ticked.call("autosync").code == 0
    due_again(ticked)
    ticked.sql("UPDATE plugin_stickysync_passwordmap SET LastSync = NOW() + INTERVAL 1 HOUR LIMIT 1")
    held = ticked.call("autosync", "--json")
    assert (held.code, held.error["kind"]) == (5, "other_plugin_active")
    assert "--plugin-is-off" in held.error["todo"]
    assert ticked.call("autosync", "--plugin-is-off").code == 0
    assert settings.load(ticked.home / "settings.toml").options.other_plugin_is_off
    due_again(ticked)
    assert ticked.call("autosync", "--json").document["ran"] is True


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--every", "4"], "--every"), (["--every", "15", "--json"], "never ends")]
)
def test_wrong_calls(bare_desk: Desk, arguments: list[str], words: str) -> None:
    done = bare_desk.call("autosync", *arguments)
    assert done.code == 2
    assert words in done.out + done.err


# --- until Ctrl-C -----------------------------------------------------------------------------------------------


class Watch:
    """A running `autosync --every`, read line by line."""

    def __init__(self, desk: Desk, **changes: str | None) -> None:
        self._desk = desk
        self.process = desk.start("autosync", "--every", "15", stderr=subprocess.STDOUT, prelude=LOOK_OFTEN, **changes)
        self.lines: list[str] = []

    def line_with(self, words: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}:\n{''.join(self.lines)}")

    def stopped(self, number: int = signal.SIGINT) -> Done:
        self.process.send_signal(number)
        done = self._desk.ended(self.process)
        return Done(done.code, "".join(self.lines) + done.out, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_rounds_go_on_until_somebody_stops_them(ticked: Desk, number: int) -> None:
    watch = Watch(ticked)
    watch.line_with("2 created")
    ticked.sql("UPDATE passwords SET URL = 'https://new.example' WHERE Title = 'P0'")
    due_again(ticked)
    watch.line_with("1 updated")
    done = watch.stopped(number)
    assert done.code == 130, done
    assert "Traceback" not in done.out
    # The interval of this call is nobody else's.
    assert settings.load(ticked.home / "settings.toml").options.autosync_minutes == 15


def test_a_failure_is_said_once_and_outlived(ticked: Desk) -> None:
    watch = Watch(ticked)
    watch.line_with("2 created")
    due_again(ticked)
    ticked.faults.add(Fault("status", method="GET", status=401, times=3))
    watch.line_with("AutoSync works again")
    done = watch.stopped()
    assert done.code == 130, done
    assert done.out.count("API key") == 1, done.out


def test_a_database_that_is_down_at_the_start_is_waited_for(ticked: Desk) -> None:
    way = GreetingProxy(ticked.automate.port)
    url = ticked.automate.url.replace(f":{ticked.automate.port}/", f":{way.port}/")
    watch = Watch(ticked, STICKYSYNC_DATABASE=url)
    watch.line_with("refused the connection")
    with way:
        watch.line_with("2 created")
        assert watch.stopped().code == 130


def test_a_wrong_call_is_not_waited_for(ticked: Desk) -> None:
    done = ticked.call("autosync", "--every", "15", STICKYSYNC_DATABASE=None)
    assert done.code == 2
    assert "No database is configured." in done.err
