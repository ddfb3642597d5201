"""The figures of a set as tables and charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from playground.core.evaluation import Ranking, risk_coverage, roc_curve
from playground.core.proportions import sign_test
from playground.drawing.charts import Curve, Dot, chart, side_by_side
from playground.drawing.markup import table, tag
from playground.labs.hallucination.figures import (
    CONTROLS,
    PROBE_NAME,
    Calibration,
    Figures,
    Method,
)
from playground.labs.hallucination.judging import Row
from playground.labs.hallucination.number_text import NONE, counted, written
from playground.labs.hallucination.probing import Part
from playground.labs.hallucination.scores import SCORES, Score

LIKELY_BY_CHANCE = 0.05
_BY_NAME = {score.name: score for score in SCORES}


def headline(part: Part) -> Markup:
    """Return how many were right, of how many, and what it cost."""
    figures, passes = part.figures, sum(row.known.passes for row in part.rows)
    cost = f"{counted(passes, 'token')} read and written"
    took = "answers known from before" if part.recalled else f"{part.seconds:.1f} s, measured"
    if figures is None or figures.accuracy is None:
        return tag("p", f"{counted(len(part.rows), 'answer')} · {cost} · {took}", class_="sums")
    share = f" right, {100 * figures.accuracy:.0f} %"
    interval = (
        f"95 % interval by Wilson: {_spread(figures.accuracy_low, figures.accuracy_high, 100, 0)}"
    )
    left_out = "".join(f" {count} {what}." for count, what in _left_out(figures) if count)
    return tag(
        "p",
        tag("b", f"{figures.right} of {figures.n}"),
        f"{share} ({interval}).{left_out} ",
        tag("span", f"{part.label} · {cost} · {took}", class_="muted"),
        class_="sums",
    )


def _left_out(figures: Figures) -> tuple[tuple[int, str], ...]:
    return (
        (figures.failed, "without an answer"),
        (figures.ungraded, "that no rule could grade, left out of all figures"),
    )


def _spread(low: float | None, high: float | None, by: float = 1, digits: int = 2) -> str:
    if low is None or high is None:
        return "no interval"
    return f"{by * low:.{digits}f} to {by * high:.{digits}f}"


def methods_table(figures: Figures) -> Markup:
    """Return every score with its AUROC; where there is none, why."""
    ranked = [each for each in figures.methods if each.ranking.auroc is not None]
    title = tag("h3", "Which score tells right from wrong?")
    whys = reasons(figures)
    if not ranked:
        return tag("div", title, *(tag("p", why, class_="lesson") for why in whys), class_="card")
    heads = ("score", "AUROC", "95 % interval", "", "n", "right", "believe at", "then right")
    return tag(
        "div",
        title,
        *(tag("p", why, class_="lesson") for why in whys),
        table(heads, map(_method, figures.methods), class_="answers methods"),
        tag("p", _HOW_TO_READ, class_="hint"),
        class_="card",
    )


def reasons(figures: Figures) -> list[str]:
    """Return why scores have no AUROC; where none has one, a single sentence tells it."""
    methods = [each for each in figures.methods if each.ranking.why_not]
    whys = dict.fromkeys(
        each.ranking.why_not or "" for each in methods if each.name not in (*CONTROLS, PROBE_NAME)
    )
    probes = [each.ranking.why_not or "" for each in methods if each.name == PROBE_NAME]
    # With too few of all answers there are too few of a half; nobody needs to be told twice.
    return list(whys) or probes


_HOW_TO_READ = (
    "AUROC: how often a right answer has the surer score than a wrong one; 0.5 is guessing, 1 is "
    "never mistaken. The interval is where it would lie had other questions of the kind been "
    "asked. Length and random are controls: a score that does not beat them has no worth of its "
    "own here. “Believe at” is the threshold fitted on one half of the questions; “then right” "
    "is the mean share of right answers believed and of wrong ones doubted, on the other half. "
    "The linear probe is fitted on that half, too, and all its figures are of the other."
)


def _method(method: Method) -> list[object]:
    ranking, threshold = method.ranking, method.threshold
    known = ranking.auroc is not None
    return [
        method.label,
        written(ranking.auroc),
        _spread(ranking.low, ranking.high) if known else NONE,
        _whisker(ranking) if known else "",
        ranking.n,
        ranking.right,
        _believed(method),
        f"{100 * threshold.balanced_accuracy:.0f} %" if threshold else NONE,
    ]


def _believed(method: Method) -> str:
    """Return the threshold, with the side of it that is believed."""
    if method.threshold is None:
        return NONE
    surer = _BY_NAME[method.name].higher_is_surer
    side = "\N{GREATER-THAN OR EQUAL TO}" if surer else "\N{LESS-THAN OR EQUAL TO}"
    return f"{side} {written(method.threshold.at, 2)}"


def _whisker(ranking: Ranking) -> Markup:
    """Return the figure and its interval on a line from 0 to 1, with a mark at 0.5."""
    value, low, high = (each or 0.0 for each in (ranking.auroc, ranking.low, ranking.high))
    line = tag("line", class_="grid", x1=0, x2=100, y1=8, y2=8)
    middle = tag("line", class_="half", x1=50, x2=50, y1=1, y2=15)
    reach = tag("line", class_="reach", x1=round(100 * low, 1), x2=round(100 * high, 1), y1=8, y2=8)
    dot = tag("circle", cx=round(100 * value, 1), cy=8, r=4)
    parts = (line, middle, reach, dot)
    return tag("svg", *parts, class_="whisker", viewBox="-4 0 108 16", aria_hidden="true")


def charts(part: Part) -> Markup | None:
    """Return the ROC, risk against coverage and the reliability diagram; None without figures."""
    figures = part.figures
    ranked = (
        [m for m in figures.methods if m.ranking.auroc is not None and m.name in _BY_NAME]
        if figures
        else []
    )
    if figures is None or not ranked:
        return None
    best, *others = ranked
    shown = [best, *(m for m in others if m.name in ("agreement", "length"))]
    drawn = [_roc(part.rows, shown), _risk(part.rows, shown)]
    return side_by_side([*drawn, *_reliability(figures)])


def _sure(rows: Sequence[Row], score: Score) -> tuple[list[float], list[bool]]:
    sign = 1 if score.higher_is_surer else -1
    pairs = [
        (sign * value, row.right)
        for row in rows
        if row.right is not None and (value := row.scores.get(score.name)) is not None
    ]
    return [value for value, _ in pairs], [right for _, right in pairs]


def _kind(place: int, name: str) -> str:
    return "control" if name in CONTROLS else "best" if place == 0 else "other"


def _roc(rows: Sequence[Row], methods: Sequence[Method]) -> Markup:
    curves = [Curve("guessing", ((0, 0), (1, 1)), "none")]
    for place, method in enumerate(methods):
        found = roc_curve(*_sure(rows, _BY_NAME[method.name]))
        points = list(
            zip(found.false_positive_rate.tolist(), found.true_positive_rate.tolist(), strict=True)
        )
        curves.append(Curve(method.label, points, _kind(place, method.name)))
    axes = ("share of wrong answers believed", "share of right answers believed")
    note = "Each point is a threshold; the nearer to the upper left, the better."
    return chart("ROC", axes, curves, note=note)


def _risk(rows: Sequence[Row], methods: Sequence[Method]) -> Markup:
    curves = []
    for place, method in enumerate(methods):
        coverage, risk = risk_coverage(*_sure(rows, _BY_NAME[method.name]))
        points = list(zip(coverage.tolist(), risk.tolist(), strict=True))
        curves.append(Curve(method.label, points, _kind(place, method.name)))
    axes = ("share of questions answered, the surest first", "share of them wrong")
    note = "Who answers only when sure makes fewer mistakes, if the score is worth something."
    return chart("Risk against coverage", axes, curves, note=note)


def _reliability(figures: Figures) -> Iterator[Markup]:
    for title, found, what in (
        ("Promised and kept", figures.raw, _OWN_PROBABILITY),
        ("Promised and kept, calibrated on the other half", figures.fitted, _FITTED_PROBABILITY),
    ):
        if found:
            yield _diagram(title, found, what)


_OWN_PROBABILITY = (
    "The probability is that of a typical token of the answer, e to the mean logprob."
)
_FITTED_PROBABILITY = (
    "The probability is made of the mean logprob by a regression that was fitted on the other half."
)


def _diagram(title: str, found: Calibration, what: str) -> Markup:
    dots = [
        Dot(
            each.probability,
            each.right,
            each.count,
            f"{counted(each.count, 'answer')}: promised {each.probability:.2f}, "
            f"right {each.right:.2f}",
        )
        for each in found.bins
    ]
    diagonal = [Curve("as promised", ((0, 0), (1, 1)), "none")]
    axes = ("probability the model gives", "share that was right")
    note = (
        f"{what} A dot stands for the answers of one stretch of it, the larger the more. ECE "
        f"{found.error:.3f} on {found.n} answers: how far they lie from the line on average."
    )
    return chart(title, axes, diagonal, dots, note)


def comparison(parts: Sequence[Part], beside: str = "") -> Markup | None:
    """Return both parts beside one another; None where there is only one with figures.

    Parameters
    ----------
    parts : sequence of Part
        What was asked.
    beside : str
        In what they differ.
    """
    done = [part for part in parts if part.figures]
    if len(done) < 2:
        return None
    # The graded answers have temperature 0 on both sides: whatever is theirs cannot differ.
    same_answers = beside == "temperature"
    heads = ("score", *(part.label for part in done))
    rows = [] if same_answers else [_rights(done), _eces(done)]
    names = [name for name in _ranked(done) if not (same_answers and name not in _OF_SAMPLES)]
    rows += [_compared(name, done) for name in names]
    said = _SAME_ANSWERS if same_answers else _verdict(done)
    none = None if names else tag("p", _NO_AUROC, class_="hint")
    grid = table(heads, rows, class_="answers methods") if rows else None
    return tag(
        "div", tag("h3", "Side by side"), grid, none, tag("p", said, class_="hint"), class_="card"
    )


_OF_SAMPLES = {score.name for score in SCORES if score.needs == "samples"}
_SAME_ANSWERS = (
    "The answers that are graded have temperature 0 on both sides and so are the same; the "
    "temperature changes only the samples, and only the scores that compare them can differ."
)
_NO_AUROC = "No AUROC on either side; why stands below."


def _ranked(parts: Sequence[Part]) -> list[str]:
    """Return the scores that have an AUROC on a side, in the order of the first."""
    methods = [each for part in parts if part.figures for each in part.figures.methods]
    return list(dict.fromkeys(each.name for each in methods if each.ranking.auroc is not None))


def _rights(parts: Sequence[Part]) -> list[object]:
    return ["right", *(_right(part.figures) for part in parts if part.figures)]


def _right(figures: Figures) -> str:
    if figures.accuracy is None:
        return NONE
    interval = _spread(figures.accuracy_low, figures.accuracy_high, 100, 0)
    return f"{figures.right} of {figures.n}, {100 * figures.accuracy:.0f} % ({interval})"


def _eces(parts: Sequence[Part]) -> list[object]:
    return [
        "ECE of the model's own probability",
        *(f"{p.figures.raw.error:.3f}" if p.figures and p.figures.raw else NONE for p in parts),
    ]


def _compared(name: str, parts: Sequence[Part]) -> list[object]:
    cells: list[object] = []
    label = name
    for part in parts:
        methods = part.figures.methods if part.figures else ()
        found = next((each for each in methods if each.name == name), None)
        label = found.label if found else label
        ranking = found.ranking if found else None
        known = ranking is not None and ranking.auroc is not None
        cells.append(
            f"{ranking.auroc:.3f} ({_spread(ranking.low, ranking.high)})"
            if known and ranking
            else NONE
        )
    return [f"AUROC: {label}", *cells]


def _verdict(parts: Sequence[Part]) -> str:
    """Say on how many questions the two differ, and in which direction; no more than that."""
    first, second = ({row.item.id: row.right for row in part.rows} for part in parts[:2])
    both = [name for name in first if first[name] is not None and second.get(name) is not None]
    lost = sum(bool(first[name]) and not second[name] for name in both)
    won = sum(bool(second[name]) and not first[name] for name in both)
    return (
        f"Of {len(both)} questions that both answered, {lost} came right only in the first and "
        f"{won} only in the second. {_meaning(*_directions(parts[0].rows, first, second))}"
    )


def _directions(
    rows: Sequence[Row], first: Mapping[str, bool | None], second: Mapping[str, bool | None]
) -> tuple[int, int]:
    """Return how many went down and how many up; what belongs together goes one way."""
    change: dict[str, int] = {}
    for row in rows:
        before, after = first[row.item.id], second.get(row.item.id)
        if before is not None and after is not None:
            change[row.belongs_to] = change.get(row.belongs_to, 0) + after - before
    return sum(each < 0 for each in change.values()), sum(each > 0 for each in change.values())


def _meaning(lost: int, won: int) -> str:
    changed = lost + won
    if changed == 0:
        return "No answer's grade changed."
    chance = sign_test(lost, won)
    by = f"chance alone divides {changed} so unequally in {100 * chance:.1f} % of cases"
    if chance >= LIKELY_BY_CHANCE:
        return f"So small a difference comes by chance, too (sign test: {by})."
    return f"That is more than chance would make it (sign test: {by})."
