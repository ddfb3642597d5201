"""The needle in a haystack: a fact somewhere in a long text, asked for at its end.

Depth against length, as G. Kamradt drew it (2023, "Needle in a haystack"); other needles that look
alike make it harder (Hsieh et al., 2024, RULER, arXiv:2404.06654). A model may hold a token in its
window and still not find it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate, cycle
from typing import Any

import numpy as np

from playground.data import shipped_sentences
from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.decoding import require_fit
from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from playground.models.text.tokenizer import Tokenizer

MIN_LENGTH, MAX_LENGTH = 160, 32_768
NEEDLE, QUESTION = " The pass key of the {name} is {key}.", " The pass key of the {name} is"
NAMES = ("miller", "nurse", "painter", "farmer", "weaver", "tailor", "potter", "gardener")
KEY_DIGITS, REPLY_TOKENS = 5, 10


class NeedleSettings(Settings):
    """What is to be tried."""

    lengths: tuple[int, ...] = field(
        (256, 512, 1024, 2048),
        label="Lengths",
        explanation="Tokens of the whole prompt; at most 8.",
        ge=MIN_LENGTH,
        le=MAX_LENGTH,
        most=8,
    )
    depths: tuple[int, ...] = field(
        (0, 25, 50, 75, 100),
        label="Depths",
        explanation="Percent of the hay before the needle; at most 11.",
        ge=0,
        le=100,
        most=11,
    )
    needles: int = field(1, label="Keys a cell", explanation="Trials in each, 1 to 5.", ge=1, le=5)
    others: int = field(
        1, label="Other keys", explanation="Of the same form, not asked for; 0 to 7.", ge=0, le=7
    )

    @property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """Every length and depth, shortest prompts first."""
        lengths, depths = sorted(set(self.lengths)), sorted(set(self.depths))
        return tuple((length, depth) for length in lengths for depth in depths)

    @property
    def trials(self) -> int:
        """How many questions are asked."""
        return len(self.cells) * self.needles

    @property
    def tokens(self) -> int:
        """How many tokens are read in all."""
        return sum(length for length, _ in self.cells) * self.needles


@dataclass(frozen=True)
class Trial:
    """One question.

    Parameters
    ----------
    length, depth : int
        Tokens of the prompt, percent of the haystack before the needle.
    key : str
        The number that was asked for.
    reply : str
        What the model wrote, at temperature 0.
    others : tuple of str
        The numbers that were not asked for.
    kept_tokens : int
        Of the prompt, those that a question before had read already.
    """

    length: int
    depth: int
    key: str
    reply: str
    others: tuple[str, ...] = ()
    kept_tokens: int = 0

    @property
    def said(self) -> str:
        """The first number in the reply; empty if there is none."""
        number = re.search(r"\d+", self.reply)
        return number.group() if number else ""

    @property
    def found(self) -> bool:
        """Whether that is exactly the key."""
        return self.said == self.key

    @property
    def confused(self) -> bool:
        """Whether it is a key that was not asked for."""
        return self.said in self.others


@dataclass(frozen=True)
class Needles:
    """The questions that have been asked.

    Parameters
    ----------
    settings : NeedleSettings
        What is tried.
    trials : tuple of Trial
        Those that are done.
    """

    settings: NeedleSettings
    trials: tuple[Trial, ...] = ()

    @property
    def progress(self) -> Progress:
        """Questions asked, and tokens read."""
        done, total = len(self.trials), self.settings.trials
        read = sum(trial.length for trial in self.trials)
        words = f"{done} of {total} questions asked · {read:,} of {self.settings.tokens:,} tokens"
        return Progress(done, total, f"{words} read")

    def to_json(self) -> dict[str, Any]:
        """Return everything that was tried."""
        return {
            "trials": [
                {**asdict(t), "said": t.said, "found": t.found, "confused": t.confused}
                for t in self.trials
            ]
        }

    def cells(self) -> dict[tuple[int, int], list[Trial]]:
        """Group the trials by length and depth."""
        groups: dict[tuple[int, int], list[Trial]] = {}
        for trial in self.trials:
            groups.setdefault((trial.length, trial.depth), []).append(trial)
        return groups


def run_needles(model: LanguageModel, settings: NeedleSettings, run: Run) -> Iterator[Needles]:
    """Ask every question, at temperature 0, shortest prompts first.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    settings : NeedleSettings
        What is tried.
    run : Run
        Asked before each forward pass whether to stop.

    Yields
    ------
    Needles
        What is done, after each question.

    Raises
    ------
    ContextOverflow
        When a length does not fit the model's window.
    OptionError
        When a length has no room for so many keys.
    """
    sampling = SamplingSettings(temperature=0, max_new_tokens=REPLY_TOKENS)
    longest = max(settings.lengths) + REPLY_TOKENS
    require_fit(model.engine, range(longest), sampling)
    trials: list[Trial] = []
    yield Needles(settings)
    for length, depth in settings.cells:
        for number in range(settings.needles):
            haystack = make_haystack(model.tokenizer, length, depth, settings.others, number)
            stream = model.stream(
                haystack.token_ids,
                temperature=0,
                max_new_tokens=REPLY_TOKENS,
                cancelled=run.stopped,
            )
            reply = "".join(step.text for step in stream)
            run.check()
            kept = stream.reply.reading.kept
            trials.append(Trial(length, depth, haystack.key, reply, haystack.others, kept))
            yield Needles(settings, tuple(trials))


@dataclass(frozen=True)
class Haystack:
    """A prompt with its needle.

    Parameters
    ----------
    token_ids : tuple of int
        Exactly as many as were asked for.
    key : str
        The number that is asked for.
    others : tuple of str
        Those that are not.
    place : int
        Tokens of haystack before the needle.
    """

    token_ids: tuple[int, ...]
    key: str
    others: tuple[str, ...]
    place: int


def make_haystack(
    tokenizer: Tokenizer, length: int, depth: int, others: int, number: int
) -> Haystack:
    """Hide a needle.

    The hay is the shipped story, over and over; it ends with a whole sentence, and needles stand
    between sentences. The same numbers give the same haystack.

    Parameters
    ----------
    tokenizer : Tokenizer
        Turns text into tokens.
    length : int
        Tokens of the whole prompt.
    depth : int
        Percent of the hay before the needle.
    others : int
        Needles that are not asked for.
    number : int
        Of the trial in its cell: names and keys are drawn from it.

    Raises
    ------
    OptionError
        When the needles and the question alone are longer.
    """
    rng = np.random.default_rng([length, depth, number])
    names = list(rng.permutation(NAMES)[: others + 1])
    keys = ["".join(str(digit) for digit in rng.integers(1, 10, KEY_DIGITS)) for _ in names]
    needles = [
        tokenizer.encode(NEEDLE.format(name=name, key=key))
        for name, key in zip(names, keys, strict=True)
    ]
    start = tokenizer.encode_text_prompt("")
    question = tokenizer.encode(QUESTION.format(name=names[0]))
    room = length - len(start) - len(question) - sum(map(len, needles))
    if room < 0:
        raise OptionError(
            f"`lengths` must leave room for {others + 1} keys and the question, "
            f"{length - room} tokens with this tokenizer, got {length}; take fewer other keys."
        )
    hay, borders = _hay(tokenizer, room)
    depths = [depth / 100, *((place + 0.5) / others for place in range(others))]
    places = [min(borders, key=lambda border: abs(border - share * room)) for share in depths]
    ids, last = list(start), 0
    for place, needle in sorted(zip(places, needles, strict=True), key=lambda pair: pair[0]):
        ids += hay[last:place] + needle
        last = place
    return Haystack((*ids, *hay[last:], *question), keys[0], tuple(keys[1:]), places[0])


def _hay(tokenizer: Tokenizer, count: int) -> tuple[list[int], list[int]]:
    """Return so many tokens that end with a sentence, and the borders between sentences."""
    pieces = [tokenizer.encode(f" {sentence}") for sentence in shipped_sentences()]
    chosen: list[list[int]] = []
    for piece in cycle(pieces):
        if sum(map(len, chosen)) >= count:
            break
        chosen.append(piece)
    ids = [token_id for piece in chosen for token_id in piece]
    over = len(ids) - count
    borders = (end - over for end in accumulate(map(len, chosen)))
    return ids[over:], [0, *(border for border in borders if border > 0)]
