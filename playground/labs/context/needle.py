"""The needle in a haystack: a fact somewhere in a long text, asked for at its end.

Depth against length, as G. Kamradt drew it (2023, "Needle in a haystack"); other needles that look
alike make it harder (Hsieh et al., 2024, RULER, arXiv:2404.06654). A model may hold a token in its
window and still not find it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, cycle
from typing import Any

import numpy as np

from playground.data import shipped_sentences
from playground.errors import OptionError
from playground.generation.decoding import generate_steps, require_fit
from playground.generation.settings import SamplingSettings
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Tokenizer
from playground.number_rules import require_whole

LENGTHS, DEPTHS = (256, 512, 1024, 2048), (0, 25, 50, 75, 100)
MAX_LENGTHS, MAX_DEPTHS, MAX_NEEDLES, MAX_OTHERS = 8, 11, 5, 7
MIN_LENGTH, MAX_LENGTH = 160, 32_768
NEEDLE, QUESTION = " The pass key of the {name} is {key}.", " The pass key of the {name} is"
NAMES = ("miller", "nurse", "painter", "farmer", "weaver", "tailor", "potter", "gardener")
KEY_DIGITS, REPLY_TOKENS = 5, 10


@dataclass(frozen=True)
class Plan:
    """What is to be tried.

    Parameters
    ----------
    lengths : tuple of int
        Tokens of the whole prompt.
    depths : tuple of int
        Where the needle stands, in percent of the haystack.
    needles : int
        Trials in each cell, each with a key of its own.
    others : int
        Needles of the same form that are not asked for, spread evenly.
    """

    lengths: tuple[int, ...]
    depths: tuple[int, ...]
    needles: int = 1
    others: int = 1

    @property
    def trials(self) -> int:
        """How many questions are asked."""
        return len(self.lengths) * len(self.depths) * self.needles

    @property
    def tokens(self) -> int:
        """How many tokens are read in all."""
        return sum(self.lengths) * len(self.depths) * self.needles


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
    """

    length: int
    depth: int
    key: str
    reply: str
    others: tuple[str, ...] = ()

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


def make_plan(lengths: str, depths: str, needles: object, others: object) -> Plan:
    """Check what is to be tried.

    Parameters
    ----------
    lengths, depths : str
        Whole numbers with commas between.
    needles, others : object
        Whole numbers.

    Raises
    ------
    OptionError
        When one is outside its rule.

    Examples
    --------
    >>> make_plan("256, 512", "0, 100", 1, 0).trials
    4
    """
    return Plan(
        _numbers("lengths", lengths, MIN_LENGTH, MAX_LENGTH, MAX_LENGTHS),
        _numbers("depths", depths, 0, 100, MAX_DEPTHS),
        require_whole("The needles in a cell", needles, 1, MAX_NEEDLES),
        require_whole("The other keys", others, 0, MAX_OTHERS),
    )


def _numbers(name: str, text: str, low: int, high: int, most: int) -> tuple[int, ...]:
    given = [each for each in text.split(",") if each.strip()]
    if not 1 <= len(given) <= most:
        raise OptionError(
            f"The {name} must be 1 to {most} numbers with commas between, got {len(given)}."
        )
    what = f"Each of the {name}"
    return tuple(sorted({require_whole(what, each.strip(), low, high) for each in given}))


def run_needles(
    engine: Engine, plan: Plan, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Trial, ...]]:
    """Ask every question, at temperature 0, shortest prompts first.

    Parameters
    ----------
    engine : Engine
        Who answers.
    plan : Plan
        What is tried.
    cancelled : callable
        Asked before each forward pass; True ends it there, without the trial that was running.

    Yields
    ------
    tuple of Trial
        Those that are done, after each.

    Raises
    ------
    ContextOverflow
        When a length does not fit the model's window.
    """
    settings, done = SamplingSettings(temperature=0, max_new_tokens=REPLY_TOKENS), list[Trial]()
    require_fit(engine, range(max(plan.lengths) + REPLY_TOKENS), settings)
    for length in plan.lengths:
        for depth in plan.depths:
            for number in range(plan.needles):
                haystack = make_haystack(engine.tokenizer, length, depth, plan.others, number)
                rng = np.random.default_rng(0)  # temperature 0 throws no dice
                steps = generate_steps(engine, haystack.token_ids, settings, rng, cancelled)
                reply = "".join(step.text for step in steps)
                if cancelled():
                    return
                done.append(Trial(length, depth, haystack.key, reply, haystack.others))
                yield tuple(done)


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


def cells(trials: Sequence[Trial]) -> dict[tuple[int, int], list[Trial]]:
    """Group trials by length and depth."""
    groups: dict[tuple[int, int], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.length, trial.depth), []).append(trial)
    return groups


def to_json(plan: Plan, trials: Sequence[Trial], model: str) -> dict[str, Any]:
    """Return everything that was tried, ready for JSON."""
    return {
        "model": model,
        "plan": asdict(plan),
        "trials": [
            {**asdict(t), "said": t.said, "found": t.found, "confused": t.confused} for t in trials
        ],
    }
