"""A running IT Glue stand-in, and clients that speak to it over TCP."""

from collections.abc import Iterator

import pytest

from stickysync_gui.itglue import client
from stickysync_gui.sandbox.faults import FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from tests.itglue.ground import Service


@pytest.fixture
def faults() -> FaultScript:
    return FaultScript()


@pytest.fixture
def service(faults: FaultScript, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The stand-in; its clients' waits take no time, whether for the budget or between two attempts."""
    glue = Glue()
    with SandboxServer(glue, faults=faults) as server:
        service = Service(glue, server)
        monkeypatch.setattr(client, "wait_or_stop", service.clock.wait)
        yield service


@pytest.fixture
def organization(service: Service) -> int:
    return service.glue.add_organization("Northwind Dental")
