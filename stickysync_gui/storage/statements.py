"""Statements that run thousands of times in a sync: put together once, then sent as text with their values.

Building and looking up an expression costs SQLAlchemy more than the server needs to carry it out (measured).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Dialect, Insert, Result, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler

ROWS_AT_ONCE = 2000

Core = Select[Any] | Insert | Update | Delete


class Statement:
    """A Core statement with named parameters, compiled once for each kind of database."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._compiled: dict[str, tuple[str, dict[str, Any], list[str]]] = {}

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it with a value for each of its parameters."""
        dialect = connection.dialect
        if (known := self._compiled.get(dialect.name)) is None:
            text, names, params = _compiled(self._core, dialect)
            constants = {name: value for name, value in params.items() if value is not None}
            known = self._compiled[dialect.name] = text, constants, names
        text, constants, names = known
        values |= constants
        return connection.exec_driver_sql(text, tuple([values[name] for name in names]))


class StatementForMany:
    """A statement over several rows at once.

    Args:
        make: the statement for so many rows; a row's values are named after it, as in id0, id1 and so on. Each further
            row must add the same text at the same place, as in a list of ids or of VALUES: so two of them tell how the
            statement for any number of rows reads.
    """

    def __init__(self, make: Callable[[int], Core]) -> None:
        self.make = make
        self._parts: dict[str, tuple[str, str, str, list[str]]] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Execute it for these rows."""
        text, names = self.text(connection.dialect, len(rows))
        return connection.exec_driver_sql(text, tuple([row[name] for row in rows for name in names]))

    def text(self, dialect: Dialect, count: int) -> tuple[str, list[str]]:
        """The statement for so many rows, and the names of a row's values in their order."""
        if (parts := self._parts.get(dialect.name)) is None:
            parts = self._parts[dialect.name] = self._taken_apart(dialect)
        start, further, end, names = parts
        return start + further * (count - 1) + end, names

    def _taken_apart(self, dialect: Dialect) -> tuple[str, str, str, list[str]]:
        (one, numbered, _), (two, _, _) = (_compiled(self.make(count), dialect) for count in (1, 2))
        at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))
        return one[:at], two[at : at + len(two) - len(one)], one[at:], [name.removesuffix("0") for name in numbered]


def _compiled(core: Core, dialect: Dialect) -> tuple[str, list[str], dict[str, Any]]:
    """Text, names of the parameters in their order, and the values that stand in the statement itself."""
    compiled = core.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup is not None, "both drivers are asked by position"
    return str(compiled), compiled.positiontup, compiled.params


def in_parts(result: Result[Any]) -> Iterator[Sequence[Any]]:
    """The rows of a large result, for much less than one by one costs.

    In parts: one call that makes a hundred thousand rows lets no other thread run, least of all the window's.
    """
    return chain.from_iterable(result.partitions(ROWS_AT_ONCE))
