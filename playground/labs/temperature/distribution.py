"""The slider: the distribution of the next token under one's fingers.

The model runs once a prompt, in `read_prompt`; what settings make of its scores is arithmetic, in
`look`, and a page that keeps the `Reading` needs no model for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from playground.errors import Cancelled
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.generation.choosing import Choice
from playground.generation.language_model import LanguageModel
from playground.generation.settings import MAX_SEED, OPTIONS, SamplingSettings
from playground.labs.temperature.banning import Gain, Variant, largest_gains
from playground.labs.temperature.next_token import (
    Bar,
    Distribution,
    NextToken,
    distribution,
    throw,
)
from playground.labs.temperature.shaping import Prompted, Shaped
from playground.models.engines.manager import ModelChoice
from playground.models.text.tokenizer import Tokenizer


class Heated(Prompted):
    """A prompt, and a temperature after it."""

    temperature: float = field(
        1.0,
        label="Softmax temperature",
        explanation=OPTIONS["temperature"].explanation,
        ge=0,
        le=2,
        step=OPTIONS["temperature"].step,
    )


# The settings of a base that is named later stand before those of one named earlier.
class DistributionSettings(Shaped, Heated):
    """Which prompt, and what is made of the scores of the token after it."""

    seed: int | None = field(
        None,
        label="Dice seed",
        explanation="Draws a token by the number it throws; empty draws none.",
        ge=0,
        le=MAX_SEED,
    )

    def sampling(self, tokenizer: Tokenizer) -> SamplingSettings:
        """Return what a chat would be asked with."""
        plain = SamplingSettings(
            temperature=self.temperature, top_k=self.top_k, top_p=self.top_p, min_p=self.min_p
        )
        return self.shape(plain, tokenizer)


@dataclass(frozen=True, eq=False)
class Reading:
    """A prompt that was read.

    Parameters
    ----------
    next_token : NextToken
        The scores.
    tokenizer : Tokenizer
        Names their tokens.
    model : str
        Who gave them, in words.
    choice : ModelChoice
        As who was asked for.
    """

    next_token: NextToken
    tokenizer: Tokenizer
    model: str
    choice: ModelChoice


@dataclass(frozen=True, eq=False)
class Look:
    """What settings make of a reading.

    Parameters
    ----------
    reading : Reading
        The prompt that was read.
    settings : DistributionSettings
        What is made of its scores.
    shown : Distribution
        The distribution that comes of it.
    variants : tuple of Variant
        The word's spellings.
    gains : tuple of Gain
        Where the probability went that they had.
    drawn : Choice or None
        The token that the dice hit, if they were thrown.
    """

    reading: Reading
    settings: DistributionSettings
    shown: Distribution
    variants: tuple[Variant, ...]
    gains: tuple[Gain, ...]
    drawn: Choice | None

    @cached_property
    def progress(self) -> Progress:
        """One prompt, and it has been read."""
        return Progress(1, 1, "the prompt has been read")

    def piece(self, token_id: int) -> str:
        """Return the text of a token."""
        return self.reading.tokenizer.piece(token_id)

    def to_json(self) -> dict[str, Any]:
        """Return the distribution, what became of the word, and what was drawn."""
        shown = self.shown
        return {
            "entropy_nats": shown.entropy_nats,
            "model_entropy_nats": shown.ghost_entropy_nats,
            "effective_choices": shown.effective_choices,
            "possible": shown.possible,
            "vocabulary": shown.vocabulary,
            "tokens": [self._token(bar) for bar in shown.bars],
            "rest_probability": shown.rest_probability,
            "rest_model_probability": shown.rest_ghost,
            "variants": [
                {"text": each.text, "token_ids": list(each.token_ids)} for each in self.variants
            ],
            "gains": [
                {
                    "id": each.token_id,
                    "text": self.piece(each.token_id),
                    "before": each.before,
                    "after": each.after,
                }
                for each in self.gains
            ],
            "drawn": None if self.drawn is None else self._draw(self.drawn),
        }

    def _token(self, bar: Bar) -> dict[str, Any]:
        return {
            "id": bar.token_id,
            "text": self.piece(bar.token_id),
            "logit": bar.logit,
            "scaled": bar.scaled,
            "probability": bar.probability,
            "model_probability": bar.ghost,
            "cut_by": bar.cut_by,
            "low": bar.low,
            "high": bar.high,
        }

    def _draw(self, drawn: Choice) -> dict[str, Any]:
        return {
            "id": drawn.token_id,
            "text": self.piece(drawn.token_id),
            "uniform": drawn.uniform,
            "low": drawn.low,
            "high": drawn.high,
        }


def run_distribution(
    model: LanguageModel, settings: DistributionSettings, run: Run
) -> Iterator[Look]:
    """Read the prompt once, and show what the settings make of it.

    Raises
    ------
    ContextOverflow
        When the prompt is empty or fills the window.
    OptionError
        When the bans leave no token.
    """
    yield look(read_prompt(model, settings, run), settings)


def read_prompt(model: LanguageModel, settings: Prompted, run: Run) -> Reading:
    """Run the model over a prompt.

    Raises
    ------
    ContextOverflow
        When the prompt is empty or fills the window.
    Stopped
        When the person has stopped it.
    """
    engine = model.engine
    ids = settings.prompt_ids(model.tokenizer)
    try:
        logits = model.next_token_logits(ids, run.stopped)
    except Cancelled:
        run.check()
        raise
    # A copy of its own: whoever keeps it must not keep the scores of the whole prompt.
    scores = NextToken(tuple(ids), np.array(logits))
    what = f"{engine.model.title}, {engine.precision.name}, {engine.name} engine"
    return Reading(scores, model.tokenizer, what, run.choice)


def look(reading: Reading, settings: DistributionSettings) -> Look:
    """Apply settings to a reading; the model does not run.

    Raises
    ------
    OptionError
        When the bans leave no token.
    """
    variants = settings.variants(reading.tokenizer)
    sampling = settings.sampling(reading.tokenizer)
    plain = replace(sampling, banned=(), logit_bias={})
    return Look(
        reading,
        settings,
        distribution(reading.next_token, sampling),
        variants,
        largest_gains(reading.next_token, plain, sampling) if variants else (),
        _throw(reading.next_token, sampling, settings.seed),
    )


def _throw(next_token: NextToken, sampling: SamplingSettings, seed: int | None) -> Choice | None:
    return None if seed is None else throw(next_token, sampling, np.random.default_rng(seed))
