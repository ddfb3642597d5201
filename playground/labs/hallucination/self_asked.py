"""P(True): the model is shown its own answer and asked whether it is true.

After Kadavath et al. (2022, arXiv:2207.05221). It is known to fail in small models, which say one
letter whatever stands before it; the lab shows it for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import softmax
from playground.generation.decoding import prefill
from playground.generation.language_model import LanguageModel
from playground.models.engines.engine import PREFILL_CHUNK, KVCache
from playground.models.text.tokenizer import Message

# The claim comes last, so that what stands before it is read once for all.
FORM = "Is the statement true? (A) Yes (B) No. Answer with A or B.\n{claim}"
BEGUN = "("


def claim_of(prompt: str, answer: str) -> str:
    """Return prompt and answer as something that is true or not.

    Examples
    --------
    >>> claim_of("The capital of Mali is", "Bamako")
    'The capital of Mali is Bamako.'
    >>> claim_of("Who wrote Emma?", "Jane Austen.")
    'Who wrote Emma? Jane Austen.'
    """
    return f"{prompt.rstrip()} {answer.strip().rstrip('.')}."


class SelfAsked:
    """A model that is asked of its own answers.

    Parameters
    ----------
    model : LanguageModel
        Who is asked; in its chat template where it has one.
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._read: list[int] = []
        self._cache: KVCache | None = None

    def say_true(self, claims: Sequence[str]) -> list[tuple[float, int] | None]:
        """Return P(A) / (P(A) + P(B)) of the letter it would give, and the tokens it had to read.

        Claims of a length are read together: the weights go through the processor once for all.

        Parameters
        ----------
        claims : sequence of str
            From `claim_of`.

        Returns
        -------
        list of (float, int) or None
            None where a claim fills the window, or a score is NaN or infinite.
        """
        found: list[tuple[float, int] | None] = [None] * len(claims)
        whole = [self._encode(claim) for claim in claims]
        fits = [place for place, ids in enumerate(whole) if self._fits(ids)]
        begun = [min(self._shared(whole[place]), len(whole[place]) - 1) for place in fits]
        shared = min(begun, default=0)
        for length in sorted({len(whole[place]) for place in fits}):
            places = [place for place in fits if len(whole[place]) == length]
            cache = self._begin(whole[places[0]][:shared])
            rows = np.array([whole[place][shared:] for place in places], np.int64)
            logits = self._forward(rows, cache)
            for place, scores in zip(places, logits, strict=True):
                found[place] = self._said(scores, length - shared)
        return found

    def _fits(self, ids: Sequence[int]) -> bool:
        return len(ids) < self._model.context_length

    def _forward(self, rows: NDArray[np.int64], cache: KVCache) -> NDArray[np.float32]:
        """Read rows behind what the cache holds, in pieces as a prompt is read."""
        caches = [cache.copy() for _ in rows]
        starts = range(0, rows.shape[1], PREFILL_CHUNK)
        pieces = (rows[:, start : start + PREFILL_CHUNK] for start in starts)
        return [self._model.engine.forward(piece, caches) for piece in pieces][-1]

    def _said(self, scores: NDArray[np.float32], read: int) -> tuple[float, int] | None:
        (yes, *_), (no, *_) = (self._model.tokenizer.encode(letter) for letter in "AB")
        if not np.isfinite(scores[[yes, no]]).all():
            return None
        both = scores[[yes, no]].astype(np.float64)
        return float(softmax(both)[0]), read

    def _encode(self, claim: str) -> list[int]:
        tokenizer = self._model.tokenizer
        message = Message("user", FORM.format(claim=claim))
        return [*tokenizer.encode_chat([message]), *tokenizer.encode(BEGUN)]

    def _shared(self, ids: Sequence[int]) -> int:
        """Return how many tokens stand before any claim."""
        other = self._encode("0") if ids != self._encode("0") else self._encode("x")
        pairs = zip(ids, other, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    def _begin(self, ids: list[int]) -> KVCache:
        """Return a cache that has read what stands before the claim."""
        if self._cache is None or self._read != ids:
            self._cache, self._read = self._model.engine.new_cache(), ids
            for _ in prefill(self._model.engine, ids, self._cache):
                pass
        return self._cache
