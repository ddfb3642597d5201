"""Two replies to one message: what differs, and how each side chose where they part."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.choice import render_choice
from playground.drawing.finish_words import FINISH_WORDS
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Needs
from playground.generation.divergence import find_parting
from playground.generation.row import Step
from playground.labs.precision.pair import Pair, PairSettings, Side, differing, run_pair
from playground.models.text.tokenizer import Tokenizer


def draw(pair: Pair) -> Markup:
    """Return both replies beside each other, and the distributions at the fork."""
    if pair.tokenizer is None or not any(side.reply.steps for side in pair.sides):
        return Markup()
    return draw_sides(pair.sides, pair.tokenizer, pair.done)


def draw_sides(sides: Sequence[Side], tokenizer: Tokenizer, done: bool) -> Markup:
    """Return two replies; `done` is False while they are being written."""
    first, second = sides
    parting = find_parting(first.reply.steps, second.reply.steps)
    place = parting.position if parting else None
    columns = (_side(first, second, place, done), _side(second, first, place, done))
    texts = tag("div", *columns, class_="texts")
    if parting is None:
        words = "They never part." if done else "Not parted so far."
        return texts + tag("p", words, class_="hint")
    forks = (
        render_choice(choice, tokenizer, side.name)
        for choice, side in ((parting.first, first), (parting.second, second))
    )
    fork = tag(
        "div",
        tag("h3", f"They part at token {parting.position + 1:,}"),
        tag("div", *forks, class_="texts"),
        class_="card pair-fork strip-column",
    )
    return texts + fork


def _side(side: Side, other: Side, place: int | None, done: bool) -> Markup:
    marked = differing(side.reply.steps, other.reply.steps)
    words = join(
        _piece(step, index == place, index in marked, place is None or index < place)
        for index, step in enumerate(side.reply.steps)
    )
    return tag(
        "section",
        tag("h3", side.name),
        tag("p", words or "…", class_="written"),
        _facts(side, done),
        class_="strip-column",
    )


def _facts(side: Side, done: bool) -> Markup:
    speed, first = side.reply.tokens_per_second, side.reply.first_token_seconds or 0
    return tag(
        "p",
        f"{len(side.reply.steps):,} tokens · first after ",
        tag("b", f"{first:.2f} s"),
        *((" · ", tag("b", f"{speed:.1f}"), " tok/s") if speed else ()),
        f" · {FINISH_WORDS[side.reply.finish_reason] if done else 'writing…'}",
        class_="hint",
    )


def _piece(step: Step, is_fork: bool, differs: bool, shared: bool) -> Markup | str:
    if is_fork:
        return tag("mark", step.text or "∅", class_="parting")
    if shared:
        return tag("span", step.text, class_="muted")
    return tag("span", step.text, class_="differs") if differs else step.text


PAIR = Experiment(
    path="precision/pair",
    title="Side by side",
    idea=(
        "The same message to the same model at two precisions, with the run settings at the right "
        "and the same dice. What differs comes from the precision and the engine."
    ),
    settings=PairSettings,
    function=run_pair,
    view=draw,
    needs=Needs.CHOICE,
    action="Ask both",
    empty="Both replies come here, with what differs marked.",
    small={"second": "int8/core", "max_new_tokens": 4, "seed": 1},
)
