"""What does not hang on the number: range against precision, and a common slip put right."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup

from playground.core.floats import BF16, FORMATS, FP16, FP32, ulp
from playground.drawing.markup import table, tag
from playground.labs.precision.float_anatomy import NotesExample, notes_example
from playground.labs.precision.float_words import show_short, show_value

# What a script on the subject says of this example, ten times too much.
_NOTES_RESTORED, _NOTES_ERROR = "1.008", "0.008"
_HEADS = (
    "format",
    "exponent + mantissa bits",
    "largest",
    "smallest normal",
    "smallest subnormal",
    "epsilon",
    "decimal digits",
)


@cache
def draw_limits() -> Markup:
    """Return the table of ranges, and an example by hand."""
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
    head = tag("h3", "Range against precision")
    reach = table(_HEADS, rows, class_="floats") + tag("p", _reach_words(), class_="hint")
    return head + reach + _notes(notes_example())


def _limit(number: float) -> str:
    return show_value(number) if 1 <= number < 1e7 else show_short(number)


def _reach_words() -> str:
    # Halfway to where the next number would be, whose mantissa of zeros is the even one.
    overflow = FP16.largest + float(ulp(FP16.largest, FP16)) / 2
    return (
        "Exponent bits buy range, mantissa bits buy precision. BF16 reaches as far as FP32 "
        f"({show_short(BF16.largest)} and {show_short(FP32.largest)}) with "
        f"{BF16.decimal_digits:.1f} digits for {FP32.decimal_digits:.1f}. FP16 has "
        f"{FP16.decimal_digits:.1f} digits and ends at {show_value(FP16.largest)}: from "
        f"{show_value(overflow)} on it stores infinity. So BF16 is not more accurate than FP16: "
        "it has more range and less precision. Epsilon is the gap after 1."
    )


def _notes(example: NotesExample) -> Markup:
    words = Markup(
        "<p>8-bit absmax quantization with a largest magnitude of {absmax} turns the weight "
        "{weight} into a whole number and back:</p>"
        "<p>round({weight} &times; {levels} / {absmax}) = round({scaled}) = <b>{code}</b><br>"
        "{code} &times; {absmax} / {levels} = <b>{restored}</b>, so the error is <b>{error}</b>."
        '</p><p class="hint">Elsewhere one reads {theirs} and {their_error} for this example: ten '
        "times too much, a slip of the decimal point. It would be ten times the weight.</p>"
    ).format(
        absmax=f"{example.absmax:g}",
        weight=f"{example.weight:g}",
        levels=example.levels,
        scaled=f"{example.scaled:.5f}",
        code=example.code,
        restored=f"{example.restored:.4f}",
        error=f"{example.error:.4f}",
        theirs=_NOTES_RESTORED,
        their_error=_NOTES_ERROR,
    )
    return tag("section", tag("h3", "An example by hand"), words, class_="card notes")
