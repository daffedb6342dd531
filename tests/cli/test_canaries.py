"""Planted secrets, from every source that the console takes them from, are found in nothing that it leaves behind."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.canary_hunt import Hunt, Watch
from tests.cli.conftest import ACCOUNT, ACCOUNT_PASSWORD, Desk, Done
from tests.waiting import until

pytestmark = [pytest.mark.parametrize("automate", ["bigint"], indirect=True), pytest.mark.timeout(900)]

SECRETS = {
    "database password": ACCOUNT_PASSWORD,
    "wrong database password": "wröng-database-canary-1",
    "passphrase": 'the téam\'s "passphrase" canary',
    "second passphrase": "another of the team's, canary two",
    "wrong passphrase": "a passphrase canary that is wrong",
    "wrong API key": "ITG.wrong-0123456789-canary",
    "value with quotes": "Canary \"'\\` one ü🔑<&>%s{}",
    "value with breaks": "Canary\ttwo\r\nsecond line  ",
    "value that is refused": "Canary-three-\x01-refused",
    "value that was changed": "Cänary four, changed",
    "long value": "Canary-five-" + "ä" * 300,
}
VALUES = [name for name in SECRETS if "value" in name]
STORED = "database: plugin_stickysync_settings"


class Scene:
    """One desk, its processes watched, all under one temporary folder."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.hunt = Hunt({**SECRETS, "API key": desk.glue.key})
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        desk.environment |= {"TMPDIR": str(self.temporary), "PYTHONFAULTHANDLER": "1"}
        for name in ("STICKYSYNC_DB_PASSWORD", "STICKYSYNC_API_KEY", "STICKYSYNC_PASSPHRASE"):
            desk.environment.pop(name, None)

    def run(self, *arguments: str, typed: str | None = None, prelude: str = "", **changes: Any) -> Done:
        stdin = subprocess.DEVNULL if typed is None else subprocess.PIPE
        process = self.desk.start(*arguments, "--log-level", "DEBUG", stdin=stdin, prelude=prelude, **changes)
        watch = Watch(process.pid)
        done = self.desk.ended(process, typed)
        watch.end()
        self.note(done, watch, " ".join(arguments), {**self.desk.environment, **changes})
        return done

    def note(self, done: Done, watch: Watch, name: str, handed_in: dict[str, Any]) -> None:
        self.hunt.add(f"standard output of {name}", done.out)
        self.hunt.add(f"standard error of {name}", done.err)
        for line in watch.command_line:
            self.hunt.add(f"command line of {name}", line)
        for environment in watch.environment:
            text = environment.decode("utf-8", "surrogateescape")
            # What a secret was handed in by is the caller's choice; nothing may be added to it.
            for value in filter(None, map(str, handed_in.values())):
                text = text.replace(value, "")
            self.hunt.add(f"environment of {name}", text)

    def finish(self) -> None:
        hunt, desk = self.hunt, self.desk
        assert hunt.add_folder("home", desk.home) >= 2
        hunt.add_folder("temporary folder", self.temporary)
        assert hunt.add_database(desk.automate) > 50
        assert any(place.startswith("home/logs") for place in hunt.places)
        assert any("command line" in place for place in hunt.places)
        hunt.assert_clean()


@pytest.fixture
def scene(bare_desk: Desk, tmp_path: Path) -> Scene:
    """Automate with values of all kinds, and an IT Glue that repeats what it is sent and shows values in lists."""
    desk = bare_desk
    desk.glue.set_switches(errors_echo=True, control_characters="refused", list_leaks_value=True)
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    for name in VALUES:
        if name != "value that was changed":
            desk.password(1, name, SECRETS[name], user_name="admin")
    desk.glue.add_password(organization, "long value", username="admin", password=SECRETS["value with quotes"])
    made = Scene(desk, tmp_path)
    desk.account()
    desk.sql("DROP TABLE plugin_stickysync_settings")
    desk.automate.server.create_user(
        ACCOUNT, ACCOUNT_PASSWORD, [f"SELECT, INSERT, UPDATE, DELETE, CREATE ON `{desk.automate.schema}`.*"]
    )
    desk.environment.pop("STICKYSYNC_DB_PASSWORD")
    return made


def secret_file(scene: Scene, name: str, secret: str) -> str:
    """A file of whoever runs the program, not of the program."""
    file = scene.desk.home.parent / name
    file.write_text(f"{secret}\n", encoding="utf-8")
    return str(file)


