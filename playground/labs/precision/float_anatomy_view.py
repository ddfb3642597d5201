"""A number's bits, losses and limits as HTML; all text is escaped here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from playground.core.floats import BF16, FORMATS, FP16, FP32, Anatomy, FloatFormat, ulp
from playground.labs.precision.float_anatomy import (
    NotesExample,
    Stored,
    notes_example,
    spell,
)

EXAMPLES = ("0.1", "1", "65504", "65520", "1e-8", "3.4e38", "1e39", "-0", "inf", "nan")

_FATES = {
    "exact": "stored as it is",
    "rounded": "rounded to a neighbour",
    "vanished": "too small: becomes 0",
}
# By their codes: in the source they would look like hyphens.
_MINUS, _MISSING = "\u2212", "\u2013"
# What the notes that this section puts right say of their example.
_NOTES_RESTORED, _NOTES_ERROR = "1.008", "0.008"


def render_examples() -> str:
    """Return the buttons that put a number into the field."""
    buttons = "".join(
        f'<button type="button" data-number="{escape(text)}">{escape(text)}</button>'
        for text in EXAMPLES
    )
    return f'<div class="float-examples" role="group" aria-label="Examples">{buttons}</div>'


def render_anatomy(number: float, stored: Sequence[Stored]) -> str:
    """Return the number's bits in every format, and the table of what is lost.

    Parameters
    ----------
    number : float
        What was typed.
    stored : sequence of Stored
        What each format holds of it.
    """
    return f"{_legend()}{''.join(map(_bits_card, stored))}{_losses(number, stored)}"


def render_limits() -> str:
    """Return what does not hang on the number: range against precision, the notes' example."""
    return f"{_reach_table()}{_notes(notes_example())}"


def show_value(number: float) -> str:
    """Return a number in full, as short as float64 tells it apart.

    Examples
    --------
    >>> show_value(65504.0), show_value(math.inf), show_value(math.nan)
    ('65,504', '∞', 'NaN')
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "∞" if number > 0 else f"{_MINUS}∞"
    if number == int(number) and 1000 <= abs(number) < 1e7:
        return f"{number:,.0f}".replace("-", _MINUS)
    return spell(number).replace("-", _MINUS)


def _short(number: float) -> str:
    """Return a number in three digits, a missing one as a dash."""
    if math.isnan(number):
        return _MISSING
    if not math.isfinite(number):
        return show_value(number)
    return f"{number:.3g}".replace("-", _MINUS).replace("e+", "e")


def _share(number: float) -> str:
    """Return a share in per cent, one of nothing or of everything not rounded away."""
    if not math.isfinite(number):
        return _short(number)
    return f"{_short(100 * number)} %"


def _legend() -> str:
    keys = "".join(
        f'<span class="float-key {kind}">{kind}</span>' for kind in ("sign", "exponent", "mantissa")
    )
    return f'<p class="hint float-legend">{keys} Click a bit to flip it.</p>'


def _bits_card(stored: Stored) -> str:
    fmt, anatomy = stored.format, stored.anatomy
    fields = "".join(
        _field(kind, digits, start, fmt)
        for kind, digits, start in zip(
            ("sign", "exponent", "mantissa"), anatomy.bits.split(), _starts(fmt), strict=True
        )
    )
    return (
        f'<section class="float-card" data-format="{escape(fmt.name)}" aria-label="{fmt.name}">'
        f'<header><h3>{fmt.name}</h3><b class="float-value">{show_value(anatomy.value)}</b>'
        f'<span class="float-fate {stored.fate}">{_fate(stored)}</span></header>'
        f'<div class="float-bits" role="group" aria-label="Bits of {fmt.name}">{fields}</div>'
        f'<p class="float-formula">{_formula(anatomy, fmt)}</p></section>'
    )


def _starts(fmt: FloatFormat) -> tuple[int, int, int]:
    """Return the place of the highest bit of sign, exponent and mantissa."""
    return fmt.bits - 1, fmt.bits - 2, fmt.mantissa_bits - 1


def _field(kind: str, digits: str, start: int, fmt: FloatFormat) -> str:
    bits = "".join(
        _bit(kind, digit, start - place, len(digits) - 1 - place, fmt)
        for place, digit in enumerate(digits)
    )
    return f'<span class="float-field {kind}">{bits}</span>'


def _bit(kind: str, digit: str, bit: int, within: int, fmt: FloatFormat) -> str:
    """Return one bit: `bit` is its place in the code, `within` the one in its field."""
    name = kind + (" bit" if kind == "sign" else f" bit {within}")
    worth = {
        "sign": "1 is negative",
        "exponent": f"adds {2**within} to the stored exponent",
        "mantissa": f"adds 2^&minus;{fmt.mantissa_bits - within} to the significand",
    }[kind]
    # One stop of the Tab key for each format; the arrow keys go from bit to bit.
    tab = 0 if kind == "sign" else -1
    return (
        f'<button type="button" data-format="{escape(fmt.name)}" data-bit="{bit}" tabindex="{tab}" '
        f'class="{"one" if digit == "1" else "zero"}" aria-label="{name}, {digit}; flip" '
        f'title="{name}: {worth}">{digit}</button>'
    )


def _fate(stored: Stored) -> str:
    if stored.fate == "overflowed":
        return "too large: becomes " + show_value(stored.anatomy.value)
    if stored.fate == "rounded" and stored.anatomy.is_subnormal:
        return "rounded; subnormal, few digits left"
    return _FATES[stored.fate]


def _formula(anatomy: Anatomy, fmt: FloatFormat) -> str:
    """Return the formula with this number's own values, or why there is none."""
    if anatomy.is_nan:
        pattern = "Exponent all ones, mantissa not 0" if fmt.has_infinity else "All ones"
        return f"{pattern}: kept for NaN, not a number."
    if anatomy.is_infinite:
        return "Exponent all ones, mantissa 0: kept for infinity."
    below = anatomy.significand < 1
    why = " <span class='muted'>(stored exponent 0: no hidden 1)</span>" if below else ""
    return (
        f"(&minus;1)<sup>{anatomy.sign}</sup> &times; "
        f"2<sup>{show_value(anatomy.exponent)}</sup> &times; "
        f"{show_value(anatomy.significand)} = <b>{show_value(anatomy.value)}</b>{why}"
    )


