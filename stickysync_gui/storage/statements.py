"""Statements that run thousands of times in a sync: put together once, then sent as text with their values.

Building and looking up an expression costs SQLAlchemy more than the server needs to carry it out (measured).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Insert, Select, Update

Core = Select[Any] | Insert | Update | Delete


class Statement:
    """A Core statement with named parameters, compiled once for each kind of database."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._compiled: dict[str, tuple[str, dict[str, Any], list[str] | None]] = {}

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it with a value for each of its parameters."""
        dialect = connection.dialect
        if (known := self._compiled.get(dialect.name)) is None:
            compiled = self._core.compile(dialect=dialect)
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            # The names in order where the driver takes values by position, which not every driver does.
            order = getattr(compiled, "positiontup", None)
            known = self._compiled[dialect.name] = str(compiled), constants, order
        text, constants, order = known
        values |= constants
        return connection.exec_driver_sql(text, values if order is None else tuple([values[name] for name in order]))


class StatementForMany:
    """A statement over several rows at once; each number of rows has its own text.

    Args:
        make: the statement for so many rows; a row's values are named after it, as in id0, id1 and so on.
    """

    def __init__(self, make: Callable[[int], Core]) -> None:
        self._make = make
        self._by_count: dict[int, Statement] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Execute it for these rows."""
        count = len(rows)
        if (statement := self._by_count.get(count)) is None:
            statement = self._by_count[count] = Statement(self._make(count))
        values = {f"{name}{n}": value for n, row in enumerate(rows) for name, value in row.items()}
        return statement.run(connection, **values)
