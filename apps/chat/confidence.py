"""How sure a model was of its words, which is not how right they are."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass

from playground.generation.recording import TokenRecord


@dataclass(frozen=True)
class Confidence:
    """How sure a model was of one reply, by its own distribution.

    Parameters
    ----------
    perplexity : float
        The probabilities' geometric mean, turned upside down: between how many equally likely
        tokens the model chose, on average.
    word : str
        The word with the least likely token.
    probability : float
        Of that token, 0 to 1.
    """

    perplexity: float
    word: str
    probability: float


def confidence_of(records: Sequence[TokenRecord]) -> Confidence | None:
    """Return how sure a model was of what is shown of a reply; None where no word is.

    A token that ends the turn is no word.
    """
    said = [record.logprob for record in records if record.finish_reason != "end_of_turn"]
    places = [place for place, record in enumerate(records) if record.shown.strip()]
    if not places or not all(map(math.isfinite, said)):
        return None
    weakest = min(places, key=lambda place: records[place].logprob)
    return Confidence(
        round(math.exp(-sum(said) / len(said)), 3),
        _word_at(records, weakest),
        round(math.exp(records[weakest].logprob), 4),
    )


def _word_at(records: Sequence[TokenRecord], place: int) -> str:
    """Return the word that a token is part of: tokens up to the next blank on both sides."""
    first, end = place, place + 1
    while first > 0 and not records[first].text[:1].isspace():
        first -= 1
    while end < len(records) and not records[end].text[:1].isspace():
        end += 1
    word = "".join(record.shown for record in records[first:end]).strip()
    return (word.strip(string.punctuation) or word)[:40]
