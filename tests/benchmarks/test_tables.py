"""What a table of 100,000 passwords costs: to load, to filter, to sort, to scroll, in memory.

Times are told in milliseconds and as a ratio to one sort of a plain list of as many strings in the same run, so that
runs on different machines can be compared.
"""

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.history import History
from stickysync_gui.keychain import ForgetfulStore, Keychain
from stickysync_gui.settings import Profile
from stickysync_gui.ui.garbage import GarbageCollector
from stickysync_gui.ui.main_window import PASSWORDS
from stickysync_gui.ui.passwords import model
from tests.benchmarks.estate import address, seed
from tests.benchmarks.figures import Figure, Figures
from tests.benchmarks.heartbeat import Heartbeat
from tests.mariadb import Database as Automate
from tests.ui.desk import new_window, put_away
from tests.waiting import until

COUNT, CLIENTS, REPEATS = 100_000, 200, 15
MEDIAN_MS, GREATEST_MS = 100.0, 150.0
WORDS = ("p", "pa", "pass", "password 1", "password 12", "", "admin", "client 17 99", "9", "no such thing")

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]


def milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def plain_sort() -> float:
    """The baseline: sorting as many strings as there are passwords."""
    chance = random.Random(1)
    texts = [f"user {chance.random()}" for _ in range(COUNT)]
    return statistics.median(milliseconds(lambda: sorted(texts)) for _ in range(7))


@pytest.mark.usefixtures("as_in_the_program")
async def test_a_table_of_100_000(automate: Automate, tmp_path: Path, figures: Figures, qapp) -> None:
    await asyncio.to_thread(seed, automate, list(range(1, CLIENTS + 1)), COUNT)
    keychain = Keychain(ForgetfulStore(), environment={})
    backend = Backend(tmp_path / "settings.toml", keychain, History(tmp_path / "history.sqlite"))
    await backend.connect(Profile("p", "Measured", address(automate)), None)
    window = new_window()
    # As in the program.
    GarbageCollector(window)
    page = window.passwords
    table = page.table
    try:
        window.window.resize(1280, 800)
        window.tabs.setCurrentIndex(PASSWORDS)
        window.set_backend(backend, AutoSync(backend))
        await until(lambda: not window.jobs.names, timeout=60)
        page.forget()
        # As the program does once it has started.
        gc.collect()
        gc.freeze()
        beat = Heartbeat()
        loading = time.perf_counter()
        page.refresh()
        await until(lambda: len(page.model.list.rows) == COUNT, timeout=120)
        seconds = time.perf_counter() - loading
        await until(lambda: not window.jobs.names, timeout=60)
        gaps = await beat.stop()
        baseline = plain_sort()

        def shown(act: Callable[[], object]) -> Callable[[], None]:
            def act_and_paint() -> None:
                act()
                table.viewport().repaint()

            return act_and_paint

        def typed(word: str) -> Callable[[], None]:
            def filter_now() -> None:
                page.filters.search.setText(word)
                page.filters.changed.emit()

            return shown(filter_now)

        filters = [milliseconds(typed(word)) for word in WORDS for _ in range(2)]
        page.filters.search.clear()
        page.filters.changed.emit()
        orders = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)
        columns = (model.CLIENT, model.TITLE, model.USERNAME, model.STATUS, model.LAST_SYNC)
        sorts = [
            milliseconds(shown(lambda c=column, o=order: table.sortByColumn(c, o)))
            for column in columns
            for order in orders
        ]
        bar = table.verticalScrollBar()
        places = [bar.maximum() * step // REPEATS for step in range(REPEATS)]
        scrolls = [milliseconds(shown(lambda at=place: bar.setValue(at))) for place in places]
    finally:
        await window.jobs.end_all(10)
        await backend.close()
        put_away(window)
    load = f"loading {COUNT:,} rows, {seconds:.1f} s: longest gap of the event loop"
    figures.add(Figure(load, str(gaps), "", gaps.longest, 50, "ms"))
    for name, times in (("filter keystroke", filters), ("column sort", sorts), ("scroll", scrolls)):
        middle, worst = statistics.median(times), max(times)
        what, plain = f"{name} at {COUNT:,} rows", f"sorting a plain list: {baseline:.0f} ms"
        figures.add(Figure(f"{what}: median", f"{middle:.0f} ms", plain, middle, MEDIAN_MS, "ms"))
        figures.add(Figure(f"{what}: longest", f"{worst:.0f} ms", plain, worst, GREATEST_MS, "ms"))
