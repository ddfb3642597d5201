"""A number's bits and what each format loses of it; every bit is a button that flips it."""

from __future__ import annotations

import json

from markupsafe import Markup

from playground.core.floats import Anatomy, FloatFormat
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.precision.float_anatomy import Stored
from playground.labs.precision.float_limits_view import draw_limits
from playground.labs.precision.float_words import MINUS, show_share, show_short, show_value
from playground.labs.precision.floats import Floats, FloatSettings, flipped, run_floats

EXAMPLES = ("0.1", "1", "65504", "65520", "1e-8", "3.4e38", "1e39", "-0", "inf", "nan")

_FIELDS = ("sign", "exponent", "mantissa")
_FATES = {
    "exact": "stored as it is",
    "rounded": "rounded to a neighbour",
    "vanished": "too small: becomes 0",
}
_HEADS = ("format", "stored value", "absolute error", "relative error", "gap to the next")


def draw(floats: Floats) -> Markup:
    """Return the number's bits in every format, what is lost of it, and what each can hold."""
    cards = (_card(stored) for stored in floats.stored)
    return join(
        (_examples(), _legend(), _about_nan(floats), *cards, _losses(floats), draw_limits())
    )


def _examples() -> Markup:
    buttons = (
        tag("button", text, type="button", data_set=json.dumps({"number": text, "pattern": ""}))
        for text in EXAMPLES
    )
    return tag(
        "div", *buttons, class_="examples on-page", role="group", aria_label="Example numbers"
    )


def _legend() -> Markup:
    keys = (tag("span", kind, class_=f"float-key {kind}") for kind in _FIELDS)
    click = tag("span", "Click a bit to flip it.", class_="on-page")
    return tag("p", *keys, click, class_="hint legend")


def _about_nan(floats: Floats) -> Markup | None:
    """Return why the bits of a NaN can differ from the usual ones."""
    if floats.kept is None or floats.number == floats.number:
        return None
    name = floats.kept[0].name
    words = f"This pattern is NaN in {name}; the other formats show their usual NaN."
    return tag("p", words, class_="hint")


def _card(stored: Stored) -> Markup:
    fmt, anatomy = stored.format, stored.anatomy
    head = tag(
        "header",
        tag("h3", fmt.name),
        tag("b", show_value(anatomy.value), class_="value"),
        tag("span", _fate(stored), class_=f"fate {stored.fate}"),
    )
    fields = zip(_FIELDS, anatomy.bits.split(), _highest_bits(fmt), strict=True)
    bits = (_field(stored, kind, digits, highest) for kind, digits, highest in fields)
    group = tag("div", *bits, class_="bits", role="group", aria_label=f"Bits of {fmt.name}")
    return tag(
        "section",
        head,
        group,
        tag("p", _formula(anatomy, fmt), class_="formula"),
        class_="card float",
        data_format=fmt.name,
        aria_label=fmt.name,
    )


def _highest_bits(fmt: FloatFormat) -> tuple[int, int, int]:
    """Return the place of the highest bit of sign, exponent and mantissa."""
    return fmt.bits - 1, fmt.bits - 2, fmt.mantissa_bits - 1


def _field(stored: Stored, kind: str, digits: str, highest: int) -> Markup:
    lowest = highest + 1 - len(digits)
    bits = (
        _bit(stored, kind, digit, highest - place, highest - place - lowest)
        for place, digit in enumerate(digits)
    )
    return tag("span", *bits, class_=f"field {kind}")


def _bit(stored: Stored, kind: str, digit: str, bit: int, within: int) -> Markup:
    """Return one bit: `bit` is its place in the code, `within` the one in its field."""
    name = kind + (" bit" if kind == "sign" else f" bit {within}")
    return tag(
        "button",
        digit,
        type="button",
        data_format=stored.format.name,
        data_bit=bit,
        data_set=json.dumps(flipped(stored, bit)),
        # One stop of the Tab key for each format; the arrow keys go from bit to bit.
        tabindex=0 if kind == "sign" else -1,
        class_="one" if digit == "1" else "zero",
        aria_label=f"{name}, {digit}; flip",
        title=f"{name}: {_worth(kind, within, stored.format)}",
    )


def _worth(kind: str, within: int, fmt: FloatFormat) -> str:
    if kind == "sign":
        return "1 is negative"
    if kind == "exponent":
        return f"adds {2**within} to the stored exponent"
    return f"adds 2^{MINUS}{fmt.mantissa_bits - within} to the significand"


def _fate(stored: Stored) -> str:
    if stored.fate == "overflowed":
        return "too large: becomes " + show_value(stored.anatomy.value)
    if stored.fate == "rounded" and stored.anatomy.is_subnormal:
        return "rounded; subnormal, few digits left"
    return _FATES[stored.fate]


def _formula(anatomy: Anatomy, fmt: FloatFormat) -> Markup | str:
    """Return the formula with this number's own values, or why there is none."""
    if anatomy.is_nan:
        pattern = "Exponent all ones, mantissa not 0" if fmt.has_infinity else "All ones"
        return f"{pattern}: kept for NaN, not a number."
    if anatomy.is_infinite:
        return "Exponent all ones, mantissa 0: kept for infinity."
    return Markup("(&minus;1)<sup>{}</sup> &times; 2<sup>{}</sup> &times; {} = <b>{}</b>{}").format(
        anatomy.sign,
        show_value(anatomy.exponent),
        show_value(anatomy.significand),
        show_value(anatomy.value),
        _HIDDEN_ONE if anatomy.significand < 1 else "",
    )


_HIDDEN_ONE = Markup(" <span class='muted'>(stored exponent 0: no hidden 1)</span>")


def _losses(floats: Floats) -> Markup:
    rows = (
        (
            each.format.name,
            show_value(each.anatomy.value),
            show_short(each.absolute_error),
            show_share(each.relative_error),
            show_short(each.gap),
        )
        for each in floats.stored
    )
    head = tag("h3", f"What is lost of {show_value(floats.number)}")
    words = (
        "Errors are differences to the number in the field, which is held in 64 bits. The gap "
        "(ulp) is the step from the stored value to the next larger one. Rounding moves a number "
        "by half a gap at most."
    )
    return head + table(_HEADS, rows, class_="floats") + tag("p", words, class_="hint")


FLOATS = Experiment(
    path="precision/floats",
    title="Floats",
    idea=(
        "A number in few bits is a sign, a power of two and a significand. Type one, or flip a "
        "bit, and see what each format keeps of it."
    ),
    settings=FloatSettings,
    function=run_floats,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    empty="The bits come here.",
    small={"number": "nan", "pattern": "FP16:0x7e01"},
)
