"""Steps that move scores by what was written before, or by wish: penalties, bias, bans.

Each takes logits of shape (V,) and returns new ones beside those it was given; what it rules out
becomes minus infinity. `playground.core.sampling` says in which order all steps run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from playground.core.functional import FloatArray, IntArray
from playground.core.sampling import StepResult

TokenIds = Sequence[int] | IntArray


@dataclass(frozen=True)
class BannedSequences:
    """Sequences of tokens that may not appear, arranged for one look-up a step.

    Parameters
    ----------
    endings : mapping of tuple of int to tuple of int
        The ids before the last one, and every last id that would complete a sequence after them.
    """

    endings: Mapping[tuple[int, ...], tuple[int, ...]]

    @classmethod
    def of(cls, sequences: Iterable[Sequence[int]]) -> BannedSequences:
        """Arrange sequences of token ids.

        Raises
        ------
        ValueError
            A sequence is empty.

        Examples
        --------
        >>> BannedSequences.of([[7], [1, 2], [1, 3]]).completing([5, 1])
        [7, 2, 3]
        """
        endings: dict[tuple[int, ...], list[int]] = {}
        for sequence in sequences:
            if len(sequence) == 0:
                raise ValueError("a banned sequence must hold at least one token id, got none")
            *beginning, last = sequence
            endings.setdefault(tuple(beginning), []).append(last)
        return cls(MappingProxyType({key: tuple(lasts) for key, lasts in endings.items()}))

    def completing(self, token_ids: TokenIds) -> list[int]:
        """Return the ids that would complete a banned sequence after `token_ids`."""
        size = len(token_ids)
        ends = (tuple(token_ids[size - n :]) for n in self._lengths if n <= size)
        return [last for end in ends for last in self.endings.get(end, ())]

    @cached_property
    def _lengths(self) -> frozenset[int]:
        """How many ids come before the last one, in any of the sequences."""
        return frozenset(len(beginning) for beginning in self.endings)


def apply_repetition_penalty(logits: FloatArray, token_ids: TokenIds, penalty: float) -> StepResult:
    """Make tokens that were already used less likely (Keskar et al., 2019, arXiv:1909.05858).

    A positive logit is divided by the penalty, a negative one multiplied, once per token however
    often it was used.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    token_ids : sequence or array of int
        Tokens of the prompt and of the reply so far.
    penalty : float
        Above 1 discourages repetition, 1 changes nothing.

    Examples
    --------
    >>> apply_repetition_penalty(np.array([2.0, -1.0, 3.0]), [0, 1, 1], 2.0).logits
    array([ 1., -2.,  3.])
    """
    # A token named twice is written twice, with the same value.
    used = np.asarray(token_ids, dtype=np.int64)
    scores = logits[used]
    penalized = logits.copy()
    penalized[used] = np.where(scores < 0, scores * penalty, scores / penalty)
    return StepResult(logits, penalized)


def apply_presence_penalty(logits: FloatArray, reply_ids: TokenIds, penalty: float) -> StepResult:
    """Subtract the penalty once from each token of the reply: z_i - penalty * (count_i > 0).

    OpenAI's definition. Unlike the repetition penalty it leaves the prompt alone.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    reply_ids : sequence or array of int
        Tokens of the reply so far, without the prompt.
    penalty : float
        Above 0 discourages repetition, below 0 encourages it, 0 changes nothing.

    Examples
    --------
    >>> apply_presence_penalty(np.array([2.0, -1.0, 3.0]), [0, 1, 1], 0.5).logits
    array([ 1.5, -1.5,  3. ])
    """
    used = np.asarray(reply_ids, dtype=np.int64)
    penalized = logits.copy()
    penalized[used] = logits[used] - penalty
    return StepResult(logits, penalized)


def apply_frequency_penalty(logits: FloatArray, reply_ids: TokenIds, penalty: float) -> StepResult:
    """Subtract the penalty from a token each time it is in the reply: z_i - penalty * count_i.

    OpenAI's definition. Unlike the repetition penalty it leaves the prompt alone.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    reply_ids : sequence or array of int
        Tokens of the reply so far, without the prompt.
    penalty : float
        Above 0 discourages repetition, below 0 encourages it, 0 changes nothing.

    Examples
    --------
    >>> apply_frequency_penalty(np.array([2.0, -1.0, 3.0]), [0, 1, 1], 0.5).logits
    array([ 1.5, -2. ,  3. ])
    """
    used, counts = np.unique(np.asarray(reply_ids, dtype=np.int64), return_counts=True)
    penalized = logits.copy()
    penalized[used] -= penalty * counts
    return StepResult(logits, penalized)


def apply_logit_bias(logits: FloatArray, bias: Mapping[int, float]) -> StepResult:
    """Add a number to the logits of the tokens named.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    bias : mapping of int to float
        What to add, by token id.

    Examples
    --------
    >>> apply_logit_bias(np.array([2.0, -1.0, 3.0]), {1: 5.0}).logits
    array([2., 4., 3.])
    """
    biased = logits.copy()
    biased[np.array([*bias], dtype=np.int64)] += np.array([*bias.values()], dtype=logits.dtype)
    return StepResult(logits, biased)


def apply_bans(logits: FloatArray, token_ids: TokenIds, banned: BannedSequences) -> StepResult:
    """Rule out each token that would complete a banned sequence.

    A sequence of one token is always ruled out. Of a longer one the last token is, whenever the
    ids before it have just been generated.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    token_ids : sequence or array of int
        Tokens of the prompt and of the reply so far.
    banned : BannedSequences
        What may not appear.

    Raises
    ------
    ValueError
        No token is left.

    Examples
    --------
    >>> apply_bans(np.array([2.0, -1.0, 3.0]), [0], BannedSequences.of([[1], [0, 2]])).logits
    array([  2., -inf, -inf])
    """
    kept = logits.copy()
    kept[np.asarray(banned.completing(token_ids), dtype=np.int64)] = -np.inf
    if kept.max() == -np.inf:
        raise ValueError(
            f"at least one token must stay possible, but all {kept.size} are ruled out; ban fewer"
        )
    return StepResult(logits, kept)
