"""How the next token is chosen: pure steps on logits, then one draw.

The steps run in this order: repetition, presence and frequency penalty, logit bias, banned
sequences, temperature, top-k, top-p, min-p. It is transformers' order, but that transformers adds
its bias before the repetition penalty. Each step takes logits of shape (V,) and returns new ones
beside those it was given; what it rules out becomes minus infinity. The draw turns one uniform
number into a token by the inverse of the cumulative distribution, so that two settings can be
compared on the same dice.

Options are checked where they enter (`playground.generation.settings`), not here. Sorting and
choosing among many tokens costs most: the steps touch only those that can still be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import FloatArray, IntArray, softmax

TokenIds = Sequence[int] | IntArray

# Tokens that are summed up at once in a draw.
_BLOCK = 256


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class StepResult:
    """What one step made of the logits; what differs is worked out when asked for.

    Parameters
    ----------
    before, logits : array of shape (V,)
        Scores before and after the step.

    Examples
    --------
    >>> result = apply_top_k(np.array([1.0, 3.0, 2.0]), 2)
    >>> result.logits, result.removed
    (array([-inf,   3.,   2.]), array([0]))
    """

    before: FloatArray
    logits: FloatArray

    @property
    def removed(self) -> NDArray[np.int64]:
        """Ids of the tokens that this step ruled out and that were possible before."""
        return np.flatnonzero((self.logits == -np.inf) & (self.before != -np.inf))

    @property
    def changed(self) -> NDArray[np.int64]:
        """Ids of the tokens whose score this step moved and that are still possible."""
        return np.flatnonzero((self.logits != self.before) & (self.logits != -np.inf))


def apply_temperature(logits: FloatArray, temperature: float) -> StepResult:
    """Divide the logits by T > 0: z_i / T.

    Where a quotient would pass the largest number of the dtype, (z_i - max z) / T stands instead,
    divided in float64. Its softmax is the same, and it cannot overflow upwards: the best tokens
    are at 0, and what lies too far below them is at minus infinity, probability 0. So the smaller
    T, the closer to greedy, down to the smallest T that there is.

    Examples
    --------
    >>> apply_temperature(np.array([2.0, 1.0]), 0.5).logits
    array([4., 2.])
    >>> apply_temperature(np.array([2.0, 1.0]), 1e-320).logits
    array([  0., -inf])
    """
    largest = np.abs(logits, where=logits > -np.inf, out=np.zeros_like(logits)).max()
    divisor = logits.dtype.type(temperature)
    if float(largest) < float(np.finfo(logits.dtype).max) * float(divisor):
        return StepResult(logits, logits / divisor)
    below = (logits - logits.max()).astype(np.float64)
    with np.errstate(over="ignore"):  # to minus infinity, as said above
        return StepResult(logits, (below / temperature).astype(logits.dtype))


def apply_top_k(logits: FloatArray, top_k: int) -> StepResult:
    """Keep the k best tokens, and all that tie with the k-th (Fan et al., 2018, arXiv:1805.04833).

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    top_k : int
        How many to keep, 1 or more; more than V keeps all.

    Examples
    --------
    >>> apply_top_k(np.array([1.0, 3.0, 2.0]), 2).logits
    array([-inf,   3.,   2.])
    """
    k = min(top_k, logits.size)
    kth_best = np.partition(logits, -k)[-k]
    return _keep(logits, np.flatnonzero(logits >= kth_best))


def apply_top_p(logits: FloatArray, top_p: float) -> StepResult:
    """Keep the fewest best tokens whose probability reaches p (Holtzman et al., arXiv:1904.09751).

    The best token always stays. Of equal tokens those with the lower ids go first.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    top_p : float
        In (0, 1]; 1 keeps all.

    Examples
    --------
    >>> apply_top_p(np.log(np.array([0.5, 0.3, 0.2])), 0.7).logits.round(2)
    array([-0.69, -1.2 ,  -inf])
    """
    if top_p >= 1.0:
        return StepResult(logits, logits.copy())
    probabilities = softmax(logits)
    # Tokens below (1 - p) / V make less than 1 - p all together, so they go without being sorted.
    # The 2 keeps clear of rounding.
    candidates = np.flatnonzero(probabilities >= (1.0 - top_p) / (2 * logits.size))
    held = probabilities[candidates]
    ascending = np.sort(held)
    cut = _tail_length(ascending, float(probabilities.sum(dtype=np.float64)), top_p)
    worst_kept = ascending[cut]
    result = _keep(logits, candidates[held >= worst_kept])
    equal = candidates[held == worst_kept]
    equal_cut = cut - int(np.searchsorted(ascending, worst_kept))
    result.logits[equal[np.argsort(logits[equal], kind="stable")][:equal_cut]] = -np.inf
    return result


def apply_min_p(logits: FloatArray, min_p: float) -> StepResult:
    """Keep tokens at least `min_p` times as likely as the best (Nguyen et al., arXiv:2407.01082).

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    min_p : float
        In [0, 1]; 0 keeps all.

    Examples
    --------
    >>> apply_min_p(np.log(np.array([0.6, 0.3, 0.1])), 0.25).logits.round(2)
    array([-0.51, -1.2 ,  -inf])
    """
    probabilities = softmax(logits)
    return _keep(logits, np.flatnonzero(probabilities >= min_p * probabilities.max()))


@dataclass(frozen=True)
class Draw:
    """A token and the stretch of [0, 1) that belongs to it.

    Parameters
    ----------
    token_id : int
        The token.
    low, high : float
        The running sum of the probabilities before it and with it: whatever uniform number lies in
        [low, high) draws this token.
    """

    token_id: int
    low: float
    high: float


def draw(probabilities: FloatArray, uniform: float) -> Draw:
    """Choose a token by the inverse cumulative distribution.

    Token i is chosen when `uniform` falls into [c_{i-1}, c_i), c being the running sum of the
    probabilities in token order. The sum runs in float64, so that rounding cannot favour a tail.

    A larger `uniform` never gives an earlier token. Of two distributions on the same `uniform`, one
    whose running sum is nowhere smaller never gives a later token: with tokens in order from best
    to worst, a lower temperature never draws a worse one.

    Parameters
    ----------
    probabilities : array of shape (V,)
        Probabilities; they need not sum to exactly 1.
    uniform : float
        A number in [0, 1) from the caller's random generator.

    Returns
    -------
    Draw
        The token, never one of probability 0, and its stretch.

    Examples
    --------
    >>> draw(np.array([0.25, 0.5, 0.25]), 0.6)
    Draw(token_id=1, low=0.25, high=0.75)
    """
    exact = probabilities.astype(np.float64)
    # Summed up block by block first: one running sum over the vocabulary takes ten times as long.
    ends = np.cumsum(np.add.reduceat(exact, np.arange(0, exact.size, _BLOCK)))
    # `uniform` is 1 - 2^-53 at most, and that much of a float64 never rounds up to it again: the
    # search stays inside.
    target = uniform * ends[-1]
    block = int(np.searchsorted(ends, target, side="right"))
    inside = exact[block * _BLOCK : (block + 1) * _BLOCK]
    bounds = np.cumsum(np.concatenate([ends[block - 1 : block] if block else [0.0], inside]))
    # A token of probability 0 adds nothing to the sum, so the search passes it by; and no rounding
    # of the two sums leads past the last token that is possible.
    place = min(int(np.searchsorted(bounds[1:], target, side="right")), np.flatnonzero(inside)[-1])
    low, high = (bounds[place : place + 2] / ends[-1]).tolist()
    return Draw(block * _BLOCK + int(place), low, high)


def _tail_length(ascending: FloatArray, total: float, top_p: float) -> int:
    """Return how many of the candidates top-p cuts, from the worst up.

    As transformers does it: add up from the worst, cut while the sum is within 1 - p. The sum
    starts with all that are no candidates; it runs in float64 and is compared in the dtype of the
    probabilities.
    """
    sums = np.cumsum(ascending, dtype=np.float64)
    tail = (total - sums[-1] + sums[:-1]).astype(ascending.dtype)
    return int(np.searchsorted(tail, ascending.dtype.type(1.0 - top_p), side="right"))


def _keep(logits: FloatArray, token_ids: IntArray) -> StepResult:
    """Rule out all tokens but those named."""
    kept = np.full_like(logits, -np.inf)
    kept[token_ids] = logits[token_ids]
    return StepResult(logits, kept)
