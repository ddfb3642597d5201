"""How often sums of words come out right, beside the rival that adds nothing, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.cosine_bars import token
from playground.drawing.marks import mark
from playground.drawing.markup import join, scrolled, table, tag
from playground.experiments.experiment import Experiment
from playground.labs.embeddings.analogies import (
    Analogies,
    AnalogiesSettings,
    Score,
    Verdict,
    read_questions,
    run_analogies,
)

AMONG = 5
_MINUS = "\N{MINUS SIGN}"


def draw(found: Analogies) -> Markup:
    """Return how often sums came out right so far, relation by relation."""
    asked, total = found.asked, found.total
    if not asked:
        words = (
            "None of the questions can be asked: each has a word that is no token of this model."
            if found.verdicts
            else "How often sums come out right comes here, relation by relation."
        )
        return tag("p", words, class_="hint")
    rival = tag("span", f"{total.right_by_neighbour(1)} without any sum", class_="muted")
    return tag(
        "div",
        tag("h2", f"{total.right(1)} of {len(asked)} right ", rival),
        _scores([*found.scores, total]),
        tag("p", _explained(total, found.spellings_too), class_="hint"),
        _questions(asked),
        class_="card",
    )


def _scores(scores: Sequence[Score]) -> Markup:
    rows = (_score_row(score) for score in scores if score.verdicts)
    head = tag("thead", _SCORE_HEAD)
    return scrolled(tag("table", head, tag("tbody", *rows), class_="scores"))


_SCORE_HEAD = Markup(
    '<tr><td colspan="2"></td><th colspan="2" scope="colgroup">the nearest is right</th>'
    '<th colspan="2" scope="colgroup">among the first {}</th></tr>'
    '<tr><th scope="col">relation</th><th scope="col">asked</th><th scope="col">sum</th>'
    '<th scope="col">no sum</th><th scope="col">sum</th><th scope="col">no sum</th></tr>'
).format(AMONG)


def _score_row(score: Score) -> Markup:
    cells: list[Markup] = []
    for among in (1, AMONG):
        ours, theirs = score.right(among), score.right_by_neighbour(among)
        cells += [tag("td", ours, class_="best" if ours > theirs else None), tag("td", theirs)]
    return tag(
        "tr",
        tag("th", score.relation, scope="row"),
        tag("td", len(score.verdicts)),
        *cells,
        class_="all" if score.relation == "all" else None,
    )


def _explained(total: Score, spellings_too: bool) -> Markup:
    missed = [verdict for verdict in total.verdicts if verdict.place > 1]
    respelled = [verdict for verdict in missed if verdict.respelled]
    out = "the words of the question" + (" and their other spellings" if spellings_too else "")
    words: list[object] = [
        f"“a is to b as c is to d” is right when d is nearest to b {_MINUS} a + c, {out} left "
        "out. No sum: the token nearest to c alone; it shows how much is the sum's doing."
    ]
    if respelled:
        each = respelled[0]
        words.append(
            Markup(
                "{} of the {} misses only write a word of the question another way, such as {} "
                "for {}."
            ).format(len(respelled), len(missed), token(each.answer), token(str(each.respelled)))
        )
    if total.skipped:
        words.append(
            f"{total.skipped} questions were skipped: a word of theirs is no token of this model."
        )
    return join(words, " ")


def _questions(verdicts: Sequence[Verdict]) -> Markup:
    rows = (
        (
            f"{verdict.question.b} {_MINUS} {verdict.question.a} + {verdict.question.c}",
            tag("span", mark(verdict.answer), class_="token"),
            verdict.question.expected,
            f"{verdict.place:,}",
            f"{verdict.neighbour_place:,}",
        )
        for verdict in verdicts
    )
    heads = ("sum", "nearest", "expected", "its place", "its place with no sum")
    return tag("details", tag("summary", "Every question"), table(heads, rows, class_="scores"))


ANALOGIES = Experiment(
    path="embeddings/analogies",
    title="Analogies",
    idea=(
        "How often do such sums come out right over the questions that ship, and how "
        "often without any sum? Much of it is won by leaving out the question's words."
    ),
    settings=AnalogiesSettings,
    function=run_analogies,
    view=draw,
    action=f"Try {len(read_questions())} analogies",
    empty="How often sums come out right comes here, relation by relation.",
)
