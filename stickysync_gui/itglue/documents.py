"""JSON:API documents of IT Glue to records and back (itglue-api.md 3 to 7, 11). Pure."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from stickysync_gui.domain.records import Category, Entry, Field, Organization
from stickysync_gui.domain.secret import Secret

Payload = Mapping[Field, str | Secret]
"""What is sent of an entry: text, and the value as a secret."""
LONGEST_WORDS = 300
LEAST_ECHO = 6
"""Characters of a value that count as a part of it when they turn up in an answer."""


class NotADocument(ValueError):
    """A body that is not the JSON document it should be: empty, HTML, or of another shape."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Args:
        items: the resource objects as they came.
        next_page: number of the next one, or None on the last.
        total: rows in all, where the answer says so.
    """

    items: list[dict[str, Any]]
    next_page: int | None
    total: int | None


def parse(body: bytes) -> dict[str, Any]:
    """Parse a body that should be a JSON object.

    Raises:
        NotADocument: it is not.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise NotADocument("not JSON") from None
    if not isinstance(document, dict):
        raise NotADocument("not a JSON object")
    return document


def page(body: bytes) -> Page:
    """Read a list answer; `meta` may be missing, next-page null, empty or absent.

    Raises:
        NotADocument: there is no list in it.
    """
    document = parse(body)
    items = document.get("data")
    if not isinstance(items, list):
        raise NotADocument("no list")
    meta = document.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return Page(items, _number(meta.get("next-page")), _number(meta.get("total-count")))


def single(body: bytes) -> dict[str, Any]:
    """Read the one resource object of an answer.

    Raises:
        NotADocument: there is none.
    """
    data = parse(body).get("data")
    if not isinstance(data, dict):
        raise NotADocument("no object")
    return data


def many(body: bytes) -> list[dict[str, Any]]:
    """Read the resource objects of a bulk answer, in whatever order they came.

    Raises:
        NotADocument: there is no list in it.
    """
    return page(body).items


def organization(item: Mapping[str, Any]) -> Organization:
    """An organization from its resource object.

    Raises:
        NotADocument: id or attributes are missing.
    """
    attributes = _attributes(item)
    return Organization(
        id=_id(item),
        name=_text(attributes, "name"),
        short_name=_text(attributes, "short-name"),
        type_name=_text(attributes, "organization-type-name"),
        status_name=_text(attributes, "organization-status-name"),
        parent_id=_number(attributes.get("parent-id")),
    )


def entry(item: Mapping[str, Any]) -> Entry:
    """A password entry from its resource object; a value that a list shows by mistake is not looked at.

    One that belongs to no organization gets 0, which no mapping names.

    Raises:
        NotADocument: id or attributes are missing.
    """
    attributes = _attributes(item)
    return Entry(
        id=_id(item),
        organization_id=_number(attributes.get("organization-id")) or 0,
        name=_text(attributes, "name"),
        username=_text(attributes, "username"),
        url=_text(attributes, "url"),
        archived=attributes.get("archived") is True,
        vaulted=attributes.get("vault-id") is not None,
        embedded=attributes.get("resource-id") is not None,
        password_updated_at=_text(attributes, "password-updated-at"),
        resource_url=_text(attributes, "resource-url"),
    )


def category(item: Mapping[str, Any]) -> Category:
    """A password category from its resource object."""
    attributes = _attributes(item)
    return Category(_id(item), _text(attributes, "name"))


def create_body(organization_id: int, payload: Payload, category_id: int | None) -> bytes:
    """Body of a single POST /passwords."""
    attributes = {"organization-id": organization_id, **_sent(payload)}
    if category_id is not None:
        attributes["password-category-id"] = category_id
    return _body({"type": "passwords", "attributes": attributes})


def update_body(payload: Payload) -> bytes:
    """Body of a single PATCH; what is not mentioned stays as it is."""
    return _body({"type": "passwords", "attributes": _sent(payload)})


