"""A value that will not print, format, pickle or compare in a tell-tale time."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """A password, API key or passphrase on its way through the program.

    Args:
        value: the text itself. Only `reveal` gives it back, and a test lists the places that call it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._value

    def stripped(self) -> Secret:
        """The same without blanks and line breaks round it, as pasting adds them."""
        return Secret(self._value.strip())

    def __len__(self) -> int:
        return len(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"), other._value.encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is never written anywhere")
