"""What the program is made of: each part with its version and its licence, for the About box and for the bundle."""

from __future__ import annotations

import json
import platform
import re
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from stickysync_gui import paths

PROGRAM = "stickysync"
_LICENCE_FILE = re.compile(r"licen[cs]e|copying|notice|authors", re.IGNORECASE)
# Their distributions carry no text; ours are in resources/licences.
_QT = frozenset({"pyside6-essentials", "shiboken6"})
_QT_TEXTS = ("LGPL-3.0.txt", "GPL-3.0.txt")
_LONGEST_LICENCE = 80


@dataclass(frozen=True, slots=True)
class Part:
    """A part with its licence texts.

    Args:
        licence: its name in short, as its authors give it.
        files: the texts.
    """

    name: str
    version: str
    licence: str
    files: tuple[Path, ...]

    def text(self) -> str:
        """All licence texts, one after the other."""
        return "\n\n\n".join(file.read_text(encoding="utf-8", errors="replace").strip() for file in self.files)


def parts() -> list[Part]:
    """The parts of the running program: in a bundle those that the build found, else those that are installed."""
    listed = paths.parts_file()
    return installed() if listed is None else read(listed)


def installed() -> list[Part]:
    """The program itself, Python, and everything that the program's distribution needs, by name."""
    found: dict[str, Part] = {}
    waiting = [PROGRAM]
    while waiting:
        name = _canonical(waiting.pop())
        if name in found:
            continue
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            # Wanted on another system or by another Python only.
            continue
        found[name] = of_distribution(one)
        wanted = (text for text in one.requires or () if "extra ==" not in text)
        waiting += [match[0] for text in wanted if (match := re.match(r"[\w.-]+", text))]
    program = found.pop(PROGRAM, None)
    rest = sorted((*found.values(), python()), key=lambda part: part.name.casefold())
    return [program, *rest] if program else rest


def of_distribution(one: metadata.Distribution) -> Part:
    """A distribution as a part."""
    own = [file for file in one.files or () if _LICENCE_FILE.match(file.name) and file.suffix not in (".py", ".pyc")]
    texts = tuple(Path(str(file.locate())) for file in own)
    if _canonical(one.name) in _QT:
        texts = tuple(paths.resources_folder() / "licences" / name for name in _QT_TEXTS)
    return Part(one.name, one.version, _licence_words(one), texts)


def python() -> Part:
    """Python itself, with the libraries that its installer brings."""
    places = (
        # Windows and python.org; most others; Debian.
        Path(sys.base_prefix, "LICENSE.txt"),
        Path(sysconfig.get_path("stdlib"), "LICENSE.txt"),
        Path(f"/usr/share/doc/python3.{sys.version_info.minor}/copyright"),
    )
    texts = tuple(place for place in places if place.is_file())[:1]
    return Part("Python", platform.python_version(), "PSF-2.0", texts)


def write(listed: Iterable[Part], file: Path) -> list[tuple[str, str]]:
    """Write the list for a bundle; return each text with its folder there, relative to the list's own."""
    lines: list[dict[str, object]] = []
    texts: list[tuple[str, str]] = []
    for part in listed:
        folder = _canonical(part.name)
        # Two texts of a part may bear the same name.
        names = [f"{number}-{path.name}" if number else path.name for number, path in enumerate(part.files)]
        line = {"name": part.name, "version": part.version, "licence": part.licence, "folder": folder}
        lines.append({**line, "files": names})
        texts += [(str(path), f"{folder}/{name}") for path, name in zip(part.files, names, strict=True)]
    file.write_text(json.dumps(lines, indent=1), encoding="utf-8")
    return texts


def read(file: Path) -> list[Part]:
    """The list that `write` made."""
    return [
        Part(
            one["name"],
            one["version"],
            one["licence"],
            tuple(file.parent / one["folder"] / name for name in one["files"]),
        )
        for one in json.loads(file.read_text(encoding="utf-8"))
    ]


def _licence_words(one: metadata.Distribution) -> str:
    facts = one.metadata
    for field in ("License-Expression", "License"):
        words = str(facts[field]).strip() if field in facts else ""
        if words and "\n" not in words and len(words) <= _LONGEST_LICENCE:
            return words
    kinds = [text for text in facts.get_all("Classifier") or () if text.startswith("License ::")]
    return kinds[0].rpartition(" :: ")[2] if kinds else "see the text"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
