"""JSON:API documents in the shapes that were seen, and in shapes that nobody foresaw."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickysync_gui.domain.records import Category, Entry, Field, Organization
from stickysync_gui.domain.secret import Secret
from stickysync_gui.itglue import documents
from stickysync_gui.itglue.documents import NotADocument

CANARY = 'hünter2-<canary>&"value"'
READERS = (
    documents.parse,
    documents.page,
    documents.many,
    lambda body: documents.entry(documents.single(body)),
    lambda body: [documents.entry(item) for item in documents.page(body).items],
    lambda body: [documents.organization(item) for item in documents.page(body).items],
    lambda body: [documents.category(item) for item in documents.page(body).items],
)


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def password_item(**attributes: Any) -> dict[str, Any]:
    """A list row as captured, with some attributes changed."""
    usual = {
        "organization-id": 4411,
        "organization-name": "Northwind Dental",
        "resource-url": "https://msp.itglue.com/4411/passwords/990021",
        "restricted": False,
        "name": "SQL service account",
        "username": "NWD\\svc-sql",
        "url": None,
        "notes": "From Automate #1234",
        "password-updated-at": "2025-06-02T08:15:30.120Z",
        "resource-id": None,
        "resource-type": None,
        "vault-id": None,
        "archived": False,
    }
    return {"id": "990021", "type": "passwords", "attributes": {**usual, **attributes}, "relationships": {}}


# --- bodies that are none --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"3",
        b'"text"',
        b"<html><body>Sign in to the proxy</body></html>",
        b"\xff\xfe\x00",
        b"{",
        b"[" * 100_000,
        b'{"data": null}',
        b'{"data": "x"}',
        b'{"data": 3}',
        b'{"errors": [{"title": "no"}]}',
        b'{"message": "no"}',
        b"{}",
    ],
)
def test_no_list_and_no_object(raw: bytes) -> None:
    for read in (documents.page, documents.single):
        with pytest.raises(NotADocument):
            read(raw)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"id": "1"},
        {"id": None, "attributes": {"organization-id": 1}},
        {"id": "", "attributes": {"organization-id": 1}},
        {"id": True, "attributes": {"organization-id": 1}},
        {"id": "abc", "attributes": {"organization-id": 1}},
        {"id": "1", "attributes": []},
        {"id": "1", "attributes": None},
        "text",
        None,
        3,
        [],
    ],
)
def test_rows_without_id_or_attributes(item: Any) -> None:
    with pytest.raises(NotADocument):
        READERS[4](body({"data": [item]}))
    with pytest.raises(NotADocument):
        READERS[5](body({"data": [item]}))


@pytest.mark.parametrize("meta", [None, [], "x", 3, {}, {"next-page": []}, {"next-page": {}, "total-count": "many"}])
def test_meta_of_any_shape_is_at_worst_absent(meta: Any) -> None:
    assert documents.page(body({"data": [], "meta": meta})) == documents.Page([], None, None)


@pytest.mark.parametrize(
    "raw", ["Infinity", "-Infinity", "NaN", "1e999", "1.5e3", '"1e3"', '" 12 "', "true", "[]", "{}"]
)
def test_numbers_that_are_none_raise_nothing_else(raw: str) -> None:
    text = f'{{"data": [], "meta": {{"next-page": {raw}, "total-count": {raw}}}}}'

    found = documents.page(text.encode())

    assert found.next_page in (None, 12, 1500)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "meta", "errors", "id", "attributes", "name", "organization-id", "title", "detail", "source"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_whatever_comes_is_read_or_no_document(document: Any) -> None:
    raw = body(document)
    for read in READERS:
        with contextlib.suppress(NotADocument):
            read(raw)
    assert isinstance(documents.took_too_long(raw), bool)
    assert documents.words_of_refusal(raw, {Field.PASSWORD: Secret("hunter2")})


@given(st.binary(max_size=60))
def test_any_bytes_at_all(raw: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(NotADocument):
            read(raw)
    documents.took_too_long(raw)
    assert documents.words_of_refusal(raw)


# --- rows ------------------------------------------------------------------------------------------------------


def test_a_row_as_captured() -> None:
    assert documents.entry(password_item()) == Entry(
        990021,
        4411,
        "SQL service account",
        "NWD\\svc-sql",
        password_updated_at="2025-06-02T08:15:30.120Z",
        resource_url="https://msp.itglue.com/4411/passwords/990021",
    )


def test_ids_as_text_and_as_numbers_up_to_sixteen_digits() -> None:
    for id_ in (2_100_000_000_000_001, "2100000000000001"):
        found = documents.entry({**password_item(**{"organization-id": id_}), "id": id_})
        assert (found.id, found.organization_id) == (2_100_000_000_000_001,) * 2


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"archived": True}, {"archived": True}),
        ({"vault-id": 5}, {"vaulted": True}),
        ({"resource-id": 7, "resource-type": "contacts"}, {"embedded": True}),
        ({"username": None, "url": None, "password-updated-at": None}, {"username": "", "password_updated_at": ""}),
        ({"name": "  Ünïcode\n🔑 "}, {"name": "  Ünïcode\n🔑 "}),
        ({"organization-id": None}, {"organization_id": 0}),
    ],
)
def test_what_is_read_of_a_row(attributes: dict[str, Any], expected: dict[str, Any]) -> None:
    found = documents.entry(password_item(**attributes))

    assert {name: getattr(found, name) for name in expected} == expected


def test_a_value_in_a_row_is_not_kept() -> None:
    found = documents.entry(password_item(password=CANARY, **{"otp-secret": CANARY}))

    assert CANARY not in repr(found)


def test_an_organization_and_a_category() -> None:
    item = {
        "id": "4411",
        "attributes": {
            "name": "Northwind Dental",
            "short-name": None,
            "organization-type-name": "Customer",
            "organization-status-name": None,
            "parent-id": "4400",
            "ancestor-ids": "[4400]",
        },
    }
    assert documents.organization(item) == Organization(4411, "Northwind Dental", "", "Customer", "", 4400)
    assert documents.category({"id": 15, "attributes": {"name": "Cloud"}}) == Category(15, "Cloud")


@pytest.mark.parametrize("following", [2, "2"])
def test_a_page_with_a_next_one(following: Any) -> None:
    raw = body({"data": [password_item()], "meta": {"next-page": following, "total-count": 3}, "links": {}})

    found = documents.page(raw)

    assert (len(found.items), found.next_page, found.total) == (1, 2, 3)


@pytest.mark.parametrize("following", [None, "", 0])
def test_the_last_page(following: Any) -> None:
    assert not documents.page(body({"data": [], "meta": {"next-page": following}})).next_page


# --- what is sent ----------------------------------------------------------------------------------------------


def test_a_create_in_full() -> None:
    payload = {
        Field.NAME: "Näme 🔑",
        Field.USERNAME: "",
        Field.PASSWORD: Secret(' "quoted" \\ back\tslash\r\n '),
        Field.URL: "",
        Field.NOTES: "a\nb",
    }

    sent = documents.create_body(2_100_000_000_000_001, payload, 15)

    assert json.loads(sent) == {
        "data": {
            "type": "passwords",
            "attributes": {
                "organization-id": 2_100_000_000_000_001,
                "name": "Näme 🔑",
                "username": None,
                "password": ' "quoted" \\ back\tslash\r\n ',
                "url": None,
                "notes": "a\nb",
                "password-category-id": 15,
            },
        }
    }
    assert "Näme 🔑".encode() in sent


def test_an_update_names_only_its_fields_and_never_the_organization() -> None:
    assert json.loads(documents.update_body({Field.URL: "https://x"})) == {
        "data": {"type": "passwords", "attributes": {"url": "https://x"}}
    }


def test_batches() -> None:
    create = json.loads(documents.create_many_body([{Field.NAME: "a"}, {Field.NAME: "b"}], None))
    update = json.loads(documents.update_many_body({7: {Field.NAME: "a"}}))

    assert [row["attributes"] for row in create["data"]] == [{"name": "a"}, {"name": "b"}]
    assert update["data"] == [{"type": "passwords", "attributes": {"id": 7, "name": "a"}}]


# --- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            {
                "errors": [
                    {
                        "status": 422,
                        "title": "Valid organization_id is required",
                        "source": {"pointer": "data/attributes/organization_id"},
                    }
                ]
            },
            "Valid organization_id is required (at data/attributes/organization_id)",
        ),
        ({"errors": [{"status": "unprocessable_entity", "title": "Bad", "detail": "must exist"}]}, "must exist"),
        ({"errors": [{"title": "No", "source": {"pointer": ["data", "type"]}}]}, "No (at data/type)"),
        ({"errors": [{"title": "No", "source": {"pointer": "/data/attributes/x"}}]}, "No (at /data/attributes/x)"),
        ({"errors": [{"title": "No", "source": {"pointer": None}}]}, "No"),
        ({"errors": [{"title": "No", "source": None}]}, "No"),
        ({"errors": [{"detail": "must exist"}]}, "must exist"),
        ({"errors": [{"title": "Same", "detail": "Same"}]}, "Same"),
        ({"errors": [{"title": "One"}, {"title": "Two"}, "three", None]}, "One; Two"),
        ({"errors": ["Name is taken"]}, "Name is taken"),
        ({"errors": "Not allowed"}, "Not allowed"),
        ({"message": "Limit exceeded"}, "Limit exceeded"),
        ({"error": "Unauthorized"}, "Unauthorized"),
        ({"errors": []}, "no reason given"),
        ({"errors": [{}]}, "no reason given"),
        ({"errors": 5}, "no reason given"),
        ({}, "no reason given"),
    ],
)
def test_the_words_of_a_refusal(document: Any, words: str) -> None:
    assert words in documents.words_of_refusal(body(document))


@pytest.mark.parametrize("raw", [b"", b"<html><h1>403</h1></html>", b"\xff"])
def test_a_refusal_without_words(raw: bytes) -> None:
    assert documents.words_of_refusal(raw) == "no reason given"


def test_long_words_are_cut() -> None:
    assert len(documents.words_of_refusal(body({"message": "x" * 5000}))) <= documents.LONGEST_WORDS


@pytest.mark.parametrize(
    "echo",
    [
        CANARY,
        CANARY[:7],
        CANARY[-7:],
        CANARY[3:10],
        CANARY.upper(),
        "h&uuml;nter2-&lt;canary&gt;&amp;&quot;value&quot;",
        "is not allowed: h\\u00fcnter2-<canary>",
        CANARY.replace('"', '\\"'),
        "y" * (documents.LONGEST_WORDS - 20) + CANARY,
    ],
)
@pytest.mark.parametrize("member", ["title", "detail", "message"])
def test_words_that_repeat_the_value_are_not_shown(echo: str, member: str) -> None:
    said = {"message": echo} if member == "message" else {"errors": [{member: f"is not allowed: {echo}"}]}

    words = documents.words_of_refusal(body(said), {Field.PASSWORD: Secret(CANARY)})

    assert "not shown" in words
    assert "canary" not in words.casefold()


@pytest.mark.parametrize("echo", ["a&amp;b&lt;c&gt;d&quot;e", "a%26b%3Cc%3Ed%22e", 'a\\&b\\<c\\>d\\"e', "A&B<C>D"])
def test_a_value_of_signs_is_found_however_it_is_escaped(echo: str) -> None:
    words = documents.words_of_refusal(body({"message": f"bad: {echo}"}), {Field.PASSWORD: Secret('a&b<c>d"e')})

    assert "not shown" in words


@pytest.mark.parametrize("before", [270, 280, 284, 290, 300, 400])
def test_no_part_of_an_echo_is_left_by_the_cut(before: int) -> None:
    words = documents.words_of_refusal(body({"message": "y" * before + CANARY}), {Field.PASSWORD: Secret(CANARY)})

    assert len(words) <= documents.LONGEST_WORDS
    assert "hün" not in words


def test_words_that_repeat_a_value_of_any_row_of_a_batch_are_not_shown() -> None:
    said = body({"errors": [{"title": "No", "detail": f"second row: {CANARY}"}]})
    payloads = [{Field.PASSWORD: Secret("first-value")}, {Field.PASSWORD: Secret(CANARY)}]

    assert "canary" not in documents.words_of_refusal(said, *payloads)


@pytest.mark.parametrize("value", ["a", "is", "pass"])
def test_a_short_value_hides_words_only_where_it_stands_in_them(value: str) -> None:
    words = documents.words_of_refusal(body({"message": "Bad url"}), {Field.PASSWORD: Secret(value)})

    assert words == ("Bad url" if value not in "bad url" else "its words repeat the value and are not shown")


def test_words_are_shown_when_the_value_is_not_in_them() -> None:
    words = documents.words_of_refusal(body({"message": "Name is taken"}), {Field.PASSWORD: Secret(CANARY)})

    assert words == "Name is taken"


# --- "took too long" -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "detail",
    [
        "The request took too long to complete and timed out.",
        "Request took too long",
        "This request has TAKEN TOO LONG and timed out",
    ],
)
@pytest.mark.parametrize("member", ["title", "detail"])
def test_a_request_that_took_too_long(detail: str, member: str) -> None:
    assert documents.took_too_long(body({"errors": [{member: detail}]}))


@pytest.mark.parametrize(
    "detail",
    ["is too long (maximum is 255 characters)", "Name is too long", "URL too long", "Notes are too long", "no"],
)
def test_a_field_that_is_too_long_is_no_time_out(detail: str) -> None:
    assert not documents.took_too_long(body({"errors": [{"title": "Bad request", "detail": detail}]}))


@pytest.mark.parametrize("document", [{"errors": 5}, {"errors": True}, {"errors": None}, {"errors": {"a": 1}}, {}, []])
def test_no_errors_are_no_time_out(document: Any) -> None:
    assert not documents.took_too_long(body(document))
