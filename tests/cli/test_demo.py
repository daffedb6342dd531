"""`stickysync demo`: the whole job for somebody who has neither Automate nor IT Glue."""

from pathlib import Path

from stickysync_gui.cli.main import main
from stickysync_gui.logs import close_file_logs


def test_the_demo_runs_the_whole_job_and_leaves_nothing(tmp_path: Path, monkeypatch, capsys) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    # A real account of this PC has no place in the demo.
    monkeypatch.setenv("STICKYSYNC_API_KEY", "ITG.somebody-s-real-key")
    monkeypatch.setenv("STICKYSYNC_DATABASE", "mysql+pymysql://root@no-such-host.invalid/labtech")
    code = main(["demo"])
    close_file_logs()
    told = capsys.readouterr().out
    assert code == 0, told
    assert told.startswith("DEMO")
    before, _, after = told.partition("What the sync did:")
    assert "Matches an existing entry" in before
    assert "will be overwritten" in before
    done, _, left = after.partition("What is left after it")
    assert " 0 failed" in done
    assert "create" not in left
    assert "update" not in left
    assert list(scratch.iterdir()) == []
