"""Where a key may go, whether it works there, and in which region."""

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from stickysync_gui.domain.connection import Region
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ExitCode, ItGlueUnreachable, KeyRefused, UsageError
from stickysync_gui.itglue.access import allowed_url, check_key, detect_region, is_loopback
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Pacer
from stickysync_gui.sandbox.faults import Fault, FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from tests.canaries import assert_silent
from tests.itglue.ground import NO_LIMIT, Service

# --- where it may go -------------------------------------------------------------------------------------------

FORBIDDEN = [
    "",
    "api.itglue.com",
    "http://api.itglue.com",
    "https://api.itglue.com.evil.example",
    "https://evil.example/api.itglue.com",
    "https://evil.example#api.itglue.com",
    "https://evil.example?https://api.itglue.com",
    "https://api.itglue.com@evil.example",
    "https://api.itglue.com:443@evil.example",
    "https://user:pw@api.itglue.com",
    "https://@api.itglue.com",
    "https://api.itglue.com:8443",
    "https://api.itglue.com.",
    "https://api.itglue.com/api",
    "https://api.itglue.com?x=1",
    "https://api.itglue.com#x",
    "https://xapi.itglue.com",
    "https://itglue.com",
    "https://api.eu.itglue.com.",
    "https://аpi.itglue.com",  # noqa: RUF001 - a Cyrillic letter
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "//127.0.0.1",
    "127.0.0.1:8080",
    "http://127.0.0.1@evil.example",
    "http://evil.example@127.0.0.1",
    "http://:pw@127.0.0.1",
    "http://@127.0.0.1",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://evil.example\\@127.0.0.1",
    "http://127.0.0.1\\@evil.example",
    "http://127.0.0.1#@evil.example",
    "http://127.0.0.1?x=1",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:0",
    "http://127.0.0.1:http",
    "http://[::1",
    "http://[::2]",
    "http://[127.0.0.1]",
    "http://0.0.0.0",
    "http://10.0.0.1",
    "http://2130706433",
    "http://127.1",
    "http://0x7f.0.0.1",
    "http://",
    "http:///127.0.0.1",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_the_key_goes_nowhere_else(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        allowed_url(url)

    assert caught.value.exit_code is ExitCode.USAGE
    assert "sent nowhere" in caught.value.unchanged
    assert all(region.url in caught.value.todo for region in Region)
    assert_silent(caught.value, "pw@")


@pytest.mark.parametrize("region", Region)
@pytest.mark.parametrize("end", ["", "/", "//"])
def test_the_three_hosts_are_allowed(region: Region, end: str) -> None:
    assert allowed_url(region.url + end) == region.url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://LOCALHOST:1",
        "https://127.0.0.1",
        "http://127.0.0.2:80",
        "http://[::1]:8080",
        "http://127.0.0.1:8080/base",
    ],
)
def test_this_computer_is_allowed(url: str) -> None:
    allowed = allowed_url(url + "/")

    assert allowed == url
    assert is_loopback(allowed)


@pytest.mark.parametrize("url", [*FORBIDDEN, "HTTPS://API.ITGLUE.COM", "http://127.0.0.1\t:80", "\x00http://127.0.0.1"])
def test_what_is_allowed_is_what_the_client_reads_out_of_it(url: str) -> None:
    """Two parsers that read one address differently are how such checks are got round."""
    try:
        allowed = allowed_url(url)
    except UsageError:
        return
    host = httpx.URL(allowed).host
    assert host == urlsplit(allowed).hostname
    assert is_loopback(allowed) or host in {urlsplit(region.url).hostname for region in Region}


@pytest.mark.parametrize("url", ["https://api.itglue.com", "http://evil.example", "http://[::1", "", "http://10.0.0.1"])
def test_what_is_not_this_computer(url: str) -> None:
    assert not is_loopback(url)


# --- whether it works ------------------------------------------------------------------------------------------


async def refused(client: ItGlue) -> KeyRefused:
    async with client:
        with pytest.raises(KeyRefused) as caught:
            await check_key(client)
    assert caught.value.exit_code is ExitCode.ITGLUE
    return caught.value


async def test_a_good_key(service: Service) -> None:
    async with service.client() as client:
        await check_key(client)

    assert service.server.count() == 2
    assert [dict(request.query)["page[size]"] for request in service.server.requests] == ["1", "1"]


