"""Which organization a client most likely is: score and reason in words (product.md 4)."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from stickysync_gui.domain.records import Client, Organization

LEAST_SCORE = 60
_SUFFIXES = frozenset(
    re.findall(
        r"\w+",
        "inc incorporated llc llp lp ltd limited co corp corporation company plc gmbh mbh ag kg ohg ug ev sa sarl sas "
        "srl spa bv nv ab as oy aps pty pte pc pllc group holding holdings",
    )
)
_NOT_WORD = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The best organization for an unmapped client.

    Args:
        score: 0 to 100.
        reason: why, in words.
        namesakes: what tells organizations of the same name apart; empty when there are none.
    """

    client_id: int
    organization_id: int
    score: int
    reason: str
    namesakes: str = ""


def plain_name(name: str) -> str:
    """A name without case, accents, punctuation and company suffixes: "Contoso, Ltd." and "CONTOSO" are equal."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    words = _NOT_WORD.sub(" ", "".join(c for c in folded if not unicodedata.combining(c))).split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return " ".join(words)


def suggest(
    clients: Iterable[Client],
    organizations: Collection[Organization],
    dismissed: Collection[tuple[int, int]] = frozenset(),
) -> list[Suggestion]:
    """The best organization for each client, best scores first.

    Args:
        clients: the unmapped ones.
        dismissed: (client id, organization id) pairs that are not to be suggested again.
    """
    names = {o.id: plain_name(o.name) for o in organizations}
    by_id = {o.id: o for o in organizations}
    alike: defaultdict[str, list[Organization]] = defaultdict(list)
    for organization in organizations:
        alike[names[organization.id]].append(organization)
    found = []
    for client in clients:
        excluded = {org for client_id, org in dismissed if client_id == client.id}
        best = _best(client, names, excluded)
        if best is not None:
            id_, score, reason = best
            found.append(Suggestion(client.id, id_, score, reason, _namesakes(by_id[id_], alike[names[id_]])))
    return sorted(found, key=lambda s: (-s.score, s.client_id))


def _best(client: Client, names: dict[int, str], excluded: set[int]) -> tuple[int, int, str] | None:
    best: tuple[int, int, str] | None = None
    for label, text in (("Name", client.name), ("Company", client.company)):
        wanted = plain_name(text)
        if not wanted:
            continue
        choices = {id_: name for id_, name in names.items() if id_ not in excluded}
        match = process.extractOne(wanted, choices, scorer=fuzz.WRatio, score_cutoff=LEAST_SCORE)
        if match is None:
            continue
        name, score, id_ = match
        exact = name == wanted
        # Only equal names are worth 100; a part of a name may belong to somebody else.
        rounded = 100 if exact else min(99, round(score))
        if best is None or rounded > best[1]:
            how = "is the same" if exact else "is similar"
            best = (id_, rounded, f"{label} “{text.strip()}” {how}.")
    return best


def _namesakes(chosen: Organization, alike: list[Organization]) -> str:
    if len(alike) < 2:
        return ""
    described = "; ".join(describe(o) for o in sorted(alike, key=lambda o: o.id))
    return f"{len(alike)} organizations have this name: {described}. Suggested: {chosen.id}."


def describe(organization: Organization) -> str:
    """What tells an organization from its namesakes: id, type, status, short name, parent."""
    traits = [organization.type_name, organization.status_name, organization.short_name]
    if organization.parent_id is not None:
        traits.append(f"child of {organization.parent_id}")
    return f"{organization.id} ({', '.join(trait for trait in traits if trait) or 'no details'})"
