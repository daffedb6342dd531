"""Walks and look-ups: every page, every shape, and nothing that was not asked for."""

from dataclasses import replace

import pytest

from stickysync_gui.domain.progress import PageRead
from stickysync_gui.domain.records import Category
from stickysync_gui.errors import ItGlueUnreachable, KeyRefused
from stickysync_gui.itglue.answers import Refused
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.sandbox.faults import Fault, FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.records import GlueRequest, GlueResponse
from stickysync_gui.sandbox.server import SandboxServer
from tests.itglue.ground import Service

CANARY = "hunter2-canary"


def pages_asked(service: Service) -> list[tuple[int, int]]:
    """Size and number of each page that was asked for."""
    asked = [dict(request.query) for request in service.server.requests]
    return [(int(query["page[size]"]), int(query["page[number]"])) for query in asked if "page[number]" in query]


async def walked(client: ItGlue, organization_id: int | None = None) -> list[int]:
    walk = await client.walk(organization_id)
    assert walk is not None
    return list(walk.entries)


# --- pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2500, 3)])
async def test_a_walk_asks_for_as_few_pages_as_there_are(
    service: Service, organization: int, count: int, requests: int
) -> None:
    ids = service.entries(organization, count)

    async with service.client() as client:
        walk = await client.walk()
        organizations = await client.organizations()

    assert walk is not None
    assert (list(walk.entries), walk.total, walk.is_complete) == (ids, count, True)
    assert set(organizations) == {organization}
    assert service.server.count("GET", "/passwords") == requests
    assert client.requests == requests + 1
    assert [event for event in service.events if isinstance(event, PageRead)][-1] == PageRead(count, count)
    for request in service.server.requests:
        query = dict(request.query)
        assert (query["sort"], query["page[size]"]) == ("id", "1000")


async def test_thousands_of_organizations(service: Service) -> None:
    names = {service.glue.add_organization(f"Client, {n}\\ & 'Co' 🏢"): f"Client, {n}\\ & 'Co' 🏢" for n in range(1001)}

    async with service.client() as client:
        found = await client.organizations()

    assert {id_: one.name for id_, one in found.items()} == names


@pytest.mark.parametrize("links", ["absent", "empty", "foreign"])
async def test_links_are_not_depended_on_nor_followed(service: Service, organization: int, links: str) -> None:
    service.glue.set_switches(links=links)
    ids = service.entries(organization, 1001)

    async with service.client() as client:
        assert await walked(client) == ids
    assert service.server.count() == 2


@pytest.mark.parametrize("count", [0, 999, 1000, 1001, 2000])
async def test_without_meta_a_full_page_is_not_taken_for_the_last(
    service: Service, organization: int, count: int
) -> None:
    service.glue.set_switches(meta="absent", links="absent")
    ids = service.entries(organization, count)

    async with service.client() as client:
        walk = await client.walk()

    assert walk is not None
    assert (list(walk.entries), walk.total) == (ids, None)
    assert service.server.count() <= count // 1000 + 1


class Stuck(Glue):
    """A service that knows of no page numbers: it sends the first page again and again."""

    def respond(self, request: GlueRequest) -> GlueResponse:
        return super().respond(replace(request, query=[pair for pair in request.query if pair[0] != "page[number]"]))


async def test_a_service_that_sends_the_same_page_again_ends_the_walk() -> None:
    glue = Stuck()
    glue.set_switches(meta="absent", links="absent")
    organization = glue.add_organization("Northwind Dental")

    with SandboxServer(glue) as server:
        service = Service(glue, server)
        ids = service.entries(organization, 1200)
        async with service.client() as client:
            found = await walked(client)

    assert found == ids[:1000]
    assert server.count() == 2


async def test_entries_added_while_the_walk_is_on_come_once(
    service: Service, organization: int, faults: FaultScript
) -> None:
    ids = service.entries(organization, 1500)
    added: list[int] = []
    faults.after(lambda: added.extend(service.entries(organization, 3)), path="/passwords")

    async with service.client() as client:
        found = await walked(client)

    assert found == [*ids, *added]
    assert len(set(found)) == len(found)


async def test_an_entry_deleted_while_the_walk_is_on_costs_one_more_walk(
    service: Service, organization: int, faults: FaultScript
) -> None:
    ids = service.entries(organization, 1500)
    # The row that then slips from the second page to the first would be missed.
    faults.after(lambda: service.glue.remove_password(ids[0]), path="/passwords")

    async with service.client() as client:
        found = await walked(client)

    assert set(found) >= set(ids[1:])


# --- counts that do not agree ----------------------------------------------------------------------------------


