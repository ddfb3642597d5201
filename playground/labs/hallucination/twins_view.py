"""Pairs side by side: what the model says of the real thing, and of the one that is not."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment
from playground.labs.hallucination.judging import Row
from playground.labs.hallucination.meanings import meanings
from playground.labs.hallucination.number_text import counted, written
from playground.labs.hallucination.scores import CAUTION
from playground.labs.hallucination.token_chips import chips, key
from playground.labs.hallucination.twins import Pair, Twins, TwinSettings, run_twins

_EMPTY = "The pairs come here, the real one on the left."
_SIDES = {
    "invented": ("real", "invented"),
    "false_premise": ("true premise", "false premise"),
    "idioms": ("as it stands", "figure of speech"),
}
_MADE_UP = ("invented", "false premise")
_COMPARED = {"mean_logprob": "mean logprob", "agreement": "agreement of the samples"}


def draw(twins: Twins) -> Markup:
    """Return the pairs as far as they have come, and how often the real one was surer."""
    if not twins.pairs:
        return tag("p", _EMPTY, class_="hint")
    return join(
        (
            _sums(twins),
            key(),
            *(_pair(twins, pair) for pair in twins.pairs),
            meanings() if twins.progress.ended else None,
        )
    )


def _sums(twins: Twins) -> Markup:
    left, _ = _sides(twins)
    lines = (_counted(twins, score, words, left) for score, words in _COMPARED.items())
    return tag(
        "div",
        *lines,
        tag("p", f"{_graded(twins)} {CAUTION}", class_="hint"),
        class_="card",
    )


def _sides(twins: Twins) -> tuple[str, str]:
    """Return what the two sides are called: a pair of one's own belongs to no set."""
    return _SIDES[twins.settings.suite] if twins.has_keys else ("real", "invented")


def _graded(twins: Twins) -> str:
    """Return how many answers were right on each side, as they were graded."""
    if not twins.has_keys:
        return "There is no key to a pair of your own, so that nothing is graded."
    left, right = _sides(twins)
    counts = [
        [row.right for row in rows if row.right is not None]
        for rows in ([p.real for p in twins.pairs], [p.invented for p in twins.pairs])
    ]
    (a, of_a), (b, of_b) = ((sum(each), len(each)) for each in counts)
    said = f"Graded right: {a} of {of_a} on the side “{left}”, {b} of {of_b} on “{right}”."
    ungraded = 2 * len(twins.pairs) - of_a - of_b
    rest = f" No grade: {ungraded}." if ungraded else ""
    fell_for = " There each answer plays along." if of_b and not b and right in _MADE_UP else ""
    return f"{said}{fell_for}{rest}"


def _counted(twins: Twins, score: str, words: str, side: str) -> Markup | None:
    said = [pair.surer_of_real(score) for pair in twins.pairs]
    known = [each for each in said if each is not None]
    if not known:
        return None
    equal = len(said) - len(known)
    rest = f", {equal} equal" if equal else ""
    count = tag("b", f"{sum(known)} of {len(said)}")
    return tag(
        "p", "By ", words, " the model was surer of the ", side, " one in ", count, rest, "."
    )


def _pair(twins: Twins, pair: Pair) -> Markup:
    left, right = _sides(twins)
    return tag(
        "div",
        _side(twins, pair.real, left),
        _side(twins, pair.invented, right),
        class_="card twins",
    )


def _side(twins: Twins, row: Row, words: str) -> Markup:
    answered = row.known.answered
    head = (tag("h3", words), tag("p", row.item.prompt, class_="asked"))
    if answered.answer.error:
        return tag("section", *head, tag("p", answered.answer.error, class_="failed"))
    samples = [tag("li", each.text or each.error or "") for each in answered.samples]
    more = (
        tag("details", tag("summary", counted(len(samples), "sample")), tag("ul", *samples))
        if samples
        else None
    )
    return tag(
        "section",
        *head,
        tag("p", answered.answer.text.strip(), class_="reply"),
        chips(answered.answer.tokens),
        tag("p", _facts(twins, row), class_="hint"),
        more,
    )


def _facts(twins: Twins, row: Row) -> str:
    facts = []
    for score, words in _COMPARED.items():
        value = row.scores.get(score)
        if value is not None:
            facts.append(f"{words} {written(value, 2)}")
    if twins.has_keys and row.right is not None and row.grade:
        facts.append(f"{'right' if row.right else 'wrong'}: {row.grade.rule}")
    return " · ".join(facts)


def to_csv(twins: Twins) -> str:
    """Return one line an answer."""
    heads = ("pair", "side", "id", "prompt", "answer", "right", *_COMPARED, "error")
    rows = (
        (place, side, *_cells(row))
        for place, pair in enumerate(twins.pairs, 1)
        for side, row in (("real", pair.real), ("invented", pair.invented))
    )
    return csv_text(heads, rows)


def _cells(row: Row) -> tuple[object, ...]:
    answer = row.known.answered.answer
    scores = (row.scores.get(score) for score in _COMPARED)
    return (row.item.id, row.item.prompt, answer.text, row.right, *scores, answer.error or "")


TWINS = Experiment(
    path="hallucination/twins",
    title="Twins",
    idea=(
        "Ask of a real thing and of one that was made up, with the same dice: often the model "
        "answers both in the same tone, and only now and then do its numbers tell them apart."
    ),
    settings=TwinSettings,
    function=run_twins,
    view=draw,
    action="Ask both",
    tables={"twins.csv": to_csv},
    empty=_EMPTY,
    small={"pairs": 1, "samples": 1, "max_new_tokens": 3},
)
