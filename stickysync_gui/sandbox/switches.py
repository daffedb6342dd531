"""Every behaviour of IT Glue that nobody has documented, as a switch (itglue-api.md 13)."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Switches:
    """How this stand-in behaves where the real service is unknown. Defaults are the likelier behaviour."""

    # reading (U5 to U7, sections 4 and 12)
    page_above_maximum: Literal["cap", "refuse"] = "cap"
    filter_match: Literal["exact", "ignore_case", "partial"] = "exact"
    nested_filters: Literal["ignored", "honoured"] = "ignored"
    list_leaks_value: bool = False  # the first row of every page wrongly carries the value
    links: Literal["normal", "absent", "empty", "foreign"] = "normal"
    meta: Literal["normal", "absent"] = "normal"
    total_count_offset: int = 0  # added to the true meta.total-count
    slow_page_above: int = 0  # a page[size] above this answers "took too long"; 0 = never
    slow_page_status: int = 504  # U19
    listing_delay: float = 0.0  # seconds until a record made by POST is listed (U16)

    # times (U10, U11)
    times: Literal["milliseconds", "seconds"] = "milliseconds"
    write_answer_shift_ms: int = 0  # the answer to a write shows times this much off from the list
    identical_password: Literal["moves", "keeps"] = "moves"
    other_edits: Literal["keep", "move"] = "keep"  # what they do to password-updated-at
    clock_offset: float = 0.0  # seconds by which this service's clock is off

    # writing (U9, U12 to U15)
    organization_in_patch: Literal["moves", "ignored", "refused"] = "moves"
    empty_password: Literal["refused", "accepted"] = "refused"
    trim_names: bool = False  # name, username and url lose blanks at both ends
    trim_passwords: bool = False
    add_https: bool = False  # a url without a scheme gets one
    notes_as_html: bool = False  # line breaks in notes come back as <br>
    name_limit: int = 0  # characters of name, username and url; 0 = none
    control_characters: Literal["accepted", "refused"] = "accepted"
    vaulted_write: Literal["refused", "accepted"] = "refused"
    duplicate_names: Literal["allowed", "refused"] = "allowed"
    duplicate_categories: Literal["allowed", "refused"] = "allowed"

    # bulk (U8)
    bulk_limit: int = 0  # rows; 0 = none
    bulk_failure: Literal["all_or_nothing", "partial_refused", "partial_listed"] = "all_or_nothing"
    bulk_order: Literal["sent", "reversed", "by_id"] = "sent"
    bulk_ids: Literal["attributes", "top_level", "either"] = "attributes"
    bulk_create: Literal["works", "refused"] = "works"
    bulk_update: Literal["works", "refused"] = "works"

    # keys (U1 to U3, U18)
    missing_key_status: int = 401
    wrong_key_status: int = 403
    revoked_key_status: int = 403
    paused_key_status: int = 401
    no_access_list: Literal["without_values", "refused"] = "without_values"
    no_access_show: Literal["without_value", "null_value", "refused"] = "refused"
    no_access_status: int = 401
    restricted_rows: Literal["refused", "allowed"] = "refused"  # show and PATCH of a restricted entry
    restricted_listed: bool = True
    address_blocked: Literal["no", "json", "html"] = "no"  # the account's allow-list answers 403
    folders: Literal["absent", "refused"] = "absent"  # U17

    # errors and throttling (U4, section 11)
    error_status: Literal["number", "text", "symbol"] = "number"
    error_pointer: Literal["plain", "slash", "array", "null"] = "plain"
    error_body: Literal["errors", "message", "empty", "html"] = "errors"
    errors_echo: bool = False  # detail repeats what was sent, passwords included
    rate_limit: int = 0  # requests per window, then 429; 0 = never. The real one is 3000
    rate_window: float = 300.0
    retry_after: Literal["seconds", "date", "absent"] = "seconds"

    def changed(self, **changes: Any) -> "Switches":
        """A copy with these switches set. ValueError on an unknown name or a value that it cannot take."""
        for name, value in changes.items():
            if name not in _HINTS:
                raise ValueError(f"there is no switch named {name!r}")
            if not _fits(value, _HINTS[name]):
                raise ValueError(f"switch {name} cannot be {value!r}")
        return Switches(**{one.name: changes.get(one.name, getattr(self, one.name)) for one in fields(self)})


def _fits(value: object, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is bool:
        return isinstance(value, bool)
    return isinstance(value, (int, float) if kind is float else int) and not isinstance(value, bool)


_HINTS = get_type_hints(Switches)
