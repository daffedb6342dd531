"""Where the program keeps its files."""

import stat
from pathlib import Path

import pytest

from stickysync_gui import paths
from stickysync_gui.errors import UsageError


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "deeper"):
        monkeypatch.setenv("STICKYSYNC_HOME", str(place))
        with pytest.raises(UsageError) as caught:
            paths.home()
        assert str(place) in caught.value.happened
        assert "STICKYSYNC_HOME" in caught.value.todo


def test_everything_lies_in_one_folder_that_only_its_owner_may_enter(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("STICKYSYNC_HOME", str(tmp_path / "a" / "b"))

    home = paths.home()

    assert home == tmp_path / "a" / "b"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {path.parent for path in (paths.settings_file(), paths.history_file(), paths.log_folder())} == {home}
    assert paths.log_folder().is_dir()
    assert not paths.settings_file().exists()


def test_the_resources_of_a_source_tree_are_found() -> None:
    assert (paths.resources_folder() / "icons").is_dir()
