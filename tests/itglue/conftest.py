"""A running IT Glue stand-in, and clients that speak to it over TCP."""

from collections.abc import Iterator

import pytest

from stickysync_gui.sandbox.faults import FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from tests.itglue.ground import Service


@pytest.fixture
def faults() -> FaultScript:
    return FaultScript()


@pytest.fixture
def service(faults: FaultScript) -> Iterator[Service]:
    glue = Glue()
    with SandboxServer(glue, faults=faults) as server:
        yield Service(glue, server)


@pytest.fixture
def organization(service: Service) -> int:
    return service.glue.add_organization("Northwind Dental")
