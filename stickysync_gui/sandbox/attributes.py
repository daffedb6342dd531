"""The attributes that a write brings: names in either case, checks, and what the service makes of them."""

import re
from typing import Any, Literal

from stickysync_gui.sandbox.account import Account
from stickysync_gui.sandbox.records import Problem, Refused, seconds_of, time_text
from stickysync_gui.sandbox.switches import Switches

RESOURCE_TYPES = {
    "Configuration",
    "Contact",
    "Document",
    "Domain",
    "Location",
    "SSL Certificate",
    "Flexible Asset",
    "Ticket",
}
_TEXTS = ("name", "username", "password", "url", "notes", "autofill_selectors")
_ONE_LINE = ("name", "username", "url")
_FLAGS = ("restricted", "archived")
_ID_FIELDS = {"password_category_id": "category_id", "password_folder_id": "folder_id"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def of_row(row: Any, kind: str) -> dict[str, Any]:
    """The attributes of one resource object, names in snake case; 422 when its shape is wrong.

    `kind` is the `type` wanted, in kebab case; its snake form passes too.
    """
    if not isinstance(row, dict):
        raise Refused(422, Problem("Bad request", "must be a resource object", "data"))
    if row.get("type") not in (kind, kind.replace("-", "_")):
        raise Refused(422, Problem("Bad request", f"must be {kind}", "data/type"))
    given = row.get("attributes")
    if not isinstance(given, dict):
        raise Refused(422, Problem("Bad request", "attributes is required", "data/attributes"))
    return {name.replace("-", "_"): value for name, value in given.items()}


def number_of(value: Any) -> int | None:
    """An id given as number or as quoted number; None when it is neither."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def row_id(row: dict[str, Any], given: dict[str, Any], place: Literal["attributes", "top_level", "either"]) -> int:
    """The id of a row of a bulk update, from where ids are read (U8); 0 when there is none."""
    inside, top = number_of(given.get("id")), number_of(row.get("id"))
    found = {"attributes": inside, "top_level": top, "either": inside or top}[place]
    return found or 0


def organization_of(account: Account, given: dict[str, Any]) -> int:
    """The organization that the attributes name, or 422."""
    number = number_of(given.get("organization_id"))
    if number not in account.organizations:
        raise Refused(422, _problem("organization_id", "Valid organization_id is required", "must exist"))
    return number


def _problem(name: str, title: str, detail: str | None = None, echo: Any = None) -> Problem:
    return Problem(title, detail, f"data/attributes/{name}", None if echo is None else str(echo))


def checked(account: Account, given: dict[str, Any], *, creating: bool) -> dict[str, Any]:
    """The fields of PasswordRecord that the attributes set; 422 with every problem found.

    Read-only and unknown attributes are passed over in silence.
    """
    switches, problems, fields = account.switches, list[Problem](), dict[str, Any]()
    for name in _TEXTS:
        if name in given or (creating and name in ("name", "password")):
            fields[name] = _text(switches, name, given.get(name), problems)
    for name in _FLAGS:
        if name in given:
            fields[name] = given[name]
            if not isinstance(given[name], bool):
                problems.append(_problem(name, "must be a boolean", None, given[name]))
    for name, field in _ID_FIELDS.items():
        if name in given:
            fields[field] = number_of(given[name])
            unknown = name == "password_category_id" and fields[field] not in account.categories
            if given[name] is not None and (fields[field] is None or unknown):
                problems.append(_problem(name, f"Valid {name} is required", "must exist", given[name]))
    if given.get("password_updated_at") is not None:
        fields["password_updated_at"] = _time(given["password_updated_at"], problems)
    if isinstance(given.get("otp_secret"), str):
        fields["otp_enabled"] = bool(given["otp_secret"])
    if creating:
        fields |= _parent(given, problems)
    if problems:
        raise Refused(422, *problems)
    return fields


def _text(switches: Switches, name: str, value: Any, problems: list[Problem]) -> str | None:
    if value is None and name not in ("name", "password"):
        return None
    if value is None and name == "name":
        problems.append(_problem(name, "Name can't be blank"))
        return None
    if not isinstance(value, str):
        problems.append(_problem(name, "Bad request", "must be a string", value))
        return None
    text = _normalised(switches, name, value)
    if name == "name" and not text.strip():
        problems.append(_problem(name, "Name can't be blank"))
    if name == "password" and not text and switches.empty_password == "refused":
        problems.append(_problem(name, "Password can't be blank"))
    if name in _ONE_LINE and 0 < switches.name_limit < len(text):
        limit = switches.name_limit
        problems.append(_problem(name, f"{name.title()} is too long", f"maximum is {limit} characters", text))
    if switches.control_characters == "refused" and _CONTROL.search(text):
        problems.append(_problem(name, "Bad request", "must not contain control characters", text))
    return text


def _normalised(switches: Switches, name: str, text: str) -> str:
    if (name in _ONE_LINE and switches.trim_names) or (name == "password" and switches.trim_passwords):
        text = text.strip()
    if name == "url" and switches.add_https and text and "://" not in text:
        text = f"https://{text}"
    return text


def _time(value: Any, problems: list[Problem]) -> str:
    try:
        return time_text(seconds_of(value))
    except (TypeError, ValueError, OverflowError):
        problems.append(_problem("password_updated_at", "must be a date and time", None, value))
        return ""


def _parent(given: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Embedding: both members or none, only when the record is made."""
    number, kind = number_of(given.get("resource_id")), given.get("resource_type")
    if number is None and kind is None:
        return {}
    if number is None or kind not in RESOURCE_TYPES:
        problems.append(_problem("resource_type", "Valid resource_id and resource_type are required", "must exist"))
    return {"resource_id": number, "resource_type": kind}
