"""Which organization a client most likely is: score and reason in words (product.md 4)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from stickysync_gui.domain.records import Client, Organization

LEAST_SCORE = 60
EXACT = 100
SCORED = 50
"""So many organizations are scored for a client, of those that share most letter triples with it."""
TRIPLES_LOOKED_AT = 4_000
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


def _bare(plain: str) -> str:
    """A plain name without its blanks, so that "North Wind" and "Northwind Inc." are equal."""
    return plain.replace(" ", "")


class Matcher:
    """Finds the organization that a client most likely is.

    Scoring every organization for every client takes far too long in a large account (22 s for 5,000 clients and
    20,000 organizations), so only those that share most of the rarer letter triples are scored (0.5 s).
    """

    def __init__(self, organizations: Collection[Organization]) -> None:
        self._organizations = list(organizations)
        self._names = [plain_name(organization.name) for organization in self._organizations]
        self._alike: defaultdict[str, list[int]] = defaultdict(list)
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        # Each mapping that is written asks anew for all clients that are left.
        self._found: dict[tuple[Client, frozenset[int]], Suggestion | None] = {}
        for place, name in enumerate(self._names):
            bare = _bare(name)
            self._alike[bare].append(place)
            for triple in _triples(bare):
                self._holders[triple].append(place)

    def best(self, client: Client, excluded: Collection[int] = frozenset()) -> Suggestion | None:
        """The best organization by Name and Company; None when none resembles either.

        Args:
            excluded: ids of organizations that are not to be suggested.
        """
        key = (client, frozenset(excluded))
        if key not in self._found:
            self._found[key] = self._best(client, excluded)
        return self._found[key]

    def _best(self, client: Client, excluded: Collection[int]) -> Suggestion | None:
        best: tuple[int, int, str] | None = None
        for label, text in (("Name", client.name), ("Company", client.company)):
            found = self._closest(plain_name(text), excluded)
            if found is not None and (best is None or found[1] > best[1]):
                how = "is the same" if found[1] == EXACT else "is similar"
                best = (*found, f"{label} “{text.strip()}” {how}.")
        if best is None:
            return None
        place, score, reason = best
        chosen = self._organizations[place]
        alike = [self._organizations[p] for p in self._alike[_bare(self._names[place])]]
        return Suggestion(client.id, chosen.id, score, reason, _namesakes(chosen, alike))

    def _closest(self, wanted: str, excluded: Collection[int]) -> tuple[int, int] | None:
        """Place and score of the organization whose name is closest."""
        if not wanted:
            return None
        bare = _bare(wanted)
        for place in self._alike.get(bare, ()):
            if self._organizations[place].id not in excluded:
                return place, EXACT
        near = self._near(bare)
        choices = {place: self._names[place] for place in near if self._organizations[place].id not in excluded}
        match = process.extractOne(wanted, choices, scorer=fuzz.WRatio, score_cutoff=LEAST_SCORE)
        if match is None:
            return None
        # Only equal names are worth 100; a part of a name may belong to somebody else.
        return match[2], min(EXACT - 1, round(match[1]))

    def _near(self, bare: str) -> list[int]:
        lists = sorted((self._holders[t] for t in _triples(bare) if t in self._holders), key=len)
        shared: Counter[int] = Counter()
        looked_at = 0
        for holders in lists:
            # Half of all names hold "ser" or "sol": once rarer triples have named enough, those add nothing.
            if looked_at and looked_at + len(holders) > TRIPLES_LOOKED_AT:
                break
            shared.update(holders)
            looked_at += len(holders)
        return [place for place, _ in shared.most_common(SCORED)]


def _triples(bare: str) -> set[str]:
    padded = f"^{bare}$"
    return {padded[start : start + 3] for start in range(max(1, len(padded) - 2))}


def suggest(clients: Iterable[Client], matcher: Matcher, dismissed: Iterable[tuple[int, int]] = ()) -> list[Suggestion]:
    """The best organization for each client, best scores first.

    Args:
        clients: the unmapped ones.
        dismissed: (client id, organization id) pairs that are not to be suggested again.
    """
    excluded: defaultdict[int, set[int]] = defaultdict(set)
    for client_id, organization_id in dismissed:
        excluded[client_id].add(organization_id)
    found = (matcher.best(client, excluded.get(client.id, frozenset())) for client in clients)
    return sorted((s for s in found if s is not None), key=lambda s: (-s.score, s.client_id))


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
