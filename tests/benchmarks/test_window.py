"""How long the window is silent while it syncs.

A gap is the time between two turns of the event loop. What the machine itself adds is
measured in the same run by the same heartbeat over an idle window.
"""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.domain.secret import Secret
from stickysync_gui.history import History
from stickysync_gui.keychain import ForgetfulStore, Keychain
from stickysync_gui.settings import Profile
from stickysync_gui.ui.garbage import GarbageCollector
from stickysync_gui.ui.main_window import PASSWORDS
from tests.benchmarks.estate import address, organization_ids, seed, separate_sandbox
from tests.benchmarks.figures import Figure, Figures
from tests.benchmarks.heartbeat import Heartbeat
from tests.mariadb import Database as Automate
from tests.ui.desk import click, new_window, put_away
from tests.waiting import until

COUNT, CLIENTS = 5_000, 50

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]


@pytest.mark.usefixtures("as_in_the_program")
async def test_gaps_during_sync_all(automate: Automate, tmp_path: Path, figures: Figures, qapp) -> None:
    with separate_sandbox(CLIENTS) as sandbox:
        await asyncio.to_thread(seed, automate, organization_ids(sandbox), COUNT)
        keychain = Keychain(ForgetfulStore(), environment={})
        backend = Backend(
            tmp_path / "settings.toml", keychain, History(tmp_path / "history.sqlite"), itglue_url=sandbox.url
        )
        await backend.connect(Profile("p", "Measured", address(automate)), None)
        await backend.set_passphrase(backend.proposed_passphrase())
        await backend.apply_key(Secret(sandbox.key), None)
        options = replace(backend.settings.options, preview_first=False)
        backend.save_settings(replace(backend.settings, options=options))
        window = new_window()
        # As in the program.
        GarbageCollector(window)
        try:
            window.tabs.setCurrentIndex(PASSWORDS)
            window.set_backend(backend, AutoSync(backend))
            await until(lambda: len(window.passwords.model.list.rows) == COUNT, timeout=60)
            await until(lambda: not window.jobs.names, timeout=60)
            idle = Heartbeat()
            await asyncio.sleep(3)
            at_rest = await idle.stop()
            busy = Heartbeat()
            started = time.perf_counter()
            click(window.passwords.action_bar.sync_all)
            await until(lambda: window.passwords.summary.isVisible(), timeout=300)
            await until(lambda: not window.jobs.names, timeout=60)
            seconds = time.perf_counter() - started
            during = await busy.stop()
            entries = len(sandbox.passwords())
        finally:
            await window.jobs.end_all(10)
            await backend.close()
            put_away(window)
    what = f"event loop during Sync All of {COUNT:,}, {seconds:.0f} s"
    figures.add(
        Figure(
            f"{what}: p99",
            f"{during.p99:.1f} ms (p50 {during.p50:.1f})",
            f"idle: {at_rest.p99:.1f} ms",
            during.p99,
            16,
            "ms",
        )
    )
    rest = f"idle: {at_rest.longest:.1f} ms"
    figures.add(Figure(f"{what}: longest", f"{during.longest:.1f} ms", rest, during.longest, 50, "ms"))
    assert entries == COUNT
