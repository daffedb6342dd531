"""Profiles and options on disk: damaged files are left alone, what is saved comes back, no secret is written."""

import os
import stat
import threading
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.guards import GuardLimits
from stickysync_gui.domain.planned import Matching
from stickysync_gui.errors import ExitCode, UsageError
from stickysync_gui.settings import Options, Profile, Settings, load, save

ADDRESS = DatabaseAddress("db.example", 3307, "labtech", "sticky", TlsMode.PIN, pinned_fingerprint="ab" * 32)
FULL = Settings(
    profiles=(
        Profile("0123456789abcdef", 'Näme "quoted" \\ 🏢\nline', ADDRESS),
        Profile("fedcba9876543210", "", DatabaseAddress(sqlite_file="/tmp/x.sqlite", tls=TlsMode.OFF)),
    ),
    current_profile="0123456789abcdef",
    options=Options(
        category_id=2_100_000_000_000_001,
        sync_notes=True,
        matching=Matching.ASK,
        autosync_minutes=1440,
        guards=GuardLimits(overwrite_count=5, overwrite_share=0.125),
    ),
    dismissed_suggestions=frozenset({(1, 2_100_000_000_000_001), (0, 5)}),
    trusted_certificates={"db.example:3306": "cd" * 32},
    window={"geometry": "AdnQyw==", "columns": [1, 2], "by_profile": {"x.y z": {"filter": "ü"}}, "dark": True},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


# --- damaged ---------------------------------------------------------------------------------------------------

DAMAGED = [
    "this is no toml",
    "profiles = 3",
    "profiles = [3]",
    "[[profiles]]\nname = 'x'",
    "[[profiles]]\nid = 'x'\nname = 'x'\ndatabase = 3",
    "[[profiles]]\nid = 'x'\nname = 'x'\n[profiles.database]\ntls = 'maybe'",
    "[[profiles]]\nid = 'x'\nname = 'x'\n[profiles.database]\nhost = 'x'",
    "[[profiles]]\nid = 'x'\nname = 'x'\n[profiles.database]\ntls = 'pin'\nport = '3306'",
    "[[profiles]]\nid = 'x'\nname = 'x'\n[profiles.database]\ntls = 'pin'\nhost = 5",
    "[[profiles]]\nid = 5\nname = 'x'\n[profiles.database]\ntls = 'pin'",
    "options = 3",
    "options = [1]",
    "[options]\nguards = 5",
    "[options]\nmatching = 'perhaps'",
    "[options]\nautosync_minutes = 4",
    "[options]\nautosync_minutes = 1441",
    "[options]\nautosync_minutes = 'often'",
    "[options]\nsync_notes = 'no'",
    "[options]\ncategory_id = 'Cloud'",
    "[options.guards]\noverwrite_count = 'many'",
    "dismissed_suggestions = [1]",
    "dismissed_suggestions = [[1]]",
    "dismissed_suggestions = [['a', 'b']]",
    "trusted_certificates = 3",
    "window = 3",
    "current_profile = 3",
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_told_and_left_as_it_is(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        load(file)

    assert caught.value.exit_code is ExitCode.USAGE
    assert str(file) in caught.value.happened
    assert "left as it is" in caught.value.unchanged
    assert file.read_text(encoding="utf-8") == text


def test_a_file_that_is_no_utf8_is_told(file: Path) -> None:
    file.write_bytes(b"current_profile = '\xff'")

    with pytest.raises(UsageError):
        load(file)


def test_a_file_that_cannot_be_read_at_all_is_told(file: Path) -> None:
    file.mkdir()

    with pytest.raises(UsageError, match="cannot be read"):
        load(file)


def test_a_place_that_cannot_be_written_is_told_and_keeps_the_former_file(file: Path) -> None:
    with pytest.raises(UsageError) as caught:
        save(FULL, file.parent / "no" / "settings.toml")
    assert "cannot be saved" in caught.value.happened

    save(FULL, file)
    (file.parent / "blocked").mkdir()
    (file.parent / "blocked" / "file").touch()
    with pytest.raises(UsageError):
        save(Settings(), file.parent / "blocked")
    assert sorted(path.name for path in file.parent.iterdir()) == ["blocked", "settings.toml"], "no draft is left"


def test_what_toml_cannot_hold_leaves_the_former_file(file: Path) -> None:
    save(FULL, file)

    with pytest.raises(TypeError):
        save(replace(FULL, window={"column": None}), file)

    assert load(file) == FULL
    assert list(file.parent.iterdir()) == [file]


# --- kept ------------------------------------------------------------------------------------------------------


def test_without_a_file_there_are_defaults(file: Path) -> None:
    assert load(file) == Settings()
    assert not file.exists()
    file.write_text("")
    assert load(file) == Settings()


@pytest.mark.parametrize("settings", [Settings(), FULL])
def test_what_is_saved_comes_back(file: Path, settings: Settings) -> None:
    save(settings, file)
    assert load(file) == settings
    save(Settings(), file)
    assert load(file) == Settings()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(name=texts, host=texts, schema=texts, keys=st.dictionaries(texts, texts, max_size=3), port=st.integers(0, 99999))
def test_any_text_comes_back(tmp_path_factory, name: str, host: str, schema: str, keys, port: int) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    address = DatabaseAddress(host, port, schema)
    settings = Settings((Profile("id", name, address),), name, trusted_certificates=keys, window={"x": keys})

    save(settings, file)

    assert load(file) == settings


def test_options_left_out_take_their_defaults(file: Path) -> None:
    file.write_text("[options]\nsync_notes = true\n[options.guards]\noverwrite_share = 1\n")

    options = load(file).options

    assert options == Options(sync_notes=True, guards=GuardLimits(overwrite_share=1))


def test_what_a_newer_version_added_is_passed_over(file: Path) -> None:
    file.write_text(
        "shiny = 1\n[options]\nshiny = true\n[options.guards]\nshiny = 2\n"
        "[[profiles]]\nid = 'x'\nname = 'n'\nshiny = 3\n[profiles.database]\ntls = 'off'\nshiny = 4\n"
    )

    settings = load(file)

    assert settings.profiles == (Profile("x", "n", DatabaseAddress(tls=TlsMode.OFF)),)


def test_only_the_owner_reads_the_file(file: Path) -> None:
    save(FULL, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_programs_saving_at_once_leave_one_whole_file(file: Path) -> None:
    long = replace(FULL, window={str(number): "x" * 200 for number in range(300)})
    problems = []

    def keep_saving(settings: Settings) -> None:
        try:
            for _ in range(30):
                save(settings, file)
                assert load(file) in (long, FULL)
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=keep_saving, args=(settings,)) for settings in (long, FULL, long)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert list(file.parent.iterdir()) == [file]


# --- profiles --------------------------------------------------------------------------------------------------


def test_a_profile_by_id_by_name_and_the_current_one() -> None:
    one, other = FULL.profiles

    assert FULL.profile() == FULL.profile(one.id) == FULL.profile(one.name) == one
    assert FULL.profile(other.id) == other
    assert FULL.profile("nobody") is None
    assert Settings().profile() is None
    assert replace(FULL, current_profile="").profile() is None, "no name is not the name of a nameless one"


def test_an_id_goes_before_a_name_that_looks_like_it() -> None:
    named_like_it, meant = Profile("a", "b"), Profile("b", "other")

    assert Settings((named_like_it, meant)).profile("b") == meant


def test_storing_a_profile_replaces_the_one_of_its_id_and_makes_it_current() -> None:
    changed = replace(FULL.profiles[1], name="changed")

    settings = FULL.with_profile(changed)

    assert settings.profiles == (FULL.profiles[0], changed)
    assert settings.current_profile == changed.id
    fresh = Profile.new("n", ADDRESS)
    assert len({fresh.id, Profile.new("n", ADDRESS).id}) == 2


def test_no_field_of_the_file_is_made_for_a_secret() -> None:
    names = {f.name for kind in (Settings, Profile, Options, DatabaseAddress) for f in fields(kind)}

    assert not [name for name in names if any(word in name for word in ("password", "key", "passphrase", "secret"))]


def test_a_crash_while_writing_leaves_the_former_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(FULL, file)

    def power_cut(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stickysync_gui.settings.os.fsync", power_cut)
    with pytest.raises(KeyboardInterrupt):
        save(Settings(), file)

    assert load(file) == FULL
    assert os.listdir(file.parent) == [file.name]
