import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from stickysync_gui import logs
from stickysync_gui.logs import Redactor

KEY = "ITG.0123456789abcdef0123456789.abcDEF-_x"


@pytest.fixture
def redactor(tmp_path: Path) -> Iterator[Redactor]:
    made = Redactor()
    logs.start_file_log(tmp_path, made, "DEBUG")
    yield made
    logs.close_file_logs()
    logging.getLogger().setLevel(logging.WARNING)


def written(folder: Path) -> str:
    for handler in logging.getLogger().handlers:
        handler.flush()
    return (folder / "stickysync.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"x-api-key: {KEY}", KEY),
        (f"sent {KEY} to the host", "0123456789abcdef"),
        ("connect(user=lt, password=hunter2, host=db)", "hunter2"),
        ('{"password": "hunter 2"}', "hunter 2"),
        ("passphrase='correct horse'", "correct horse"),
        ("mysql+pymysql://lt:s3cr:et@db/labtech", "s3cr:et"),
        ("PWD=abc;UID=x", "abc"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, secret: str) -> None:
    redacted = Redactor().redact(text)
    assert secret not in redacted
    assert "***" in redacted


def test_what_it_was_told_of_is_masked_wherever_it_stands() -> None:
    redactor = Redactor()
    for secret in ("Sommer", "Sommer2024!", "abc"):
        redactor.know(secret)
    assert redactor.redact("tried Sommer2024! and Sommer") == "tried *** and ***"
    # Too short to be told from ordinary text.
    assert redactor.redact("abcdef") == "abcdef"


def test_ordinary_text_is_left_alone() -> None:
    text = "Password 12 of client 4 was updated; the password map links it to entry 9 (passwords: 1,240)."
    assert Redactor().redact(text) == text.replace("passwords: 1,240", "passwords: 1,240")


def test_arguments_and_traces_pass_the_redactor_too(redactor: Redactor, tmp_path: Path) -> None:
    redactor.know("tr0ub4dor")
    log = logging.getLogger("test")
    log.info("the value is %s", "tr0ub4dor")
    try:
        raise ValueError("no: tr0ub4dor")
    except ValueError:
        log.exception("it failed")
    text = written(tmp_path)
    assert "tr0ub4dor" not in text
    assert "the value is ***" in text
    assert "ValueError: no: ***" in text


def test_request_lines_of_the_http_library_are_not_logged(redactor: Redactor, tmp_path: Path) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://api.itglue.com/passwords")
    logging.getLogger("httpcore").debug("headers")
    assert written(tmp_path) == ""


def test_the_file_is_its_owners_alone_and_rotates(redactor: Redactor, tmp_path: Path) -> None:
    log = logging.getLogger("test")
    for _ in range(12):
        log.info("x" * 100_000)
    assert (tmp_path / "stickysync.log").stat().st_mode & 0o077 == 0
    assert (tmp_path / "stickysync.log.1").exists()
    assert (tmp_path / "stickysync.log").stat().st_size <= logs.FILE_BYTES


@pytest.mark.parametrize("form", [str, repr, ascii, json.dumps, quote, quote_plus, lambda text: repr(text.encode())])
def test_what_it_was_told_of_is_masked_in_every_spelling(form) -> None:
    redactor = Redactor()
    secret = "Sömmer \"2024\" 'ü' 50%&\\€🔑\n"
    redactor.know(secret)
    assert "mmer" not in redactor.redact(f"before {form(secret)} after")
