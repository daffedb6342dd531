"""A folder for one account: the settings and secrets of a task that runs without a login.

A task has no environment of its own, and another account no key store of ours, so the secrets stand in files that the
account and administrators alone can read.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import UsageError
from stickysync_gui.schedule.commands import required

SECRET_FILES = {
    "STICKYSYNC_DB_PASSWORD": "database-password",
    "STICKYSYNC_PASSPHRASE": "passphrase",
    "STICKYSYNC_API_KEY": "api-key",
}
"""File by the variable that it stands for."""
ICACLS = "icacls"
_ADMINISTRATORS = "S-1-5-32-544"
_SYSTEM = "S-1-5-18"
_ALIASES = {"BA": _ADMINISTRATORS, "SY": _SYSTEM, "LS": "S-1-5-19", "NS": "S-1-5-20"}
"""Two-letter names that Windows writes for these SIDs."""
_ENTRY = re.compile(r"\((?P<kind>[A-Z]+);(?P<flags>[A-Z]*);[^;]*;[^;]*;[^;]*;(?P<who>[^;)]+)")


def prepare(folder: Path, account: str) -> None:
    """Make the folder, or take an existing one, for this account and administrators alone.

    Args:
        account: a name, or a SID that begins with "S-1-".

    Raises:
        UsageError: others can read an existing folder, or its path leads elsewhere.
        SchedulerRefused: Windows knows no such account, or refused.
    """
    sid = sid_of(account)
    allowed = {_ADMINISTRATORS, _SYSTEM, sid}
    try:
        folder.mkdir()
    except FileExistsError:
        if folder.is_symlink() or not folder.is_dir():
            raise _unfit(folder, "it is no folder of its own") from None
        if others := readers(folder) - allowed:
            raise _unfit(folder, f"others can read it: {', '.join(sorted(others))}") from None
    except OSError as problem:
        raise _unfit(folder, problem.strerror or type(problem).__name__) from None
    grants = (f"*{_ADMINISTRATORS}:(OI)(CI)F", f"*{sid}:(OI)(CI)M")
    required([ICACLS, str(folder), "/inheritance:r", "/grant:r", *grants], f"protect {folder}")
    if others := readers(folder) - allowed:
        raise _unfit(folder, f"others can read it: {', '.join(sorted(others))}")


def write_secrets(folder: Path, secrets: Mapping[str, Secret | None]) -> None:
    """Write a folder's secrets, each into a new file, and remove those that are no longer needed.

    Args:
        folder: from `prepare`. secrets: by the variable that they stand for.
    """
    for variable, name in SECRET_FILES.items():
        file = folder / name
        # A new file takes the folder's rights; an old one might have kept wider ones of its own.
        file.unlink(missing_ok=True)
        secret = secrets.get(variable)
        if secret is not None:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
                opened.write(secret.reveal())


def sid_of(account: str) -> str:
    """The account's SID, as Windows writes it into the rights of a folder that is granted to it."""
    if account.startswith("S-1-"):
        return account
    with tempfile.TemporaryDirectory(prefix="stickysync-account-") as temporary:
        # Made here, since Windows gives a temporary folder itself rights that might name the account already.
        probe = Path(temporary) / "probe"
        probe.mkdir()
        before = _entries(probe)
        required([ICACLS, str(probe), "/grant", f"{account}:R"], f"find the account {account!r}")
        new = {who for who, inherited in _entries(probe) - before if not inherited}
    if len(new) != 1:
        raise UsageError(
            happened=f"Windows shows no single account {account!r}.",
            unchanged="Nothing was registered or written.",
            todo="Write it like DOMAIN\\name, COMPUTER\\name or DOMAIN\\name$.",
        )
    return new.pop()


def readers(folder: Path) -> set[str]:
    """The SIDs that have any right to the folder."""
    return {who for who, _ in _entries(folder)}


def _entries(folder: Path) -> set[tuple[str, bool]]:
    """Who is allowed something there, and whether that is inherited.

    Saved as SDDL, which is the same in every language of Windows.
    """
    with tempfile.TemporaryDirectory(prefix="stickysync-rights-") as temporary:
        saved = Path(temporary) / "rights"
        required([ICACLS, str(folder), "/save", str(saved)], f"show the rights to {folder}")
        raw = saved.read_bytes()
    text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le")
    return {
        (_ALIASES.get(entry["who"], entry["who"]), "ID" in re.findall("..", entry["flags"]))
        for entry in _ENTRY.finditer(text)
        if not entry["kind"].endswith("D")
    }


def _unfit(folder: Path, why: str) -> UsageError:
    return UsageError(
        happened=f"{folder} cannot take the secrets: {why}.",
        unchanged="Nothing was registered, and no secret was written.",
        todo="Name a folder that does not exist yet; its parent has to.",
    )
