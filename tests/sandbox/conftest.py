"""A running IT Glue stand-in and a client that speaks to it over TCP."""

from collections.abc import Iterator

import httpx
import pytest

from stickysync_gui.sandbox.faults import FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from tests.waiting import PATIENCE

MEDIA_TYPE = "application/vnd.api+json"
SOON = httpx.Timeout(PATIENCE, read=0.2)
"""Gives up an answer that does not come, but nothing before that."""


@pytest.fixture
def glue() -> Glue:
    return Glue()


@pytest.fixture
def faults() -> FaultScript:
    return FaultScript()


@pytest.fixture
def server(glue: Glue, faults: FaultScript) -> Iterator[SandboxServer]:
    with SandboxServer(glue, faults=faults) as running:
        yield running


@pytest.fixture
def client(server: SandboxServer, glue: Glue) -> Iterator[httpx.Client]:
    headers = {"x-api-key": glue.key, "content-type": MEDIA_TYPE}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=PATIENCE) as one:
        yield one


@pytest.fixture
def organization(glue: Glue) -> int:
    return glue.add_organization("Northwind Dental")
