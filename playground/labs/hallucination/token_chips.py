"""An answer as chips: one a token, the darker the more it surprised the model."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.marks import mark, percent
from playground.drawing.markup import tag
from playground.generation.recording import TokenRecord
from playground.labs.hallucination.number_text import counted

# Where one shade ends and the next begins, in nats; as the chat's chips have them.
EDGES = (0.5, 1.0, 2.0, 4.0)
_SURPRISAL = "Surprisal: how little the model expected the token "
_NATS = "A nat is the unit of a natural logarithm: 0.7 is one in two, 2.3 one in ten."
WORDS = ("under 0.5 nats", "0.5 to 1", "1 to 2", "2 to 4", "over 4 nats")


def chips(tokens: Sequence[TokenRecord]) -> Markup:
    """Return an answer's tokens, shaded by surprisal; each says what else could have come."""
    count = counted(len(tokens), "token")
    label = f"{count} of the answer, shaded by how much each surprised the model"
    return tag("div", *map(_chip, tokens), class_="answer-chips", role="group", aria_label=label)


def shade(surprisal_nats: float) -> int:
    """Return the shade from 1 to 5.

    Examples
    --------
    >>> shade(0.1), shade(0.5), shade(9.0)
    (1, 2, 5)
    """
    return 1 + sum(surprisal_nats >= edge for edge in EDGES)


def _chip(token: TokenRecord) -> Markup:
    others = ", ".join(
        f"{mark(each.text)} {percent(math.exp(each.logprob))}" for each in token.alternatives[:4]
    )
    words = (
        f"{percent(math.exp(token.logprob))}, {token.surprisal_nats:.2f} nats of surprise, entropy "
        f"{token.entropy_nats:.2f} nats. Likeliest: {others}"
    )
    return tag(
        "span",
        mark(token.text),
        tag("small", f"{token.surprisal_nats:.1f}"),
        class_=f"chip s{shade(token.surprisal_nats)}",
        title=words,
        tabindex="0",
        aria_label=f"{mark(token.text)}: {words}",
    )


def key() -> Markup:
    """Return the key to the shades."""
    samples = (tag("span", words, class_=f"key s{step}") for step, words in enumerate(WORDS, 1))
    return tag(
        "p", tag("span", _SURPRISAL, class_="muted", title=_NATS), *samples, class_="shade-keys"
    )
