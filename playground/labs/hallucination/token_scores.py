"""How sure a model was of an answer, from the pass that wrote it: one number an answer.

Each function takes the answer's tokens, one or more, with what is recorded of the model's own
distribution at each: T = 1, nothing cut, whatever the sampler did.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from playground.generation.recording import TokenRecord


def sequence_logprob(tokens: Sequence[TokenRecord]) -> float:
    """Return the log-probability of the whole answer: sum_t log p(x_t | x_<t), in nats."""
    return math.fsum(token.logprob for token in tokens)


def mean_logprob(tokens: Sequence[TokenRecord]) -> float:
    """Return the mean log-probability of a token, in nats: minus the log of the perplexity."""
    return fmean(token.logprob for token in tokens)


def lowest_probability(tokens: Sequence[TokenRecord]) -> float:
    """Return the probability of the token that the model was least sure of, 0 to 1."""
    return math.exp(min(token.logprob for token in tokens))


def mean_entropy(tokens: Sequence[TokenRecord]) -> float:
    """Return the mean entropy of the next token, in nats."""
    return fmean(token.entropy_nats for token in tokens)


def highest_entropy(tokens: Sequence[TokenRecord]) -> float:
    """Return the entropy of the next token where the model was most torn, in nats."""
    return max(token.entropy_nats for token in tokens)


def margin(tokens: Sequence[TokenRecord]) -> float:
    """Return how far the likeliest token was ahead of the second, on average, 0 to 1."""
    return fmean(_lead(token) for token in tokens)


def _lead(token: TokenRecord) -> float:
    best, *others = (math.exp(each.logprob) for each in token.alternatives)
    return best - (others[0] if others else 0.0)


def length(tokens: Sequence[TokenRecord]) -> float:
    """Return how many tokens the answer has, 0 for none: it knows nothing of the model."""
    return float(len(tokens))


def thrown(seed: int, name: str) -> float:
    """Return a number from 0 to 1 that is thrown for one item, the same for the same seed.

    Examples
    --------
    >>> thrown(0, "capital-ml") == thrown(0, "capital-ml") != thrown(1, "capital-ml")
    True
    """
    return float(
        np.random.default_rng([seed, zlib.crc32(name.encode("utf-8", "replace"))]).random()
    )
