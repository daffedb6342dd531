"""An exception's trace for log and report: where it went wrong, without the data that it went wrong with.

No local variable is shown. What other libraries put into quotes is most often a value ("invalid literal for int() with
base 10: '…'"), so it is left out, except where an exception speaks of code alone.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

from stickysync_gui.errors import StickySyncError

_OF_CODE = (TypeError, AttributeError, NameError, ImportError, StickySyncError)
"""Their texts name types, attributes and modules; or they are ours, which carry no values."""
# From the first quote to the last: a value may hold quotes itself.
_QUOTED = re.compile(r"""["'`].*["'`]""", re.DOTALL)


def text_of(error: BaseException) -> str:
    """The exception's own text, without what stands in quotes."""
    if isinstance(error, KeyError):
        # Its text is the key, whatever that was.
        return "'…'"
    try:
        text = str(error)
    except Exception:
        return "(no text)"
    return text if isinstance(error, _OF_CODE) else _QUOTED.sub("'…'", text)


def trace_of(error: BaseException) -> str:
    """The trace with all causes, as Python words it but for the texts."""
    return "\n".join(_parts(error, set())).rstrip()


def _parts(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _parts(before, seen)
        yield (
            "\nThe above exception was the direct cause of the following exception:\n"
            if before is error.__cause__
            else "\nDuring handling of the above exception, another exception occurred:\n"
        )
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    text = text_of(error)
    yield f"{name}: {text}" if text else name
    if isinstance(error, BaseExceptionGroup):
        for number, part in enumerate(error.exceptions, start=1):
            yield f"--- part {number} of {len(error.exceptions)} ---"
            yield from _parts(part, seen)
