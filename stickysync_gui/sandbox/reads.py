"""The reading routes: organizations, passwords, categories (itglue-api.md 5, 6, 9)."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from stickysync_gui.sandbox import answers, listing
from stickysync_gui.sandbox.account import Account
from stickysync_gui.sandbox.calls import (
    NOT_ALLOWED,
    NOT_FOUND,
    Call,
    found_organization,
    found_password,
    page_answer,
    password_document,
)
from stickysync_gui.sandbox.records import AuditedRead, Category, GlueResponse, Organization, PasswordRecord, Refused

T = TypeVar("T")


def _kept(rows: Iterable[T], tests: Iterable[Callable[[T], bool]]) -> list[T]:
    found = list(rows)
    for test in tests:
        found = [row for row in found if test(row)]
    return found


# -- organizations ------------------------------------------------------------------------------------------

_ORGANIZATION_SORT: dict[str, Callable[[Organization], Any]] = {
    "id": lambda one: one.id,
    "name": lambda one: listing.text_order(one.name),
    "short_name": lambda one: listing.text_order(one.short_name),
    "organization_type_name": lambda one: listing.text_order(one.type_name),
    "organization_status_name": lambda one: listing.text_order(one.status_name),
    "created_at": lambda one: one.created_at,
    "updated_at": lambda one: one.updated_at,
}


def organizations(account: Account, call: Call) -> GlueResponse:
    """`GET /organizations`."""
    asked = listing.conditions(call.request.query)
    tests = _organization_tests(account, asked)
    for name, test in _organization_tests(account, listing.conditions(call.request.query, "exclude")).items():
        tests[f"exclude_{name}"] = _negated(test)
    if "created_at" in asked:
        created = listing.range_test(asked["created_at"])
        tests["created_at"] = lambda one: created(one.created_at)
    if "updated_at" in asked:
        updated = listing.range_test(asked["updated_at"])
        tests["updated_at"] = lambda one: updated(one.updated_at)
    primary = listing.flag_of(asked.get("primary", ""))
    if primary is not None:
        tests["primary"] = lambda one: one.primary is primary
    rows = listing.ordered(
        _kept(account.organizations.values(), tests.values()), call.request.query, _ORGANIZATION_SORT
    )
    known = account.organizations
    return page_answer(
        account,
        call,
        rows,
        lambda one: answers.json_text(answers.organization_row(one, listed=True, children=known)),
    )


def _organization_tests(account: Account, asked: dict[str, str]) -> dict[str, Callable[[Organization], bool]]:
    tests: dict[str, Callable[[Organization], bool]] = {}
    if "name" in asked:
        name = listing.text_test(asked["name"], account.switches)
        tests["name"] = lambda one: name(one.name)
    if "id" in asked:
        number = listing.id_test(asked["id"])
        tests["id"] = lambda one: number(one.id)
    if "organization_type_id" in asked:
        type_ = listing.id_test(asked["organization_type_id"])
        tests["type"] = lambda one: type_(one.type_id)
    if "organization_status_id" in asked:
        status = listing.id_test(asked["organization_status_id"])
        tests["status"] = lambda one: status(one.status_id)
    return tests


def _negated(test: Callable[[Organization], bool]) -> Callable[[Organization], bool]:
    return lambda one: not test(one)


def organization(account: Account, call: Call) -> GlueResponse:
    """`GET /organizations/:id`."""
    one = found_organization(account, call.record_id)
    row = answers.organization_row(one, listed=False, children=account.organizations)
    return answers.answer({"data": row}, organization_id=one.id)


# -- passwords ----------------------------------------------------------------------------------------------

_PASSWORD_SORT: dict[str, Callable[[PasswordRecord], Any]] = {
    "id": lambda one: one.id,
    "name": lambda one: listing.text_order(one.name),
    "username": lambda one: listing.text_order(one.username),
    "url": lambda one: listing.text_order(one.url),
    "created_at": lambda one: one.created_at,
    "updated_at": lambda one: one.updated_at,
}


def passwords(account: Account, call: Call) -> GlueResponse:
    """`GET /passwords` and the nested list. The value is in no row."""
    switches = account.switches
    if not call.key.password_access and switches.no_access_list == "refused":
        raise Refused(switches.no_access_status, NOT_ALLOWED)
    asked = listing.conditions(call.request.query)
    if call.organization_id is not None:
        found_organization(account, call.organization_id)
        if switches.nested_filters == "ignored":
            asked = {}
        asked["organization_id"] = str(call.organization_id)
    rows = _kept(_visible(account, asked.get("organization_id")), _password_tests(account, asked))
    rows = listing.ordered(rows, call.request.query, _PASSWORD_SORT)
    leaking = switches.list_leaks_value
    if not leaking:
        return page_answer(account, call, rows, lambda one: _listed_text(account, one))
    page = listing.page_of(call.request.query, switches)
    first = rows[(page.number - 1) * page.size :][:1]
    return page_answer(account, call, rows, lambda one: _row_text(account, one, leak=one in first))


def _listed_text(account: Account, record: PasswordRecord) -> str:
    """The list row as JSON, rendered once: walks of a large account come round again and again."""
    cached = account.texts.get(record.id)
    if cached is not None and cached[0] is record:
        return cached[1]
    text = answers.json_text(password_document(account, record))
    account.texts[record.id] = (record, text)
    return text


def _row_text(account: Account, record: PasswordRecord, *, leak: bool) -> str:
    document = password_document(account, record)
    if leak:
        document["attributes"]["password"] = record.password
    return answers.json_text(document)


def _visible(account: Account, organizations: str | None) -> list[PasswordRecord]:
    """The listed entries of these organizations, a comma list, or of all."""
    if account.unlisted:
        now = account.now()
        account.unlisted = {number: at for number, at in account.unlisted.items() if at > now}
    if organizations is None:
        found: Iterable[PasswordRecord] = account.records.values()
    else:
        wanted = listing.id_test(organizations)
        groups = [group for number, group in account.in_organization.items() if wanted(number)]
        found = [account.records[number] for group in groups for number in group]
    if account.unlisted:
        found = [one for one in found if one.id not in account.unlisted]
    if not account.switches.restricted_listed:
        found = [one for one in found if not one.restricted]
    return list(found)


def _password_tests(account: Account, asked: dict[str, str]) -> list[Callable[[PasswordRecord], bool]]:
    tests: list[Callable[[PasswordRecord], bool]] = []
    if "id" in asked:
        number = listing.id_test(asked["id"])
        tests.append(lambda one: number(one.id))
    if "name" in asked:
        name = listing.text_test(asked["name"], account.switches)
        tests.append(lambda one: name(one.name))
    if "url" in asked:
        url = listing.text_test(asked["url"], account.switches)
        tests.append(lambda one: url(one.url))
    if "password_category_id" in asked:
        category = listing.id_test(asked["password_category_id"])
        tests.append(lambda one: category(one.category_id))
    if "cached_resource_name" in asked:
        parent = listing.text_test(asked["cached_resource_name"], account.switches)
        tests.append(lambda one: one.resource_id is not None and parent(f"{one.resource_type} {one.resource_id}"))
    archived = listing.flag_of(asked.get("archived", ""))
    if archived is not None:
        tests.append(lambda one: one.archived is archived)
    return tests


def password(account: Account, call: Call) -> GlueResponse:
    """`GET /passwords/:id`; shows the value unless told not to, and keeps count of such reads."""
    switches = account.switches
    without = not call.key.password_access
    if without and switches.no_access_show == "refused":
        raise Refused(switches.no_access_status, NOT_ALLOWED)
    record = found_password(account, call)
    document = password_document(account, record)
    if without and switches.no_access_show == "null_value":
        document["attributes"]["password"] = None
    elif not without and call.flag("show_password", True):
        document["attributes"]["password"] = None if record.vault_id is not None else record.password
        account.audited_reads.append(AuditedRead(account.now_text(), record.id))
    return answers.answer({"data": document}, organization_id=record.organization_id)


# -- categories and folders ---------------------------------------------------------------------------------

_CATEGORY_SORT: dict[str, Callable[[Category], Any]] = {
    "name": lambda one: listing.text_order(one.name),
    "created_at": lambda one: one.created_at,
    "updated_at": lambda one: one.updated_at,
}


def categories(account: Account, call: Call) -> GlueResponse:
    """`GET /password_categories`; the only filter is by name."""
    asked = listing.conditions(call.request.query)
    found = list(account.categories.values())
    if "name" in asked:
        name = listing.text_test(asked["name"], account.switches)
        found = [one for one in found if name(one.name)]
    counts = account.category_counts()
    rows = listing.ordered(found, call.request.query, _CATEGORY_SORT)
    return page_answer(account, call, rows, lambda one: answers.json_text(answers.category_row(one, counts[one.id])))


def category(account: Account, call: Call) -> GlueResponse:
    """`GET /password_categories/:id`."""
    one = account.categories.get(call.record_id or 0)
    if one is None:
        raise Refused(404, NOT_FOUND)
    return answers.answer({"data": answers.category_row(one, account.category_counts()[one.id])})


def folders(account: Account, call: Call) -> GlueResponse:
    """Password folders are not there for API keys in most accounts (itglue-api.md 10)."""
    if account.switches.folders == "refused":
        raise Refused(401, NOT_ALLOWED)
    raise Refused(404, NOT_FOUND)
