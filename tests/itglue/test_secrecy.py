"""Key and values stay where they belong: in the request. Not in errors, logs, events or representations."""

import logging
from collections.abc import Iterator

import pytest

from stickysync_gui.domain.records import Field
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import KeyRefused, StickySyncError
from stickysync_gui.itglue.answers import AnswerLost, NotSent, Refused, Throttled
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Pacer
from stickysync_gui.logs import Redactor, close_file_logs, start_file_log
from stickysync_gui.sandbox.faults import Fault, FaultScript
from tests.canaries import assert_silent
from tests.itglue.ground import NO_LIMIT, Service

VALUE = 'hünter2-<canary>&"value"'
PAYLOAD = {Field.NAME: "Router", Field.PASSWORD: Secret(VALUE)}
ANY = (StickySyncError, Refused, Throttled, NotSent, AnswerLost)
FAULTS = [
    Fault("cut_before", times=None),
    Fault("cut_midway", times=None),
    Fault("status", status=500, times=None),
    Fault("status", status=422, times=None),
    Fault("html", times=None),
    Fault("redirect", times=None),
    Fault("throttle", times=None),
    Fault("hang", times=None),
    Fault("revoke_key", times=None),
]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any library logs, down to the last detail."""
    with caplog.at_level(logging.DEBUG):
        for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "asyncio", "h11"):
            caplog.set_level(logging.DEBUG, logger=name)
        yield caplog


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
async def test_no_failure_tells_key_or_value(
    service: Service, organization: int, faults: FaultScript, fault: Fault
) -> None:
    service.glue.set_switches(errors_echo=True)
    id_ = service.glue.add_password(organization, "Old")
    faults.add(fault)

    async with service.impatient() as client:
        for call in (
            client.probe,
            client.walk,
            lambda: client.entry(id_),
            lambda: client.create(organization, PAYLOAD, None),
            lambda: client.update(id_, PAYLOAD),
            lambda: client.create_many(organization, [PAYLOAD, PAYLOAD], None),
            lambda: client.update_many({id_: PAYLOAD}),
        ):
            with pytest.raises(ANY) as caught:
                await call()
            assert_silent(caught.value, service.glue.key, VALUE)

    assert service.glue.key not in repr(client)
    assert service.glue.key not in repr(vars(client))


async def test_refusals_that_echo_the_value_do_not_tell_it(service: Service, organization: int) -> None:
    service.glue.set_switches(errors_echo=True, control_characters="refused")
    value = f"\x01{VALUE}"
    payload = {**PAYLOAD, Field.PASSWORD: Secret(value)}
    id_ = service.glue.add_password(organization, "Old")
    echoed = []

    async with service.client() as client:
        for call in (
            lambda: client.create(organization, payload, None),
            lambda: client.update(id_, payload),
            lambda: client.create_many(organization, [PAYLOAD, payload], None),
            lambda: client.update_many({id_: payload}),
        ):
            with pytest.raises(Refused) as caught:
                await call()
            assert_silent(caught.value, VALUE, value)
            echoed.append(caught.value.words)

    assert echoed == ["its words repeat the value and are not shown"] * 4


async def test_no_log_record_tells_key_or_value_once_the_log_is_set_up(
    service: Service, organization: int, told: pytest.LogCaptureFixture, tmp_path, faults: FaultScript
) -> None:
    redactor = Redactor()
    file = start_file_log(tmp_path, redactor, "DEBUG")
    faults.add(Fault("status", status=502, path="/passwords/.*"))
    try:
        async with service.client() as client:
            id_ = (await client.create(organization, PAYLOAD, None)).id
            await client.walk()
            await client.entry(id_)
            await client.update(id_, PAYLOAD)
    finally:
        close_file_logs()

    for text in (told.text, "".join(map(repr, told.records)), file.read_text(encoding="utf-8")):
        assert service.glue.key not in text
        assert VALUE not in text
        assert "canary" not in text


async def test_the_libraries_own_details_hold_no_key_or_value_either(
    service: Service, organization: int, told: pytest.LogCaptureFixture
) -> None:
    async with service.client() as client:
        id_ = (await client.create(organization, PAYLOAD, None)).id
        await client.update(id_, PAYLOAD)

    seen = "\n".join(f"{record.getMessage()} {record.args!r}" for record in told.records)
    assert "send_request_headers" in seen, "httpcore's trace was captured"
    assert service.glue.key not in seen
    assert "canary" not in seen


async def test_nothing_of_a_request_but_its_body_and_header_holds_them(service: Service, organization: int) -> None:
    async with service.client() as client:
        await client.create(organization, PAYLOAD, None)
        await client.walk(organization)

    for request in service.server.requests:
        assert service.glue.key not in f"{request.path} {request.query}"
        assert "canary" not in f"{request.path} {request.query}"
    assert "canary" not in repr(service.events)


# --- keys that cannot be sent ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["", "ITG.canary\n", "ITG.can ary", "ITG.canary\u200b", "ITG.cänary", "ITG.canary\x00", "ITG.\ud800canary"]
)
def test_a_key_that_no_header_can_carry_is_refused_in_words(service: Service, key: str) -> None:
    with pytest.raises(KeyRefused) as caught:
        ItGlue(service.server.url, Secret(key), Pacer(NO_LIMIT))

    assert "characters that no key has" in caught.value.happened
    assert_silent(caught.value, "canary", *filter(None, [key]))


async def test_a_key_of_another_shape_is_tried_all_the_same(service: Service) -> None:
    service.glue.add_key("odd-but-possible_key~1")

    async with service.client("odd-but-possible_key~1") as client:
        await client.probe()
