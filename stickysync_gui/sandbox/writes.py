"""The writing routes: one record or many, validation, and when times move (itglue-api.md 7 to 9, 11)."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stickysync_gui.sandbox import answers, attributes
from stickysync_gui.sandbox.account import Account
from stickysync_gui.sandbox.calls import (
    NOT_ALLOWED,
    NOT_FOUND,
    Call,
    found_organization,
    found_password,
    password_document,
)
from stickysync_gui.sandbox.records import Category, GlueResponse, PasswordRecord, Problem, Refused

MEDIA_TYPES = ("application/vnd.api+json", "application/json")
NO_BULK_UPDATE = Problem("Cannot PATCH Password in bulk", None, None)
_NO_BULK_HERE = Problem("Bad request", "bulk action not allowed for this resource using this route", "data")
_BAD_DATA = Problem("Bad request", "must be a resource object", "data")


def body_data(call: Call) -> Any:
    """The `data` member of the body. 415 on a wrong media type, 400 on bad JSON, 500 on JSON encoded twice."""
    media_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Refused(415, Problem("Unsupported media type", f"expected {MEDIA_TYPES[0]}"))
    try:
        document = json.loads(call.request.body)
    except (ValueError, RecursionError):
        raise Refused(400, Problem("Bad request", "the body is no valid JSON")) from None
    if isinstance(document, str):
        raise Refused(500)  # seen in live use: doubly encoded JSON gave a bare 500
    if not isinstance(document, dict) or "data" not in document:
        raise Refused(422, Problem("Bad request", "data is required", "data"))
    return document["data"]


def create_password(account: Account, call: Call) -> GlueResponse:
    """`POST /passwords` with one object: an array is refused, the organization stands in the attributes."""
    _need_access(account, call)
    data = body_data(call)
    if isinstance(data, list):
        raise Refused(422, _NO_BULK_HERE)
    given = attributes.of_row(data, "passwords")
    record = _new_record(account, attributes.organization_of(account, given), given)
    return _written(account, call, [_commit_new(account, record)], 201, many=False)


def create_in_organization(account: Account, call: Call) -> GlueResponse:
    """`POST /organizations/:org/relationships/passwords` with one object or an array."""
    _need_access(account, call)
    number = found_organization(account, call.organization_id).id
    data = body_data(call)
    if not isinstance(data, list):
        record = _new_record(account, number, attributes.of_row(data, "passwords"))
        return _written(account, call, [_commit_new(account, record)], 201, many=False)
    if account.switches.bulk_create == "refused":
        raise Refused(422, _NO_BULK_HERE)
    return _bulk(
        account,
        call,
        data,
        201,
        lambda row: _new_record(account, number, attributes.of_row(row, "passwords")),
        lambda record: _commit_new(account, record),
    )


def update_password(account: Account, call: Call) -> GlueResponse:
    """`PATCH /passwords/:id` and its nested form: attributes that are not mentioned stay."""
    _need_access(account, call)
    record = found_password(account, call)
    given = attributes.of_row(body_data(call), "passwords")
    return _written(account, call, [account.store(_changed_record(account, record, given))], 200, many=False)


def update_passwords(account: Account, call: Call) -> GlueResponse:
    """`PATCH /passwords` with an array; an object, or a key without Password Access, gets 403."""
    if not call.key.password_access or account.switches.bulk_update == "refused":
        raise Refused(403, NO_BULK_UPDATE)
    data = body_data(call)
    if not isinstance(data, list):
        raise Refused(403, NO_BULK_UPDATE)

    def changed(row: Any) -> PasswordRecord:
        given = attributes.of_row(row, "passwords")
        record = account.records.get(attributes.row_id(row, given, account.switches.bulk_ids))
        if record is None:
            raise Refused(422, Problem("Valid id is required", "must exist", "data/attributes/id"))
        if record.restricted and account.switches.restricted_rows == "refused":
            raise Refused(401, NOT_ALLOWED)
        return _changed_record(account, record, given)

    return _bulk(account, call, data, 200, changed, account.store)


def _need_access(account: Account, call: Call) -> None:
    if not call.key.password_access:
        raise Refused(account.switches.no_access_status, NOT_ALLOWED)


def _bulk(
    account: Account,
    call: Call,
    rows: list[Any],
    status: int,
    prepare: Callable[[Any], PasswordRecord],
    commit: Callable[[PasswordRecord], PasswordRecord],
) -> GlueResponse:
    """Validate every row, then commit all, or the good ones, as switched on (U8)."""
    switches = account.switches
    if not rows:
        raise Refused(422, _BAD_DATA)
    if 0 < switches.bulk_limit < len(rows):
        raise Refused(422, Problem("Bad request", f"at most {switches.bulk_limit} records in one request", "data"))
    good: list[PasswordRecord] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            record = prepare(row)
            good.append(record if switches.bulk_failure == "all_or_nothing" else commit(record))
        except Refused as refused:
            problems.extend(refused.problems)
    if problems and switches.bulk_failure != "partial_listed":
        raise Refused(422, *problems)
    if switches.bulk_failure == "all_or_nothing":
        good = [commit(record) for record in good]
    if switches.bulk_order == "reversed":
        good.reverse()
    elif switches.bulk_order == "by_id":
        good.sort(key=lambda one: one.id)
    return _written(account, call, good, status, many=True)


def _written(account: Account, call: Call, records: list[PasswordRecord], status: int, *, many: bool) -> GlueResponse:
    """The answer to a write; the value is in it only when asked for."""
    rows = []
    for record in records:
        row = password_document(account, answers.shifted(record, account.switches.write_answer_shift_ms))
        if call.flag("show_password", False):
            row["attributes"]["password"] = record.password
        rows.append(row)
    organization_id = records[0].organization_id if records else call.organization_id
    return answers.answer({"data": rows if many else rows[0]}, status, organization_id)


def _new_record(account: Account, organization_id: int, given: dict[str, Any]) -> PasswordRecord:
    fields = attributes.checked(account, given, creating=True)
    _check_duplicate(account, organization_id, fields["name"])
    now, moment = account.now_text(), account.now()
    times = {"created_at": now, "updated_at": now, "password_updated_at": now}
    listed_at = moment + account.switches.listing_delay
    return PasswordRecord(**{**times, **fields}, id=0, organization_id=organization_id, listed_at=listed_at)


def _commit_new(account: Account, record: PasswordRecord) -> PasswordRecord:
    return account.store(replace(record, id=account.new_id()))


def _changed_record(account: Account, record: PasswordRecord, given: dict[str, Any]) -> PasswordRecord:
    """The record after a PATCH, with password-updated-at moved as switched on (U10)."""
    switches = account.switches
    fields = attributes.checked(account, given, creating=False)
    if "password" in fields and record.vault_id is not None and switches.vaulted_write == "refused":
        raise Refused(422, Problem("Password is vaulted", "cannot be changed", "data/attributes/password"))
    if "organization_id" in given and switches.organization_in_patch != "ignored":
        if switches.organization_in_patch == "refused":
            raise Refused(422, Problem("Organization cannot be changed", None, "data/attributes/organization_id"))
        fields["organization_id"] = attributes.organization_of(account, given)
    if fields.get("name", record.name) != record.name:
        _check_duplicate(account, record.organization_id, fields["name"])
    now = account.now_text()
    if "password_updated_at" not in fields:
        if "password" in fields:
            moves = fields["password"] != record.password or switches.identical_password == "moves"
        else:
            moves = switches.other_edits == "move"
        if moves:
            fields["password_updated_at"] = now
    return replace(record, **{**fields, "updated_at": now, "updated_by": None, "updated_by_type": None})


def _check_duplicate(account: Account, organization_id: int, name: str) -> None:
    if account.switches.duplicate_names == "refused" and account.named(name, organization_id):
        raise Refused(422, Problem("Name has already been taken", None, "data/attributes/name", echo=name))


# -- categories ---------------------------------------------------------------------------------------------


def _category_name(account: Account, call: Call, *, but: int | None = None) -> str:
    name = attributes.of_row(body_data(call), "password-categories").get("name")
    if not isinstance(name, str) or not name.strip():
        raise Refused(422, Problem("Name can't be blank", None, "data/attributes/name"))
    taken = {one.name.casefold() for one in account.categories.values() if one.id != but}
    if account.switches.duplicate_categories == "refused" and name.casefold() in taken:
        raise Refused(422, Problem("Name has already been taken", None, "data/attributes/name", echo=name))
    return name


def create_category(account: Account, call: Call) -> GlueResponse:
    """`POST /password_categories`."""
    number = account.add_category(_category_name(account, call))
    return answers.answer({"data": answers.category_row(account.categories[number], 0)}, 201)


def update_category(account: Account, call: Call) -> GlueResponse:
    """`PATCH /password_categories/:id`."""
    former = account.categories.get(call.record_id or 0)
    if former is None:
        raise Refused(404, NOT_FOUND)
    name = _category_name(account, call, but=former.id)
    one = Category(former.id, name, former.created_at, account.now_text())
    account.categories[former.id] = one
    account.texts.clear()
    return answers.answer({"data": answers.category_row(one, account.category_counts()[one.id])})
