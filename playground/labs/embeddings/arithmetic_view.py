"""Sums of words, and how often they come out right, as HTML; all text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.drawing.cosine_bars import cosine_bar, render_bars, token
from playground.drawing.marks import mark
from playground.labs.embeddings.analogies import Score, Verdict
from playground.labs.embeddings.arithmetic import Solution

AMONG = 5


def render_solution(solution: Solution) -> str:
    """Return what a sum points at, with the words left out where they would stand."""
    rows = "".join(
        cosine_bar(token(each.text), each.cosine)
        if each.place
        else cosine_bar(token(each.text), each.cosine, "left out", "cut")
        for each in solution.answers
    )
    first = next((each.text for each in solution.answers if each.place), "")
    return (
        f'<div class="card"><h2>{_sum(solution)} <span class="muted">is nearest to</span> '
        f"{token(first)}</h2>{render_bars('Tokens nearest to the sum', rows)}"
        f'<p class="hint">{_left_out(solution)} All {solution.searched:,} tokens were compared, in '
        f"{1000 * solution.seconds:.0f} ms (measured).</p></div>"
    )


def _sum(solution: Solution) -> str:
    parts = [
        f"{'+' if term.sign > 0 else '&minus;'} {token(term.word.text)}" for term in solution.terms
    ]
    return " ".join(parts).removeprefix("+ ")


def _left_out(solution: Solution) -> str:
    words = ["The words of the question do not count as answers."]
    if solution.far:
        nearest_first = sorted(solution.far, key=lambda each: each[1])
        places = ", ".join(f"{token(text)} at place {place:,}" for text, place in nearest_first)
        words.append(f"Further off than what is shown stand {places}.")
    for word in dict.fromkeys(t.word for t in solution.terms if t.word.token_id is None):
        pieces = " ".join(token(piece) for piece in word.pieces)
        words.append(f"“{escape(word.typed)}” is no token: the mean of {pieces} stands for it.")
    return " ".join(words)


def render_scores(scores: Sequence[Score], spellings_too: bool) -> str:
    """Return how often sums came out right, relation by relation, beside the rival."""
    verdicts = [verdict for score in scores for verdict in score.verdicts]
    if not verdicts:
        return (
            '<p class="hint">None of the questions can be asked: each has a word that is no token '
            "of this model.</p>"
        )
    total = Score("all", tuple(verdicts), sum(score.skipped for score in scores))
    rows = "".join(_score_row(score) for score in (*scores, total) if score.verdicts)
    return (
        f'<div class="card"><h2>{total.right(1)} of {len(verdicts)} right '
        f'<span class="muted">{total.right_by_neighbour(1)} without any sum</span></h2>'
        f'<div class="scroll"><table class="scores"><thead>{_SCORE_HEAD}</thead>'
        f'<tbody>{rows}</tbody></table></div><p class="hint">{_explained(total, spellings_too)}'
        f"</p>{_questions(verdicts)}</div>"
    )


_SCORE_HEAD = (
    '<tr><td colspan="2"></td><th colspan="2" scope="colgroup">the nearest is right</th>'
    f'<th colspan="2" scope="colgroup">among the first {AMONG}</th></tr>'
    '<tr><th scope="col">relation</th><th scope="col">asked</th><th scope="col">sum</th>'
    '<th scope="col">no sum</th><th scope="col">sum</th><th scope="col">no sum</th></tr>'
)


def _score_row(score: Score) -> str:
    pairs = [(score.right(among), score.right_by_neighbour(among)) for among in (1, AMONG)]
    cells = "".join(
        f"<td{' class=best' if ours > theirs else ''}>{ours}</td><td>{theirs}</td>"
        for ours, theirs in pairs
    )
    return (
        f'<tr{" class=all" if score.relation == "all" else ""}><th scope="row">'
        f"{escape(score.relation)}</th><td>{len(score.verdicts)}</td>{cells}</tr>"
    )


def _explained(total: Score, spellings_too: bool) -> str:
    missed = [verdict for verdict in total.verdicts if verdict.place > 1]
    respelled = [verdict for verdict in missed if verdict.respelled]
    out = "the words of the question" + (" and their other spellings" if spellings_too else "")
    words = [
        f"“a is to b as c is to d” is right when d is nearest to b &minus; a + c, {out} left out. "
        "No sum: the token nearest to c alone; it shows how much is the sum's doing."
    ]
    if respelled:
        each = respelled[0]
        words.append(
            f"{len(respelled)} of the {len(missed)} misses only write a word of the question "
            f"another way, such as {token(each.answer)} for {token(str(each.respelled))}."
        )
    if total.skipped:
        words.append(
            f"{total.skipped} questions were skipped: a word of theirs is no token of this model."
        )
    return " ".join(words)


def _questions(verdicts: Sequence[Verdict]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(verdict.question.b)} &minus; {escape(verdict.question.a)} + '
        f'{escape(verdict.question.c)}</th><td class="token">{escape(mark(verdict.answer))}</td>'
        f"<td>{escape(verdict.question.expected)}</td><td>{verdict.place:,}</td>"
        f"<td>{verdict.neighbour_place:,}</td></tr>"
        for verdict in verdicts
    )
    names = ("sum", "nearest", "expected", "its place", "its place with no sum")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        '<details><summary>Every question</summary><div class="scroll"><table class="scores">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
