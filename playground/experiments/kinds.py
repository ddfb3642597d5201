"""Kinds of values that a setting can have: how each is read, written, checked and said in words."""

from __future__ import annotations

import types
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from playground.experiments.limits import Limits
from playground.number_rules import as_number, as_whole

MAX_CHARACTERS = 20_000
MAX_MEMBERS = 64


@dataclass(frozen=True)
class Kind:
    """How values of one kind are read, written, checked and said in words.

    Parameters
    ----------
    limits : Limits
        What a value must keep to.
    """

    limits: Limits

    @property
    def rule(self) -> str:
        """The values allowed, in words."""
        raise NotImplementedError

    @property
    def members(self) -> str:
        """Many such values, in words."""
        return self.rule

    def read(self, value: object) -> Any:
        """Return a value out of text or JSON.

        Raises
        ------
        ValueError
            When it breaks the rule; its argument is the part that does, where it is not the whole.
        """
        raise NotImplementedError

    def spell(self, value: Any) -> str:
        """Return the text that reads back to a value."""
        return str(value)

    def plain(self, value: Any) -> Any:
        """Return a value as JSON can hold it."""
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of such a value."""
        raise NotImplementedError


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number."""

    @property
    def rule(self) -> str:
        """In words."""
        return f"a whole number{self.limits.words}"

    @property
    def members(self) -> str:
        """Many, in words."""
        return f"whole numbers{self.limits.words}"

    def read(self, value: object) -> int:
        """Take 7, 7.0 and "7"; neither 7.5 nor true."""
        return int(_kept(self.limits, as_whole(value)))

    def schema(self) -> dict[str, Any]:
        """Return an integer's schema."""
        return {"type": "integer", **self.limits.schema()}


@dataclass(frozen=True)
class Number(Kind):
    """A finite number."""

    @property
    def rule(self) -> str:
        """In words."""
        return f"a number{self.limits.words}"

    @property
    def members(self) -> str:
        """Many, in words."""
        return f"numbers{self.limits.words}"

    def read(self, value: object) -> float:
        """Take 0.5 and "0.5"."""
        return _kept(self.limits, as_number(value))

    def spell(self, value: float) -> str:
        """Return the shortest text that reads back: 1 for 1.0."""
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)

    def schema(self) -> dict[str, Any]:
        """Return a number's schema."""
        return {"type": "number", **self.limits.schema()}


def _kept(limits: Limits, number: float | None) -> float:
    if number is None or not limits.hold(number):
        raise ValueError
    return number


def has_half_character(text: str) -> bool:
    """Tell whether a text holds a lone surrogate, which no encoding has."""
    return any("\ud800" <= character <= "\udfff" for character in text)


@dataclass(frozen=True)
class Text(Kind):
    """A text."""

    @property
    def most(self) -> int:
        """Characters at most."""
        return self.limits.most or MAX_CHARACTERS

    @property
    def rule(self) -> str:
        """In words."""
        return f"a text of at most {self.most:,} characters, without half characters"

    @property
    def members(self) -> str:
        """Many, in words."""
        return f"texts of at most {self.most:,} characters"

    def read(self, value: object) -> str:
        """Take a text as it stands; a lone surrogate is half a character."""
        if not isinstance(value, str) or len(value) > self.most or has_half_character(value):
            raise ValueError
        return value

    def schema(self) -> dict[str, Any]:
        """Return a string's schema."""
        return {"type": "string", "maxLength": self.most}


