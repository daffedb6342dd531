"""Profiles, options and window state in one TOML file. No secret is ever written here."""

from __future__ import annotations

import os
import secrets
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
    start_with_windows: bool = False
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
        return next((p for p in self.profiles if wanted in (p.id, p.name)), None)

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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as damage:
        raise UsageError(
            happened=f"The settings file {path} cannot be read: {damage}.",
            unchanged="The file was left as it is.",
            todo="Mend the file, or move it away to start with fresh settings.",
        ) from None


def save(settings: Settings, path: Path) -> None:
    """Write the file whole: beside the old one first, then in its place, so that a crash leaves one of the two."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        tomli_w.dump(_document(settings), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _settings(raw: dict[str, Any]) -> Settings:
    profiles = tuple(
        Profile(p["id"], p["name"], _known(DatabaseAddress, {**p["database"], "tls": TlsMode(p["database"]["tls"])}))
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
        raw.get("current_profile", ""),
        _known(Options, options),
        frozenset((int(client), int(org)) for client, org in raw.get("dismissed_suggestions", [])),
        dict(raw.get("trusted_certificates", {})),
        dict(raw.get("window", {})),
    )


def _known(kind: type[_T], values: dict[str, Any]) -> _T:
    """Build a record from the keys it knows, so that a newer version's file does not stop an older program."""
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: value for key, value in values.items() if key in names})


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
