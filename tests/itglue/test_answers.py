"""Retry-After in the forms that come, and in forms that should not."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickysync_gui.itglue.answers import Refused, retry_after

NOW = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", 0.0),
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("inf", None),
        ("nan", None),
        ("1e999", None),
        ("Sun, 01 Jun 2025 12:00:30 GMT", 30.0),
        ("Sun, 01 Jun 2025 14:00:30 +0200", 30.0),
        ("Sun, 01 Jun 2025 12:00:30", 30.0),
        ("Sunday, 01-Jun-25 12:00:30 GMT", 30.0),
        ("Sun, 01 Jun 2025 11:00:00 GMT", 0.0),
        ("Sun, 99 Jun 2025 11:00:00 GMT", None),
        ("2025-06-01T12:00:30Z", None),
    ],
)
def test_forms_of_the_header(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC)))
def test_every_date_comes_to_the_seconds_until_then(at: datetime) -> None:
    assert retry_after(format_datetime(at, usegmt=True), NOW) == max(0.0, (at - NOW) / timedelta(seconds=1))


@given(st.text(max_size=40))
def test_no_text_breaks_it(header: str) -> None:
    found = retry_after(header, NOW)

    assert found is None or (math.isfinite(found) and found >= 0)


@pytest.mark.parametrize(("status", "is_about_rights"), [(401, True), (403, True), (404, False), (422, False)])
def test_refusals_of_rights(status: int, is_about_rights: bool) -> None:
    assert Refused(status, "words").is_about_rights is is_about_rights
