"""What temperature, cut-offs and bans make of the distribution of the next token.

All of it is arithmetic on the scores that a model gave, by the very steps that chats run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.core.functional import FloatArray, log_softmax, softmax
from playground.core.metrics import entropy
from playground.core.sampling import StepResult
from playground.generation.choosing import Choice, Chooser, likeliest
from playground.generation.settings import SamplingSettings

BARS = 20
_CUTS = ("top_k", "top_p", "min_p", "banned")


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class NextToken:
    """What a model says of the token after a prompt.

    Parameters
    ----------
    prompt_ids : tuple of int
        The prompt.
    logits : array of shape (V,)
        A score for every token of the vocabulary.
    """

    prompt_ids: tuple[int, ...]
    logits: FloatArray


@dataclass(frozen=True)
class Bar:
    """One token in the distribution.

    Parameters
    ----------
    token_id : int
        The token.
    probability : float
        What it is drawn with.
    ghost : float
        Its probability at T = 1 with nothing cut.
    cut_by : str or None
        The setting that ruled it out.
    logit, scaled : float
        Its score, and the score after penalties, bias and temperature.
    low, high : float
        The stretch of [0, 1) that draws it.
    """

    token_id: int
    probability: float
    ghost: float
    cut_by: str | None
    logit: float
    scaled: float
    low: float
    high: float


@dataclass(frozen=True)
class Distribution:
    """The distribution that a token is drawn from, beside the model's own.

    Parameters
    ----------
    bars : tuple of Bar
        The likeliest tokens of the model's own distribution, best first: the order never changes.
    rest_probability, rest_ghost : float
        Of all other tokens together.
    possible, vocabulary : int
        Tokens that can still be drawn, and all there are.
    entropy_nats, ghost_entropy_nats : float
        Of both distributions; exp of it is the effective number of choices.
    """

    bars: tuple[Bar, ...]
    rest_probability: float
    rest_ghost: float
    possible: int
    vocabulary: int
    entropy_nats: float
    ghost_entropy_nats: float

    @property
    def effective_choices(self) -> float:
        """How many equal choices would be as undecided."""
        return float(np.exp(self.entropy_nats))


def distribution(
    next_token: NextToken, settings: SamplingSettings, count: int = BARS
) -> Distribution:
    """Apply settings to the scores; the model does not run.

    Parameters
    ----------
    next_token : NextToken
        The scores.
    settings : SamplingSettings
        At temperature 0 all probability goes to the best token.
    count : int
        Tokens to show one by one.

    Raises
    ------
    OptionError
        When the bans leave no token.
    """
    logits = next_token.logits
    stages = _stages(next_token, settings)
    final = _final_probabilities(stages[-1][1].logits if stages else logits, settings.greedy)
    ghost = softmax(logits)
    sums = np.cumsum(final, dtype=np.float64)
    shown = likeliest(logits, count)
    bars = tuple(
        Bar(
            token_id=int(i),
            probability=float(final[i]),
            ghost=float(ghost[i]),
            cut_by=_cut_by(stages, int(i)),
            logit=float(logits[i]),
            scaled=_scaled(stages, logits, int(i)),
            low=float(sums[i - 1] / sums[-1]) if i else 0.0,
            high=float(sums[i] / sums[-1]),
        )
        for i in shown
    )
    with np.errstate(divide="ignore"):
        final_logprobs = np.log(final)
    return Distribution(
        bars=bars,
        rest_probability=float(np.delete(final, shown).sum(dtype=np.float64)),
        rest_ghost=float(np.delete(ghost, shown).sum(dtype=np.float64)),
        possible=int(np.count_nonzero(final)),
        vocabulary=logits.size,
        entropy_nats=float(entropy(final_logprobs)),
        ghost_entropy_nats=float(entropy(log_softmax(logits))),
    )


def probabilities(next_token: NextToken, settings: SamplingSettings) -> FloatArray:
    """Return the probability of every token, of shape (V,), after all settings.

    Raises
    ------
    OptionError
        When the bans leave no token.
    """
    stages = _stages(next_token, settings)
    final = stages[-1][1].logits if stages else next_token.logits
    return _final_probabilities(final, settings.greedy)


def throw(next_token: NextToken, settings: SamplingSettings, rng: np.random.Generator) -> Choice:
    """Draw a token as a chat would; at temperature 0 no dice are thrown.

    Raises
    ------
    OptionError
        When the bans leave no token.
    """
    return Chooser(settings, next_token.prompt_ids, rng).choose(next_token.logits, [])


def _stages(next_token: NextToken, settings: SamplingSettings) -> list[tuple[str, StepResult]]:
    chooser = Chooser(settings, next_token.prompt_ids, np.random.default_rng(0))
    return list(chooser.stages(next_token.logits, []))


def _final_probabilities(logits: FloatArray, greedy: bool) -> FloatArray:
    if not greedy:
        return softmax(logits)
    certain = np.zeros_like(logits)
    certain[np.argmax(logits)] = 1
    return certain


def _cut_by(stages: Sequence[tuple[str, StepResult]], token_id: int) -> str | None:
    """Return the first step that made a token impossible."""
    cuts = (name for name, result in stages if result.logits[token_id] == -np.inf)
    return next(cuts, None)


def _scaled(stages: Sequence[tuple[str, StepResult]], logits: FloatArray, token_id: int) -> float:
    """Return the score after all steps that move scores and before those that cut."""
    moved = [result.logits for name, result in stages if name not in _CUTS]
    return float((moved[-1] if moved else logits)[token_id])
