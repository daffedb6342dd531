"""AutoSync in the window, over the demo's real run table."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from stickysync_gui.domain.autosync import AutoSyncState, LastRound
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.ui.autosync.rounds import ROUND, Mood
from stickysync_gui.ui.autosync.standing import standing_words
from stickysync_gui.ui.configuration.page import OPTIONS
from stickysync_gui.ui.jobs import RUN
from stickysync_gui.ui.main_window import CONFIGURATION
from tests.ui.desk import LONG, Desk, change, click, demo_desk, dialog, press
from tests.waiting import until

NOW = datetime(2026, 3, 5, 10, 50)
HERE = datetime(2026, 3, 5, 11, 50).astimezone()


def rounds_run(desk: Desk) -> int:
    with closing(sqlite3.connect(desk.backend.profile.database.sqlite_file)) as connection:
        sql = "SELECT count(*) FROM plugin_stickysync_run WHERE Kind = 'autosync'"
        return int(connection.execute(sql).fetchone()[0])


def another_plugin_syncs(desk: Desk) -> None:
    tomorrow = (datetime.now() + timedelta(days=1)).isoformat(" ", "microseconds")
    change(desk, "UPDATE plugin_stickysync_passwordmap SET LastSync = ?", tomorrow)


async def look(desk: Desk) -> None:
    desk.window.rounds.look()
    await desk.idle(LONG)


def menu_act(desk: Desk, text: str) -> QAction:
    acts = [act for menu in desk.frame.menuBar().actions() for act in menu.menu().actions()]
    return next(act for act in acts if act.text().replace("&", "") == text)


def hold_up(desk: Desk) -> None:
    """A run that begins now stays on until the faults are cleared."""
    desk.backend.sandbox.faults.add(Fault("slow", times=None, seconds=600))


async def run_here(desk: Desk) -> None:
    """Tick the box, as the user does."""
    desk.window.open_section(OPTIONS)
    click(desk.window.configuration.options.autosync_here)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AutoSyncState(NOW, 15, None, 3), "No round so far, next due now"),
        (
            AutoSyncState(NOW, 15, LastRound(NOW - timedelta(minutes=8), "anna", "PC-1"), 3),
            "Last round 11:42 on PC-1 (anna), next 11:57",
        ),
        (
            AutoSyncState(NOW, 15, LastRound(NOW - timedelta(minutes=15), "anna", "PC-1"), 3),
            "Last round 11:35 on PC-1 (anna), next due now",
        ),
        (
            AutoSyncState(NOW, 1440, LastRound(NOW - timedelta(hours=12), "anna", "PC-1"), 3),
            "Last round 04 Mar, 23:50 on PC-1 (anna), next 23:50",
        ),
        (
            AutoSyncState(NOW, 15, LastRound(NOW, "anna", "PC-1"), 0),
            "Last round 11:50 on PC-1 (anna), nothing is ticked",
        ),
    ],
)
def test_the_line_speaks_in_this_pcs_time(state: AutoSyncState, words: str) -> None:
    assert standing_words(state, HERE) == words


async def test_nothing_runs_on_a_pc_that_takes_no_part_and_overdue_is_said_on_every_tab() -> None:
    async with demo_desk(overdue=True) as desk:
        before = rounds_run(desk)
        await look(desk)
        assert rounds_run(desk) == before
        assert "takes no part" in desk.window.line.words.text()
        assert desk.window.rounds.mood is Mood.OVERDUE
        for tab in range(3):
            desk.window.tabs.setCurrentIndex(tab)
            assert desk.window.banners.overdue.isVisible()
        click(desk.window.banners.run_now)
        await until(lambda: desk.window.jobs.is_on(ROUND))
        await desk.idle(LONG)
        assert rounds_run(desk) == before + 1
        await until(lambda: not desk.window.banners.overdue.isVisible())
        desk.window.tabs.setCurrentIndex(2)
        assert "AutoSync:" in desk.passwords.summary.text.text()
        assert desk.problems == []


async def test_ticking_the_option_begins_a_due_round_and_the_next_look_finds_it_fresh() -> None:
    async with demo_desk(CONFIGURATION, overdue=True) as desk:
        before = rounds_run(desk)
        await run_here(desk)
        await until(lambda: desk.window.jobs.is_on(ROUND))
        assert desk.window.rounds.mood is Mood.RUNNING
        assert not desk.window.rounds.can_run
        await desk.idle(LONG)
        assert rounds_run(desk) == before + 1
        await look(desk)
        assert rounds_run(desk) == before + 1
        assert desk.window.rounds.mood is Mood.IDLE
        assert "Runs on this PC" in desk.window.line.words.text()
        # A round in the background leaves no summary behind.
        assert not desk.passwords.summary.isVisibleTo(desk.passwords)


async def test_the_interval_is_kept_within_its_bounds_and_decides_what_is_due() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        desk.window.open_section(OPTIONS)
        box = desk.window.configuration.options.autosync_minutes
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, "1440")
        QTest.keyClick(box, Qt.Key.Key_Tab)
        await desk.idle()
        assert desk.backend.settings.options.autosync_minutes == 1440
        assert desk.window.rounds.state.interval_minutes == 1440
        assert (box.minimum(), box.maximum()) == (5, 1440)


async def test_a_paused_pc_begins_nothing_until_it_goes_on() -> None:
    async with demo_desk(overdue=True) as desk:
        before = rounds_run(desk)
        menu_act(desk, "Pause AutoSync").trigger()
        desk.set_options(autosync_here=True)
        await look(desk)
        assert rounds_run(desk) == before
        assert "Paused" in desk.window.line.words.text()
        menu_act(desk, "Pause AutoSync").trigger()
        await until(lambda: desk.window.jobs.is_on(ROUND))
        await desk.idle(LONG)
        assert rounds_run(desk) == before + 1


async def test_while_the_other_plugin_may_be_on_rounds_wait_for_an_answer() -> None:
    async with demo_desk(overdue=True) as desk:
        before = rounds_run(desk)
        another_plugin_syncs(desk)
        desk.set_options(autosync_here=True)
        await look(desk)
        banners = desk.window.banners
        assert banners.plugin.isVisible()
        assert "Plugin Manager" in banners.plugin.text.text()
        assert rounds_run(desk) == before
        click(banners.plugin_off)
        press(await dialog(QMessageBox), "Not yet")
        await desk.idle()
        assert not desk.backend.settings.options.other_plugin_is_off
        assert banners.plugin.isVisible()
        click(banners.plugin_off)
        press(await dialog(QMessageBox), "It is switched off")
        await until(lambda: rounds_run(desk) == before + 1, timeout=LONG)
        await desk.idle(LONG)
        assert desk.backend.settings.options.other_plugin_is_off
        assert not banners.plugin.isVisible()
        assert desk.problems == []


async def test_a_failing_autosync_tells_once_and_its_problem_goes_when_a_round_went_well() -> None:
    async with demo_desk(overdue=True) as desk:
        desk.set_options(autosync_here=True)
        sandbox = desk.backend.sandbox
        sandbox.glue.set_key(state="revoked")
        pause = menu_act(desk, "Pause AutoSync")
        for _ in range(3):
            requests = sandbox.count("GET")
            await look(desk)
            # Who takes the pause away wants a try at once.
            pause.trigger()
            pause.trigger()
            await until(lambda seen=requests: sandbox.count("GET") > seen)
            await desk.idle()
            assert desk.window.rounds.mood is Mood.FAILED
            assert len(desk.problems) == 1
        sandbox.glue.set_key(state="active")
        desk.window.rounds.run_now()
        await desk.idle(LONG)
        assert desk.window.rounds.mood is Mood.IDLE
        assert desk.problems == []


async def test_a_failed_round_is_not_tried_again_at_the_next_look() -> None:
    async with demo_desk(overdue=True) as desk:
        desk.set_options(autosync_here=True)
        sandbox = desk.backend.sandbox
        sandbox.glue.set_key(state="revoked")
        await look(desk)
        await until(lambda: desk.window.rounds.mood is Mood.FAILED)
        await desk.idle()
        requests = sandbox.count("GET")
        await look(desk)
        await look(desk)
        assert sandbox.count("GET") == requests


async def test_a_cancelled_round_is_no_failure_and_does_not_begin_anew() -> None:
    async with demo_desk(overdue=True) as desk:
        desk.set_options(autosync_here=True)
        hold_up(desk)
        desk.window.rounds.look()
        await until(lambda: desk.window.jobs.is_on(ROUND))
        await until(desk.passwords.progress.isVisible)
        click(desk.passwords.progress.cancel)
        desk.backend.sandbox.faults.clear()
        await desk.idle(LONG)
        await look(desk)
        assert not desk.window.jobs.is_on(ROUND)
        assert desk.window.rounds.mood is not Mood.FAILED
        assert desk.problems == []


async def test_a_round_waits_silently_for_a_run_by_hand() -> None:
    async with demo_desk() as desk:
        before = rounds_run(desk)
        desk.set_options(autosync_here=True, preview_first=False)
        hold_up(desk)
        click(desk.passwords.action_bar.sync_all)
        desk.window.rounds.look()
        await until(lambda: "Look" not in " ".join(desk.window.jobs.names))
        assert desk.window.jobs.is_busy(RUN)
        assert not desk.window.jobs.is_on(ROUND)
        assert not menu_act(desk, "AutoSync now").isEnabled()
        click(desk.passwords.progress.cancel)
        desk.backend.sandbox.faults.clear()
        await desk.idle(LONG)
        assert rounds_run(desk) == before
        assert desk.problems == []


async def test_another_pcs_run_is_waited_for_silently_and_said_only_to_who_asked() -> None:
    async with demo_desk(overdue=True) as desk:
        before = rounds_run(desk)
        requests = desk.backend.sandbox.count("GET")
        on = [False]
        desk.window.jobs.changed.connect(lambda: on.append(desk.window.jobs.is_on(ROUND)))
        path = f"{desk.backend.profile.database.sqlite_file}.runlock"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
            other.execute("BEGIN EXCLUSIVE")
            desk.set_options(autosync_here=True)
            await look(desk)
            await look(desk)
            assert sum(now and not then for then, now in pairwise(on)) == 1
            assert not desk.window.toast.isVisible()
            assert desk.problems == []
            menu_act(desk, "AutoSync now").trigger()
            await until(desk.window.toast.isVisible)
            await desk.idle()
            assert "Another run is on" in desk.window.toast.text.text()
        assert desk.problems == []
        assert rounds_run(desk) == before
        assert desk.backend.sandbox.count("GET") == requests
        desk.window.rounds.run_now()
        await until(lambda: rounds_run(desk) == before + 1, timeout=LONG)
        await desk.idle(LONG)


async def test_a_pc_without_a_database_says_nothing_of_autosync() -> None:
    async with demo_desk() as desk:
        await look(desk)
        assert desk.window.line.words.text().startswith("AutoSync: Last round")
        await desk.backend.disconnect()
        desk.window.rounds.look()
        assert desk.window.line.words.text() == ""
        assert not desk.window.banners.isVisible()
