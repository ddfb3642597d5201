"""The bench to take along: its rows as CSV, and as a picture."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.markup import join, tag
from playground.generation.measuring import Measured
from playground.labs.precision.bench import Bench
from playground.sizes import in_millions


def to_csv(bench: Bench) -> str:
    """Return the rows as CSV; what has parts is spread over columns."""
    rows = [_flat(row.to_json()) for row in bench.rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return csv_text(names, ([row.get(name) for name in names] for row in rows))


def _flat(row: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{name}_")
        elif isinstance(value, list):
            flat |= {
                f"{before}{name}_{end}": v for end, v in zip(("low", "high"), value, strict=True)
            }
        else:
            flat[f"{before}{name}"] = value
    return flat


_WIDTH, _TOP, _LINE = 760, 60, 34
_SIZES, _SPEEDS, _LONGEST = 190, 480, 200  # where the bars begin, and the length of the longest


def to_svg(bench: Bench) -> str:
    """Return a picture: weights and writing speed of each row as bars, with their numbers."""
    done = {row.name: row.measured for row in bench.rows if row.measured}
    heaviest = max((each.weight_bytes for each in done.values()), default=1)
    fastest = max((_speed(each) for each in done.values()), default=1.0)
    lines = (
        _line(_TOP + place * _LINE, name, measured, heaviest, fastest)
        for place, (name, measured) in enumerate(done.items())
    )
    return str(
        tag(
            "svg",
            tag("rect", width="100%", height="100%", fill="#fbfaf7"),
            tag("text", bench.model, x=16, y=24, font_weight="bold"),
            tag("text", "weights, MB (computed)", x=_SIZES, y=46),
            tag("text", "writes, tokens/s (measured)", x=_SPEEDS, y=46),
            *lines,
            xmlns="http://www.w3.org/2000/svg",
            width=_WIDTH,
            height=_TOP + 20 + len(done) * _LINE,
            font_family="sans-serif",
            font_size=13,
        )
    )


def _line(y: int, name: str, measured: Measured, heaviest: float, fastest: float) -> Markup:
    size, speed = measured.weight_bytes, _speed(measured)
    return join(
        (
            tag("text", name, x=16, y=y + 14),
            _bar(_SIZES, y, size / heaviest, in_millions(size), "#98a2b3"),
            _bar(_SPEEDS, y, speed / fastest, f"{speed:.1f}", "#0f766e"),
        )
    )


def _speed(measured: Measured) -> float:
    return measured.decode_tokens_per_second.median


def _bar(x: int, y: int, share: float, words: str, colour: str) -> Markup:
    width = _LONGEST * share
    bar = tag("rect", x=x, y=y, width=f"{width:.1f}", height=18, rx=3, fill=colour)
    return bar + tag("text", words, x=f"{x + width + 6:.1f}", y=y + 14)
