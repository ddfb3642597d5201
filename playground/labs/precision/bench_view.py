"""The bench as HTML, CSV and a picture: rows, why they are so, where the texts part."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from playground.generation.divergence import common_tokens
from playground.generation.measuring import Measured
from playground.labs.precision.bench import OWN_TEXT, SHIPPED_TEXT, Bench, Row
from playground.labs.precision.bench_record import to_json
from playground.labs.precision.speed import explain

_PARTS = ("embedding", "linear", "scales", "other")
_HEADS = (
    "precision",
    "weights: embedding, linear, scales",
    "peak memory, MB",
    "load, s",
    "first token, s",
    "reads, tok/s",
    "writes, tok/s",
    "perplexity",
    "KL, nats",
    "agrees",
)

Cell = tuple[float, str]


def render_bench(bench: Bench) -> str:
    """Return the table of rows, and a line on what is measured and what is computed."""
    largest = max(
        (row.measured.weight_bytes + row.measured.scale_bytes)
        if row.measured
        else row.estimated_bytes
        for row in bench.rows
    )
    best = _best(bench.rows)
    head = "".join(f'<th scope="col">{name}</th>' for name in _HEADS)
    body = "".join(_row(row, largest, best) for row in bench.rows)
    return (
        f'<div class="card"><div class="scroll"><table class="bench"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{_legend(bench)}</div>"
    )


def _legend(bench: Bench) -> str:
    keys = "".join(f'<span><i class="part {name}"></i>{name}</span>' for name in _PARTS)
    tokens = next(
        (row.measured.quality[SHIPPED_TEXT].tokens for row in bench.rows if row.measured), None
    )
    text = f" Quality over {tokens:,} tokens of the shipped text." if tokens else ""
    return (
        f'<p class="hint keys-line">{keys}</p><p class="hint">Memory, times, speeds and quality: '
        "<b>measured</b>, each row in a process of its own; peak memory holds Python and its "
        "libraries too. Bars: <b>computed</b> from the tensors that were loaded, or "
        "<b>estimated</b> from shapes while a row waits. Speeds are medians of "
        f"{bench.plan.runs} runs, lowest to highest below.{text}</p>"
    )


def capital(words: str) -> str:
    """Return words with a capital first letter, the others as they are.

    Examples
    --------
    >>> capital("reference FP32: loading")
    'Reference FP32: loading'
    """
    return words[:1].upper() + words[1:]


def _row(row: Row, largest: int, best: Sequence[int | None]) -> str:
    precision, _, engine = row.name.partition(" · ")
    name = f'<th scope="row">{precision}<small>{escape(engine)}</small></th>'
    if row.measured is None:
        words = row.reason or capital(row.stage) or "Waits for its turn"
        size = f"{row.estimated_bytes / 1e6:,.0f} MB estimated"
        return (
            f'<tr class="{row.state}">{name}<td class="wide">{size}</td>'
            f'<td colspan="8" class="reason">{escape(words)}</td></tr>'
        )
    cells = "".join(
        f'<td class="{"best" if best[place] == id(row) else ""}">{text}</td>'
        for place, (_, text) in enumerate(_cells(row.measured))
    )
    return f'<tr class="done">{name}<td class="wide">{_bar(row.measured, largest)}</td>{cells}</tr>'


def _cells(measured: Measured) -> list[Cell]:
    """Return each cell as a number to compare by, lower is better, and its text."""
    first, read = measured.time_to_first_token_seconds, measured.prefill_tokens_per_second
    write, quality = measured.decode_tokens_per_second, measured.quality
    main, own = quality[SHIPPED_TEXT], quality.get(OWN_TEXT)

    def both(show: Callable[[Any], str]) -> str:
        return show(main) + (f"<small>yours {show(own)}</small>" if own else "")

    return [
        (measured.peak_rss_bytes, f"{measured.peak_rss_bytes / 1e6:,.0f}"),
        (measured.load_seconds, f"{measured.load_seconds:.1f}"),
        (first.median, f"{first.median:.3f}"),
        (
            -read.median,
            f"{read.median:,.0f}<small>{read.lowest:,.0f} to {read.highest:,.0f}</small>",
        ),
        (
            -write.median,
            f"{write.median:.1f}<small>{write.lowest:.1f} to {write.highest:.1f}</small>",
        ),
        (main.perplexity, both(lambda q: f"{q.perplexity:.2f}")),
        (main.kl_to_reference_nats, both(lambda q: _kl(q.kl_to_reference_nats))),
        (-main.top1_agreement, both(lambda q: f"{q.top1_agreement:.1%}".replace("%", " %"))),
    ]


def _kl(value: float) -> str:
    return "0" if value < 1e-7 else f"{value:.2g}" if value < 1e-3 else f"{value:.4f}"


def _best(rows: Sequence[Row]) -> list[int | None]:
    """Return for each column which row is best; none while there is but one."""
    done = [row for row in rows if row.measured]
    if len(done) < 2:
        return [None] * (len(_HEADS) - 2)
    columns = zip(*(_cells(row.measured) for row in done if row.measured), strict=True)
    return [id(min(zip(column, done, strict=True), key=_number)[1]) for column in columns]


def _number(pair: tuple[Cell, Row]) -> float:
    return pair[0][0]


def _bar(measured: Measured, largest: int) -> str:
    parts = {**measured.part_bytes, "scales": measured.scale_bytes}
    said = ", ".join(f"{name} {parts[name] / 1e6:,.1f} MB" for name in _PARTS if parts[name])
    pieces = "".join(
        f'<i class="part {name}" style="width:{100 * parts[name] / largest:.2f}%"></i>'
        for name in _PARTS
    )
    total = measured.weight_bytes + measured.scale_bytes
    return (
        f'<span class="weights" role="img" aria-label="{said}" title="{said}">{pieces}</span>'
        f"<small>{total / 1e6:,.0f} MB</small>"
    )


def render_why(bench: Bench) -> str:
    """Return, for each row that was measured, why it is as fast as it is."""
    if bench.machine is None or bench.full is None:
        return ""
    parts = []
    for row in bench.rows:
        if row.measured:
            told = explain(row.precision, row.measured, bench.full, bench.machine)
            items = "".join(f"<li>{escape(sentence)}</li>" for sentence in told)
            parts.append(
                f"<details><summary>{escape(row.name)}</summary><ul>{items}</ul></details>"
            )
    if not parts:
        return ""
    parts[0] = parts[0].replace("<details>", "<details open>", 1)
    head = "<h2>Why is it faster or slower here?</h2>"
    return f'<div class="card why-card">{head}{"".join(parts)}</div>'


def render_texts(bench: Bench) -> str:
    """Return what each row wrote at temperature 0; what it shares with FP32 is muted."""
    full = bench.full
    columns = "".join(
        _text(row.name, row.measured, full) for row in bench.rows if row.measured and full
    )
    if not columns:
        return ""
    return (
        f'<p class="hint">“{escape(bench.plan.prompt)}” continued at temperature 0. What a row '
        "shares with the reference (FP32 on transformers) is muted; the first token that differs "
        f'wears a ring.</p><div class="texts">{columns}</div>'
    )


def _text(name: str, measured: Measured, full: Measured) -> str:
    pieces, place = measured.token_texts, common_tokens(measured.token_ids, full.token_ids)
    shared = f'<span class="muted">{escape("".join(pieces[:place]).lstrip())}</span>'
    if place == len(pieces) == len(full.token_ids):
        return _column(name, "never parts from FP32 in these tokens", shared)
    ring = f'<mark class="parting">{escape(pieces[place]) or "∅"}</mark>' if pieces[place:] else ""
    rest = escape("".join(pieces[place + 1 :]))
    return _column(name, f"parts from FP32 at token {place + 1:,}", f"{shared}{ring}{rest}")


def _column(name: str, where: str, words: str) -> str:
    return (
        f'<section class="strip-column"><h3>{escape(name)} <span class="muted">{where}</span></h3>'
        f'<p class="written">{words}</p></section>'
    )


def to_csv(bench: Bench) -> str:
    """Return the rows as CSV; what has parts is spread over columns."""
    rows = [_flat(row) for row in to_json(bench)["rows"]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


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


_PICTURE_WIDTH, _LINE, _LEFT = 760, 34, 190


def to_svg(bench: Bench) -> str:
    """Return a picture: weights and writing speed of each row as bars, with their numbers."""
    done = [row for row in bench.rows if row.measured]
    heaviest = max((row.measured.weight_bytes for row in done if row.measured), default=1)
    fastest = max(
        (row.measured.decode_tokens_per_second.median for row in done if row.measured), default=1.0
    )
    lines = "".join(
        _svg_row(60 + place * _LINE, row.name, row.measured, heaviest, fastest)
        for place, row in enumerate(done)
        if row.measured
    )
    height = 80 + len(done) * _LINE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_PICTURE_WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fbfaf7"/>'
        f'<text x="16" y="24" font-weight="bold">{escape(bench.model)}</text>'
        f'<text x="{_LEFT}" y="46">weights, MB (computed)</text>'
        f'<text x="{_LEFT + 290}" y="46">writes, tokens/s (measured)</text>{lines}</svg>'
    )


def _svg_row(y: int, name: str, measured: Measured, heaviest: float, fastest: float) -> str:
    size, speed = measured.weight_bytes, measured.decode_tokens_per_second.median
    return (
        f'<text x="16" y="{y + 14}">{escape(name)}</text>'
        + _svg_bar(_LEFT, y, 200 * size / heaviest, f"{size / 1e6:,.0f}", "#98a2b3")
        + _svg_bar(_LEFT + 290, y, 200 * speed / fastest, f"{speed:.1f}", "#0f766e")
    )


def _svg_bar(x: int, y: int, width: float, words: str, colour: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width:.1f}" height="18" rx="3" fill="{colour}"/>'
        f'<text x="{x + width + 6:.1f}" y="{y + 14}">{words}</text>'
    )
