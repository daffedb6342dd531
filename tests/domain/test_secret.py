"""A secret shows itself nowhere."""

import copy
import json
import pickle

import pytest

from stickysync_gui.domain.secret import Secret


def test_nothing_but_reveal_shows_it() -> None:
    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", "%s" % secret, repr([secret]), f"{secret:>20}"]  # noqa: UP031
    assert not any("hunter2" in text for text in shown)
    assert secret.reveal() == "hunter2"


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy, json.dumps])
def test_it_is_not_written(write) -> None:
    with pytest.raises(TypeError):
        write(Secret("hunter2"))


def test_comparison_and_emptiness() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
    assert Secret(" a\n").stripped() == Secret("a")
    assert len(Secret("abc")) == 3
