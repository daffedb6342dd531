"""Parts of the Passwords tab on their own."""

import gc
from collections import Counter
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest

from stickysync_gui.domain.planned import Action, Status
from stickysync_gui.domain.progress import Outcome, PageRead, Phase, PhaseStarted, Step, Summary, Waiting
from stickysync_gui.ui.garbage import BULK, GarbageCollector
from stickysync_gui.ui.passwords import marks
from stickysync_gui.ui.passwords.choices import candidates
from stickysync_gui.ui.passwords.client_filter import ClientFilter
from stickysync_gui.ui.passwords.progress import EVENTS_AT_ONCE, RunProgress
from stickysync_gui.ui.passwords.status_strip import StatusStrip
from stickysync_gui.ui.passwords.summary import summary_words
from tests.ui.desk import demo_desk, first
from tests.waiting import until


def step(number: int, outcome: Outcome = Outcome.DONE, reason: str = "", action: Action = Action.CREATE) -> Step:
    return Step(number, 7, Status.NEW, action, outcome, reason)


@pytest.fixture
def progress(qtbot: Any) -> RunProgress:
    line = RunProgress(lambda client_id: f"Client {client_id}")
    qtbot.addWidget(line)
    return line


async def test_progress_shows_phase_count_pace_client_and_waits(progress: RunProgress) -> None:
    progress.begin("Sync All")
    assert progress.isVisible()
    assert progress.words.text() == "Sync All…"
    progress.take(PhaseStarted(Phase.READING_ITGLUE))
    progress.take(PageRead(2000, 3400))
    progress.drain()
    assert progress.words.text() == "Sync All: Reading IT Glue, 2,000 of 3,400 entries"
    progress.take(PhaseStarted(Phase.APPLYING, 90))
    for number in range(12):
        progress.take(step(number))
    progress.drain()
    assert progress.words.text() == "Sync All: Syncing 12 of 90 – Client 7"
    assert (progress.bar.value(), progress.bar.maximum()) == (12, 90)
    await until(lambda: "passwords/min" in progress.pace.text())
    assert progress.pace.text().endswith(" left")
    progress.take(Waiting(42, "IT Glue asks for a pause."))
    progress.drain()
    shown = [label.text() for label in progress.findChildren(type(progress.words))]
    assert "IT Glue asks for a pause. Waiting 42 s." in shown
    progress.end()
    assert not progress.isVisible()


async def test_a_flood_of_steps_is_shown_piece_by_piece(qapp: Any) -> None:
    progress = RunProgress(str)
    seen: list[int] = []
    progress.steps_taken.connect(lambda steps: seen.append(len(steps)))
    progress.begin("Sync All")
    progress.take(PhaseStarted(Phase.APPLYING, 5000))
    for number in range(5000):
        progress.take(step(number))
    await until(lambda: sum(seen) == 5000)
    assert max(seen) <= EVENTS_AT_ONCE
    progress.end()


def test_a_summary_counts_and_gives_reasons() -> None:
    steps = [step(1), step(2, Outcome.FAILED, "422"), step(3, Outcome.SKIPPED, "Changed while the run was on.")]
    steps += [Step(n, 1, Status.MOVED, Action.NONE, Outcome.SKIPPED, f"in organization {n}") for n in (4, 5)]
    words = summary_words("Sync All", Summary("r", steps, requests=12, seconds=65, ended="rows_failed"))
    assert words.splitlines() == [
        "Sync All: 1 created, 0 linked, 0 updated, 0 unchanged, 3 skipped, 1 failed. 12 requests in 1 min 05 s.",
        "Skipped: Moved (2); Changed while the run was on (1).",
    ]
    assert "stopped by you" in summary_words("Sync All", Summary("r", ended="cancelled"))
    assert "stopped before its end" in summary_words("Sync All", Summary("r", ended="lock_lost"))


def test_the_smallest_segment_can_still_be_hit(qtbot: Any) -> None:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.resize(800, 80)
    strip.show()
    moved, in_sync = marks.OF_STATUS[Status.MOVED], marks.OF_STATUS[Status.IN_SYNC]
    strip.show_counts(Counter({in_sync: 100_000, moved: 1}))
    hits = Counter(strip.bar.segment_at(x) for x in range(strip.bar.width()))
    assert hits[moved] >= 3
    assert hits[in_sync] > 700
    assert strip.buttons[moved].text() == "Moved 1"
    assert not strip.buttons[marks.FAILED].isVisible()


def test_a_client_is_found_by_a_part_of_its_name_and_nonsense_is_put_back(qtbot: Any) -> None:
    clients = ClientFilter()
    qtbot.addWidget(clients)
    clients.show()
    clients.show_clients({1: "Contoso", 2: "Fabrikam", 3: "Fabulous"}, {1: 3, 2: 4, 3: 5})
    edit = clients.lineEdit()
    assert edit is not None
    assert edit.text() == "All clients (12)"

    def typed(text: str) -> None:
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, text)
        clients.completer().popup().hide()
        QTest.keyClick(edit, Qt.Key.Key_Return)

    typed("fabr")
    assert (clients.client_id, edit.text()) == (2, "Fabrikam (4)")
    typed("fab")
    assert (clients.client_id, edit.text()) == (2, "Fabrikam (4)")
    typed("all clients")
    assert clients.client_id is None
    clients.choose(2)
    clients.show_clients({1: "Contoso"}, {1: 3})
    assert clients.client_id is None


async def test_what_changes_during_a_reading_is_compared_after_it() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        client = first(page.model.list.rows, lambda row: row.client == "Bluewater Marina").client_id
        page.refresh()
        await until(lambda: page.reader.is_busy)
        await desk.backend.map_clients({client: None})
        page.compare()
        await desk.idle()
        rows = [row for row in page.model.list.rows if row.client_id == client]
        assert {row.mark.name for row in rows} <= {"client_not_mapped", "no_password", "unreadable", "interrupted"}


async def test_ticks_made_while_reading_are_not_lost() -> None:
    async with demo_desk() as desk:
        page = desk.passwords
        rows = [row for row in page.model.list.rows if not row.ticked][:5]
        page.refresh()
        await until(lambda: page.reader.is_busy)
        page.ticks.request(rows, on=True)
        await desk.idle()
        assert all(page.model.list.find(row.id).ticked for row in rows)


async def test_every_ambiguous_row_of_the_demo_names_its_candidates_rightly() -> None:
    async with demo_desk() as desk:
        held = {entry.id for entry in desk.backend.sandbox.glue.passwords()}
        for row in desk.passwords.model.list.rows:
            if row.mark.name == "ambiguous_match":
                found = candidates(row.planned)
                assert found, row.hint
                assert set(found) <= held, row.hint
                assert all(str(id_) in row.hint for id_ in found) or "interrupted run" in row.hint


def test_garbage_is_collected_here_and_not_amid_a_bulk_read(qapp: Any) -> None:
    parent = QObject()
    collector = GarbageCollector(parent)
    assert not gc.isenabled()
    gc.collect()
    many = [[] for _ in range(BULK + 1000)]
    before = gc.get_count()[0]
    assert before > BULK
    collector.collect()
    assert gc.get_count()[0] >= before
    del many
    few = [[] for _ in range(2000)]
    gc.collect()
    few += [[] for _ in range(2000)]
    collector.collect()
    assert gc.get_count()[0] < 1000
    del few
