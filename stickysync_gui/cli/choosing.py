"""Clients and organizations as people name them on a command line: by id, or by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from stickysync_gui.domain.records import Client
from stickysync_gui.domain.snapshot import same_text
from stickysync_gui.errors import UsageError


class _Named(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def one_of(kind: str, wanted: str, known: Iterable[N], *, listed_by: str) -> N:
    """The client or organization of that id or name; case and blanks around a name do not count.

    Args:
        kind: "client" or "organization", for the words.
        listed_by: the command that lists them.

    Raises:
        UsageError: none, or several of that name.
    """
    known = list(known)
    by_id = [one for one in known if wanted.strip() == str(one.id)]
    found = by_id or [one for one in known if same_text(one.name) == same_text(wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            happened=f"There is no {kind} {wanted!r}.",
            unchanged="Nothing was changed.",
            todo=f"See `stickysync {listed_by}` for ids and names.",
        )
    ids = " and ".join(f"{one.id} ({one.name})" for one in sorted(found, key=lambda one: one.id))
    raise UsageError(
        happened=f"The name {wanted!r} is borne by {len(found)} {kind}s: {ids}.",
        unchanged="Nothing was changed.",
        todo="Give the id instead of the name.",
    )


def client_ids(wanted: Sequence[str], clients: Iterable[Client]) -> frozenset[int] | None:
    """The ids of the clients named by --client; None when none was.

    Raises:
        UsageError: one is unknown or ambiguous.
    """
    known = list(clients)
    return frozenset(one_of("client", text, known, listed_by="clients").id for text in wanted) if wanted else None
