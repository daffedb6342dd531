"""Profiles, options and window state in one TOML file. No secret is ever written here."""

from __future__ import annotations

import os
import secrets
import tempfile
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.guards import GuardLimits
from stickysync_gui.domain.planned import Matching, Rules
from stickysync_gui.errors import UsageError

_T = TypeVar("_T")

AUTOSYNC_MINUTES = (5, 15, 1440)
"""Least, default and greatest AutoSync interval, in minutes (product.md 7)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One Automate server. `id` is random and names the profile's secrets in the OS key store."""

    id: str
    name: str
    database: DatabaseAddress = field(default_factory=DatabaseAddress)

    @classmethod
    def new(cls, name: str, database: DatabaseAddress) -> Profile:
        """A profile with an id of its own."""
        return cls(secrets.token_hex(8), name, database)


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose on the Configuration tab.

    Args:
        category_id: IT Glue password category for new entries, or None.
        autosync_minutes: interval between AutoSync rounds.
        other_plugin_is_off: the user confirmed that the Control Center plugin no longer syncs.
    """

    category_id: int | None = None
    sync_notes: bool = False
    matching: Matching = Matching.LINK
    bulk_creation: bool = False
    windows_1252: bool = False
    preview_first: bool = True
    autosync_here: bool = False
    autosync_minutes: int = AUTOSYNC_MINUTES[1]
    other_plugin_is_off: bool = False
    minimise_to_tray: bool = False
    guards: GuardLimits = field(default_factory=GuardLimits)

    def rules(self, settle_seconds: float) -> Rules:
        """The part that the planner needs."""
        return Rules(matching=self.matching, sync_notes=self.sync_notes, settle_seconds=settle_seconds)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything in the file.

    Args:
        trusted_certificates: SHA-256 fingerprints by "host:port", of databases that the console knows by URL only.
        window: the window's own: geometry, columns and filters by profile.
    """

    profiles: tuple[Profile, ...] = ()
    current_profile: str = ""
    options: Options = field(default_factory=Options)
    dismissed_suggestions: frozenset[tuple[int, int]] = frozenset()
    trusted_certificates: dict[str, str] = field(default_factory=dict)
    window: dict[str, Any] = field(default_factory=dict)

    def profile(self, name_or_id: str = "") -> Profile | None:
        """The profile of that name or id; without one the current profile."""
        wanted = name_or_id or self.current_profile
        candidates = [p for p in self.profiles if p.id == wanted] + [p for p in self.profiles if p.name == wanted]
        return candidates[0] if wanted and candidates else None

    def with_profile(self, profile: Profile) -> Settings:
        """A copy in which the profile is stored and current."""
        others = tuple(p for p in self.profiles if p.id != profile.id)
        return replace(self, profiles=(*others, profile), current_profile=profile.id)


def load(path: Path) -> Settings:
    """Read the file; without one the defaults.

    Raises:
        UsageError: the file is damaged. It is left as it is.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return _settings(raw)
    except FileNotFoundError:
        return Settings()
    except (OSError, KeyError, TypeError, ValueError) as damage:
        # A KeyError's own text is just the missing name; TOML and UTF-8 errors are ValueErrors.
        reason = f"{damage} is missing" if isinstance(damage, KeyError) else damage
        raise UsageError(
            happened=f"The settings file {path} cannot be read: {reason}.",
            unchanged="The file was left as it is.",
            todo="Mend the file, or move it away to start with fresh settings.",
        ) from None


def save(settings: Settings, path: Path) -> None:
    """Write the file whole: beside the old one first, then in its place, so that a crash leaves one of the two.

    Raises:
        UsageError: it cannot be written; the former file is still there.
    """
    document = tomli_w.dumps(_document(settings)).encode("utf-8")
    try:
        # A name of its own, since window and console may save at once; readable by the owner only.
        descriptor, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError as problem:
        raise UsageError(
            happened=f"The settings cannot be saved in {path}: {problem.strerror or type(problem).__name__}.",
            unchanged="The former settings stay.",
            todo="Check that the folder is there and may be written to.",
        ) from None


def _settings(raw: dict[str, Any]) -> Settings:
    profiles = tuple(
        Profile(
            _text(p["id"]),
            _text(p["name"]),
            _known(DatabaseAddress, {**p["database"], "tls": TlsMode(p["database"]["tls"])}),
        )
        for p in raw.get("profiles", [])
    )
    options = dict(raw.get("options", {}))
    if "matching" in options:
        options["matching"] = Matching(options["matching"])
    if "guards" in options:
        options["guards"] = _known(GuardLimits, options["guards"])
    least, _, greatest = AUTOSYNC_MINUTES
    if not least <= options.get("autosync_minutes", least) <= greatest:
        raise ValueError(f"autosync_minutes is not between {least} and {greatest}")
    return Settings(
        profiles,
        _text(raw.get("current_profile", "")),
        _known(Options, options),
        frozenset((int(client), int(org)) for client, org in raw.get("dismissed_suggestions", [])),
        dict(raw.get("trusted_certificates", {})),
        dict(raw.get("window", {})),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _known(kind: type[_T], values: dict[str, Any]) -> _T:
    """Build a record from the keys it knows, so that a newer version's file does not stop an older program.

    Raises:
        TypeError: a value is of another type than the record's default.
    """
    if not isinstance(values, dict):
        raise TypeError(f"{values!r} is no table")
    defaults = kind()
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    known = {name: value for name, value in values.items() if name in names}
    for name, value in known.items():
        if not _is_like(value, getattr(defaults, name)):
            raise TypeError(f"{name} cannot be {value!r}")
    return kind(**known)


def _is_like(value: object, default: object) -> bool:
    if isinstance(default, (bool, int)):
        return type(value) is type(default)
    # None stands for an id that nobody chose, and TOML's whole numbers are as good as fractions.
    wanted = int if default is None else (int, float) if isinstance(default, float) else type(default)
    return isinstance(value, wanted) and not isinstance(value, bool)


def _document(settings: Settings) -> dict[str, Any]:
    options = {key: value for key, value in asdict(settings.options).items() if value is not None}
    return {
        "current_profile": settings.current_profile,
        "profiles": [asdict(profile) for profile in settings.profiles],
        "options": {**options, "matching": settings.options.matching.value},
        "dismissed_suggestions": [list(pair) for pair in sorted(settings.dismissed_suggestions)],
        "trusted_certificates": settings.trusted_certificates,
        "window": settings.window,
    }
