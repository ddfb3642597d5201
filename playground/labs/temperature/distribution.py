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
from playground.experiments.sampled import shared_option
from playground.experiments.settings import field
from playground.generation.choosing import Choice
from playground.generation.language_model import LanguageModel
from playground.generation.settings import MAX_SEED, SamplingSettings
from playground.labs.temperature.banning import Gain, Variant, largest_gains
from playground.labs.temperature.next_token import (
    Bar,
    Distribution,
    NextToken,
    distribution,
    throw,
)
from playground.labs.temperature.shaping import Prompted, Shaped
from playground.labs.temperature.tally import Tally, count_draws
from playground.models.engines.manager import ModelChoice
from playground.models.text.tokenizer import Tokenizer

MAX_DRAWS = 10_000


class Continued(Prompted):
    """A prompt, and what has been added to it token by token."""

    added: str = field(
        "",
        label="Added so far",
        explanation="Tokens that were drawn and added; read after the prompt, or as the reply.",
        hidden=True,
        restarts=True,
    )

    def prompt_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the tokens of the prompt, and of what was added to it.

        Raises
        ------
        ContextOverflow
            When there is nothing to read.
        """
        if self.as_chat and self.prompt.strip():
            return [*super().prompt_ids(tokenizer), *tokenizer.encode(self.added)]
        return tokenizer.encode_text_prompt(self.prompt + self.added)


# The settings of a base that is named later stand before those of one named earlier.
class DistributionSettings(Shaped, Continued):
    """Which prompt, and what is made of the scores of the token after it."""

    temperature: float = shared_option("temperature")
    seed: int | None = field(
        None,
        label="Dice seed",
        explanation="Draws a token by the number it throws; empty draws none.",
        ge=0,
        le=MAX_SEED,
    )
    draws: int = field(
        1,
        label="Draws",
        explanation="How many numbers the seed throws; many are counted beside the bars.",
        ge=1,
        le=MAX_DRAWS,
        hidden=True,
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
        The token that the dice hit, if they were thrown once.
    tally : Tally or None
        How often each was hit, if they were thrown more often.
    """

    reading: Reading
    settings: DistributionSettings
    shown: Distribution
    variants: tuple[Variant, ...]
    gains: tuple[Gain, ...]
    drawn: Choice | None
    tally: Tally | None

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
            "draws": None if self.tally is None else self._counted(self.tally),
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

    def _counted(self, tally: Tally) -> dict[str, Any]:
        counts = zip(self.shown.bars, tally.counts, strict=True)
        return {
            "draws": tally.draws,
            "counts": [{"id": bar.token_id, "count": count} for bar, count in counts],
            "rest_count": tally.rest,
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


def read_prompt(model: LanguageModel, settings: Continued, run: Run) -> Reading:
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
    what = f"{engine.model.title}, {engine.precision.label}, {engine.name} engine"
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
    shown = distribution(reading.next_token, sampling)
    gains = largest_gains(reading.next_token, plain, sampling) if variants else ()
    drawn, tally = _thrown(reading.next_token, sampling, settings, shown)
    return Look(reading, settings, shown, variants, gains, drawn, tally)


def _thrown(
    next_token: NextToken,
    sampling: SamplingSettings,
    settings: DistributionSettings,
    shown: Distribution,
) -> tuple[Choice | None, Tally | None]:
    """Throw the dice as often as the settings say; without a seed never."""
    seed, draws = settings.seed, settings.draws
    if seed is None:
        return None, None
    if draws == 1:
        return throw(next_token, sampling, np.random.default_rng(seed)), None
    bars = [bar.token_id for bar in shown.bars]
    return None, count_draws(next_token, sampling, bars, seed, draws)