@pytest.mark.parametrize("state", ["revoked", "paused"])
@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_switched_off(service: Service, state: str, status: int) -> None:
    service.glue.set_switches(revoked_key_status=status, paused_key_status=status)
    service.glue.set_key(state=state)

    error = await refused(service.client())

    assert f"refuses the API key ({status}" in error.happened
    assert_silent(error, service.glue.key)


async def test_an_unknown_key(service: Service) -> None:
    error = await refused(service.client("ITG.unknown"))

    assert "refuses the API key" in error.happened
    assert "mistyped" in error.todo
    assert service.server.count() == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_without_password_access(service: Service, status: int) -> None:
    service.glue.set_switches(no_access_list="refused", no_access_status=status)
    service.glue.set_key(password_access=False)

    error = await refused(service.client())

    assert "knows the API key but refuses it passwords" in error.happened
    assert error.todo.startswith("Tick Password Access")


async def test_a_key_without_password_access_that_may_look_at_lists_cannot_be_told(service: Service) -> None:
    service.glue.set_key(password_access=False)

    async with service.client() as client:
        await check_key(client)


@pytest.mark.parametrize("form", ["json", "html"])
async def test_a_key_that_the_allow_list_blocks(service: Service, form: str) -> None:
    service.glue.set_switches(address_blocked=form)

    error = await refused(service.client())

    assert "403" in error.happened


async def test_passwords_that_cannot_be_reached_are_no_matter_of_the_key(service: Service, faults: FaultScript) -> None:
    faults.add(Fault("status", status=502, path="/passwords", times=None))

    async with service.client() as client:
        with pytest.raises(ItGlueUnreachable):
            await check_key(client)


# --- in which region -------------------------------------------------------------------------------------------


class Regions:
    """Three services, one for each region, and one key that only one of them knows."""

    def __init__(self, stack: ExitStack, home: Region | None) -> None:
        self.key = "ITG.the-key"
        self.servers: dict[str, SandboxServer] = {}
        for region in Region:
            glue = Glue(region=region.value)
            if region is home:
                glue.add_key(self.key)
            self.servers[region.url] = stack.enter_context(SandboxServer(glue))

    def __call__(self, url: str) -> ItGlue:
        return ItGlue(self.servers[url].url, Secret(self.key), Pacer(NO_LIMIT))

    def requests(self) -> list[int]:
        return [server.count() for server in self.servers.values()]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(("home", "requests"), [(Region.US, [1, 0, 0]), (Region.EU, [1, 1, 0]), (Region.AU, [1, 1, 1])])
async def test_the_region_that_knows_the_key_is_found(stack: ExitStack, home: Region, requests: list[int]) -> None:
    regions = Regions(stack, home)

    assert await detect_region(regions) is home
    assert regions.requests() == requests


async def test_a_key_that_no_region_knows(stack: ExitStack) -> None:
    regions = Regions(stack, None)

    with pytest.raises(KeyRefused) as caught:
        await detect_region(regions)

    assert "None of IT Glue's regions" in caught.value.happened
    assert_silent(caught.value, regions.key)


@pytest.mark.usefixtures("service")
async def test_one_region_that_cannot_be_asked_does_not_hide_the_right_one(stack: ExitStack) -> None:
    regions = Regions(stack, Region.AU)
    regions.servers[Region.US.url].faults.add(Fault("cut_before", times=None))

    assert await detect_region(regions) is Region.AU


@pytest.mark.usefixtures("service")
async def test_a_region_that_cannot_be_asked_is_told_when_no_other_knows_the_key(stack: ExitStack) -> None:
    regions = Regions(stack, None)
    regions.servers[Region.EU.url].faults.add(Fault("cut_before", times=None))

    with pytest.raises(ItGlueUnreachable):
        await detect_region(regions)


async def test_a_key_that_cannot_be_sent_is_asked_about_nowhere(stack: ExitStack) -> None:
    regions = Regions(stack, None)
    regions.key = "ITG.with\nbreak"

    with pytest.raises(KeyRefused, match="characters that no key has"):
        await detect_region(regions)
    assert regions.requests() == [0, 0, 0]
