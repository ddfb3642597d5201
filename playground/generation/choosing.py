"""How one token is chosen, with the record of it.

The steps of `playground.core.sampling` in their order, then the draw. What chats run is what the
labs show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import FloatArray, log_softmax, softmax
from playground.core.metrics import entropy
from playground.core.penalties import (
    BannedSequences,
    apply_bans,
    apply_frequency_penalty,
    apply_logit_bias,
    apply_presence_penalty,
    apply_repetition_penalty,
)
from playground.core.sampling import (
    Draw,
    StepResult,
    apply_min_p,
    apply_temperature,
    apply_top_k,
    apply_top_p,
    draw,
)
from playground.errors import NotFinite, OptionError
from playground.generation.settings import SamplingSettings

# How many of the likeliest tokens a record names.
ALTERNATIVES = 10
# The vocabulary is searched for its best tokens in blocks of this many.
_BLOCK = 256


@dataclass(frozen=True)
class Alternative:
    """A token that could have come, in the model's own distribution (T = 1, nothing cut).

    Parameters
    ----------
    token_id : int
        The token.
    logit : float
        Its score.
    logprob : float
        Its log-probability, in nats.
    """

    token_id: int
    logit: float
    logprob: float


@dataclass(frozen=True)
class StageRecord:
    """What one step did.

    Parameters
    ----------
    name : str
        The setting that drives it: "temperature", "top_p".
    logit : float
        Score of the chosen token after it.
    possible : int
        Tokens that are still possible after it.
    """

    name: str
    logit: float
    possible: int


@dataclass(frozen=True)
class Choice:
    """A chosen token and how it was chosen.

    Parameters
    ----------
    token_id : int
        The token.
    logprob : float
        Its log-probability in the model's own distribution, in nats.
    rank : int
        Its place there; 1 is the likeliest.
    entropy_nats : float
        Entropy of that distribution.
    alternatives : tuple of Alternative
        The likeliest tokens of that distribution, best first.
    stages : tuple of StageRecord
        What each step that was on did, in order.
    uniform : float or None
        The number thrown; None at temperature 0, where nothing is.
    low, high : float
        The stretch of [0, 1) that draws this token, in the distribution that was drawn from.
    """

    token_id: int
    logprob: float
    rank: int
    entropy_nats: float
    alternatives: tuple[Alternative, ...]
    stages: tuple[StageRecord, ...]
    uniform: float | None
    low: float
    high: float

    @property
    def surprisal_nats(self) -> float:
        """How unexpected the token was to the model."""
        return -self.logprob

    @property
    def probability(self) -> float:
        """Probability of the token in the distribution that was drawn from."""
        return self.high - self.low


class Chooser:
    """The settings of one reply, ready to be applied token after token.

    Parameters
    ----------
    settings : SamplingSettings
        Steps that are off are left out.
    prompt_ids : sequence of int
        The prompt, for the repetition penalty and the bans.
    rng : numpy.random.Generator
        Gives one uniform number a token; untouched at temperature 0.
    """

    def __init__(
        self, settings: SamplingSettings, prompt_ids: Sequence[int], rng: np.random.Generator
    ) -> None:
        self.settings = settings
        self._prompt_ids = list(prompt_ids)
        self._rng = rng
        self._banned = BannedSequences.of(settings.banned)

    def choose(self, logits: FloatArray, reply_ids: Sequence[int]) -> Choice:
        """Choose the next token.

        Parameters
        ----------
        logits : array of shape (V,)
            The model's scores.
        reply_ids : sequence of int
            The reply so far.

        Raises
        ------
        OptionError
            When the bans leave no token.
        NotFinite
            When a score is NaN or plus infinity.
        """
        require_finite(logits)
        stages = self.stages(logits, reply_ids)
        final = stages[-1][1].logits if stages else logits
        if self.settings.greedy:
            token_id, uniform, low, high = int(np.argmax(final)), None, 0.0, 1.0
        else:
            uniform = float(self._rng.random())
            drawn = _draw(final, uniform)
            token_id, low, high = drawn.token_id, drawn.low, drawn.high
        logprobs = log_softmax(logits)
        return Choice(
            token_id=token_id,
            logprob=float(logprobs[token_id]),
            rank=1 + int(np.count_nonzero(logits > logits[token_id])),
            entropy_nats=float(entropy(logprobs)),
            alternatives=_alternatives(logits, logprobs),
            stages=tuple(_record(name, result, token_id) for name, result in stages),
            uniform=uniform,
            low=low,
            high=high,
        )

    def stages(self, logits: FloatArray, reply_ids: Sequence[int]) -> list[tuple[str, StepResult]]:
        """Run the steps that are on and return each with the name of its setting.

        At temperature 0 only those apply that can change which token is the best.
        """
        s, used = self.settings, [*self._prompt_ids, *reply_ids]
        draws = not s.greedy
        steps: list[tuple[str, bool, Callable[[FloatArray], StepResult]]] = [
            (
                "repetition_penalty",
                s.repetition_penalty != 1,
                lambda z: apply_repetition_penalty(z, used, s.repetition_penalty),
            ),
            (
                "presence_penalty",
                s.presence_penalty != 0,
                lambda z: apply_presence_penalty(z, reply_ids, s.presence_penalty),
            ),
            (
                "frequency_penalty",
                s.frequency_penalty != 0,
                lambda z: apply_frequency_penalty(z, reply_ids, s.frequency_penalty),
            ),
            ("logit_bias", bool(s.logit_bias), lambda z: apply_logit_bias(z, s.logit_bias)),
            ("banned", bool(s.banned), lambda z: self._apply_bans(z, used)),
            (
                "temperature",
                draws and s.temperature != 1,
                lambda z: apply_temperature(z, s.temperature),
            ),
            ("top_k", draws and s.top_k > 0, lambda z: apply_top_k(z, s.top_k)),
            ("top_p", draws and s.top_p < 1, lambda z: apply_top_p(z, s.top_p)),
            ("min_p", draws and s.min_p > 0, lambda z: apply_min_p(z, s.min_p)),
        ]
        done = []
        for name, is_on, apply in steps:
            if is_on:
                done.append((name, apply(logits)))
                logits = done[-1][1].logits
        return done

    def _apply_bans(self, logits: FloatArray, used: Sequence[int]) -> StepResult:
        try:
            return apply_bans(logits, used, self._banned)
        except ValueError:
            raise OptionError(
                f"`banned` must leave at least one token possible, and all {logits.size:,} are "
                f"banned; ban fewer."
            ) from None


def require_finite(logits: FloatArray) -> FloatArray:
    """Return logits of shape (V,) as they are; minus infinity may be among them, not everywhere.

    Raises
    ------
    NotFinite
        When one is NaN or plus infinity, or none is a number: no token could be chosen by them.
    """
    best = float(logits.max())  # NaN if one of them is
    if not np.isfinite(best):
        raise NotFinite(
            f"The model's scores must be numbers, but the best of them is {best:g}: its sums have "
            "overflowed, as FP16's do beyond 65,504, or a weight is damaged; "
            "take the model at BF16 or FP32, and where it is at one of them, fetch it again."
        )
    return logits


def _draw(logits: FloatArray, uniform: float) -> Draw:
    """Draw from scores; where most tokens are ruled out, from those that are left alone."""
    left = np.flatnonzero(logits > -np.inf)
    if left.size > logits.size // 4:
        return draw(softmax(logits), uniform)
    drawn = draw(softmax(logits[left]), uniform)
    return replace(drawn, token_id=int(left[drawn.token_id]))


def _record(name: str, result: StepResult, token_id: int) -> StageRecord:
    possible = int(np.count_nonzero(result.logits > -np.inf))
    return StageRecord(name, float(result.logits[token_id]), possible)


def _alternatives(logits: FloatArray, logprobs: FloatArray) -> tuple[Alternative, ...]:
    best = likeliest(logits, ALTERNATIVES)
    return tuple(Alternative(int(i), float(logits[i]), float(logprobs[i])) for i in best)


def likeliest(logits: FloatArray, count: int) -> NDArray[np.int64]:
    """Return the ids of the best tokens, best first; of equal ones the lower id first.

    Each of the `count` blocks with the highest maxima has a token at least as good as the worst of
    these maxima, so what is below it need not be sorted.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores.
    count : int
        How many; at most V are returned.

    Examples
    --------
    >>> likeliest(np.array([1.0, 3.0, 2.0, 3.0]), 3)
    array([1, 3, 2])
    """
    maxima = np.maximum.reduceat(logits, np.arange(0, logits.size, _BLOCK))
    floor = np.partition(maxima, -count)[-count] if maxima.size > count else -np.inf
    candidates = np.flatnonzero(logits >= floor)
    order = np.argsort(-logits[candidates], kind="stable")[:count]
    best: NDArray[np.int64] = candidates[order]
    return best
