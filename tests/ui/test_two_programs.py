"""The window and the console at once, over one MariaDB and one IT Glue: never a duplicate."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.domain.secret import Secret
from stickysync_gui.history import History
from stickysync_gui.keychain import ForgetfulStore, Keychain
from stickysync_gui.sandbox.faults import FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.settings import Profile
from stickysync_gui.ui.main_window import PASSWORDS
from tests.automate_schema import seed_client, seed_password
from tests.benchmarks.estate import address
from tests.mariadb import Database as Automate
from tests.ui.desk import LONG, Desk, click, new_window, put_away
from tests.waiting import until

COUNT = 30


@pytest.mark.timeout(600)
async def test_console_sync_while_the_window_syncs(automate: Automate, tmp_path: Path) -> None:
    faults = FaultScript()
    with SandboxServer(Glue(), faults=faults) as sandbox:
        seed(automate, sandbox)
        backend = Backend(
            tmp_path / "settings.toml",
            Keychain(ForgetfulStore(), environment={}),
            History(tmp_path / "history.sqlite"),
            itglue_url=sandbox.url,
        )
        await backend.connect(Profile("p", "Shared", address(automate)), None)
        await backend.create_tables()
        await backend.set_passphrase(backend.proposed_passphrase())
        await backend.apply_key(Secret(sandbox.glue.key), None)
        options = replace(backend.settings.options, preview_first=False)
        backend.save_settings(replace(backend.settings, options=options))

        said: list[tuple[int, dict]] = []
        loop = asyncio.get_running_loop()

        def at_the_tenth_post() -> None:
            said.append(asyncio.run_coroutine_threadsafe(console_sync(automate, sandbox, tmp_path), loop).result())

        faults.before(at_the_tenth_post, method="POST", at=10)
        window = new_window()
        desk = Desk(window, backend)
        try:
            window.tabs.setCurrentIndex(PASSWORDS)
            window.set_backend(backend, AutoSync(backend))
            await until(lambda: len(desk.passwords.model.list.rows) == COUNT)
            await desk.idle()
            click(desk.passwords.action_bar.sync_all)
            await until(lambda: desk.passwords.summary.isVisible(), timeout=LONG)
            await desk.idle()
        finally:
            await window.jobs.end_all(10)
            put_away(window)
        code, document = said[0]
        assert code == 6
        assert "Another run is on" in document["error"]["happened"]
        assert len(sandbox.glue.passwords()) == COUNT
        code, document = await console_sync(automate, sandbox, tmp_path)
        assert (code, document["unchanged"], document["created"]) == (0, COUNT, 0)
        await backend.close()


def seed(automate: Automate, sandbox: SandboxServer) -> None:
    organization = sandbox.glue.add_organization("Contoso")
    with automate.connect() as connection, connection.cursor() as cursor:
        seed_client(connection, 1, "Contoso")
        for number in range(COUNT):
            seed_password(connection, 1, f"P{number}", f"v{number}".encode())
        cursor.execute("ALTER TABLE plugin_stickysync_companymap MODIFY ITGOrgID BIGINT")
        cursor.execute("ALTER TABLE plugin_stickysync_passwordmap MODIFY ITGPasswordID BIGINT")
        cursor.execute("INSERT INTO plugin_stickysync_companymap VALUES (1, %s)", (organization,))
        connection.commit()


async def console_sync(automate: Automate, sandbox: SandboxServer, home: Path) -> tuple[int, dict]:
    """`stickysync sync --json` as a process of its own."""
    environment = {
        **os.environ,
        "STICKYSYNC_HOME": str(home / "console"),
        "STICKYSYNC_DATABASE": automate.url,
        "STICKYSYNC_API_KEY": sandbox.glue.key,
        "STICKYSYNC_ITGLUE_URL": sandbox.url,
    }
    # Not asyncio's own subprocess: it does not work on Qt's loop everywhere.
    return await asyncio.to_thread(run, [sys.executable, "-m", "stickysync_gui.cli", "sync", "--json"], environment)


def run(command: list[str], environment: dict[str, str]) -> tuple[int, dict]:
    import subprocess

    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG, check=False)
    assert ended.stdout, ended.stderr
    return ended.returncode, json.loads(ended.stdout)
