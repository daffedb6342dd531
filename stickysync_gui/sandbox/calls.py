"""A routed request, and what all routes share: looking records up, pages (itglue-api.md 3, 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from stickysync_gui.sandbox import answers, listing
from stickysync_gui.sandbox.account import Account
from stickysync_gui.sandbox.records import (
    ApiKey,
    GlueRequest,
    GlueResponse,
    Organization,
    PasswordRecord,
    Problem,
    Refused,
)

T = TypeVar("T")
NOT_FOUND = Problem("Not Found", "The requested record was not found.")
NOT_ALLOWED = Problem("Unauthorized", "You are not authorized to access this resource.", "id")


@dataclass(frozen=True, slots=True)
class Call:
    """A request after routing: whose key, which organization and record the path names, where we live."""

    request: GlueRequest
    key: ApiKey
    base_url: str
    organization_id: int | None
    record_id: int | None

    def flag(self, name: str, default: bool) -> bool:
        """A boolean query parameter."""
        given = listing.flag_of(dict(self.request.query).get(name, ""))
        return default if given is None else given


def found_organization(account: Account, number: int | None) -> Organization:
    """The organization that a path names, or 404."""
    one = account.organizations.get(number or 0)
    if one is None:
        raise Refused(404, NOT_FOUND)
    return one


def found_password(account: Account, call: Call) -> PasswordRecord:
    """The entry that a path names, or 404; 401 when it is restricted and we are not let in."""
    record = account.records.get(call.record_id or 0)
    if record is None or call.organization_id not in (None, record.organization_id):
        raise Refused(404, NOT_FOUND)
    if record.restricted and account.switches.restricted_rows == "refused":
        raise Refused(401, NOT_ALLOWED)
    return record


def password_document(account: Account, record: PasswordRecord) -> dict[str, Any]:
    """An entry as resource object, without its value."""
    category = account.categories.get(record.category_id or 0)
    organization = account.organizations[record.organization_id].name
    return answers.password_row(record, organization, category.name if category else None, account.switches)


def page_answer(account: Account, call: Call, rows: Sequence[T], text_of: Callable[[T], str]) -> GlueResponse:
    """One page of rows with `meta` and `links` (itglue-api.md 3)."""
    switches, page = account.switches, listing.page_of(call.request.query, account.switches)
    start, total = (page.number - 1) * page.size, len(rows)
    texts = [text_of(row) for row in rows[start : start + page.size]]
    pages = -(-total // page.size)
    following = page.number + 1 if page.number < pages else None
    parts = [f'"data":[{",".join(texts)}]']
    if switches.meta == "normal":
        meta: dict[str, Any] = {
            "current-page": page.number,
            "next-page": following,
            "prev-page": page.number - 1 if page.number > 1 else None,
            "total-pages": pages,
            "total-count": total + switches.total_count_offset,
            "filters": {},
        }
        parts.append(f'"meta":{answers.json_text(meta)}')
    if switches.links != "absent":
        parts.append(f'"links":{answers.json_text(_links(account, call, page.size, following))}')
    return answers.text_answer("{" + ",".join(parts) + "}", organization_id=_asked_organization(call))


def _links(account: Account, call: Call, size: int, following: int | None) -> dict[str, str]:
    if following is None or account.switches.links == "empty":
        return {}
    base = "https://api.elsewhere.example" if account.switches.links == "foreign" else call.base_url
    kept = [pair for pair in call.request.query if not pair[0].startswith("page[")]
    query = urlencode([*kept, ("page[number]", following), ("page[size]", size)])
    return {"next": f"{base}{call.request.path}?{query}"}


def _asked_organization(call: Call) -> int | None:
    asked = listing.conditions(call.request.query).get("organization_id", "")
    return call.organization_id or (int(asked) if asked.isascii() and asked.isdigit() else None)
