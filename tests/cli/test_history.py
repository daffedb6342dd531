"""The history of this PC from the console: lists, exports, and what happens when it cannot be written."""

import csv
import re
from pathlib import Path

from stickysync_gui.sandbox.faults import Fault
from tests.cli.conftest import Desk


def synced(desk: Desk) -> str:
    """A run of three passwords of which one fails; its id."""
    organization = desk.glue.add_organization("Contoso")
    desk.client(1, "Contoso", organization)
    for number in range(3):
        desk.password(1, f"P{number}", f"value-of-{number}")
    desk.faults.add(Fault("status", method="POST", at=2, status=422))
    done = desk.call("sync", "--json")
    assert done.code == 1, done
    assert done.document["history_kept"] is True
    return str(done.document["run_id"])


def test_runs_and_rows_are_exported(desk: Desk, tmp_path: Path) -> None:
    run_id = synced(desk)
    file = tmp_path / "runs.csv"
    assert desk.call("history", "--csv", str(file), "--json").document == {"file": str(file), "runs": 1}
    (run,) = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    assert (run["run_id"], run["created"], run["failed"]) == (run_id, "2", "1")
    done = desk.call("history", run_id[:8], "--csv", str(tmp_path / "rows.csv"))
    assert "3 rows written" in done.out
    rows = list(csv.DictReader((tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()))
    assert sorted(row["outcome"] for row in rows) == ["done", "done", "failed"]
    desk.told += [file.read_text(), (tmp_path / "rows.csv").read_text()]
    desk.assert_no_secret_leaked()
    refused = desk.call("history", "--csv", str(tmp_path / "nowhere" / "runs.csv"))
    assert refused.code == 2
    assert len(refused.three_sentences()) == 3


def test_the_log_tells_a_run_s_begin_and_end_by_its_id(desk: Desk) -> None:
    run_id = synced(desk)
    log = (desk.home / "logs" / "stickysync-console.log").read_text()
    assert re.search(f"run {run_id} begins: sync, everything", log)
    assert re.search(rf"run {run_id} ended: \w+; 2 created, .* 1 failed", log)


def test_a_history_that_cannot_be_written_makes_no_failure_of_a_sync(desk: Desk) -> None:
    desk.password(desk.client(1, "Contoso", desk.glue.add_organization("Contoso")), "Router", "router-value")
    (desk.home / "history.sqlite").mkdir()
    done = desk.call("sync")
    assert done.code == 0, done
    assert "history could not be written" in done.out
    assert desk.values() == {"Router": "router-value"}
    again = desk.call("sync", "--json")
    assert (again.code, again.document["unchanged"], again.document["history_kept"]) == (0, 1, False)
    assert desk.sql("SELECT Ended FROM plugin_stickysync_run") == [("done",), ("done",)]
