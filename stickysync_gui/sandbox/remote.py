"""Steers a sandbox in another process with the names that the in-process objects have."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.sandbox.records import AuditedRead, KeyState, PasswordRecord
from stickysync_gui.sandbox.server import LoggedRequest

_ERRORS: dict[str, type[Exception]] = {"KeyError": KeyError, "TypeError": TypeError, "LookupError": LookupError}


class RemoteSandbox:
    """A sandbox that `python -m stickysync_gui.sandbox` serves at `url`; `key` as it printed it.

    Arguments, results and errors are those of Account, FaultScript and SandboxServer. A call that the other
    side refuses raises KeyError, TypeError, LookupError or ValueError here, a dead one OSError.
    """

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url.rstrip("/")
        self.key = key
        self._address = urlsplit(self.url).netloc

    def __repr__(self) -> str:
        return f"RemoteSandbox({self.url!r})"

    def call(self, route: str, /, **arguments: Any) -> Any:
        """Call one control route and return its result."""
        connection = HTTPConnection(self._address, timeout=60)
        try:
            connection.request("POST", f"/sandbox/{route}", json.dumps(arguments).encode())
            document = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in document:
            kind, _, message = document["error"].partition(": ")
            raise _ERRORS.get(kind, ValueError)(message)
        return document["result"]

    # -- the account ----------------------------------------------------------------------------------------

    def add_organization(self, name: str, **attributes: Any) -> int:
        """As Account.add_organization."""
        return int(self.call("add_organization", name=name, **attributes))

    def add_organizations(self, rows: Iterable[dict[str, Any]]) -> list[int]:
        """Add many organizations, each the arguments of `add_organization`; their ids in that order."""
        return list(self.call("add_organizations", rows=list(rows)))

    def edit_organization(self, id: int, **attributes: Any) -> None:
        """As Account.edit_organization."""
        self.call("edit_organization", id=id, **attributes)

    def remove_organization(self, id: int) -> None:
        """As Account.remove_organization."""
        self.call("remove_organization", id=id)

    def add_category(self, name: str, *, id: int | None = None) -> int:
        """As Account.add_category."""
        return int(self.call("add_category", name=name, id=id))

    def add_password(self, organization_id: int, name: str, **attributes: Any) -> int:
        """As Account.add_password."""
        return int(self.call("add_password", organization_id=organization_id, name=name, **attributes))

    def add_passwords(self, rows: Iterable[dict[str, Any]]) -> list[int]:
        """As Account.add_passwords."""
        return list(self.call("add_passwords", rows=list(rows)))

    def edit_password(self, id: int, **attributes: Any) -> None:
        """As Account.edit_password."""
        self.call("edit_password", id=id, **attributes)

    def archive_password(self, id: int) -> None:
        """As Account.archive_password."""
        self.call("archive_password", id=id)

    def move_password(self, id: int, organization_id: int) -> None:
        """As Account.move_password."""
        self.call("move_password", id=id, organization_id=organization_id)

    def remove_password(self, id: int) -> None:
        """As Account.remove_password."""
        self.call("remove_password", id=id)

    def password(self, id: int) -> PasswordRecord:
        """As Account.password."""
        return PasswordRecord(**self.call("password", id=id))

    def passwords(self, organization_id: int | None = None) -> list[PasswordRecord]:
        """As Account.passwords."""
        return [PasswordRecord(**row) for row in self.call("passwords", organization_id=organization_id)]

    def named(self, name: str, organization_id: int | None = None) -> list[PasswordRecord]:
        """As Account.named."""
        return [record for record in self.passwords(organization_id) if record.name == name]

    def values(self, organization_id: int | None = None) -> dict[int, str | None]:
        """As Account.values."""
        return {record.id: record.password for record in self.passwords(organization_id)}

    @property
    def audited_reads(self) -> list[AuditedRead]:
        """As Account.audited_reads."""
        return [AuditedRead(**row) for row in self.call("audited_reads")]

    def set_switches(self, **changes: Any) -> None:
        """As Account.set_switches."""
        self.call("set_switches", **changes)

    def add_key(self, text: str | None = None, *, password_access: bool = True, region: str | None = None) -> str:
        """As Account.add_key."""
        return str(self.call("add_key", text=text, password_access=password_access, region=region))

    def set_key(
        self, key: str | None = None, *, state: KeyState | None = None, password_access: bool | None = None
    ) -> None:
        """As Account.set_key."""
        self.call("set_key", key=key, state=state, password_access=password_access)

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """As Account.dump."""
        return dict(self.call("dump"))

    def load(self, state: dict[str, list[dict[str, Any]]]) -> None:
        """As Account.load."""
        self.call("load", state=state)

    def reset(self) -> None:
        """Empty the account, the faults and the request log, and put every switch and the latency back."""
        self.call("reset")

    # -- faults ---------------------------------------------------------------------------------------------

    def add_fault(self, fault: Fault) -> int:
        """As FaultScript.add."""
        return int(self.call("add_fault", **asdict(fault)))

    def remove_fault(self, number: int) -> None:
        """As FaultScript.remove."""
        self.call("remove_fault", number=number)

    def clear_faults(self) -> None:
        """As FaultScript.clear."""
        self.call("clear_faults")

    def fired(self, number: int | None = None) -> int:
        """As FaultScript.fired."""
        return int(self.call("fired", number=number))

    def release(self) -> None:
        """As FaultScript.release."""
        self.call("release")

    @property
    def hanging(self) -> int:
        """As FaultScript.hanging."""
        return int(self.call("hanging"))

    # -- the server -----------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[LoggedRequest]:
        """As SandboxServer.requests."""
        rows = self.call("requests")
        return [LoggedRequest(**{**row, "query": tuple(map(tuple, row["query"]))}) for row in rows]

    def count(self, method: str | None = None, path: str | None = None) -> int:
        """As SandboxServer.count."""
        return int(self.call("count", method=method, path=path))

    def clear_requests(self) -> None:
        """As SandboxServer.clear_requests."""
        self.call("clear_requests")

    @property
    def peak_in_flight(self) -> int:
        """As SandboxServer.peak_in_flight."""
        return int(self.call("peak_in_flight"))

    def set_latency(self, seconds: float) -> None:
        """Wait so long before each request is handled."""
        self.call("set_latency", seconds=seconds)
