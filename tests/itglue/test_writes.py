"""What a single write can come to: refused, throttled, not sent, lost, or done; never two of them at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stickysync_gui.domain.records import Entry, Field
from stickysync_gui.domain.secret import Secret
from stickysync_gui.itglue.answers import AnswerLost, NotSent, Refused, Throttled
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.documents import Payload
from stickysync_gui.itglue.pacing import Pacer
from stickysync_gui.sandbox.faults import Fault, FaultScript
from tests.deaf_port import deaf_port
from tests.itglue.ground import NO_LIMIT, Service

VALUE = ' wört "quoted" \\ 🔑 \r\n '
PAYLOAD: Payload = {
    Field.NAME: "Router",
    Field.USERNAME: "admin",
    Field.PASSWORD: Secret(VALUE),
    Field.URL: "",
    Field.NOTES: "line\nline",
}

# What the service does, what the client makes of it, and whether the write was carried out all the same.
OUTCOMES: list[tuple[Fault, type[Exception], bool]] = [
    (Fault("cut_before"), AnswerLost, False),
    (Fault("cut_after"), AnswerLost, True),
    (Fault("cut_midway"), AnswerLost, True),
    (Fault("status", status=500), AnswerLost, False),
    (Fault("status_after", status=500), AnswerLost, True),
    (Fault("status", status=502, answer="html"), AnswerLost, False),
    (Fault("status_after", status=503, answer="empty"), AnswerLost, True),
    (Fault("status_after", status=504, answer="message"), AnswerLost, True),
    (Fault("took_too_long", status=504), AnswerLost, False),
    (Fault("took_too_long", status=422), AnswerLost, False),
    (Fault("took_too_long_after", status=400), AnswerLost, True),
    (Fault("status_after", status=408), AnswerLost, True),
    (Fault("html"), AnswerLost, False),
    (Fault("status_after", status=200, answer="empty"), AnswerLost, True),
    (Fault("status_after", status=204), AnswerLost, True),
    (Fault("redirect"), AnswerLost, False),
    (Fault("redirect", status=307), AnswerLost, False),
    (Fault("hang"), AnswerLost, False),
    (Fault("hang_after"), AnswerLost, True),
    (Fault("slow_answer", seconds=60), AnswerLost, True),
    (Fault("status", status=400), Refused, False),
    (Fault("status", status=401), Refused, False),
    (Fault("status", status=403, answer="html"), Refused, False),
    (Fault("status", status=404), Refused, False),
    (Fault("status", status=409, answer="empty"), Refused, False),
    (Fault("status", status=415), Refused, False),
    (Fault("status", status=422, answer="message"), Refused, False),
    (Fault("revoke_key"), Refused, False),
    (Fault("throttle"), Throttled, False),
    (Fault("throttle", retry_after=3), Throttled, False),
]
each_outcome = pytest.mark.parametrize(
    ("fault", "outcome", "done"),
    OUTCOMES,
    ids=[f"{fault.kind}-{fault.status}-{fault.answer}" for fault, *_ in OUTCOMES],
)


async def failure(client: ItGlue, send: Callable[[], Awaitable[Any]]) -> Exception:
    async with client.turn():
        with pytest.raises((Refused, Throttled, NotSent, AnswerLost)) as caught:
            await send()
    return caught.value


@each_outcome
async def test_a_create_comes_to_one_outcome_and_is_sent_once(
    service: Service, organization: int, faults: FaultScript, fault: Fault, outcome: type[Exception], done: bool
) -> None:
    faults.add(fault)

    async with service.impatient() as client:
        error = await failure(client, lambda: client.create(organization, PAYLOAD, None))

    assert type(error) is outcome
    assert service.server.count("POST") == service.server.count() == 1
    assert list(service.glue.values().values()) == ([VALUE] if done else [])
    assert service.clock.waits == [], "whether to repeat it is not decided here"


@each_outcome
async def test_an_update_comes_to_one_outcome_and_is_sent_once(
    service: Service, organization: int, faults: FaultScript, fault: Fault, outcome: type[Exception], done: bool
) -> None:
    id_ = service.glue.add_password(organization, "Old", password="old", url="https://kept")
    faults.add(fault)

    async with service.impatient() as client:
        error = await failure(client, lambda: client.update(id_, {Field.PASSWORD: Secret(VALUE)}))

    assert type(error) is outcome
    assert service.server.count("PATCH") == service.server.count() == 1
    record = service.glue.password(id_)
    assert (record.password, record.name, record.url) == (VALUE if done else "old", "Old", "https://kept")


@each_outcome
async def test_a_batch_comes_to_one_outcome_and_is_sent_once(
    service: Service, organization: int, faults: FaultScript, fault: Fault, outcome: type[Exception], done: bool
) -> None:
    id_ = service.glue.add_password(organization, "Old", password="old")
    faults.add(fault)
    faults.add(Fault(**{**{f: getattr(fault, f) for f in fault.__slots__}, "method": "POST"}))

    async with service.impatient() as client:
        update = await failure(client, lambda: client.update_many({id_: {Field.PASSWORD: Secret(VALUE)}}))
        service.glue.set_key(state="active")
        create = await failure(client, lambda: client.create_many(organization, [PAYLOAD, PAYLOAD], None))

    assert type(update) is type(create) is outcome
    assert (service.server.count("PATCH"), service.server.count("POST")) == (1, 1)
    assert list(service.glue.values().values()) == ([VALUE] * 3 if done else ["old"])


@pytest.mark.parametrize("error_pointer", ["plain", "slash", "array", "null"])
@pytest.mark.parametrize("error_status", ["number", "text", "symbol"])
async def test_a_refusal_of_the_service_itself_is_told_in_its_words(
    service: Service, organization: int, error_pointer: str, error_status: str
) -> None:
    service.glue.set_switches(error_pointer=error_pointer, error_status=error_status, name_limit=3)

    async with service.client() as client:
        unknown = await failure(client, lambda: client.create(404, PAYLOAD, None))
        too_long = await failure(client, lambda: client.create(organization, PAYLOAD, None))
        gone = await failure(client, lambda: client.update(404, {Field.URL: ""}))

    assert isinstance(unknown, Refused)
    assert isinstance(too_long, Refused), "a name that is too long is no time-out"
    assert isinstance(gone, Refused)
    assert (unknown.status, too_long.status, gone.status) == (422, 422, 404)
    assert "organization" in unknown.words
    assert "not found" in gone.words.casefold()


async def test_nobody_listens_so_nothing_was_sent(service: Service) -> None:
    with deaf_port() as port:
        async with ItGlue(f"http://127.0.0.1:{port}", Secret("ITG.key"), Pacer(NO_LIMIT)) as client:
            error = await failure(client, lambda: client.create(1, PAYLOAD, None))

    assert isinstance(error, NotSent)
    assert not error.is_tls
    assert "refused" in error.words


async def test_a_service_that_stops_and_comes_back(service: Service, organization: int) -> None:
    async with service.client() as client:
        async with client.turn():
            await client.create(organization, PAYLOAD, None)
        service.server.stop()
        error = await failure(client, lambda: client.create(organization, PAYLOAD, None))
        assert isinstance(error, (NotSent, AnswerLost))
        service.server.start()
        async with client.turn():
            await client.create(organization, PAYLOAD, None)

    assert len(service.glue.passwords()) == 2


# --- done ------------------------------------------------------------------------------------------------------


async def test_a_create_as_it_arrives(service: Service, organization: int) -> None:
    category = service.glue.add_category("Cloud")

    async with service.client() as client, client.turn():
        entry = await client.create(organization, PAYLOAD, category)

    (record,) = service.glue.passwords(organization)
    assert (record.name, record.username, record.password, record.url, record.notes, record.category_id) == (
        "Router",
        "admin",
        VALUE,
        None,
        "line\nline",
        category,
    )
    assert entry == Entry(
        record.id,
        organization,
        "Router",
        "admin",
        password_updated_at=record.password_updated_at,
        resource_url=entry.resource_url,
    )
    assert service.glue.audited_reads == []


async def test_an_update_touches_only_what_it_names(service: Service, organization: int) -> None:
    id_ = service.glue.add_password(organization, "Old", password="old", username="u", url="https://x", notes="n")

    async with service.client() as client, client.turn():
        entry = await client.update(id_, {Field.USERNAME: "", Field.NAME: "New"})

    record = service.glue.password(id_)
    assert (record.name, record.username, record.password, record.url, record.notes) == (
        "New",
        None,
        "old",
        "https://x",
        "n",
    )
    assert (entry.name, entry.username) == ("New", "")


async def test_what_the_service_makes_of_it_is_what_is_returned(service: Service, organization: int) -> None:
    service.glue.set_switches(trim_names=True, add_https=True)

    async with service.client() as client, client.turn():
        entry = await client.create(organization, {**PAYLOAD, Field.NAME: "  Router ", Field.URL: "r.local"}, None)

    assert (entry.name, entry.url) == ("Router", "https://r.local")


@pytest.mark.parametrize("bulk_order", ["sent", "reversed", "by_id"])
async def test_batches_return_what_was_done(service: Service, organization: int, bulk_order: str) -> None:
    service.glue.set_switches(bulk_order=bulk_order)
    payloads = [{**PAYLOAD, Field.NAME: name} for name in "abc"]

    async with service.client() as client, client.turn():
        created = await client.create_many(organization, payloads, None)
        updated = await client.update_many({entry.id: {Field.URL: f"https://{entry.name}"} for entry in created})

    assert sorted(entry.name for entry in created) == list("abc")
    assert {entry.url for entry in updated} == {"https://a", "https://b", "https://c"}
    assert {record.url for record in service.glue.passwords()} == {"https://a", "https://b", "https://c"}


async def test_an_answer_about_another_entry_confirms_nothing(service: Service, organization: int) -> None:
    body = b'{"data":{"id":"5","attributes":{"organization-id":1,"name":"x"}}}'

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with ItGlue(url, Secret("ITG.key"), Pacer(NO_LIMIT)) as client:
            error = await failure(client, lambda: client.update(6, {Field.URL: ""}))
            async with client.turn():
                right = await client.update(5, {Field.URL: ""})

    assert isinstance(error, AnswerLost)
    assert right.id == 5


async def test_a_stop_does_not_interrupt_the_write_in_flight(
    service: Service, organization: int, faults: FaultScript
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    faults.before(lambda: loop.call_soon_threadsafe(stop.set), method="POST")

    async with service.client(stop=stop) as client, client.turn():
        entry = await client.create(organization, PAYLOAD, None)

    assert stop.is_set()
    assert [record.id for record in service.glue.passwords()] == [entry.id]
