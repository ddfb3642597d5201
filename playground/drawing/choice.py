"""How one token was chosen: the one taken, the likeliest ones, the dice."""

from __future__ import annotations

import math
from html import escape

from playground.drawing.marks import mark, percent
from playground.generation.choosing import Choice
from playground.models.text.tokenizer import Tokenizer

SHOWN = 5


def render_choice(choice: Choice, tokenizer: Tokenizer, name: str) -> str:
    """Return how one side chose at a parting: the token taken, the likeliest ones, the dice."""
    likeliest = "".join(
        f'<li class="{"taken" if other.token_id == choice.token_id else ""}">'
        f'<span class="token">{escape(mark(tokenizer.piece(other.token_id)))}</span>'
        f"<span>{percent(math.exp(other.logprob))}</span></li>"
        for other in choice.alternatives[:SHOWN]
    )
    taken = escape(mark(tokenizer.piece(choice.token_id)))
    dice = "no dice" if choice.uniform is None else f"dice {choice.uniform:.4f}"
    return (
        f'<div class="side"><p><b>{name}</b> took <b class="token">{taken}</b>: rank '
        f"{choice.rank:,}, {percent(math.exp(choice.logprob))} at T 1, "
        f"{percent(choice.probability)} here; {dice}</p><ol>{likeliest}</ol></div>"
    )
