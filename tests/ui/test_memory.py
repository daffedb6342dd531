from pathlib import Path

from stickysync_gui import settings
from stickysync_gui.settings import Settings
from stickysync_gui.ui.looks import saved_looks
from stickysync_gui.ui.memory import Memory


def test_profiles_have_looks_of_their_own_and_share_the_windows() -> None:
    memory = Memory({}, "one")
    memory.keep("passwords", {"text": "router"})
    memory.keep("window", {"tab": 2}, any_profile=True)
    memory.profile_id = "two"
    assert memory.recall("passwords") == {}
    assert memory.recall("window", any_profile=True) == {"tab": 2}
    memory.profile_id = "one"
    assert memory.recall("passwords") == {"text": "router"}


def test_looks_survive_the_settings_file(tmp_path: Path) -> None:
    memory = Memory({}, "one")
    memory.keep("mapping", {"clients": {"table": {"widths": {"Client": 120}, "order": ["Client", "Id"]}}})
    settings.save(Settings(window=memory.tree), tmp_path / "settings.toml")
    again = Memory(saved_looks(tmp_path / "settings.toml"), "one")
    assert again.recall("mapping") == memory.recall("mapping")


def test_damaged_looks_read_as_none(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("not = [toml")
    assert saved_looks(tmp_path / "settings.toml") == {}
    assert saved_looks(tmp_path / "missing.toml") == {}
    assert Memory({"one": "nonsense"}, "one").recall("passwords") == {}
