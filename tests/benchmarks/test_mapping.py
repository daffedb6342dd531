"""What Org Mapping costs with 5,000 clients and 20,000 organizations: to read, search, sort, and map one client."""

import asyncio
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.domain.secret import Secret
from stickysync_gui.history import History
from stickysync_gui.keychain import ForgetfulStore, Keychain
from stickysync_gui.sandbox.remote import RemoteSandbox
from stickysync_gui.settings import Profile
from stickysync_gui.ui.garbage import GarbageCollector
from stickysync_gui.ui.main_window import MAPPING
from stickysync_gui.ui.mapping.page import MappingPage
from tests.benchmarks.estate import address, create_tables, separate_sandbox
from tests.benchmarks.heartbeat import Heartbeat
from tests.mariadb import Database as Automate
from tests.ui.desk import new_window, put_away
from tests.waiting import until

CLIENTS, ORGANIZATIONS = 5_000, 20_000

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]


def names(count: int) -> list[str]:
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(4, 9))).title() for _ in range(3000)]
    return [" ".join(chance.choices(words, k=chance.randint(2, 3))) for _ in range(count)]


def seed_both(automate: Automate, sandbox: RemoteSandbox) -> None:
    called = names(ORGANIZATIONS)
    for name in called:
        sandbox.add_organization(f"{name} Ltd")
    with automate.connect() as connection, connection.cursor() as cursor:
        for table in ("companymap", "passwordautosync", "passwordmap", "settings"):
            cursor.execute(f"DROP TABLE IF EXISTS plugin_stickysync_{table}")
        rows = [(number, called[number][:-1]) for number in range(1, CLIENTS + 1)]
        cursor.executemany("INSERT INTO clients (ClientID, Name) VALUES (%s, %s)", rows)
        connection.commit()
    asyncio.run(create_tables(automate, []))


def milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def keystrokes(page: MappingPage) -> list[float]:
    texts = ("a", "al", "alp", "alpi", "", "z q", "ltd", "e")
    return [milliseconds(lambda text=text: page.right.search.setText(text)) for text in texts]  # type: ignore[misc]


@pytest.mark.usefixtures("as_in_the_program")
async def test_an_account_of_20_000_organizations(
    automate: Automate, tmp_path: Path, capsys: pytest.CaptureFixture, qapp
) -> None:
    with separate_sandbox(0) as sandbox:
        await asyncio.to_thread(seed_both, automate, sandbox)
        keychain = Keychain(ForgetfulStore(), environment={})
        history = History(tmp_path / "history.sqlite")
        backend = Backend(tmp_path / "settings.toml", keychain, history, itglue_url=sandbox.url)
        await backend.connect(Profile("p", "Measured", address(automate)), None)
        await backend.set_passphrase(backend.proposed_passphrase())
        await backend.apply_key(Secret(sandbox.key), None)
        window = new_window()
        GarbageCollector(window)
        page = window.mapping
        try:
            window.window.resize(1280, 800)
            window.tabs.setCurrentIndex(MAPPING)
            loading, beat = time.perf_counter(), Heartbeat()
            window.set_backend(backend, AutoSync(backend))
            await until(lambda: len(page.organizations.list.rows) == ORGANIZATIONS, timeout=120)
            await until(lambda: not window.jobs.names, timeout=120)
            loaded, gaps = time.perf_counter() - loading, await beat.stop()
            typed = keystrokes(page)
            page.right.search.clear()
            sorts = [
                milliseconds(lambda column=column: page.right.table.sortByColumn(column, Qt.SortOrder.AscendingOrder))
                for column in (1, 0, 4)
            ]
            target = page.organizations.list.rows[7].organization.id
            mapping, beat = time.perf_counter(), Heartbeat()
            page.map_clients([17], target)
            await until(lambda: page.clients.list.find(17).is_mapped, timeout=60)
            await until(lambda: not window.jobs.names, timeout=60)
            mapped, at_a_drop = time.perf_counter() - mapping, await beat.stop()
            suggested = len(page.suggestions.model.list.rows)
        finally:
            await window.jobs.end_all(10)
            await backend.close()
            put_away(window)
    with capsys.disabled():
        print(f"\n{CLIENTS:,} clients, {ORGANIZATIONS:,} organizations, {suggested:,} suggestions")
        print(f"read and suggested in {loaded:.1f} s; event loop meanwhile: {gaps}")
        print(f"keystroke: median {statistics.median(typed):.0f} ms, max {max(typed):.0f} ms")
        print(f"sort: median {statistics.median(sorts):.0f} ms, max {max(sorts):.0f} ms")
        print(f"one drop to the renewed lists: {mapped * 1000:.0f} ms; event loop meanwhile: {at_a_drop}")
    assert suggested > CLIENTS * 0.9
