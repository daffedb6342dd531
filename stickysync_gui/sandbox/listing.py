"""Query strings to rows: filters, sort and pages the way IT Glue reads them (itglue-api.md 4). Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from stickysync_gui.sandbox.records import Problem, Refused
from stickysync_gui.sandbox.switches import Switches

T = TypeVar("T")
DEFAULT_SIZE = 50
MAXIMUM_SIZE = 1000
_PARAMETER = re.compile(r"(filter|exclude)\[([A-Za-z_-]+)\]")

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows are wanted: `number` from 1, `size` rows each."""

    number: int
    size: int


def split_values(text: str) -> list[str]:
    r"""The list in one filter value: a comma separates, `\,` is a comma, any other backslash is itself."""
    values, current, at = [], "", 0
    while at < len(text):
        if text.startswith("\\,", at):
            current += ","
            at += 2
            continue
        if text[at] == ",":
            values.append(current)
            current = ""
        else:
            current += text[at]
        at += 1
    return [*values, current]


def conditions(query: Query, kind: Literal["filter", "exclude"] = "filter") -> dict[str, str]:
    """The `filter[...]` or `exclude[...]` parameters, names in snake case whichever way they came (U20)."""
    found = {}
    for name, value in query:
        match = _PARAMETER.fullmatch(name)
        if match and match[1] == kind:
            found[match[2].replace("-", "_")] = value
    return found


def text_test(wanted: str, switches: Switches) -> Callable[[str | None], bool]:
    """A test of one text attribute against a filter value, by the matching rule switched on (U6)."""
    values = split_values(wanted)
    if switches.filter_match == "exact":
        exact = set(values)
        return lambda text: text in exact
    folded = [value.casefold() for value in values]
    if switches.filter_match == "ignore_case":
        return lambda text: text is not None and text.casefold() in folded
    return lambda text: text is not None and any(value in text.casefold() for value in folded)


def id_test(wanted: str) -> Callable[[int | None], bool]:
    """A test of one id attribute against a filter value; what is no number matches nothing."""
    values = {int(value) for value in map(str.strip, split_values(wanted)) if value.isascii() and value.isdigit()}
    return lambda number: number in values


def range_test(wanted: str) -> Callable[[str], bool]:
    """A test of a time against `start,end`, where `*` is open."""
    start, _, end = wanted.partition(",")
    return lambda time: (start in ("*", "") or time >= start) and (end in ("*", "") or time <= end)


def flag_of(text: str) -> bool | None:
    """`true`, `1`, `false`, `0` as documented; anything else is no answer and is ignored."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text)


def text_order(text: str | None) -> tuple[bool, str]:
    """A sort key for nullable text: nulls first, then without regard to case."""
    return (text is not None, (text or "").casefold())


def ordered(rows: Iterable[T], query: Query, keys: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """The rows by the `sort` parameter: one key or a comma list, `-` for descending; unknown keys are ignored.

    Without a sort the order is by name: a client that relies on ids growing must ask for it.
    """
    wanted = dict(query).get("sort", "name")
    found = list(rows)
    for part in reversed(wanted.split(",")):
        key = keys.get(part.strip().removeprefix("-").replace("-", "_"))
        if key is not None:
            found.sort(key=key, reverse=part.strip().startswith("-"))
    return found


def page_of(query: Query, switches: Switches) -> Page:
    """The page asked for; sizes above 1000 are capped or refused (U5). Nonsense falls back to the defaults."""
    given = dict(query)
    number, size = given.get("page[number]", ""), given.get("page[size]", "")
    wanted = int(size) if size.isascii() and size.isdigit() and int(size) > 0 else DEFAULT_SIZE
    if wanted > MAXIMUM_SIZE and switches.page_above_maximum == "refuse":
        raise Refused(422, Problem("Bad request", "page size must be at most 1000", "page/size"))
    if 0 < switches.slow_page_above < wanted:
        raise Refused(switches.slow_page_status, TOOK_TOO_LONG)
    return Page(max(1, int(number)) if number.isascii() and number.isdigit() else 1, min(wanted, MAXIMUM_SIZE))


TOOK_TOO_LONG = Problem("Request timeout", "The request took too long to complete and timed out.")