_FLAGS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    @property
    def rule(self) -> str:
        """In words."""
        return "true or false"

    def read(self, value: object) -> bool:
        """Take true, "true", "yes", "on" and "1", and their contraries."""
        if isinstance(value, bool):
            return value
        if not isinstance(value, str) or value.strip().lower() not in _FLAGS:
            raise ValueError
        return _FLAGS[value.strip().lower()]

    def spell(self, value: bool) -> str:
        """Return true or false as JSON spells them."""
        return str(value).lower()

    def schema(self) -> dict[str, Any]:
        """Return a boolean's schema."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few values, each with a name."""

    values: tuple[Any, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(map(self.spell, self.values))

    @property
    def rule(self) -> str:
        """In words."""
        return f"one of {', '.join(self.names)}"

    @property
    def members(self) -> str:
        """Many, in words."""
        return f"of {', '.join(self.names)}"

    def read(self, value: object) -> Any:
        """Take a member or its name, in capitals or not."""
        name = self.spell(value).strip().lower()
        for each in self.values:
            if self.spell(each).lower() == name:
                return each
        raise ValueError

    def spell(self, value: Any) -> str:
        """Return its name."""
        return str(value.value if isinstance(value, Enum) else value)

    def plain(self, value: Any) -> Any:
        """Return its name, or the number that it is."""
        return value.value if isinstance(value, Enum) else value

    def schema(self) -> dict[str, Any]:
        """Return the schema of a choice."""
        return {"enum": [self.plain(each) for each in self.values]}


@dataclass(frozen=True)
class Several(Kind):
    """A list of values of one kind, with commas between where it is text."""

    member: Kind = Kind(Limits())

    @property
    def most(self) -> int:
        """Members at most; of a few values, each once."""
        each_once = len(self.member.values) if isinstance(self.member, Choice) else MAX_MEMBERS
        return self.limits.most or each_once

    @property
    def rule(self) -> str:
        """In words."""
        return f"1 to {self.most} {self.member.members}, with commas between"

    def read(self, value: object) -> tuple[Any, ...]:
        """Take a list, or a text with commas or semicolons between."""
        if isinstance(value, str):
            parts: list[object] = [part.strip() for part in value.replace(";", ",").split(",")]
            given = [part for part in parts if part]
        elif isinstance(value, list | tuple):
            given = list(value)
        else:
            given = [value]
        if not 1 <= len(given) <= self.most:
            raise ValueError
        return tuple(self._member(each) for each in given)

    def _member(self, value: object) -> Any:
        try:
            return self.member.read(value)
        except ValueError:
            raise ValueError(value) from None  # the one that breaks the rule

    def spell(self, value: Any) -> str:
        """Return the members with commas between."""
        return ",".join(self.member.spell(each) for each in value)

    def plain(self, value: Any) -> list[Any]:
        """Return a list."""
        return [self.member.plain(each) for each in value]

    def schema(self) -> dict[str, Any]:
        """Return an array's schema."""
        items = self.member.schema()
        return {"type": "array", "items": items, "minItems": 1, "maxItems": self.most}


@dataclass(frozen=True)
class Maybe(Kind):
    """A value, or none where nothing is given."""

    member: Kind = Kind(Limits())

    @property
    def rule(self) -> str:
        """In words."""
        return f"{self.member.rule}, or empty"

    def read(self, value: object) -> Any:
        """Take nothing, an empty text, or a value."""
        empty = value is None or (isinstance(value, str) and not value.strip())
        return None if empty else self.member.read(value)

    def spell(self, value: Any) -> str:
        """Return an empty text for none."""
        return "" if value is None else self.member.spell(value)

    def plain(self, value: Any) -> Any:
        """Return null for none."""
        return None if value is None else self.member.plain(value)

    def schema(self) -> dict[str, Any]:
        """Return the schema with null."""
        return {"anyOf": [self.member.schema(), {"type": "null"}]}


def kind_of(annotation: Any, limits: Limits) -> Kind:
    """Return the kind that a type stands for.

    Parameters
    ----------
    annotation : type
        int, float, str, bool, a Literal, an Enum, ``tuple[X, ...]`` or ``X | None`` of these.
    limits : Limits
        What a value must keep to.

    Raises
    ------
    TypeError
        For any other type: a fault of the declaration.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return Several(limits, kind_of(arguments[0], replace(limits, most=None)))
    if origin in (Union, types.UnionType):
        (inner,) = (each for each in arguments if each is not type(None))
        return Maybe(limits, kind_of(inner, limits))
    if origin is Literal:
        return Choice(limits, arguments)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Choice(limits, tuple(annotation))
    plain: dict[type, type[Kind]] = {int: Whole, float: Number, str: Text, bool: Flag}
    if annotation not in plain:
        raise TypeError(f"A setting cannot be of type {annotation!r}.")
    return plain[annotation](limits)
