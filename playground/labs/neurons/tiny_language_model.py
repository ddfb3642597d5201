"""A tiny language model, trained while one watches: pairs, then a few characters, then a block.

All three guess the next character of the same text, each seeing more of what stands before it. Each
step reads as many characters, whoever learns, so that the curves can be laid side by side.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from playground.core.block_training import BlockShape
from playground.core.character_models import Bigram, BlockModel, CharacterModel, WindowMLP
from playground.core.pairs import count_pairs, letter_entropy, pair_entropy, smoothed_logits
from playground.data import shipped_novel
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.neurons.character_text import RARE, CharacterText, read_characters
from playground.labs.neurons.character_training import (
    START,
    Course,
    Plan,
    Point,
    look,
    train,
)

ModelName = Literal["bigram", "mlp", "block"]
NAMES: tuple[ModelName, ...] = ("bigram", "mlp", "block")
COUNTED = "counted"
HEADS = 4


class TinyLanguageModelSettings(Settings):
    """What is trained, on what, and how."""

    models: tuple[ModelName, ...] = field(
        NAMES,
        label="Models",
        explanation="Trained one after another.",
        words={"bigram": "bigram", "mlp": "MLP", "block": "transformer block"},
    )
    steps: int = field(
        1_000,
        label="Steps",
        explanation="Of each training, 10 to 5,000; a step reads about 1,000 characters.",
        ge=10,
        le=5_000,
    )
    learning_rate: float = field(
        0.01,
        label="Learning rate",
        explanation="Of Adam, above 0 and up to 10; it falls to a tenth by the last step.",
        gt=0,
        le=10,
    )
    temperature: float = field(
        0.8,
        label="Temperature",
        explanation="Of the samples; 0 takes the likeliest character each time.",
        ge=0,
        le=2,
        step=0.05,
    )
    text: str = field(
        "",
        label="Text",
        explanation="Your own, 1,000 to 20,000 characters; empty is a novel of 1865.",
        lines=3,
    )
    context: int = field(
        64,
        label="Context of the block",
        explanation="Characters that it sees, 8 to 96.",
        ge=8,
        le=96,
        seldom=True,
    )
    window: int = field(
        6,
        label="Window of the MLP",
        explanation="Characters that it sees, 2 to 16.",
        ge=2,
        le=16,
        seldom=True,
    )
    width: Literal[16, 32, 64, 128] = field(
        64,
        label="Width",
        explanation="Numbers of a character in the block; the MLP has twice as many neurons.",
        seldom=True,
    )
    seed: int = field(
        0,
        label="Training seed",
        explanation="Draws the first weights, the order of the text, and the samples.",
        ge=0,
        le=2**32 - 1,
        seldom=True,
    )

    @model_validator(mode="after")
    def _require_text(self) -> TinyLanguageModelSettings:
        if self.text:
            read_characters(self.text)
        return self

    @property
    def plan(self) -> Plan:
        """How each training goes."""
        return Plan(self.steps, self.learning_rate, self.temperature, self.seed)

    @property
    def chosen(self) -> tuple[ModelName, ...]:
        """Each model once, those that see less first."""
        return tuple(name for name in NAMES if name in self.models)


@dataclass(frozen=True)
class TextFacts:
    """What is known of the text before anybody learns.

    Parameters
    ----------
    learned, held_out : int
        Characters that are learned from, and those that are kept apart.
    kinds : int
        Different characters.
    letter_nats, pair_nats : float
        Entropy of a character, and of one whose forerunner is known, in what is learned from.
    start : str
        What stands before every sample: the end of what is learned from.
    rare_are_one : bool
        Whether there were too many different characters to tell the rare ones apart.
    """

    learned: int
    held_out: int
    kinds: int
    letter_nats: float
    pair_nats: float
    start: str
    rare_are_one: bool

    @property
    def guess_nats(self) -> float:
        """What a guess among all characters costs."""
        return float(np.log(self.kinds))


@dataclass(frozen=True)
class TinyLanguageModel:
    """The trainings as far as they have come.

    Parameters
    ----------
    settings : TinyLanguageModelSettings
        What was asked for.
    text : TextFacts
        The text in numbers.
    courses : tuple of Course
        The pairs that were counted, where the bigram was asked for, and each model that has begun.
    """

    settings: TinyLanguageModelSettings
    text: TextFacts
    courses: tuple[Course, ...] = ()

    @property
    def progress(self) -> Progress:
        """Steps made, in all trainings; one that diverged has made all it can."""
        steps, names = self.settings.steps, self.settings.chosen
        trained = [each for each in self.courses if each.name != COUNTED]
        done = sum(steps if each.diverged else each.step for each in trained)
        total = steps * len(names)
        return Progress(done, total, f"{done:,} of {total:,} steps made")

    def to_json(self) -> dict[str, Any]:
        """Return the text's numbers, every curve and every sample; losses are in nats."""
        text = {**asdict(self.text), "guess_nats": self.text.guess_nats}
        return {"text": text, "models": [asdict(each) for each in self.courses]}


def run_tiny_language_model(
    _given: None, settings: TinyLanguageModelSettings, run: Run
) -> Iterator[TinyLanguageModel]:
    """Count pairs, then train each model; yield every few steps.

    Parameters
    ----------
    settings : TinyLanguageModelSettings
        What to train.
    run : Run
        Asked after each step whether to stop.

    Yields
    ------
    TinyLanguageModel
        The same seed gives the same losses and samples; seconds are measured.
    """
    text = read_characters(settings.text or shipped_novel())
    pairs = count_pairs(text.learned, len(text.kinds))
    known = TinyLanguageModel(settings, _facts(text, pairs))
    yield known
    if "bigram" in settings.chosen:
        known = replace(known, courses=(_counted(text, pairs, settings.plan),))
        yield known
    for name in settings.chosen:
        before, model = known.courses, create(name, len(text.kinds), settings)
        for course in train(model, name, text, settings.plan, run.check):
            known = replace(known, courses=(*before, course))
            yield known


def _facts(text: CharacterText, pairs: NDArray[np.int64]) -> TextFacts:
    return TextFacts(
        len(text.learned),
        len(text.held_out),
        len(text.kinds),
        letter_entropy(pairs),
        pair_entropy(pairs),
        text.spell(text.learned[-START:]),
        RARE in text.kinds,
    )


def _counted(text: CharacterText, pairs: NDArray[np.int64], plan: Plan) -> Course:
    """Return what the counts are worth, without any training."""
    started = time.perf_counter()
    logits = smoothed_logits(pairs)
    model = Bigram([logits], reach=1)
    loss = -float((pairs * logits).sum() / pairs.sum())
    checkpoint = look(model, text, plan, 0)
    return Course(
        COUNTED,
        model.parameter_count,
        model.reach,
        points=(Point(0, loss),),
        checkpoints=(checkpoint,),
        seconds=time.perf_counter() - started,
    )


def create(name: ModelName, vocab: int, settings: TinyLanguageModelSettings) -> CharacterModel:
    """Return an untrained model; its first weights come of the seed."""
    dice, width = np.random.default_rng(settings.seed), settings.width
    if name == "bigram":
        return Bigram.create(vocab)
    if name == "mlp":
        return WindowMLP.create(dice, vocab, settings.window, (width // 4, 2 * width))
    return BlockModel.create(dice, vocab, settings.context, width, BlockShape(HEADS, HEADS))
