"""Control routes for tests in another process: `POST /sandbox/<name>` with the arguments as a JSON object."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from stickysync_gui.sandbox import answers
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.sandbox.records import GlueRequest, GlueResponse
from stickysync_gui.sandbox.server import SandboxServer

OF_THE_ACCOUNT = (
    "add_organization",
    "edit_organization",
    "remove_organization",
    "add_category",
    "add_password",
    "add_passwords",
    "edit_password",
    "archive_password",
    "move_password",
    "remove_password",
    "set_switches",
    "add_key",
    "set_key",
    "dump",
    "load",
)


def control(server: SandboxServer, request: GlueRequest) -> GlueResponse:
    """Answer `{"result": ...}`, or 400 with `{"error": ...}`. Values of passwords travel here: loopback only."""
    name = request.path.removeprefix("/sandbox/")
    command = _COMMANDS.get(name)
    if command is None or request.method != "POST":
        return answers.answer({"error": f"LookupError: no control route {request.method} {name}"}, 404)
    try:
        arguments = json.loads(request.body or b"{}")
        return answers.answer({"result": command(server, arguments)})
    except (KeyError, TypeError, ValueError) as error:
        return answers.answer({"error": f"{type(error).__name__}: {error}"}, 400)


def _account(name: str) -> Callable[[SandboxServer, dict[str, Any]], Any]:
    return lambda server, arguments: getattr(server.glue, name)(**arguments)


def _passwords(server: SandboxServer, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    return [asdict(one) for one in server.glue.passwords(**arguments)]


def _organizations(server: SandboxServer, arguments: dict[str, Any]) -> list[int]:
    return [server.glue.add_organization(**row) for row in arguments["rows"]]


def _reset(server: SandboxServer, arguments: dict[str, Any]) -> None:
    server.faults.clear()
    server.glue.reset()
    server.clear_requests()
    server.latency = 0.0


def _set_latency(server: SandboxServer, arguments: dict[str, Any]) -> None:
    server.latency = float(arguments["seconds"])


_COMMANDS: dict[str, Callable[[SandboxServer, dict[str, Any]], Any]] = {
    **{name: _account(name) for name in OF_THE_ACCOUNT},
    "add_organizations": _organizations,
    "password": lambda server, arguments: asdict(server.glue.password(**arguments)),
    "passwords": _passwords,
    "audited_reads": lambda server, arguments: [asdict(one) for one in server.glue.audited_reads],
    "switches": lambda server, arguments: asdict(server.glue.switches),
    "add_fault": lambda server, arguments: server.faults.add(Fault(**arguments)),
    "remove_fault": lambda server, arguments: server.faults.remove(**arguments),
    "clear_faults": lambda server, arguments: server.faults.clear(),
    "fired": lambda server, arguments: server.faults.fired(**arguments),
    "release": lambda server, arguments: server.faults.release(),
    "hanging": lambda server, arguments: server.faults.hanging,
    "requests": lambda server, arguments: [asdict(one) for one in server.requests],
    "clear_requests": lambda server, arguments: server.clear_requests(),
    "count": lambda server, arguments: server.count(**arguments),
    "peak_in_flight": lambda server, arguments: server.peak_in_flight,
    "set_latency": _set_latency,
    "reset": _reset,
}
