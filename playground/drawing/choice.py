"""How one token was chosen: the one taken, the likeliest ones, the dice."""

from __future__ import annotations

import math

from markupsafe import Markup

from playground.drawing.marks import mark, percent
from playground.drawing.markup import tag
from playground.generation.choosing import Alternative, Choice
from playground.models.text.tokenizer import Tokenizer

SHOWN = 5


def render_choice(choice: Choice, tokenizer: Tokenizer, name: str) -> Markup:
    """Return how one side chose at a parting: the token taken, the likeliest ones, the dice."""
    likeliest = (
        _alternative(other, tokenizer, other.token_id == choice.token_id)
        for other in choice.alternatives[:SHOWN]
    )
    taken = tag("b", mark(tokenizer.piece(choice.token_id)), class_="token")
    dice = "no dice" if choice.uniform is None else f"dice {choice.uniform:.4f}"
    numbers = (
        f": rank {choice.rank:,}, {percent(math.exp(choice.logprob))} at T 1, "
        f"{percent(choice.probability)} here; {dice}"
    )
    head = tag("p", tag("b", name), " took ", taken, numbers)
    return tag("div", head, tag("ol", *likeliest), class_="side")


def _alternative(other: Alternative, tokenizer: Tokenizer, taken: bool) -> Markup:
    token = tag("span", mark(tokenizer.piece(other.token_id)), class_="token")
    share = tag("span", percent(math.exp(other.logprob)))
    return tag("li", token, share, class_="taken" if taken else None)
