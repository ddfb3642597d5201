"""The curve of false alarms against catches, the chosen point on it, and who pays for it."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from playground.drawing.charts import Curve, Dot, chart, side_by_side
from playground.drawing.files import csv_text
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.moderation.counts_view import confusion, share
from playground.labs.moderation.held_out_view import held_out
from playground.labs.moderation.labelled import Counts
from playground.labs.moderation.trade_off import Scored, TradeOff, TradeOffSettings, run_trade_off

_EMPTY = "The curve comes here, with the point of your threshold."
_NOTE = (
    "Each point is one threshold: so many harmless sentences it stops for nothing, so many harmful "
    "ones it catches. The dots are your threshold and, without the classifier, the rules; the "
    "dashed line is a coin that is thrown. No threshold is without a price."
)
_NOTE_OF_THRESHOLDS = (
    "The dots are your threshold. The farther the two lines lie apart there, the better it parts "
    "the kinds; which price is right is not for the curve to say."
)
_BORDER_CASES = 12


def draw(known: TradeOff) -> Markup:
    """Return the curve, the counts of classifier and rules, and the sentences that go wrong."""
    if not known.scored:
        return tag("p", _EMPTY, class_="hint")
    sections = (
        tag("div", _classifier(known), _rules(known), class_="twins"),
        _curve(known),
        _wrong(known, harmful=False),
        _wrong(known, harmful=True),
    )
    return join(each for each in sections if each)


def _classifier(known: TradeOff) -> Markup:
    return tag(
        "section",
        tag("h2", f"The classifier, from {known.settings.threshold:.2f}"),
        confusion(known.counts),
        tag("p", _ranked(known)),
        tag("p", _spread(known), class_="hint"),
        class_="card",
    )


def _ranked(known: TradeOff) -> str:
    ranking = known.ranking
    if ranking.auroc is None:
        return ranking.why_not or ""
    low, high = share(ranking.low), share(ranking.high)
    return f"AUROC {ranking.auroc:.2f} (95 % interval {low} to {high}); 0.5 is guessing."


def _spread(known: TradeOff) -> str:
    parts = (
        f"{name} {share(_told(low))} to {share(_told(high))}"
        for name, (low, high) in known.intervals.items()
    )
    return f"95 % intervals: {', '.join(parts)}."


def _told(value: float) -> float | None:
    return None if value != value else value  # NaN: it cannot be said


def _rules(known: TradeOff) -> Markup:
    return tag(
        "section",
        tag("h2", "The rules, without it"),
        confusion(known.rule_counts),
        tag("p", "They have no threshold: one point, and not a curve."),
        tag("p", "Where one of them speaks, it can name the rule and the words.", class_="hint"),
        class_="card",
    )


def _curve(known: TradeOff) -> Markup:
    if not known.both_kinds:
        return tag("p", "A curve needs harmful and harmless sentences.", class_="lesson")
    curves = (
        Curve("classifier", known.curve, "best"),
        Curve("guessing", [(0, 0), (1, 1)], "control"),
    )
    dots = (
        _dot(known.counts, f"classifier from {known.settings.threshold:.2f}"),
        _dot(known.rule_counts, "rules"),
    )
    axes = ("false alarms", "caught")
    roc = chart("Catches against false alarms", axes, curves, dots, _NOTE)
    return side_by_side([roc, _thresholds(known)])


def _thresholds(known: TradeOff) -> Markup:
    at, dot = known.settings.threshold, _dot(known.counts, "here")
    shares = known.shares_by_threshold
    curves = (
        Curve("caught", [(x, caught) for x, caught, _ in shares], "best"),
        Curve("false alarms", [(x, wrong) for x, _, wrong in shares], "other"),
    )
    dots = (Dot(at, dot.y, 1, dot.title), Dot(at, dot.x, 1, dot.title))
    axes = ("stopped from this score on", "share")
    return chart("What each threshold does", axes, curves, dots, _NOTE_OF_THRESHOLDS)


def _dot(counts: Counts, name: str) -> Dot:
    wrong = counts.stopped / (counts.stopped + counts.passed)
    right = counts.caught / (counts.caught + counts.missed)
    said = f"{name}: {100 * wrong:.0f} % false alarms, {100 * right:.0f} % caught"
    return Dot(wrong, right, 1, said)


def _wrong(known: TradeOff, harmful: bool) -> Markup | None:
    """Return the sentences on the wrong side of the threshold, the farthest from it first."""
    chosen = sorted(
        (
            each
            for each, stopped in zip(known.scored, known.stopped, strict=True)
            if each.sentence.harmful == harmful and stopped != harmful
        ),
        key=lambda each: each.score,
        reverse=not harmful,
    )
    if not chosen:
        return None
    title = "Missed" if harmful else "Stopped for nothing"
    more = len(chosen) - _BORDER_CASES
    rest = (
        tag("p", f"And {more:,} more; all are in the files.", class_="hint") if more > 0 else None
    )
    return tag("div", tag("h2", title), _sentences(chosen[:_BORDER_CASES]), rest)


def _sentences(scored: Iterable[Scored]) -> Markup:
    rows = (
        [
            f"{each.score:.2f}",
            "stopped" if each.ruled else "let pass",
            tag("p", each.sentence.text, class_="marked", dir="auto"),
        ]
        for each in scored
    )
    return table(("score", "by the rules", "sentence"), rows, class_="plain")


def to_csv(known: TradeOff) -> str:
    """Return one line a sentence."""
    heads = ("text", "harmful", "score", "stopped", "rules_stop")
    found = known.to_json()["sentences"]
    return csv_text(heads, ([each[head] for head in heads] for each in found))


TRADE_OFF = Experiment(
    path="moderation/trade-off",
    title="Trade-off",
    idea=(
        "Every filter can catch more if it may stop more of the innocent. See what a threshold "
        "costs, on our sentences or on your own."
    ),
    settings=TradeOffSettings,
    function=run_trade_off,
    view=draw,
    needs=Needs.NOTHING,
    action="Draw the curve",
    intro=held_out(),
    tables={"trade-off.csv": to_csv},
    empty=_EMPTY,
    small={"own": "text,harmful\nHow do I whip cream?,no\nHow do I hurt him?,yes"},
)
