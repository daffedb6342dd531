"""Statements that run thousands of times in a sync: put together once, then sent as text with their values.

Building and looking up an expression costs SQLAlchemy more than the server needs to carry it out (measured).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Insert, Select, Update


class Statement:
    """A Core statement with named parameters, compiled once for each kind of database."""

    def __init__(self, core: Select[Any] | Insert | Update | Delete) -> None:
        self._core = core
        self._compiled: dict[str, tuple[str, list[str] | None]] = {}

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it with a value for each of its parameters."""
        dialect = connection.dialect
        if (known := self._compiled.get(dialect.name)) is None:
            compiled = self._core.compile(dialect=dialect)
            # The names in order where the driver takes values by position, which not every driver does.
            known = self._compiled[dialect.name] = str(compiled), getattr(compiled, "positiontup", None)
        text, order = known
        return connection.exec_driver_sql(text, values if order is None else tuple([values[name] for name in order]))