def _losses(number: float, stored: Sequence[Stored]) -> str:
    rows = (
        (
            each.format.name,
            show_value(each.anatomy.value),
            _short(each.absolute_error),
            _share(each.relative_error),
            _short(each.gap),
        )
        for each in stored
    )
    heads = ("format", "stored value", "absolute error", "relative error", "gap to the next")
    return (
        f"<h3>What is lost of {show_value(number)}</h3>{_table(heads, rows)}"
        '<p class="hint">Errors are differences to the number in the field, which the page holds '
        "in 64 bits. The gap (ulp) is the step from the stored value to the next larger one. "
        "Rounding moves a number by half a gap at most.</p>"
    )


def _reach_table() -> str:
    rows = (
        (
            each.name,
            f"{each.exponent_bits} + {each.mantissa_bits}",
            _limit(each.largest),
            _limit(each.smallest_normal),
            _limit(each.smallest_subnormal),
            _limit(each.epsilon),
            f"{each.decimal_digits:.1f}",
        )
        for each in FORMATS
    )
    heads = (
        "format",
        "exponent + mantissa bits",
        "largest",
        "smallest normal",
        "smallest subnormal",
        "epsilon",
        "decimal digits",
    )
    return f"<h3>Range against precision</h3>{_table(heads, rows)}{_reach_words()}"


def _limit(number: float) -> str:
    return show_value(number) if 1 <= number < 1e7 else _short(number)


def _reach_words() -> str:
    # Halfway to where the next number would be, whose mantissa of zeros is the even one.
    overflow = FP16.largest + float(ulp(FP16.largest, FP16)) / 2
    return (
        '<p class="hint">Exponent bits buy range, mantissa bits buy precision. BF16 reaches as far '
        f"as FP32 ({_short(BF16.largest)} and {_short(FP32.largest)}) with "
        f"{BF16.decimal_digits:.1f} digits for {FP32.decimal_digits:.1f}. FP16 has "
        f"{FP16.decimal_digits:.1f} digits and ends at {show_value(FP16.largest)}: from "
        f"{show_value(overflow)} on it stores infinity. So BF16 is not more accurate than FP16: "
        "it has more range and less precision. "
        "Epsilon is the gap after 1.</p>"
    )


def _notes(example: NotesExample) -> str:
    code, levels, absmax = example.code, example.levels, example.absmax
    return (
        '<section class="float-card float-notes"><h3>From the notes, put right</h3>'
        f"<p>8-bit absmax quantization with a largest magnitude of {absmax:g} turns the weight "
        f"{example.weight:g} into a whole number and back:</p>"
        f"<p>round({example.weight:g} &times; {levels} / {absmax:g}) = "
        f"round({example.scaled:.5f}) = <b>{code}</b><br>{code} &times; {absmax:g} / {levels} = "
        f"<b>{example.restored:.4f}</b>, so the error is <b>{example.error:.4f}</b>.</p>"
        f'<p class="hint">The notes say {_NOTES_RESTORED} and {_NOTES_ERROR}: ten times too much, '
        "a slip of the decimal point. Theirs would be ten times the weight.</p></section>"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are safe already; the first of a row names it."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for name, *cells in rows
    )
    return (
        f'<div class="scroll"><table class="floats"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
