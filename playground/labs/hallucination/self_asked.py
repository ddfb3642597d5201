"""P(True): the model is shown its own answer and asked whether it is true.

After Kadavath et al. (2022, arXiv:2207.05221). It is known to fail in small models, which say one
letter whatever stands before it; the lab shows it for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import numpy as np

from playground.core.functional import softmax
from playground.generation.choosing import require_finite
from playground.generation.decoding import prefill, require_fit
from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from playground.models.engines.engine import KVCache
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
    """A model that is asked of its own answers, one after the other.

    Parameters
    ----------
    model : LanguageModel
        Who is asked; in its chat template where it has one.
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._read: list[int] = []
        self._cache: KVCache | None = None

    def says_true(self, claim: str) -> tuple[float, int]:
        """Return P(A) / (P(A) + P(B)) of the letter it would give, and the tokens it had to read.

        Raises
        ------
        ContextOverflow
            When the claim fills the window.
        NotFinite
            When a score is NaN or infinite.
        """
        ids, tokenizer = self._encode(claim), self._model.tokenizer
        require_fit(self._model.engine, ids, SamplingSettings(max_new_tokens=1))
        rest = ids[self._shared(ids) :]
        cache = self._begin(ids[: len(ids) - len(rest)])
        logits = require_finite([*prefill(self._model.engine, rest, cache)][-1])
        (yes, *_), (no, *_) = tokenizer.encode("A"), tokenizer.encode("B")
        both = np.array([logits[yes], logits[no]], np.float64)
        return float(softmax(both)[0]), len(rest)

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
        return self._cache.copy()
