"""What became of requests whose answer was never stored: product.md 5, "Exactly one entry per password".

A sending mark is committed before each create. If the program dies, or the answer is lost, the mark says where the
entry would be, under which name, and which entries of that name stood there before. No clock of IT Glue's is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stickysync_gui.domain.records import Entry, MarkKind, SendingMark, SyncState
from stickysync_gui.domain.snapshot import Identity, identity


@dataclass(frozen=True, slots=True)
class Settlement:
    """The finding for one marked password.

    Args:
        mark: its mark.
        entry: the entry that the lost request made, or None when there is none yet.
        contested: more candidates than marks, so nobody can tell which is ours.
        candidates: the entries it may be, where contested.
    """

    mark: SendingMark
    entry: Entry | None = None
    contested: bool = False
    candidates: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlements:
    """All findings, and the entries that they keep from being adopted by other passwords."""

    by_password: Mapping[int, Settlement]
    reserved: frozenset[int]
    contested: frozenset[Identity]


def settle(
    states: Iterable[SyncState],
    entries: Mapping[Identity, list[Entry]],
    holders: Mapping[int, frozenset[int]],
) -> Settlements:
    """Find the entry of each password that carries a mark of a create.

    Args:
        states: all sync states, also of passwords that are gone, since their marks claim entries too.
        entries: by identity, archived ones included.
        holders: ids of the passwords linked to an entry, by entry id.

    k marks alike with m candidates: m <= k are paired in order of id (any pairing is right, the update that follows
    sends every field); m > k is contested.
    """
    alike: defaultdict[Identity, list[tuple[int, SendingMark]]] = defaultdict(list)
    for state in states:
        if state.mark is not None and state.mark.kind is MarkKind.CREATE:
            mark = state.mark
            alike[identity(mark.organization_id, mark.name, mark.username)].append((state.password_id, mark))

    found: dict[int, Settlement] = {}
    reserved: set[int] = set()
    contested: set[Identity] = set()
    for key, marks in alike.items():
        marks.sort(key=lambda pair: pair[0])
        waiting, candidates = _own_links_first(marks, entries.get(key, []), holders, found)
        pairs = _pair(waiting, candidates)
        reserved.update(entry.id for entry in candidates)
        if pairs is None:
            contested.add(key)
            rivals = tuple(candidates)
            found.update(
                {password_id: Settlement(mark, contested=True, candidates=rivals) for password_id, mark in waiting}
            )
        else:
            found.update({password_id: Settlement(mark, pairs.get(password_id)) for password_id, mark in waiting})
    return Settlements(found, frozenset(reserved), frozenset(contested))


def _own_links_first(
    marks: list[tuple[int, SendingMark]],
    entries: list[Entry],
    holders: Mapping[int, frozenset[int]],
    found: dict[int, Settlement],
) -> tuple[list[tuple[int, SendingMark]], list[Entry]]:
    """Settle marks whose link was already written (death between map row and sync state); return what is left."""
    waiting = []
    for password_id, mark in marks:
        own = [e for e in entries if holders.get(e.id) == frozenset((password_id,)) and e.id not in mark.seen_entry_ids]
        if len(own) == 1:
            found[password_id] = Settlement(mark, own[0])
        else:
            waiting.append((password_id, mark))
    candidates = [
        entry
        for entry in entries
        if not holders.get(entry.id) and any(entry.id not in mark.seen_entry_ids for _, mark in waiting)
    ]
    return waiting, sorted(candidates, key=lambda entry: entry.id)


def _pair(marks: list[tuple[int, SendingMark]], candidates: list[Entry]) -> dict[int, Entry] | None:
    """Give each candidate a mark that had not seen it before, in order of id; None when one stays over."""
    free = list(marks)
    pairs: dict[int, Entry] = {}
    for entry in candidates:
        taker = next((pair for pair in free if entry.id not in pair[1].seen_entry_ids), None)
        if taker is None:
            return None
        free.remove(taker)
        pairs[taker[0]] = entry
    return pairs
