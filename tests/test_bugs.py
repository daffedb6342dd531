import logging
from pathlib import Path

import pytest

from stickysync_gui import __version__
from stickysync_gui.bugs import Bugs
from stickysync_gui.logs import Redactor


def failing(password: str) -> None:
    local = password + " in a local"
    raise KeyError(f"cannot use {password}") from ValueError(len(local))


def test_a_report_has_the_trace_without_locals_and_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    redactor = Redactor()
    redactor.know("hunter2")
    bugs = Bugs(redactor.redact, Path("/somewhere/stickysync.log"))
    with pytest.raises(KeyError) as caught:
        failing("hunter2")
    with caplog.at_level(logging.ERROR):
        report = bugs.report(caught.value, "Sync All")
    assert "hunter2" not in report
    assert "in a local" not in report.replace('password + " in a local"', "")
    for part in (__version__, "While: Sync All", "/somewhere/stickysync.log", "in failing", "KeyError", "ValueError"):
        assert part in report
    assert report in caplog.text
