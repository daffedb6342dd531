"""AutoSync by the system's scheduler, with stand-ins for Windows' own programs that run a task's action for real."""

import json
from pathlib import Path

import pytest

from stickysync_gui import settings
from stickysync_gui.cli import schedule
from stickysync_gui.domain.connection import TlsMode
from stickysync_gui.keychain import SERVICE
from tests import fake_windows
from tests.cli.conftest import ACCOUNT, ACCOUNT_PASSWORD, PASSPHRASE, Desk

ON_WINDOWS = "import stickysync_gui.cli.schedule as schedule; schedule.ON_WINDOWS = True"
USER_TASK = "StickySync AutoSync (OFFICE tech)"
TASK = "StickySync AutoSync"


@pytest.fixture
def windows(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk on which Windows' programs are found; two of three passwords are ticked."""
    desk.environment.update(fake_windows.install(tmp_path / "bin"))
    monkeypatch.setattr(schedule, "ON_WINDOWS", True)
    desk.secrets |= {PASSPHRASE, fake_windows.ACCOUNT_PASSWORD}
    desk.client(1, "Contoso", desk.glue.add_organization("Contoso"))
    ids = [desk.password(1, f"P{number}", f"value-of-{number}") for number in range(3)]
    assert desk.call("autosync-set", "on", "--password", *map(str, ids[:2])).code == 0
    desk.account()
    return desk


@pytest.fixture
def keyed(windows: Desk, sealed: str) -> Desk:
    """The same with the key stored, and a passphrase that this shell's environment alone knows."""
    del windows.environment["STICKYSYNC_API_KEY"]
    windows.environment["STICKYSYNC_PASSPHRASE"] = PASSPHRASE
    windows.sql("INSERT INTO plugin_stickysync_settings VALUES (%s)", sealed)
    return windows


def memory(desk: Desk) -> dict:
    return json.loads(Path(desk.environment["FAKE_WINDOWS"]).read_text())


def definition(desk: Desk, name: str) -> str:
    return str(memory(desk)["tasks"][name]["xml"])


def assert_silent(desk: Desk) -> None:
    """No secret in what Windows was told: no argument, no name, no definition."""
    desk.told.append(Path(desk.environment["FAKE_WINDOWS"]).read_text())
    desk.assert_no_secret_leaked()


def run_task(desk: Desk, name: str) -> None:
    from stickysync_gui.schedule.commands import required

    with pytest.MonkeyPatch.context() as patch:
        for variable in ("PATH", "FAKE_WINDOWS"):
            patch.setenv(variable, desk.environment[variable])
        required(["schtasks", "/Run", "/TN", name], "start the task")


def test_the_logged_on_user_s_task(keyed: Desk) -> None:
    done = keyed.call("schedule", "install", "--every", "20", "--json")
    assert done.code == 0, done
    assert (done.document["task"], done.document["every"], done.document["look"]) == (USER_TASK, 20, 4)
    assert "kept in this user's key store" in done.err
    xml = definition(keyed, USER_TASK)
    assert "<LogonType>InteractiveToken</LogonType>" in xml
    assert "<UserId>OFFICE\\tech</UserId>" in xml
    assert "<Interval>PT4M</Interval>" in xml
    assert f"--database mysql+pymysql://{ACCOUNT}@127.0.0.1:{keyed.automate.port}" in xml
    kept = json.loads(Path(keyed.environment["TEST_KEYRING_FILE"]).read_text())
    address = settings.load(keyed.home / "settings.toml").trusted_certificates
    assert address
    assert sorted(kept.values()) == sorted([ACCOUNT_PASSWORD, PASSPHRASE])
    assert all(name.startswith(f"{SERVICE}/") for name in kept)
    assert settings.load(keyed.home / "settings.toml").options.autosync_minutes == 20
    assert_silent(keyed)

    shown = keyed.call("schedule", "status", "--json").document["tasks"]
    assert [(one["name"], one["last_result_words"]) for one in shown] == [(USER_TASK, "has not ended yet")]
    assert keyed.call("schedule", "remove", "--json").document == {"removed": [USER_TASK]}
    assert keyed.call("schedule", "status").out.strip() == "No task is registered."
    assert "No task was registered." in keyed.call("schedule", "remove").out


def test_the_user_s_task_does_alone_what_the_call_could(keyed: Desk) -> None:
    """Its command line, run without this shell's secrets: the key store has them."""
    command = keyed.call("schedule", "install", "--json").document["command"]
    arguments = command[command.index("stickysync_gui.cli") + 1 :]
    without = {
        name: None
        for name in (
            *("STICKYSYNC_DATABASE", "STICKYSYNC_DB_PASSWORD", "STICKYSYNC_PASSPHRASE", "STICKYSYNC_ITGLUE_URL"),
            "STICKYSYNC_HOME",
        )
    }
    done = keyed.call(*arguments, **without)
    assert (done.code, done.out, done.err) == (0, "", ""), done
    assert keyed.values() == {"P0": "value-of-0", "P1": "value-of-1"}


def test_a_profile_s_task_names_the_profile(keyed: Desk) -> None:
    file = keyed.home / "settings.toml"
    address = keyed.address
    (fingerprint,) = settings.load(file).trusted_certificates.values()
    pinned = settings.replace(address, user=ACCOUNT, pinned_fingerprint=fingerprint)
    settings.save(settings.load(file).with_profile(settings.Profile.new("Main office", pinned)), file)
    done = keyed.call("schedule", "install", "--profile", "Main office", "--json", STICKYSYNC_DATABASE=None)
    assert done.code == 0, done
    assert "--database" not in done.document["command"]
    assert '--profile "Main office"' in definition(keyed, USER_TASK)


def test_a_key_in_the_environment_alone_is_no_key_for_a_task(windows: Desk) -> None:
    done = windows.call("schedule", "install")
    assert done.code == 2, done
    assert "environment alone" in done.three_sentences()[0]
    assert memory(windows)["tasks"] == {}


def server_task(desk: Desk, folder: Path, *more: str, account: str = "OFFICE\\svc") -> list[str]:
    return ["schedule", "install", "--account", account, "--secrets-dir", str(folder), *more]


def test_a_task_without_a_login(keyed: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "secrets of svc"
    password = f"{fake_windows.ACCOUNT_PASSWORD}\n"
    done = keyed.ended(keyed.start(*server_task(keyed, folder, "--json"), stdin=-1, prelude=ON_WINDOWS), password * 2)
    assert done.code == 0, done
    assert (done.document["task"], done.document["account"]) == (TASK, "OFFICE\\svc")
    assert {finding["verdict"] for finding in done.document["self_check"]["findings"]} <= {"ok", "warning"}
    assert "Please enter the run as password" in done.err
    assert list(memory(keyed)["tasks"]) == [TASK]
    xml = definition(keyed, TASK)
    assert "<LogonType>Password</LogonType>" in xml
    assert "S4U" not in xml
    assert (folder / "database-password").read_text(encoding="utf-8") == ACCOUNT_PASSWORD
    assert (folder / "passphrase").read_text(encoding="utf-8") == PASSPHRASE
    assert not (folder / "api-key").exists()
    (profile,) = settings.load(folder / "settings.toml").profiles
    assert (profile.database.tls, len(profile.database.pinned_fingerprint)) == (TlsMode.PIN, 64)
    assert_silent(keyed)

    run_task(keyed, TASK)
    shown = keyed.call("schedule", "status", "--json").document["tasks"]
    assert [(one["last_result"], one["last_result_words"]) for one in shown] == [(0, "0: done")]
    assert keyed.values() == {"P0": "value-of-0", "P1": "value-of-1"}
    assert (folder / "history.sqlite").exists()
    removed = keyed.call("schedule", "remove")
    assert "stays, with its secrets" in removed.out


@pytest.mark.parametrize("account", ["OFFICE\\managed$", "NT AUTHORITY\\NETWORK SERVICE"])
def test_accounts_that_windows_knows_the_password_of(windows: Desk, tmp_path: Path, account: str) -> None:
    done = windows.call(*server_task(windows, tmp_path / "secrets", account=account))
    assert done.code == 0, done
    assert "Password Access" in done.out
    assert f"It runs as {account}" in done.out
    assert (tmp_path / "secrets" / "api-key").read_text() == windows.glue.key
    assert list(memory(windows)["tasks"]) == [TASK]
    assert_silent(windows)


def test_a_self_check_that_fails_registers_nothing(windows: Desk, tmp_path: Path) -> None:
    """The key is fine here, and has lost its access when the account looks."""
    account = "OFFICE\\managed$"
    folder = tmp_path / "secrets"
    windows.glue.set_switches(no_access_list="refused")
    windows.faults.after(lambda: windows.glue.set_key(password_access=False), method="GET", at=2)
    done = windows.call(*server_task(windows, folder, "--json", account=account))
    assert done.code == 1, done
    failed = [f["name"] for f in done.document["self_check"]["findings"] if f["verdict"] == "failed"]
    assert failed == ["Password Access"]
    assert done.error["kind"] == "scheduler"
    assert "self-check as OFFICE\\managed$" in done.error["happened"]
    assert memory(windows)["tasks"] == {}
    assert_silent(windows)


def test_an_account_that_may_not_log_on_as_a_batch_job(windows: Desk, tmp_path: Path) -> None:
    windows.environment["FAKE_WINDOWS_RESULT"] = "-2147023511"
    done = windows.call(*server_task(windows, tmp_path / "secrets", account="OFFICE\\managed$"))
    assert done.code == 2, done
    assert "never began; Windows' reason is 0x80070569" in done.err
    assert memory(windows)["tasks"] == {}


def test_a_wrong_account_password_registers_nothing(windows: Desk, tmp_path: Path) -> None:
    process = windows.start(*server_task(windows, tmp_path / "secrets"), stdin=-1, prelude=ON_WINDOWS)
    done = windows.ended(process, "wrong\n")
    assert done.code == 2, done
    assert "The user name or password is incorrect" in done.err
    assert memory(windows)["tasks"] == {}


def test_a_folder_that_others_can_read_gets_no_secret(windows: Desk, tmp_path: Path) -> None:
    done = windows.call(*server_task(windows, tmp_path, account="OFFICE\\managed$"))
    assert done.code == 2, done
    assert "others can read it: BU" in done.three_sentences()[0]
    assert not (tmp_path / "api-key").exists()
    assert memory(windows)["tasks"] == {}


def test_nothing_is_registered_that_cannot_work(windows: Desk, tmp_path: Path) -> None:
    windows.environment["STICKYSYNC_API_KEY"] = "ITG.not-the-key-of-this-account"
    windows.sql("DROP TABLE plugin_stickysync_run")
    done = windows.call(*server_task(windows, tmp_path / "secrets", account="OFFICE\\managed$"))
    assert done.code == 3, done
    assert not (tmp_path / "secrets").exists()
    half = windows.call("schedule", "install", "--account", "OFFICE\\svc")
    assert half.code == 2
    assert "belong together" in half.err


# --- Linux ------------------------------------------------------------------------------------------------------


def test_on_linux_it_prints_what_to_register_and_says_that_nothing_was(bare_desk: Desk) -> None:
    options = ("--database", "mysql+pymysql://sync@db.example/labtech", "--tls", "verify")
    done = bare_desk.call("schedule", "install", "--every", "10", *options)
    assert done.code == 0, done
    assert done.out.startswith("Nothing was registered")
    line = next(line for line in done.out.splitlines() if line.startswith("*/2 * * * * "))
    assert line.endswith("--quiet")
    assert "--database mysql+pymysql://sync@db.example/labtech --tls verify" in line
    document = bare_desk.call(
        "schedule", "install", "--account", "svc", "--secrets-dir", "/etc/stickysync", "--json"
    ).document
    assert document["registered"] is False
    assert "User=svc\n" in document["service"]
    assert "--home /etc/stickysync" in document["service"]
    assert "OnUnitInactiveSec=3min" in document["timer"]
    for command, words in (("status", "list-timers"), ("remove", "disable --now")):
        assert words in bare_desk.call("schedule", command).out


def test_the_home_of_a_job_holds_its_secrets_too(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "of the job"
    folder.mkdir()
    (folder / "api-key").write_text(f"{desk.glue.key}\n")
    (folder / "database-password").write_text(f"{ACCOUNT_PASSWORD}\n", encoding="utf-8")
    desk.account()
    given = dict.fromkeys(("STICKYSYNC_API_KEY", "STICKYSYNC_DB_PASSWORD", "STICKYSYNC_HOME"))
    done = desk.call("plan", "--home", str(folder), "--json", **given)
    assert done.code == 0, done
    assert (folder / "logs").is_dir()
    assert desk.call("plan", "--home", str(folder / "nowhere"), **given).code == 2
