"""The strip: one prompt written on at several temperatures, all columns from one batch.

With coupled dice every column throws the same number for its n-th token, so that what differs
between two columns comes from the temperature alone. Column for column it is what a chat with the
same seed and settings would write.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import model_validator

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.sampled import shared_option
from playground.experiments.settings import field
from playground.generation import language_model
from playground.generation.language_model import LanguageModel
from playground.generation.recording import to_json
from playground.generation.settings import MAX_SEED, MAX_STOP_STRINGS, OPTIONS, SamplingSettings
from playground.labs.temperature.branch import write_branch
from playground.labs.temperature.columns import Column, Written, measure, parts_at
from playground.labs.temperature.shaping import Prompted, Shaped
from playground.models.text.tokenizer import Tokenizer

MAX_COLUMNS = 16


class Temperatures(Prompted):
    """A prompt, and how often it is written on."""

    prompt: str = field(
        "The best thing about rain is",
        label="Prompt to continue",
        explanation="Every column writes on from it.",
        most=200_000,
        travels=True,
    )
    temperatures: tuple[float, ...] = field(
        (0.0, 0.5, 1.0, 1.5),
        label="Temperatures",
        explanation=f"Each from 0 to 2; at most {MAX_COLUMNS} columns.",
        ge=0,
        le=2,
        most=MAX_COLUMNS,
    )
    samples: int = field(
        1, label="Samples of each", explanation="Each with dice of its own.", ge=1, le=MAX_COLUMNS
    )
    max_new_tokens: int = field(
        48,
        label="Tokens a column",
        explanation="Fewer if the text ends.",
        ge=1,
        le=OPTIONS["max_new_tokens"].maximum,
    )
    seed: int | None = field(
        None, label="Dice seed", explanation="Empty draws one.", ge=0, le=MAX_SEED
    )
    coupled: bool = field(
        True,
        label="Same dice in every column",
        explanation="What differs then comes from temperature alone.",
    )


# The settings of a base that is named later stand before those of one named earlier.
class StripSettings(Shaped, Temperatures):
    """Which prompt is written on, and how."""

    repetition_penalty: float = shared_option("repetition_penalty")
    stop: tuple[str, ...] | None = field(
        None,
        label="Stop strings",
        explanation="A column ends before the first that comes.",
        most=MAX_STOP_STRINGS,
        hidden=True,
    )
    branch: tuple[int, ...] | None = field(
        None,
        label="Branch",
        explanation="Token ids that one more column begins with.",
        ge=0,
        most=int(OPTIONS["max_new_tokens"].maximum),
        hidden=True,
        restarts=True,
    )
    branch_temperature: float = field(
        1.0, label="Temperature of the branch", ge=0, le=2, hidden=True
    )
    branch_seed: int | None = field(
        None, label="Seed of the branch", ge=0, le=MAX_SEED, hidden=True
    )

    @model_validator(mode="after")
    def _few_columns(self) -> Self:
        require_few(len(self.temperatures), self.samples)
        return self

    def _shared(self) -> SamplingSettings:
        return SamplingSettings(
            top_k=self.top_k,
            top_p=self.top_p,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
            max_new_tokens=self.max_new_tokens,
            seed=self.seed,
            stop=self.stop or (),
        )

    def columns(self, tokenizer: Tokenizer) -> list[Column]:
        """Return how each column is written, drawing a seed where none was given."""
        shared = with_seed(self.shape(self._shared(), tokenizer))
        return plan_columns(self.temperatures, self.samples, shared, self.coupled)

    def branched(self, tokenizer: Tokenizer) -> Column | None:
        """Return how the branch is written, where there is one.

        Raises
        ------
        OptionError
            When one of its tokens is not the model's.
        """
        if self.branch is None:
            return None
        size = tokenizer.vocab_size
        if (highest := max(self.branch)) >= size:
            raise OptionError(
                f"The branch has token {highest:,}, which is none of the {size:,} of this model; "
                "branch anew from a column of this model."
            )
        settings = replace(
            self.shape(self._shared(), tokenizer),
            temperature=self.branch_temperature,
            seed=self.branch_seed,
        )
        return Column(language_model.with_seed(settings), 1)


def require_few(temperatures: int, samples: int) -> None:
    """Check how many columns there would be.

    Raises
    ------
    OptionError
        When there would be none or too many.
    """
    if temperatures < 1 or samples < 1:
        raise OptionError("A strip needs at least one temperature and one sample.")
    count = temperatures * samples
    if count > MAX_COLUMNS:
        raise OptionError(
            f"A strip takes at most {MAX_COLUMNS} columns, got {temperatures} temperatures times "
            f"{samples} samples, {count} columns; leave some out."
        )


def with_seed(settings: SamplingSettings) -> SamplingSettings:
    """Return the settings with a seed, drawing one where none was given."""
    # At temperature 0 a chat has no seed; a strip has one for its other columns.
    return language_model.with_seed(replace(settings, temperature=1.0))


def plan_columns(
    temperatures: Sequence[float], samples: int, settings: SamplingSettings, coupled: bool = True
) -> list[Column]:
    """Lay out the columns: all samples of the first temperature, then of the next.

    Parameters
    ----------
    temperatures : sequence of float
        From 0 to 2.
    samples : int
        Columns a temperature.
    settings : SamplingSettings
        What they share; its seed is that of the first sample, and each further sample takes the
        next.
    coupled : bool
        The same seeds at every temperature; else every column has its own.

    Raises
    ------
    OptionError
        When there would be no column or too many, or no seed is given.
    """
    require_few(len(temperatures), samples)
    if settings.seed is None:
        raise OptionError("A strip needs a seed, so that it can be written again; give `seed`.")
    columns = []
    for place, temperature in enumerate(temperatures):
        for sample in range(samples):
            step = sample if coupled else place * samples + sample
            seed = None if temperature == 0 else settings.seed + step
            columns.append(
                Column(replace(settings, temperature=temperature, seed=seed), sample + 1)
            )
    return columns


def write_strip(
    model: LanguageModel,
    prompt_ids: Sequence[int],
    columns: Sequence[Column],
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[list[Written], None, None]:
    """Write all columns together, and yield them after each token.

    Parameters
    ----------
    model : LanguageModel
        Who writes.
    prompt_ids : sequence of int
        The prompt.
    columns : sequence of Column
        From `plan_columns`.
    cancelled : callable
        Asked before each forward pass; True ends all columns there.

    Yields
    ------
    list of Written
        One a column.

    Raises
    ------
    ContextOverflow
        When the prompt leaves no room.
    OptionError
        When the settings do not fit the model.
    """
    streams = model.stream_many(prompt_ids, [each.settings for each in columns], cancelled)
    try:
        for _ in streams:
            yield list(map(Written, columns, streams.replies))
    finally:
        streams.close()


@dataclass(frozen=True)
class Strip:
    """The columns as far as they have come.

    Parameters
    ----------
    settings : StripSettings
        What was asked.
    written : tuple of Written
        The columns; the first is what the others are held against.
    tokenizer : Tokenizer
        Names their tokens.
    wall_seconds : float
        From the start, measured.
    closed : bool
        Whether nothing more is written, because all have ended or the person stopped it.
    """

    settings: StripSettings
    written: tuple[Written, ...]
    tokenizer: Tokenizer
    wall_seconds: float
    closed: bool = False

    @property
    def progress(self) -> Progress:
        """Tokens written; a column that ended early counts whole."""
        each = self.settings.max_new_tokens
        columns = len(self.settings.temperatures) * self.settings.samples
        total = each * (columns + (self.settings.branch is not None))
        done = sum(each if column.ended else len(column.reply.steps) for column in self.written)
        tokens = sum(len(column.reply.steps) for column in self.written)
        return Progress(done, total, f"{tokens:,} tokens written, all columns together")

    def to_json(self) -> dict[str, Any]:
        """Return every column with all its tokens."""
        outputs = [_output(self.tokenizer, each, self.written[0]) for each in self.written]
        return {"wall_seconds": self.wall_seconds, "outputs": outputs}


def run_strip(model: LanguageModel, settings: StripSettings, run: Run) -> Iterator[Strip]:
    """Write all columns together, in the batch that all share.

    Parameters
    ----------
    model : LanguageModel
        Who writes.
    settings : StripSettings
        What is written.
    run : Run
        Asked before each forward pass whether to stop.

    Yields
    ------
    Strip
        After each token.

    Raises
    ------
    ContextOverflow
        When the prompt is empty or leaves no room.
    Stopped
        When the person stopped it.
    """
    columns, tokenizer = settings.columns(model.tokenizer), model.tokenizer
    prompt_ids, branch = settings.prompt_ids(tokenizer), settings.branched(tokenizer)
    start = time.perf_counter()
    strip = Strip(settings, (), tokenizer, 0.0)
    for written in write_strip(model, prompt_ids, columns, run.stopped):
        strip = Strip(settings, tuple(written), tokenizer, time.perf_counter() - start)
        yield strip
    if branch and not run.stopped():
        before = strip.written
        for grown in write_branch(model, prompt_ids, branch, settings.branch or (), run.stopped):
            seconds = time.perf_counter() - start
            strip = Strip(settings, (*before, grown), tokenizer, seconds)
            yield strip
    yield replace(strip, closed=True)
    run.check()


def _output(tokenizer: Tokenizer, written: Written, reference: Written) -> dict[str, Any]:
    settings, measures = written.column.settings, measure(written, reference)
    records = to_json(written.reply.records(tokenizer))
    return {
        "temperature": settings.temperature,
        "sample": written.column.sample,
        "seed": settings.seed,
        "settings": settings.as_dict(),
        "text": written.reply.text,
        "finish_reason": written.reply.finish_reason,
        "parts_at": parts_at(written, reference),
        "begins_with": list(written.begun),
        "measures": None if measures is None else vars(measures),
        "tokens": [{"id": record.pop("token_id"), **record} for record in records],
    }
