"""The bench as HTML: its rows, why they are so, and where the texts part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from playground.drawing.markup import join, scrolled, tag
from playground.experiments.experiment import Experiment, Needs
from playground.generation.divergence import common_tokens
from playground.generation.measuring import Measured, Spread
from playground.generation.scoring import Quality
from playground.labs.precision.bench import Bench, BenchSettings, capital, run_bench
from playground.labs.precision.bench_files import to_csv, to_svg
from playground.labs.precision.bench_row import OWN_TEXT, SHIPPED_TEXT, Row
from playground.labs.precision.speed import explain
from playground.sizes import in_millions, spell_size

_PARTS = ("embedding", "linear", "scales", "other")
_HEADS = ("precision", "weights: embedding, linear, scales")
_MEASURES = (
    "peak memory, MB",
    "load, s",
    "first token, s",
    "reads, tok/s",
    "writes, tok/s",
    "perplexity",
    "KL, nats",
    "agrees",
)

Cell = tuple[float, str | Markup]  # a number to compare by, lower is better, and its words


def draw(bench: Bench) -> Markup:
    """Return the rows; below them why each is so, and what it wrote."""
    return _rows(bench) + _why(bench) + _texts(bench)


def _rows(bench: Bench) -> Markup:
    largest = max(map(_weights, bench.rows))
    best = _best(bench.rows)
    head = tag("tr", *(tag("th", name, scope="col") for name in (*_HEADS, *_MEASURES)))
    body = (
        tag(
            "tr",
            _name(row),
            *(_done(row.measured, largest, best, place) if row.measured else _not_done(row)),
            class_=row.state,
        )
        for place, row in enumerate(bench.rows)
    )
    table = tag("table", tag("thead", head), tag("tbody", *body), class_="bench")
    return tag("div", scrolled(table), _legend(bench), class_="card bench-card")


def _weights(row: Row) -> int:
    measured = row.measured
    return measured.weight_bytes + measured.scale_bytes if measured else row.estimated_bytes


def _name(row: Row) -> Markup:
    precision, _, engine = row.name.partition(" · ")
    told = row.beside.words if row.beside and row.busy else None
    busy = tag("small", "beside other work", class_="beside", title=told) if told else None
    return tag("th", precision, tag("small", engine), busy, scope="row")


def _not_done(row: Row) -> tuple[Markup, ...]:
    words = row.reason or capital(row.stage) or "Waits for its turn"
    return (
        tag("td", f"{spell_size(row.estimated_bytes)} estimated", class_="wide"),
        tag("td", words, colspan=len(_MEASURES), class_="reason"),
    )


def _done(
    measured: Measured, largest: int, best: Mapping[int, int], place: int
) -> tuple[Markup, ...]:
    cells = (
        tag("td", words, class_="best" if best.get(column) == place else None)
        for column, (_, words) in enumerate(_cells(measured))
    )
    return (tag("td", _bar(measured, largest), class_="wide"), *cells)


def _cells(measured: Measured) -> list[Cell]:
    quality = measured.quality
    main, own = quality[SHIPPED_TEXT], quality.get(OWN_TEXT)

    def both(show: Callable[[Quality], str]) -> Markup:
        return join((show(main), tag("small", f"yours {show(own)}") if own else None))

    first, read = measured.time_to_first_token_seconds, measured.prefill_tokens_per_second
    write = measured.decode_tokens_per_second
    return [
        (measured.peak_rss_bytes, in_millions(measured.peak_rss_bytes)),
        (measured.load_seconds, f"{measured.load_seconds:.1f}"),
        (first.median, f"{first.median:.3f}"),
        (-read.median, _spread(read, ",.0f")),
        (-write.median, _spread(write, ".1f")),
        (main.perplexity, both(lambda q: f"{q.perplexity:.2f}")),
        (main.kl_to_reference_nats, both(lambda q: _kl(q.kl_to_reference_nats))),
        (-main.top1_agreement, both(lambda q: f"{q.top1_agreement:.1%}".replace("%", " %"))),
    ]


def _spread(speed: Spread, digits: str) -> Markup:
    reach = f"{speed.lowest:{digits}} to {speed.highest:{digits}}"
    alone = speed.lowest == speed.highest
    return join((f"{speed.median:{digits}}", None if alone else tag("small", reach)))


def _kl(value: float) -> str:
    return "0" if value < 1e-7 else f"{value:.2g}" if value < 1e-3 else f"{value:.4f}"


def _best(rows: Sequence[Row]) -> dict[int, int]:
    """Return for each column the place of the best row; nothing while there is but one."""
    done = [(place, _cells(row.measured)) for place, row in enumerate(rows) if row.measured]
    if len(done) < 2:
        return {}
    return {column: _leader(done, column) for column in range(len(_MEASURES))}


def _leader(done: list[tuple[int, list[Cell]]], column: int) -> int:
    return min(done, key=lambda row: row[1][column][0])[0]


def _bar(measured: Measured, largest: int) -> Markup:
    parts = {**measured.part_bytes, "scales": measured.scale_bytes}
    said = ", ".join(f"{name} {spell_size(parts[name])}" for name in _PARTS if parts[name])
    pieces = (
        tag("i", class_=f"part {name}", style=f"width:{100 * parts[name] / largest:.2f}%")
        for name in _PARTS
    )
    total = measured.weight_bytes + measured.scale_bytes
    bar = tag("span", *pieces, class_="weights", role="img", aria_label=said, title=said)
    return bar + tag("small", spell_size(total))


_LEGEND = Markup(
    "Memory, times, speeds and quality: <b>measured</b>, each row in a process of its own; peak "
    "memory holds Python and its libraries too. Bars: <b>computed</b> from the tensors that were "
    "loaded, or <b>estimated</b> from shapes while a row waits. {}{}"
)


_BESIDE = (
    " Rows measured beside other work are marked: their times are too long, and two of them cannot "
    "be compared."
)


def _legend(bench: Bench) -> Markup:
    keys = (tag("span", tag("i", class_=f"part {name}"), name) for name in _PARTS)
    measured = next((row.measured for row in bench.rows if row.measured), None)
    tokens = measured.quality[SHIPPED_TEXT].tokens if measured else None
    text = f" Quality over {tokens:,} tokens of the shipped text." if tokens else ""
    text += _BESIDE if any(row.busy for row in bench.rows) else ""
    words = _LEGEND.format(_speeds(bench.settings.runs), text)
    return tag("p", *keys, class_="hint keys-line") + tag("p", words, class_="hint")


def _speeds(runs: int) -> str:
    if runs == 1:
        return "Speeds are those of one run."
    return f"Speeds are medians of {runs} runs, lowest to highest below."


def _why(bench: Bench) -> Markup:
    """Return, for each row that was measured, why it is as fast as it is."""
    told = [part for row in bench.rows if (part := _reasons(row, bench))]
    if not told:
        return Markup()
    first, *others = told
    head = tag("h2", "Why is it faster or slower here?")
    opened = tag("details", first, open=True)
    return tag(
        "div", head, opened, *(tag("details", each) for each in others), class_="card why-card"
    )


def _reasons(row: Row, bench: Bench) -> Markup | None:
    if row.measured is None or bench.machine is None:
        return None
    sentences = explain(row, bench.machine, bench.beside(row))
    items = (tag("li", sentence) for sentence in sentences)
    return tag("summary", row.name) + tag("ul", *items)


def _texts(bench: Bench) -> Markup:
    """Return what each row wrote at temperature 0; what it shares with FP32 is muted."""
    full = bench.full
    columns = [_text(row.name, row.measured, full) for row in bench.rows if row.measured and full]
    if not columns:
        return Markup()
    words = (
        f"“{bench.settings.prompt}” continued at temperature 0. What a row shares with the "
        "reference (FP32 on transformers) is muted; the first token that differs wears a ring."
    )
    return tag("p", words, class_="hint") + tag("div", *columns, class_="texts")


def _text(name: str, measured: Measured, full: Measured) -> Markup:
    pieces, place = measured.token_texts, common_tokens(measured.token_ids, full.token_ids)
    shared = tag("span", "".join(pieces[:place]).lstrip(), class_="muted")
    if place == len(pieces) == len(full.token_ids):
        return _column(name, "never parts from FP32 in these tokens", shared)
    ring = tag("mark", pieces[place] or "∅", class_="parting") if pieces[place:] else None
    written = join((shared, ring, "".join(pieces[place + 1 :])))
    return _column(name, f"parts from FP32 at token {place + 1:,}", written)


def _column(name: str, where: str, written: Markup) -> Markup:
    return tag(
        "section",
        tag("h3", name, " ", tag("span", where, class_="muted")),
        tag("p", written, class_="written"),
        class_="strip-column",
    )


BENCH = Experiment(
    path="precision/bench",
    title="Bench",
    idea=(
        "Load the same model at several precisions and see memory, speed and quality side by side. "
        "Every figure is measured on this machine."
    ),
    settings=BenchSettings,
    function=run_bench,
    view=draw,
    needs=Needs.CHOICE,
    action="Measure",
    tables={"precision.csv": to_csv, "precision.svg": to_svg},
    empty=(
        "The rows come here. Each is measured in a process of its own, which takes about ten "
        "seconds; the chat goes on meanwhile, and slows the measure down."
    ),
    small={
        "precisions": ("fp32",),
        "engines": ("transformers",),
        "max_new_tokens": 2,
        "runs": 1,
        "score_tokens": 16,
    },
)
