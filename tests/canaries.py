"""Looking for secrets where none may be: in everything that an exception, its causes and their traces can say."""

import traceback
from collections.abc import Iterator


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and all that stand behind it as cause or context."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]


def everything_said(error: BaseException) -> str:
    """Text, representation, attributes and trace of an exception and of all behind it."""
    said = []
    for one in chain(error):
        said += [str(one), repr(one), repr(one.args), repr(getattr(one, "__dict__", {}))]
        said += traceback.format_exception(one)
    return "\n".join(said)


def assert_silent(error: BaseException, *canaries: str) -> None:
    """No canary, in no spelling that a library may give it, is told by the exception."""
    said = everything_said(error)
    for canary in canaries:
        in_bytes = canary.encode("utf-8", "surrogatepass")
        spellings = {canary, repr(canary)[1:-1], ascii(canary)[1:-1], repr(in_bytes)[2:-1]}
        found = [spelling for spelling in spellings if spelling in said]
        assert not found, f"{type(error).__name__} tells a secret"
