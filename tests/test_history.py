import csv
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from stickysync_gui.domain.planned import Action, Status
from stickysync_gui.domain.progress import Outcome, Step, Summary
from stickysync_gui.history import KEPT_RUNS, History, RunRecord, export_csv

STEPS = [
    Step(7, 1, Status.NEW, Action.CREATE, Outcome.DONE, "", 70),
    Step(8, 1, Status.NEW, Action.CREATE, Outcome.FAILED, "=HYPERLINK(1), said IT Glue\n(422)"),
    Step(9, 2, Status.IN_SYNC, Action.NONE, Outcome.DONE),
]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.sqlite")


def add(history: History, run_id: str = "run-1", steps: list[Step] | None = None) -> bool:
    summary = Summary(run_id, STEPS if steps is None else steps, requests=5, seconds=1.5, ended="rows_failed")
    return history.add(summary, database="db:3306/labtech", kind="sync", scope="everything")


def test_a_run_is_kept_with_its_rows_but_those_in_sync_only_as_a_number(history: History) -> None:
    assert add(history)
    (run,) = history.runs()
    assert (run.created, run.failed, run.unchanged, run.ended) == (1, 1, 1, "rows_failed")
    assert history.rows("run-1") == STEPS[:2]


def test_the_oldest_runs_go(history: History) -> None:
    for number in range(KEPT_RUNS + 2):
        add(history, f"run-{number}", [])
    assert len(history.runs(1000)) == KEPT_RUNS


def test_runs_and_rows_as_csv(history: History) -> None:
    add(history)
    first, line = csv.reader(export_csv(history.runs(), RunRecord).splitlines())
    shown = dict(zip(first, line, strict=True))
    assert (shown["run_id"], shown["created"], shown["seconds"]) == ("run-1", "1", "1.5")
    rows = list(csv.DictReader(export_csv(history.rows("run-1"), Step).splitlines(keepends=True)))
    assert [(row["password_id"], row["status"], row["outcome"], row["entry_id"]) for row in rows] == [
        ("7", "new", "done", "70"),
        ("8", "new", "failed", ""),
    ]
    # A spreadsheet would run it.
    assert rows[1]["reason"].startswith("'=HYPERLINK")
    assert export_csv([], Step).count("\r\n") == 1


def test_a_damaged_file_is_put_aside(history: History, tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").write_text("this is no database" * 100)
    assert add(history)
    assert len(history.runs()) == 1
    assert (tmp_path / "history.sqlite.damaged").read_text().startswith("this is no database")


def folder(path: Path) -> None:
    path.mkdir()


def another_schema(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (something TEXT)")
    connection.close()


@pytest.mark.parametrize("spoil", [folder, another_schema])
def test_a_history_that_cannot_be_written_is_no_failure(
    tmp_path: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    spoil(tmp_path / "history.sqlite")
    with caplog.at_level(logging.WARNING):
        assert not add(History(tmp_path / "history.sqlite"))
    assert "run run-1 is not in the history" in caplog.text
