"""How each status of the planner's table comes about, written into both demo systems (product.md 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stickysync_gui.domain.records import MarkKind
from stickysync_gui.sandbox.automate import damaged, encrypted, encrypted_in_windows_1252
from stickysync_gui.sandbox.demo_books import DemoBooks, Draft, some_value


def new(books: DemoBooks, draft: Draft) -> None:
    """Row 16: nothing in IT Glue yet."""
    books.keep(draft)


def in_sync(books: DemoBooks, draft: Draft) -> None:
    """Row 13."""
    books.push(draft, books.entry(draft))
    books.keep(draft)


def interrupted_done(books: DemoBooks, draft: Draft) -> None:
    """Row 0: the request got through, the answer did not."""
    books.entry(draft)
    books.mark(draft)
    books.keep(draft)


def interrupted_lost(books: DemoBooks, draft: Draft) -> None:
    """Row 0: the request never arrived; an entry of that name stood there before and is archived."""
    older = books.entry(draft, archived=True)
    books.mark(draft, seen=str(older))
    books.keep(draft)


def unreadable(books: DemoBooks, draft: Draft) -> None:
    """Row 1: damaged, or under another client's key."""
    cipher = damaged(draft.row.client_id, draft.value, books.dice)
    books.keep(replace(draft, row=draft.row._replace(cipher=cipher)))


def not_utf8(books: DemoBooks, draft: Draft) -> None:
    """Row 1: an old Windows-1252 value."""
    cipher = encrypted_in_windows_1252(draft.row.client_id, f"Straße-{draft.row.id}-ü€")
    books.keep(replace(draft, row=draft.row._replace(cipher=cipher)))


def no_password(books: DemoBooks, draft: Draft) -> None:
    """Row 2: NULL, no bytes, or an empty text encrypted."""
    empty = (None, b"", encrypted(draft.row.client_id, ""))[draft.row.id % 3]
    books.keep(replace(draft, row=draft.row._replace(cipher=empty)))


def archived(books: DemoBooks, draft: Draft) -> None:
    """Row 5."""
    entry = books.entry(draft)
    books.push(draft, entry)
    books.glue.archive_password(entry)
    books.keep(draft)


def vaulted(books: DemoBooks, draft: Draft) -> None:
    """Row 6."""
    books.push(draft, books.entry(draft, password=None, vault_id=books.glue.new_id()))
    books.keep(draft)


def missing(books: DemoBooks, draft: Draft) -> None:
    """Row 7."""
    entry = books.entry(draft)
    books.push(draft, entry)
    books.glue.remove_password(entry)
    books.keep(draft)


def moved(books: DemoBooks, draft: Draft) -> None:
    """Row 8."""
    entry = books.entry(draft)
    books.push(draft, entry)
    books.glue.move_password(entry, books.elsewhere)
    books.keep(draft)


def moved_and_kept(books: DemoBooks, draft: Draft) -> None:
    """Moved, and somebody chose to keep it there: in sync."""
    entry = books.entry(draft)
    books.push(draft, entry, AcceptedOrgID=books.elsewhere)
    books.glue.move_password(entry, books.elsewhere)
    books.keep(draft)


def left_behind(books: DemoBooks, draft: Draft) -> None:
    """In sync, with an older entry that still lies in a former organization."""
    older = books.entry(draft, organization_id=books.elsewhere)
    books.push(draft, books.entry(draft), LeftBehind=str(older))
    books.keep(draft)


def not_verified(books: DemoBooks, draft: Draft) -> None:
    """Row 9: linked by the Control Center plugin, which keeps no sync state."""
    books.link(draft, books.entry(draft))
    books.keep(draft)


def update_lost(books: DemoBooks, draft: Draft) -> None:
    """Row 9: the answer to an update never came."""
    entry = books.entry(draft)
    books.link(draft, entry)
    books.mark(draft, MarkKind.UPDATE, ITGPasswordID=entry)
    books.keep(draft)


def changed_in_automate(books: DemoBooks, draft: Draft) -> None:
    """Row 12: a new value, or a new name, since the last push."""
    former = draft.with_value(some_value(books.dice))
    if draft.row.id % 3 == 0:
        former = replace(draft, row=draft.row._replace(title=f"{draft.row.title[:44]} (old)"))
    books.push(former, books.entry(former))
    books.keep(draft)


def changed_in_itglue(books: DemoBooks, draft: Draft) -> None:
    """Row 11: somebody typed another value, or another name."""
    entry = books.entry(draft)
    books.push(draft, entry)
    books.retype(entry, name=draft.row.id % 3 == 0)
    books.keep(draft)


def changed_again_and_again(books: DemoBooks, draft: Draft) -> None:
    """Row 11, after three pushes in a row: left alone."""
    entry = books.entry(draft)
    books.push(draft, entry, DriftPushes=3)
    books.retype(entry)
    books.keep(draft)


def changed_on_both_sides(books: DemoBooks, draft: Draft) -> None:
    """Row 10."""
    former = draft.with_value(some_value(books.dice))
    entry = books.entry(former)
    books.push(former, entry)
    books.retype(entry)
    books.keep(draft)


def matches(books: DemoBooks, draft: Draft) -> None:
    """Row 14: somebody typed the same credential in by hand, in letters of another case."""
    books.entry(draft, name=f"{draft.row.title.upper()} ", password=some_value(books.dice), notes="typed by hand")
    books.keep(draft)


def embedded_namesake(books: DemoBooks, draft: Draft) -> None:
    """Row 16 all the same: an embedded entry of that name belongs to its parent and is not adopted."""
    parent = {"resource_id": books.glue.new_id(), "resource_type": "Configuration"}
    books.entry(draft, password=some_value(books.dice), **parent)
    books.keep(draft)


def several_entries(books: DemoBooks, draft: Draft) -> None:
    """Row 15: two entries for one password."""
    for _ in range(2):
        books.entry(draft, password=some_value(books.dice))
    books.keep(draft)


def several_passwords(books: DemoBooks, draft: Draft) -> None:
    """Row 15: two passwords for one entry."""
    books.entry(draft, password=some_value(books.dice))
    books.keep(draft)
    books.keep(books.twin(draft))


def shared_entry(books: DemoBooks, draft: Draft) -> None:
    """Two passwords linked to one entry: ambiguous as well."""
    entry, twin = books.entry(draft), books.twin(draft)
    for one in (draft, twin):
        books.link(one, entry)
        books.keep(one)


def interrupted_contested(books: DemoBooks, draft: Draft) -> None:
    """A mark with two candidates: ambiguous."""
    several_entries(books, draft)
    books.mark(draft)


# How many passwords of mapped clients meet each case; of all others most are in sync and some are new. Overwrites and
# missing entries together stay below every guard's limit (product.md 6).
COUNTS: tuple[tuple[Callable[[DemoBooks, Draft], None], int], ...] = (
    (interrupted_done, 2),
    (interrupted_lost, 1),
    (interrupted_contested, 1),
    (unreadable, 7),
    (not_utf8, 4),
    (no_password, 15),
    (archived, 6),
    (vaulted, 5),
    (missing, 3),
    (moved, 4),
    (moved_and_kept, 1),
    (left_behind, 2),
    (not_verified, 70),
    (update_lost, 1),
    (changed_on_both_sides, 5),
    (changed_in_itglue, 12),
    (changed_again_and_again, 1),
    (changed_in_automate, 45),
    (matches, 18),
    (embedded_namesake, 2),
    (several_entries, 3),
    (several_passwords, 2),
    (shared_entry, 1),
)
