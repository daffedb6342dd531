"""How this program's command lines are written, where click's own ways differ."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

import click

E = TypeVar("E", bound=StrEnum)


class CommandList(click.Group):
    """Commands listed in the order in which they were added; a call that names none is a mistake."""

    def __init__(self, name: str | None = None, **attributes: Any) -> None:
        super().__init__(name, no_args_is_help=False, **attributes)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in that order; click sorts them by letter."""
        return list(self.commands)


class OneOf(click.Choice[E]):
    """A member of an enumeration, written as its value; click takes the member's name."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """How a member is written."""
        return str(choice)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The values, in brackets that do not look as if they were optional."""
        return f"<{'|'.join(self.choices)}>"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """The values in one line, as a sentence of ours has them."""
        return f"Choose from {', '.join(self.choices)}."


class Integer(click.IntRange):
    """A whole number within limits, called so when it is none."""

    name = "integer"


class Number(click.FloatRange):
    """A number within limits, called so when it is none."""

    name = "number"
