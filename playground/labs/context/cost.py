"""What a context costs: bytes of the KV cache, and time to read a prompt, which grows with n².

A token's keys and values are kept so that they are computed once. Each new token looks back at all
of them: n tokens look back n (n + 1) / 2 times in all (Vaswani et al., 2017, arXiv:1706.03762).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from playground.data import shipped_text
from playground.errors import OptionError
from playground.experiments.conversation import ConversationSettings
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.generation.language_model import LanguageModel
from playground.labs.context.arithmetic import Point, Widths, fit_curve, read_widths
from playground.models.engines.engine import PREFILL_CHUNK
from playground.models.text.tokenizer import Tokenizer


class CostSettings(ConversationSettings):
    """How long a prompt is read, and how often."""

    length: int = field(
        4096,
        label="Longest prompt",
        explanation=f"Tokens, 256 to 32,768; read in pieces of {PREFILL_CHUNK}.",
        ge=256,
        le=32_768,
    )
    runs: int = field(3, label="Runs", explanation="1 to 9; times are medians.", ge=1, le=9)

    @property
    def tokens(self) -> int:
        """Tokens that are read: whole pieces, as the chat reads them.

        Examples
        --------
        >>> CostSettings(length=1000).tokens
        1024
        """
        return -(-self.length // PREFILL_CHUNK) * PREFILL_CHUNK


@dataclass(frozen=True)
class CacheSize:
    """What a cache weighs, read off its arrays after one token was run.

    Parameters
    ----------
    token_bytes : int
        Keys and values of one token, in all layers.
    context_length : int
        Tokens that the model can hold.
    weight_bytes : int
        The model's weights and scales, to compare with.
    conversation_tokens : int or None
        Of the conversation, in the model's own template; None where there is none.
    """

    token_bytes: int
    context_length: int
    weight_bytes: int
    conversation_tokens: int | None = None

    @property
    def whole_bytes(self) -> int:
        """A full window's, computed."""
        return self.token_bytes * self.context_length

    def to_json(self) -> dict[str, Any]:
        """Return the bytes: measured of one token, computed of the rest."""
        return {**asdict(self), "whole_bytes": self.whole_bytes}


@dataclass(frozen=True)
class Reading:
    """A measurement as far as it has come.

    Parameters
    ----------
    points : tuple of Point
        One after each piece of the prompt.
    runs : int
        How many times the whole has been read.
    run_tokens : int
        Tokens of the run that is going on.
    """

    points: tuple[Point, ...] = ()
    runs: int = 0
    run_tokens: int = 0


@dataclass(frozen=True)
class Cost:
    """What a context costs, as far as it is known.

    Parameters
    ----------
    settings : CostSettings
        What is measured.
    size : CacheSize
        What the cache weighs.
    widths : Widths or None
        What decides about the arithmetic; None where the model's config does not say.
    reading : Reading
        The times.
    """

    settings: CostSettings
    size: CacheSize
    widths: Widths | None
    reading: Reading = Reading()

    @property
    def progress(self) -> Progress:
        """How many tokens have been read, in all runs."""
        tokens, runs, reading = self.settings.tokens, self.settings.runs, self.reading
        under_way = 0 if reading.run_tokens == tokens else reading.run_tokens
        run = min(reading.runs + 1, runs)
        words = f"Run {run} of {runs} · {reading.run_tokens:,} of {tokens:,} tokens read"
        return Progress(reading.runs * tokens + under_way, runs * tokens, words)

    def to_json(self) -> dict[str, Any]:
        """Return what was measured and fitted."""
        points = self.reading.points
        return {
            "cache": self.size.to_json(),
            "runs": self.reading.runs,
            "fit": asdict(fit_curve(points)) if points else None,
            "points": [asdict(point) for point in points],
        }


def run_cost(model: LanguageModel, settings: CostSettings, run: Run) -> Iterator[Cost]:
    """Weigh the cache, then read a long prompt piece by piece and take the time after each.

    A prompt of n tokens is read just as the first n of a longer one, so one run times every length.

    Parameters
    ----------
    model : LanguageModel
        Who reads.
    settings : CostSettings
        How long a prompt, and how often; the times are medians.
    run : Run
        Asked before each piece whether to stop.

    Yields
    ------
    Cost
        The cache first, then after each piece.

    Raises
    ------
    OptionError
        When the prompt is longer than the model's window.
    """
    _require_room(model, settings)
    cost = weigh(model, settings)
    yield cost
    ids = _long_prompt(model.tokenizer, settings.tokens)
    # The first piece after a pause is slow: one is read before the clock runs.
    next(model.read(ids[:PREFILL_CHUNK]))
    times: list[list[float]] = []
    points: list[Point] = []
    for number in range(settings.runs):
        times.append([])
        run.check()
        start = time.perf_counter()
        for piece in model.read(ids):
            times[number].append(time.perf_counter() - start)
            place = len(times[number])
            seen = [each[place - 1] for each in times if len(each) >= place]
            median = float(np.median(seen))
            points[place - 1 : place] = [
                Point(piece.tokens, median, piece.held_bytes, piece.size_bytes)
            ]
            ended = number + (piece.tokens == len(ids))
            yield replace(cost, reading=Reading(tuple(points), ended, piece.tokens))
            run.check()


def weigh(model: LanguageModel, settings: CostSettings) -> Cost:
    """Run one token and read the bytes off the cache."""
    (piece,) = model.read([0])
    report = model.engine.report
    size = CacheSize(
        piece.held_bytes // piece.tokens,
        model.context_length,
        report.weight_bytes + report.scale_bytes,
        _count(model.tokenizer, settings),
    )
    return Cost(settings, size, read_widths(model.engine.model.path))


def _count(tokenizer: Tokenizer, settings: CostSettings) -> int | None:
    """Return the tokens of the conversation; an example would be nobody's."""
    messages = settings.messages(())
    turns = [each for each in messages if each.role != "system"]
    return len(tokenizer.encode_chat(messages)) if turns else None


def _require_room(model: LanguageModel, settings: CostSettings) -> None:
    if settings.tokens > model.context_length:
        raise OptionError(
            f"`length` must be at most {model.context_length:,} tokens, the window of this model, "
            f"got {settings.tokens:,}."
        )


def _long_prompt(tokenizer: Tokenizer, tokens: int) -> list[int]:
    hay = tokenizer.encode(shipped_text())
    return (hay * (tokens // len(hay) + 1))[:tokens]