def create_many_body(payloads: Sequence[Payload], category_id: int | None) -> bytes:
    """Body of a bulk POST to an organization's nested route; the route names the organization."""
    extra = {} if category_id is None else {"password-category-id": category_id}
    return _body([{"type": "passwords", "attributes": {**_sent(payload), **extra}} for payload in payloads])


def update_many_body(payloads: Mapping[int, Payload]) -> bytes:
    """Body of a bulk PATCH; ids stand inside the attributes (itglue-api.md 7)."""
    return _body(
        [{"type": "passwords", "attributes": {"id": id_, **_sent(payload)}} for id_, payload in payloads.items()]
    )


def _sent(payload: Payload) -> dict[str, Any]:
    # IT Glue shows empty attributes as null, and null clears one; only the value is never empty here.
    return {
        field.value: value.reveal() if isinstance(value, Secret) else (value or None)
        for field, value in payload.items()
    }


def _body(data: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    return json.dumps({"data": data}, ensure_ascii=False).encode("utf-8")


def words_of_refusal(body: bytes, *payloads: Payload) -> str:
    """IT Glue's own words for a refusal, from whichever of the known error shapes came (itglue-api.md 11).

    Args:
        payloads: what was sent; words that echo a value, or a part of one, are not shown.
    """
    words = _words(body)
    values = [payload.get(Field.PASSWORD) for payload in payloads]
    if any(isinstance(value, Secret) and _echoes(value.reveal(), words) for value in values):
        return "its words repeat the value and are not shown"
    return words[:LONGEST_WORDS] or "no reason given"


def took_too_long(body: bytes) -> bool:
    """Whether an answer says that the request took too long; its HTTP status is unknown (itglue-api.md 13, U19).

    A value "is too long" in a refusal, which is another matter.
    """
    words = _words(body).casefold()
    return any(said in words for said in ("took too long", "taken too long", "timed out"))


def _words(body: bytes) -> str:
    try:
        document = parse(body)
    except NotADocument:
        return ""
    errors = document.get("errors")
    parts = [_error_words(error) for error in (errors if isinstance(errors, list) else [errors])]
    others = (document.get("message"), document.get("error"))
    return "; ".join(filter(None, parts)) or next((text for text in others if isinstance(text, str)), "")


def _error_words(error: object) -> str:
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    source = error.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else None
    if isinstance(pointer, list):
        pointer = "/".join(map(str, pointer))
    title, detail = str(error.get("title") or ""), str(error.get("detail") or "")
    words = f"{title}: {detail}" if title and detail and detail != title else title or detail
    return f"{words} (at {pointer})" if words and pointer else words


def _echoes(value: str, words: str) -> bool:
    """Whether words hold the value, or a part of it that is too long for chance, in any usual spelling."""
    shown = words[: LONGEST_WORDS + LEAST_ECHO]
    spellings = {text.casefold() for text in (shown, html.unescape(shown), unquote(shown), shown.replace("\\", ""))}
    sought = value.casefold()
    parts = {sought[start : start + LEAST_ECHO] for start in range(max(1, len(sought) - LEAST_ECHO + 1))}
    # Most refusals name the field itself.
    of_the_name = {"passwords"[start : start + LEAST_ECHO] for start in range(len("passwords") - LEAST_ECHO + 1)}
    return any(part in text for part in parts - of_the_name for text in spellings)


def _attributes(item: Mapping[str, Any]) -> Mapping[str, Any]:
    attributes = item.get("attributes") if isinstance(item, dict) else None
    if not isinstance(attributes, dict):
        raise NotADocument("no attributes")
    return attributes


def _id(item: Mapping[str, Any]) -> int:
    number = _number(item.get("id"))
    if number is None:
        raise NotADocument("no id")
    return number


def _number(value: Any) -> int | None:
    """Ids come as numbers or as text, absent ones as null or an empty text."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(attributes: Mapping[str, Any], name: str) -> str:
    value = attributes.get(name)
    return value if isinstance(value, str) else ""
