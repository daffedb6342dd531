"""What stops a run before its first write, with the numbers (product.md 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stickysync_gui.domain.planned import Plan, Status
from stickysync_gui.domain.records import ValueState
from stickysync_gui.domain.snapshot import AutomateSide, Scope
from stickysync_gui.errors import GuardStopped


class Guard(StrEnum):
    """The guards by name."""

    PASSWORDS_VANISHED = "passwords_vanished"
    OVERWRITES = "overwrites"
    MISSING_ENTRIES = "missing_entries"
    UNREADABLE_VALUES = "unreadable_values"


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """The limits of product.md 6; the options may tighten or widen them.

    Args:
        overwrite_count, overwrite_share: the smaller of the two counts, but never less than `overwrite_floor`.
        missing_count, missing_share: both must be exceeded.
        passwords_share: fewer rows than this share of the last good run's count.
        unreadable_share: more than this share of the stored values.
    """

    overwrite_count: int = 250
    overwrite_share: float = 0.30
    overwrite_floor: int = 50
    missing_count: int = 10
    missing_share: float = 0.02
    passwords_share: float = 0.50
    unreadable_share: float = 0.50

    def missing_to_alarm(self, links: int) -> int:
        """From how many missing entries on a run stops, with so many links in scope."""
        return max(self.missing_count, int(links * self.missing_share)) + 1


NOTHING_WRITTEN = "Nothing was written, neither to IT Glue nor to the plugin's tables."
_GO_ON = "If that is right, confirm the number in the window, or call again with --override-guard."

Overrides = Mapping[Guard, int]
"""The number up to which a guard was overridden."""


def check_guards(
    plan: Plan,
    automate: AutomateSide,
    scope: Scope,
    last_good_count: int | None,
    limits: GuardLimits,
    overrides: Overrides,
) -> None:
    """Raise `GuardStopped` for the first guard that trips and is not overridden for its number.

    Args:
        plan: the rows in scope.
        automate: all rows, for the guards that look beyond the scope.
        last_good_count: rows of `passwords` at the last run that ended well, or None before the first.
    """
    for stopped in _tripped(plan, automate, scope, last_good_count, limits):
        allowed = overrides.get(Guard(stopped.guard))
        if allowed is None or stopped.number > allowed:
            raise stopped


def tripped_guards(
    plan: Plan, automate: AutomateSide, scope: Scope, last_good_count: int | None, limits: GuardLimits
) -> dict[Guard, int]:
    """All guards that trip, with their numbers; what an override of everything would confirm."""
    found = _tripped(plan, automate, scope, last_good_count, limits)
    return {Guard(stopped.guard): stopped.number for stopped in found}


def _tripped(
    plan: Plan, automate: AutomateSide, scope: Scope, last_good_count: int | None, limits: GuardLimits
) -> list[GuardStopped]:
    links = _links_in_scope(automate, scope)
    checks = (
        _passwords_vanished(automate, last_good_count, limits),
        _unreadable(automate, limits),
        _missing(plan, links, limits),
        _overwrites(plan, links, limits),
    )
    return [stopped for stopped in checks if stopped is not None]


def _stop(guard: Guard, number: int, happened: str, check: str) -> GuardStopped:
    return GuardStopped(
        guard=guard.value, number=number, happened=happened, unchanged=NOTHING_WRITTEN, todo=f"{check} {_GO_ON}"
    )


def _passwords_vanished(automate: AutomateSide, last_good: int | None, limits: GuardLimits) -> GuardStopped | None:
    count = len(automate.passwords)
    if count == 0 and automate.links:
        happened = f"Automate's passwords table is empty although {len(automate.links)} links exist."
        return _stop(Guard.PASSWORDS_VANISHED, len(automate.links), happened, "Check that this is the right database.")
    if last_good and count < last_good * limits.passwords_share:
        happened = f"Automate holds {count} passwords; the last good run counted {last_good}."
        return _stop(Guard.PASSWORDS_VANISHED, last_good - count, happened, "Check that this is the right database.")
    return None


def _unreadable(automate: AutomateSide, limits: GuardLimits) -> GuardStopped | None:
    stored = [v for v in automate.values.values() if v.state is not ValueState.NONE]
    unreadable = sum(1 for value in stored if value.state is ValueState.UNREADABLE)
    if not stored or unreadable <= len(stored) * limits.unreadable_share:
        return None
    happened = f"{unreadable} of {len(stored)} stored values cannot be decrypted."
    check = "This server may use Automate's newer encryption; run the self-check (stickysync doctor)."
    return _stop(Guard.UNREADABLE_VALUES, unreadable, happened, check)


def _links_in_scope(automate: AutomateSide, scope: Scope) -> int:
    linked = {link.password_id for link in automate.links}
    return sum(1 for p in automate.passwords if p.id in linked and scope.includes(p, p.id in automate.ticked))


def _missing(plan: Plan, links: int, limits: GuardLimits) -> GuardStopped | None:
    missing = sum(1 for row in plan.rows if row.status is Status.MISSING)
    if missing < limits.missing_to_alarm(links):
        return None
    happened = f"{missing} of {links} linked entries are missing in IT Glue; they would all be created again."
    return _stop(Guard.MISSING_ENTRIES, missing, happened, "Check that the API key still sees all organizations.")


def _overwrites(plan: Plan, links: int, limits: GuardLimits) -> GuardStopped | None:
    overwrites = sum(1 for row in plan.pending() if row.overwrites)
    limit = max(limits.overwrite_floor, min(limits.overwrite_count, int(links * limits.overwrite_share)))
    if overwrites <= limit:
        return None
    happened = f"{overwrites} entries that people typed in IT Glue would be overwritten; the limit here is {limit}."
    return _stop(Guard.OVERWRITES, overwrites, happened, "Look at the preview first.")
