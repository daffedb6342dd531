"""The options that every command takes, before or behind its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stickysync_gui.domain.tls import TlsMode
from stickysync_gui.errors import UsageError

_TAKING_A_VALUE = frozenset({"--database", "--profile", "--tls", "--tls-ca", "--itglue-url", "--home", "--log-level"})
_FLAGS = frozenset({"--json", "--quiet"})


# No dataclass: to make one takes longer than to read the whole command line.
class GlobalOptions(NamedTuple):
    """What was given on the command line; empty means not given.

    Args:
        tls: None takes the profile's, or the default for a database named by URL.
        home: folder of settings, history, log and secret files, for a task, which has no environment of its own.
    """

    database: str = ""
    profile: str = ""
    tls: TlsMode | None = None
    tls_ca: str = ""
    itglue_url: str = ""
    home: str = ""
    json: bool = False
    quiet: bool = False
    log_level: str = "INFO"


def hoisted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split arguments into the global options with their values, and everything else in its order.

    The parser takes options only in front of the command; behind `--` nothing is an option.

    Raises:
        UsageError: an option lacks its value.
    """
    in_front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _FLAGS or argument.partition("=")[0] in _TAKING_A_VALUE:
            in_front.append(argument)
            if argument in _TAKING_A_VALUE:
                value = next(waiting, None)
                if value is None:
                    # The parser would take the command for it, which now stands behind.
                    raise UsageError(
                        happened=f"Option {argument} requires a value.",
                        unchanged="Nothing was changed.",
                        todo="See `stickysync --help`.",
                    )
                in_front.append(value)
        else:
            rest.append(argument)
    return in_front, rest