async def test_a_walk_that_counts_otherwise_is_repeated_once(service: Service, organization: int) -> None:
    ids = service.entries(organization, 5)
    service.glue.set_switches(total_count_offset=2)

    async with service.client() as client:
        walk = await client.walk()

    assert walk is not None
    assert list(walk.entries) == ids
    assert service.server.count("GET", "/passwords") == 2


async def test_a_repeated_walk_that_agrees_is_taken(service: Service, organization: int, faults: FaultScript) -> None:
    ids = service.entries(organization, 5)
    service.glue.set_switches(total_count_offset=1)
    faults.after(lambda: service.glue.set_switches(total_count_offset=0), path="/passwords")

    async with service.client() as client:
        walk = await client.walk()

    assert walk is not None
    assert (list(walk.entries), walk.total, walk.is_complete) == (ids, 5, True)


async def test_a_walk_that_would_be_long_is_given_up_after_its_first_page(service: Service, organization: int) -> None:
    service.entries(organization, 2500)

    async with service.client() as client:
        assert await client.walk(most_pages=2) is None
        assert service.server.count() == 1
        walk = await client.walk(most_pages=3)

    assert walk is not None
    assert len(walk.entries) == 2500


# --- slow pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [504, 500, 408, 422, 400])
@pytest.mark.parametrize(
    ("above", "sizes"), [(500, [1000, 500]), (250, [1000, 500, 250]), (100, [1000, 500, 250, 100])]
)
async def test_pages_that_take_too_long_are_asked_for_in_smaller_parts(
    service: Service, organization: int, status: int, above: int, sizes: list[int]
) -> None:
    ids = service.entries(organization, 620)
    service.glue.set_switches(slow_page_above=above, slow_page_status=status)

    async with service.client() as client:
        found = await walked(client)
        again = await walked(client)

    assert found == again == ids
    asked = [size for size, _ in pages_asked(service)]
    assert list(dict.fromkeys(asked)) == sizes
    assert asked.count(1000) == 1, "the walk goes on at the smaller size"


@pytest.mark.parametrize("at", [2, 3])
async def test_a_page_that_is_slow_in_the_middle_loses_and_doubles_nothing(
    service: Service, organization: int, faults: FaultScript, at: int
) -> None:
    ids = service.entries(organization, 3456)
    for fault in (Fault("took_too_long", path="/passwords", at=at, times=3),):
        faults.add(fault)

    async with service.client() as client:
        walk = await client.walk()

    assert walk is not None
    assert list(walk.entries) == ids
    assert walk.is_complete
    assert pages_asked(service)[at + 2][0] == 100


async def test_a_page_that_never_comes_is_asked_for_in_smaller_parts(
    service: Service, organization: int, faults: FaultScript
) -> None:
    ids = service.entries(organization, 30)
    faults.add(Fault("hang", path="/passwords", times=2))

    async with service.impatient() as client:
        found = await walked(client)

    assert found == ids
    assert [size for size, _ in pages_asked(service)] == [1000, 500, 250]


async def test_pages_that_are_slow_at_every_size_end_in_words(service: Service, organization: int) -> None:
    service.entries(organization, 120)
    service.glue.set_switches(slow_page_above=1)

    async with service.client() as client:
        with pytest.raises(ItGlueUnreachable, match="took too long"):
            await client.walk()

    assert [size for size, _ in pages_asked(service)] == [1000, 500, 250, 100, 100, 100, 100]


# --- what comes back is checked --------------------------------------------------------------------------------


async def test_one_organization_only(service: Service, organization: int) -> None:
    other = service.glue.add_organization("Northwind Dental")
    mine, _ = service.entries(organization, 3), service.entries(other, 4)

    async with service.client() as client:
        walk = await client.walk(organization)

    assert walk is not None
    assert list(walk.entries) == mine
    assert dict(service.server.requests[0].query)["filter[organization_id]"] == str(organization)


class Deaf(Glue):
    """A service that ignores every filter, as it does with a misspelled one (itglue-api.md 4)."""

    def respond(self, request: GlueRequest) -> GlueResponse:
        query = [pair for pair in request.query if not pair[0].startswith("filter")]
        return super().respond(replace(request, query=query))


async def test_filters_that_are_ignored_still_give_only_what_was_asked_for() -> None:
    glue = Deaf()
    mine, other = glue.add_organization("Northwind Dental"), glue.add_organization("Other")
    ids = {name: glue.add_password(owner, name) for name, owner in (("a", mine), ("b", other), ("c", mine))}

    with SandboxServer(glue) as server:
        async with Service(glue, server).client() as client:
            walk = await client.walk(mine)
            listed = await client.listed([ids["a"], ids["b"], 999])

    assert walk is not None
    assert list(walk.entries) == [ids["a"], ids["c"]]
    assert list(listed) == [ids["a"], ids["b"]]


