"""Floats: what may be asked, where a bit's button leads, what is drawn."""

from __future__ import annotations

import json
import math
import re
from html import unescape

import pytest

from playground.core.floats import FORMATS, FloatFormat
from playground.errors import OptionError
from playground.labs.precision.floats import (
    MAX_CHARACTERS,
    Floats,
    FloatSettings,
    flipped,
    parse_pattern,
    run_floats,
    spell_code,
)
from playground.labs.precision.floats_view import EXAMPLES, draw
from tests.support.runs import run_until


def floats(number: str, pattern: str = "") -> Floats:
    settings = FloatSettings(number=number, pattern=pattern)
    (found,) = run_floats(None, settings, run_until())
    return found


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"number": "abc"}, "`number` must be a decimal .* got 'abc'"),
        ({"number": ""}, "got nothing"),
        ({"number": "1e999"}, "got '1e999'"),
        ({"number": "9" * (MAX_CHARACTERS + 1)}, f"at most {MAX_CHARACTERS} characters"),
        ({"pattern": "FP16"}, "`pattern` must be one of FP32, .* got 'FP16'"),
        ({"pattern": "FP99:0x0"}, "got 'FP99:0x0'"),
        ({"pattern": "FP16:0x10000"}, "got 'FP16:0x10000'"),
        ({"pattern": "FP16:0x-1"}, "got 'FP16:0x-1'"),
        ({"pattern": "FP16:0x1_0"}, "got 'FP16:0x1_0'"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence) as caught:
        FloatSettings(**given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", EXAMPLES)
def test_every_bit_leads_to_the_number_with_that_bit_turned_over(number: str) -> None:
    for place, stored in enumerate(floats(number).stored):
        for bit in range(stored.format.bits):
            again = floats(**flipped(stored, bit)).stored[place]
            assert again.anatomy.code == stored.anatomy.code ^ (1 << bit), (stored.format, bit)


def test_a_pattern_counts_as_long_as_it_stands_for_the_number() -> None:
    kept = floats("nan", "FP16:0x7e01")
    assert kept.stored[1].anatomy.code == 0x7E01
    assert kept.to_json()["formats"][1]["code"] == "0x7e01"
    assert "This pattern is NaN in FP16" in draw(kept)
    for number in ("-nan", "1"):
        typed = floats(number, "FP16:0x7e01")
        assert typed.kept is None
        assert "This pattern" not in draw(typed)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_a_code_that_is_spelled_reads_as_itself(fmt: FloatFormat) -> None:
    for code in (0, 1, fmt.nan_code, 2**fmt.bits - 1):
        assert parse_pattern(f"{fmt.name}:{spell_code(fmt, code)}") == (fmt, code)


@pytest.mark.parametrize("number", [*EXAMPLES, "-inf", "5e-324"])
def test_json_holds_no_number_that_json_does_not_know(number: str) -> None:
    told = json.loads(json.dumps(floats(number).to_json(), allow_nan=False))
    assert [each["format"] for each in told["formats"]] == [fmt.name for fmt in FORMATS]
    assert all(len(each["bits"].replace(" ", "")) in (8, 16, 32) for each in told["formats"])


def test_bits_and_examples_are_buttons_that_say_where_they_lead() -> None:
    html = str(draw(floats("1")))
    told = [json.loads(unescape(each)) for each in re.findall(r'data-set="([^"]*)"', html)]
    assert len(told) == len(EXAMPLES) + sum(fmt.bits for fmt in FORMATS)
    assert all(FloatSettings(**each) for each in told)
    sign = told[len(EXAMPLES)]
    assert sign == {"number": "-1", "pattern": ""}
    # One stop of the Tab key for each format's bits.
    assert len(re.findall(r'<(?:button|span)[^>]*tabindex="0"', html)) == len(FORMATS)
    assert math.isnan(float(told[EXAMPLES.index("nan")]["number"]))
