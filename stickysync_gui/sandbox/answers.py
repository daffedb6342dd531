"""Records and refusals as JSON:API bodies, in every variant that was seen (itglue-api.md 3, 6, 11)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stickysync_gui.sandbox.records import (
    Category,
    GlueResponse,
    Organization,
    PasswordRecord,
    Problem,
    seconds_of,
    time_text,
)
from stickysync_gui.sandbox.switches import Switches

MEDIA_TYPE = "application/vnd.api+json"
HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something is in the way</h1></body></html>"
WEB = "https://msp.itglue.com"
QUICK_NOTES_IN_LISTS = 250

# written one way, read another (itglue-api.md 6, resource-type)
_READ_SPELLING = {"Contact": "contacts", "Flexible Asset": "flexible-asset-traits", "Ticket": "tickets"}
_SYMBOLS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    415: "unsupported_media_type",
    422: "unprocessable_entity",
    429: "too_many_requests",
    500: "internal_server_error",
    504: "gateway_timeout",
}
_TIMES = ("password-updated-at", "created-at", "updated-at")


def json_text(document: Any) -> str:
    """Compact JSON with the characters as they are."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def answer(document: Any, status: int = 200, organization_id: int | None = None) -> GlueResponse:
    """A JSON:API answer."""
    return text_answer(json_text(document), status, organization_id)


def text_answer(text: str, status: int = 200, organization_id: int | None = None) -> GlueResponse:
    """A JSON:API answer from JSON text. A lone surrogate, which a client can smuggle in, is replaced."""
    body = text.encode("utf-8", "replace")
    return GlueResponse(status, {"content-type": f"{MEDIA_TYPE}; charset=utf-8"}, body, organization_id)


def resource(kind: str, number: int, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """One resource object; the top-level id is text."""
    return {"id": str(number), "type": kind, "attributes": attributes, "relationships": {}}


def organization_row(one: Organization, *, listed: bool, children: Mapping[int, Organization]) -> dict[str, Any]:
    """An organization; its notes are cut in lists, its parent ids are text (itglue-api.md 3, 5)."""
    notes = one.quick_notes[:QUICK_NOTES_IN_LISTS] if listed and one.quick_notes else one.quick_notes
    parent = one.parent_id if one.parent_id in children else None
    attributes = {
        "name": one.name,
        "alert": None,
        "description": None,
        "organization-type-id": one.type_id,
        "organization-type-name": one.type_name,
        "organization-status-id": one.status_id,
        "organization-status-name": one.status_name,
        "primary": one.primary,
        "logo": "",
        "quick-notes": notes,
        "short-name": one.short_name,
        "created-at": one.created_at,
        "updated-at": one.updated_at,
        "parent-id": None if parent is None else str(parent),
        "ancestor-ids": None if parent is None else f"[{parent}]",
    }
    return resource("organizations", one.id, attributes)


def category_row(one: Category, passwords: int) -> dict[str, Any]:
    """A password category with the number of entries that bear it."""
    times = {"created-at": one.created_at, "updated-at": one.updated_at}
    return resource("password-categories", one.id, {"name": one.name, "passwords-count": passwords, **times})


def password_row(one: PasswordRecord, organization: str, category: str | None, switches: Switches) -> dict[str, Any]:
    """An entry without its value. `organization` and `category` are the names that go with the ids."""
    page = f"{WEB}/{one.organization_id}"
    parent = None
    if one.resource_type is not None:
        parent = f"{page}/{one.resource_type.lower().replace(' ', '_')}s/{one.resource_id}"
    notes = one.notes
    if notes and switches.notes_as_html:
        notes = notes.replace("\r\n", "\n").replace("\n", "<br>")
    attributes = {
        "organization-id": one.organization_id,
        "organization-name": organization,
        "resource-url": f"{page}/passwords/{one.id}",
        "parent-url": parent,
        "restricted": one.restricted,
        "my-glue": one.my_glue,
        "personal": one.personal,
        "name": one.name,
        "autofill-selectors": one.autofill_selectors,
        "username": one.username,
        "url": one.url,
        "notes": notes,
        "password-updated-at": one.password_updated_at,
        "updated-by": one.updated_by,
        "updated-by-type": one.updated_by_type,
        "resource-id": one.resource_id,
        "resource-type": _READ_SPELLING.get(one.resource_type or "", one.resource_type),
        "cached-resource-type-name": one.resource_type,
        "cached-resource-name": None if one.resource_id is None else f"{one.resource_type} {one.resource_id}",
        "password-category-id": one.category_id,
        "password-category-name": category,
        "password-folder-id": one.folder_id,
        "otp-enabled": one.otp_enabled,
        "vault-id": one.vault_id,
        "archived": one.archived,
        "created-at": one.created_at,
        "updated-at": one.updated_at,
    }
    if switches.times == "seconds":
        attributes |= {name: f"{str(attributes[name])[:19]}Z" for name in _TIMES}
    return resource("passwords", one.id, attributes)


def shifted(record: PasswordRecord, milliseconds: int) -> PasswordRecord:
    """The record with its times off by that much: write answer and list may disagree (U11)."""
    if not milliseconds:
        return record
    moved = [
        time_text(seconds_of(time) + milliseconds / 1000)
        for time in (record.password_updated_at, record.created_at, record.updated_at)
    ]
    return replace(record, password_updated_at=moved[0], created_at=moved[1], updated_at=moved[2])


def refusal(switches: Switches, status: int, problems: Sequence[Problem], *, key_ok: bool = True) -> GlueResponse:
    """An errors body in the shape that is switched on; a bare refusal has an empty body."""
    if not problems or switches.error_body == "empty":
        return GlueResponse(status, {"content-type": MEDIA_TYPE}, b"", key_ok=key_ok)
    if switches.error_body == "html":
        return GlueResponse(status, {"content-type": "text/html"}, HTML, key_ok=key_ok)
    if switches.error_body == "message":
        document: dict[str, Any] = {"message": problems[0].title}
    else:
        document = {"errors": [_error(switches, status, one) for one in problems]}
    return replace(answer(document, status), key_ok=key_ok)


def _error(switches: Switches, status: int, problem: Problem) -> dict[str, Any]:
    shown: int | str = status
    if switches.error_status == "text":
        shown = str(status)
    elif switches.error_status == "symbol":
        shown = _SYMBOLS.get(status, str(status))
    pointer: str | list[str] | None = problem.pointer
    if problem.pointer is not None:
        if switches.error_pointer == "slash":
            pointer = f"/{problem.pointer}"
        elif switches.error_pointer == "array":
            pointer = problem.pointer.split("/")
        elif switches.error_pointer == "null":
            pointer = None
    error: dict[str, Any] = {"status": shown, "title": problem.title}
    detail = problem.detail
    if switches.errors_echo and problem.echo is not None:
        detail = f"{detail or problem.title}: {problem.echo}"
    if detail is not None:
        error["detail"] = detail
    return {**error, "source": {"pointer": pointer}}