async def test_a_value_that_a_list_shows_by_mistake_is_not_kept(service: Service, organization: int) -> None:
    service.glue.set_switches(list_leaks_value=True)
    service.entries(organization, 3, password=CANARY)

    async with service.client() as client:
        walk = await client.walk()
        listed = await client.listed(list(walk.entries) if walk else [])

    assert len(listed) == 3
    assert CANARY not in repr(walk)
    assert CANARY not in repr(listed)
    assert CANARY not in repr(service.events)


async def test_no_value_is_ever_read(service: Service, organization: int) -> None:
    (id_,) = service.entries(organization, 1, password=CANARY)

    async with service.client() as client:
        await client.probe_passwords()
        await client.walk()
        await client.entry(id_)
        await client.listed([id_])

    assert service.glue.audited_reads == []


@pytest.mark.parametrize("times", ["milliseconds", "seconds"])
async def test_rows_of_every_kind(service: Service, organization: int, times: str) -> None:
    service.glue.set_switches(times=times)
    add = service.glue.add_password
    live = add(organization, "A", username="u", url="https://x", notes="n")
    archived = add(organization, "A", archived=True)
    vaulted = add(organization, "V", vault_id=5, password=None)
    embedded = add(organization, "E", resource_id=7, resource_type="Contact")

    async with service.client() as client:
        walk = await client.walk()

    assert walk is not None
    found = walk.entries
    assert [(e.archived, e.vaulted, e.embedded) for e in (found[i] for i in (live, archived, vaulted, embedded))] == [
        (False, False, False),
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert found[live].resource_url.endswith(f"/{organization}/passwords/{live}")
    assert found[live].id > 2**50
    assert len(found[live].password_updated_at) == (24 if times == "milliseconds" else 20)


# --- single entries --------------------------------------------------------------------------------------------


async def test_an_entry_by_id(service: Service, organization: int) -> None:
    (id_,) = service.entries(organization, 1, username="u")
    hidden = service.glue.add_password(organization, "R", restricted=True)

    async with service.client() as client:
        shown, gone = await client.entry(id_), await client.entry(404)
        with pytest.raises(Refused) as caught:
            await client.entry(hidden)

    assert shown is not None
    assert (shown.id, shown.organization_id, shown.username) == (id_, organization, "u")
    assert gone is None
    assert caught.value.status == 401


async def test_many_entries_by_id(service: Service, organization: int) -> None:
    ids = service.entries(organization, 250)
    service.glue.remove_password(ids[7])

    async with service.client() as client:
        found = await client.listed([*ids, 5, 6])
        none = await client.listed([])

    assert set(found) == set(ids) - {ids[7]}
    assert none == {}
    assert service.server.count() == 3


async def test_categories_come_once_each(service: Service) -> None:
    ids = [service.glue.add_category(name) for name in ("Cloud", "Router", "Cloud")]

    async with service.client() as client:
        found = await client.categories()

    assert found == [Category(id_, name) for id_, name in zip(ids, ("Cloud", "Router", "Cloud"), strict=True)]


# --- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("error_body", ["errors", "message", "empty", "html"])
async def test_a_refused_key_ends_a_walk_at_once(service: Service, status: int, error_body: str) -> None:
    service.glue.set_switches(revoked_key_status=status, error_body=error_body)
    service.glue.set_key(state="revoked")

    async with service.client() as client:
        for read in (client.walk, client.organizations, client.categories, client.probe):
            with pytest.raises(KeyRefused) as caught:
                await read()
            assert str(status) in caught.value.happened

    assert service.server.count() == 4, "no refusal is asked again"
    assert "revoked" in caught.value.todo
    assert "another region" in caught.value.todo


async def test_a_key_revoked_in_the_middle_of_a_walk(service: Service, organization: int, faults: FaultScript) -> None:
    service.entries(organization, 1500)
    faults.add(Fault("revoke_key", path="/passwords", at=2))

    async with service.client() as client:
        with pytest.raises(KeyRefused):
            await client.walk()


@pytest.mark.parametrize("status", [400, 404, 415, 422])
async def test_other_refusals_of_a_list_are_told_with_their_words(
    service: Service, faults: FaultScript, status: int
) -> None:
    faults.add(Fault("status", status=status))

    async with service.client() as client:
        with pytest.raises(ItGlueUnreachable) as caught:
            await client.walk()

    assert f"answered with {status}" in caught.value.happened
    assert "something went wrong" in caught.value.happened
    assert service.server.count() == 1
