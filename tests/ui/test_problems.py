from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from stickysync_gui.errors import ItGlueUnreachable
from stickysync_gui.ui.problems import KEPT, Problem, Problems
from tests.ui.desk import press

ERROR = ItGlueUnreachable(
    happened="IT Glue did not answer.", unchanged="Nothing was changed.", todo="Check the connection."
)


@pytest.fixture
def problems(qtbot: Any) -> Problems:
    panel = Problems()
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_a_problem_shows_its_three_sentences_and_copies_them(problems: Problems) -> None:
    problems.add_error(ERROR, "Sync All")
    shown = "\n".join(part.text() for part in problems.findChildren(QLabel))
    for sentence in (ERROR.happened, ERROR.unchanged, ERROR.todo):
        assert sentence in shown
    press(problems, "Copy")
    assert QGuiApplication.clipboard().text() == f"Sync All:\n{ERROR.sentences()}"


def test_a_bug_is_shown_in_words_and_copied_in_full(problems: Problems) -> None:
    problems.add(Problem.bug("Traceback: somewhere", "Sync All"))
    assert "Traceback" not in "".join(part.text() for part in problems.findChildren(QLabel))
    press(problems, "Copy")
    assert "Traceback: somewhere" in QGuiApplication.clipboard().text()


def test_what_can_be_done_at_once_has_its_button(problems: Problems) -> None:
    done = []
    problems.add(Problem("Sync All", "3 passwords failed.", act_label="Retry failed", act=lambda: done.append(True)))
    press(problems, "Retry failed")
    assert done == [True]


def test_the_newest_stand_first_and_the_oldest_go(problems: Problems) -> None:
    counts: list[int] = []
    problems.count_changed.connect(counts.append)
    for number in range(KEPT + 5):
        problems.add(Problem("Test", f"problem {number}"))
    assert counts[-1] == KEPT
    assert problems.problems()[0].happened == f"problem {KEPT + 4}"
    press(problems, "Dismiss all")
    assert problems.problems() == []
    assert not problems.isVisible()
