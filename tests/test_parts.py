"""The list of parts: from what is installed, and through a bundle's file."""

import json
from pathlib import Path

import pytest

from stickysync_gui import __version__, parts
from stickysync_gui.parts import Part


def test_a_damaged_list_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "parts.json").write_text('[{"name": "half')
    with pytest.raises(json.JSONDecodeError):
        parts.read(tmp_path / "parts.json")


def test_every_installed_part_has_a_version_a_licence_and_its_text() -> None:
    listed = parts.installed()
    assert (listed[0].name, listed[0].version) == ("stickysync", __version__)
    assert {"Python", "PySide6_Essentials", "SQLAlchemy", "cryptography", "certifi"} <= {part.name for part in listed}
    for part in listed:
        assert part.version, part.name
        assert part.licence != "see the text", part.name
        assert part.files, part.name
        assert len(part.text()) > 500, part.name


def test_nothing_is_listed_that_only_developers_need() -> None:
    assert {part.name for part in parts.installed()}.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "pyinstaller"})


def test_a_written_list_reads_as_it_was(tmp_path: Path) -> None:
    texts = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        texts.append(tmp_path / folder / "LICENSE")
        texts[-1].write_text(f"the text in {folder}")
    file = tmp_path / "bundle" / "parts.json"
    file.parent.mkdir()
    for source, name in parts.write([Part("Two.Texts", "1.0", "MIT", tuple(texts))], file):
        (file.parent / name).parent.mkdir(exist_ok=True)
        (file.parent / name).write_bytes(Path(source).read_bytes())
    (part,) = parts.read(file)
    assert (part.name, part.version, part.licence) == ("Two.Texts", "1.0", "MIT")
    assert part.text() == "the text in a\n\n\nthe text in b"