def test_a_whole_set_up_and_sync_leave_no_secret_behind(scene: Scene) -> None:
    s, desk = SECRETS, scene.desk
    good = {"STICKYSYNC_DB_PASSWORD": s["database password"]}
    assert scene.run("doctor", STICKYSYNC_DB_PASSWORD=s["wrong database password"]).code == 3
    assert scene.run("setup", **good).code == 0
    assert scene.run("passphrase", "set", typed=s["passphrase"] + "\n", **good).code == 0
    assert scene.run("key", "set", typed=s["wrong API key"] + "\n", **good).code == 4
    assert scene.run("key", "set", typed=f"  {desk.glue.key}\r\n", **good).code == 0
    assert scene.run("key", "check", STICKYSYNC_PASSPHRASE=s["wrong passphrase"], **good).code == 4
    # By file, and in the URL of the environment, from here on.
    file = secret_file(scene, "database-password", s["database password"])
    by_file: dict[str, Any] = {"STICKYSYNC_DB_PASSWORD_FILE": file}
    change = f"{s['passphrase']}\n{s['second passphrase']}\n"
    assert scene.run("passphrase", "change", typed=change, **by_file).code == 0
    assert scene.run("doctor", "--json", **by_file).code == 0
    url = desk.automate.url_for(ACCOUNT, ACCOUNT_PASSWORD)
    in_url: dict[str, Any] = {"STICKYSYNC_DATABASE": url}
    assert scene.run("plan", "--json", **in_url).code == 7
    first = scene.run("sync", "--json", **in_url)
    assert first.code == 1, first
    refused = [row for row in first.document["rows"] if row["outcome"] == "failed"]
    assert ["not shown" in row["reason"] for row in refused] == [True], "IT Glue repeated the value"
    assert (first.document["created"], first.document["linked"]) == (2, 1)
    desk.sql(
        "UPDATE passwords SET Password = AES_ENCRYPT(%s, SHA(CONCAT(' ', ClientID + 1))) WHERE Title = %s",
        s["value that was changed"].encode(),
        "value with quotes",
    )
    assert scene.run("sync", **in_url).code == 1
    for name in ("status", "history", "clients", "orgs"):
        assert scene.run(name, "--json", **in_url).code == 0
    run_id = first.document["run_id"]
    assert scene.run("history", run_id, "--json", **in_url).code == 0
    # What IT Glue was sent is right all the same.
    assert desk.values()["value with quotes"] == s["value that was changed"]
    stored = desk.sql("SELECT Password FROM passwords")
    for (value,) in stored:
        scene.hunt.secrets[f"stored value {value.hex()[:6]}"] = value.hex()
    scene.finish()


def test_keys_from_the_environment_and_from_files(scene: Scene) -> None:
    good: dict[str, Any] = {"STICKYSYNC_DB_PASSWORD": SECRETS["database password"]}
    assert scene.run("setup", **good).code == 0
    by_file = {"STICKYSYNC_API_KEY_FILE": secret_file(scene, "api-key", f" {scene.desk.glue.key} "), **good}
    assert scene.run("doctor", **by_file).code == 0
    assert scene.run("sync", STICKYSYNC_API_KEY=scene.desk.glue.key, **good).code == 1
    wrong = {"STICKYSYNC_API_KEY": SECRETS["wrong API key"], **good}
    assert scene.run("plan", **wrong).code == 4
    with_passphrase = {"STICKYSYNC_PASSPHRASE_FILE": secret_file(scene, "passphrase", SECRETS["passphrase"]), **good}
    assert scene.run("key", "set", typed=scene.desk.glue.key, **with_passphrase).code == 0
    assert scene.run("key", "check", **with_passphrase).code == 0
    scene.finish()


def test_a_password_on_the_command_line_is_refused_and_not_repeated(scene: Scene) -> None:
    url = scene.desk.automate.url_for(ACCOUNT, SECRETS["database password"])
    scene.hunt.allowed.add(("database password", "command line"))
    done = scene.run("doctor", "--database", url)
    assert done.code == 2, done
    good: dict[str, Any] = {"STICKYSYNC_DB_PASSWORD": SECRETS["database password"]}
    assert scene.run("setup", **good).code == 0
    scene.finish()


def test_a_bug_that_quotes_a_value_reports_none(scene: Scene) -> None:
    good: dict[str, Any] = {
        "STICKYSYNC_DB_PASSWORD": SECRETS["database password"],
        "STICKYSYNC_API_KEY": scene.desk.glue.key,
    }
    assert scene.run("setup", **good).code == 0
    planted = "from tests.cli.planted_bug import plant; plant()"
    done = scene.run("sync", prelude=planted, **good)
    assert done.code == 1, done
    assert "ValueError" in done.err, "the bug was met"
    log = "".join(file.read_text("utf-8") for file in scene.desk.home.rglob("*.log"))
    assert "in create_body" in log, "its trace is in the log"
    scene.finish()


async def test_a_crash_dumps_no_secret(scene: Scene) -> None:
    """SIGABRT in the middle of a run, with faulthandler on: what a crash of Python's or Qt's would print."""
    good: dict[str, Any] = {
        "STICKYSYNC_DB_PASSWORD": SECRETS["database password"],
        "STICKYSYNC_API_KEY": scene.desk.glue.key,
    }
    assert scene.run("setup", **good).code == 0
    scene.desk.server.latency = 3.0
    process = scene.desk.start("sync", "--log-level", "DEBUG", **good)
    watch = Watch(process.pid)
    await until(lambda: scene.desk.server.count("POST") > 0, timeout=200)
    os.kill(process.pid, signal.SIGABRT)
    done = scene.desk.ended(process)
    watch.end()
    scene.desk.server.latency = 0.0
    assert "Fatal Python error: Aborted" in done.err
    scene.note(done, watch, "sync", {**scene.desk.environment, **good})
    scene.finish()
