"""What the self-check says: one line a check, with the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, how it ended, the words for it and, unless all is well, what to do."""

    name: str
    verdict: Verdict
    words: str
    remedy: str = ""
