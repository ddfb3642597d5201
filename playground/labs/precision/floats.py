"""Floats: one number as the bits of five formats, each of which can be flipped.

NaN has many patterns, so that a number alone does not say which bits stand there: a flipped bit is
remembered as the pattern that it gave.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from pydantic import model_validator

from playground.core.floats import FORMATS, FloatFormat, explain_code
from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.precision.float_anatomy import (
    Pattern,
    Stored,
    flip,
    parse_number,
    spell,
    take_apart,
)
from playground.number_rules import shown

MAX_CHARACTERS = 40
_FORMATS = {fmt.name: fmt for fmt in FORMATS}


class FloatSettings(Settings):
    """Which number is taken apart."""

    number: str = field(
        "0.1",
        label="Number",
        explanation=f"A decimal, inf or nan; at most {MAX_CHARACTERS} characters.",
        most=MAX_CHARACTERS,
    )
    pattern: str = field(
        "",
        label="Pattern",
        explanation=(
            "A format and its bits, such as FP16:0x7e01; counts as long as they stand for the "
            "number, and tells the many patterns of NaN apart."
        ),
        most=MAX_CHARACTERS,
        hidden=True,
    )

    @model_validator(mode="after")
    def _readable(self) -> Self:
        parse_number(self.number)
        parse_pattern(self.pattern)
        return self

    @property
    def kept(self) -> Pattern | None:
        """The pattern, as long as it stands for the number."""
        kept = parse_pattern(self.pattern)
        if kept is None:
            return None
        held = explain_code(kept[1], kept[0]).value
        return kept if spell(held) == spell(parse_number(self.number)) else None


def parse_pattern(text: str) -> Pattern | None:
    """Read a format and the bits it holds; None where nothing is said.

    Raises
    ------
    OptionError
        There is no such format, or it has no such code.

    Examples
    --------
    >>> fmt, code = parse_pattern("FP16:0x7e01")
    >>> fmt.name, code
    ('FP16', 32257)
    """
    if not text.strip():
        return None
    name, _, digits = text.strip().partition(":0x")
    fmt = _FORMATS.get(name)
    code = int(digits, 16) if re.fullmatch("[0-9a-fA-F]{1,8}", digits) else -1
    if fmt is None or not 0 <= code < 1 << fmt.bits:
        raise OptionError(
            f"`pattern` must be one of {', '.join(_FORMATS)} with bits that it has, such as "
            f"FP16:0x7e01, got {shown(text)}."
        )
    return fmt, code


def spell_code(fmt: FloatFormat, code: int) -> str:
    """Return a code in hexadecimal digits, as many as the format takes.

    Examples
    --------
    >>> spell_code(FORMATS[1], 1)
    '0x0001'
    """
    return f"0x{code:0{fmt.bits // 4}x}"


def flipped(stored: Stored, bit: int) -> dict[str, str]:
    """Return the settings that show a stored number with one of its bits turned over."""
    anatomy = flip(stored.anatomy.code, bit, stored.format)
    pattern = f"{stored.format.name}:{spell_code(stored.format, anatomy.code)}"
    return {"number": spell(anatomy.value), "pattern": pattern if anatomy.is_nan else ""}


@dataclass(frozen=True)
class Floats:
    """A number in all formats.

    Parameters
    ----------
    number : float
        What was given.
    stored : tuple of Stored
        In the order of `playground.core.floats.FORMATS`.
    kept : (FloatFormat, int), optional
        The pattern that is shown as it stands.
    """

    number: float
    stored: tuple[Stored, ...]
    kept: Pattern | None = None

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return what each format holds; values as text, for infinity and NaN are values too."""
        return {"value": spell(self.number), "formats": [_to_json(each) for each in self.stored]}


def _to_json(stored: Stored) -> dict[str, Any]:
    return {
        "format": stored.format.name,
        "code": spell_code(stored.format, stored.anatomy.code),
        "bits": stored.anatomy.bits,
        "value": spell(stored.anatomy.value),
        "fate": stored.fate,
        "absolute_error": _finite(stored.absolute_error),
        "relative_error": _finite(stored.relative_error),
        "gap_to_next": _finite(stored.gap),
    }


def _finite(number: float) -> float | None:
    """Return None for what JSON has no number for."""
    return number if math.isfinite(number) else None


def run_floats(_given: None, settings: FloatSettings, _run: Run) -> Iterator[Floats]:
    """Store a number in every format.

    Yields
    ------
    Floats
        One.
    """
    number, kept = parse_number(settings.number), settings.kept
    yield Floats(number, take_apart(number, kept), kept)
