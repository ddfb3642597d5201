"""The strip: one prompt written on at several temperatures, all columns from one batch.

With coupled dice every column throws the same number for its n-th token, so that what differs
between two columns comes from the temperature alone. Column for column it is what a chat with the
same seed and settings would write.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from playground.core.metrics import distinct_n
from playground.errors import OptionError
from playground.generation import language_model
from playground.generation.divergence import find_parting
from playground.generation.language_model import LanguageModel
from playground.generation.recording import to_json
from playground.generation.reply import Reply
from playground.generation.settings import SamplingSettings
from playground.models.engines.engine import Engine
from playground.number_rules import require_whole

MAX_COLUMNS = 16
_PACKAGES = ("llm-playground", "numpy", "torch", "transformers")


@dataclass(frozen=True)
class Column:
    """How one column is written.

    Parameters
    ----------
    settings : SamplingSettings
        With its temperature and its seed; the seed is None at temperature 0, where it plays no
        part.
    sample : int
        Which of the samples at this temperature, from 1.
    """

    settings: SamplingSettings
    sample: int


@dataclass(frozen=True)
class Written:
    """A column and what it has written so far."""

    column: Column
    reply: Reply


@dataclass(frozen=True)
class Measures:
    """What can be said of a column.

    Parameters
    ----------
    mean_entropy_nats : float
        Of the model's own distribution, over its tokens.
    distinct_1, distinct_2 : float
        Share of different tokens, and of different pairs of neighbours.
    agreement : float
        Share of places at which it has the token of the first column, over the shorter of the two.
    tokens_per_second : float
        Measured while all columns ran together.
    """

    mean_entropy_nats: float
    distinct_1: float
    distinct_2: float
    agreement: float
    tokens_per_second: float


def parse_temperatures(text: str) -> list[float]:
    """Read a list such as "0, 0.7, 1.5".

    Raises
    ------
    OptionError
        When it is empty or a part is no temperature.
    """
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts:
        raise OptionError(
            "`temperatures` must name at least one number from 0 to 2, such as 0, 0.7, 1.5; got "
            "none."
        )
    return [SamplingSettings.from_mapping({"temperature": part}).temperature for part in parts]


def parse_samples(value: object) -> int:
    """Read how many columns each temperature gets.

    Raises
    ------
    OptionError
        When it is no whole number from 1 to `MAX_COLUMNS`.

    Examples
    --------
    >>> parse_samples(2.0)
    2
    """
    return require_whole("`samples`", value, 1, MAX_COLUMNS)


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
    if not temperatures or samples < 1:
        raise OptionError("A strip needs at least one temperature and one sample.")
    count = len(temperatures) * samples
    if count > MAX_COLUMNS:
        raise OptionError(
            f"A strip takes at most {MAX_COLUMNS} columns, got {len(temperatures)} temperatures "
            f"times {samples} samples, {count} columns; leave some out."
        )
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


def measure(written: Written, reference: Written) -> Measures | None:
    """Return the measures of a column beside the first one; None while it has no token."""
    if not written.reply.steps:
        return None
    ids, others = written.reply.token_ids, reference.reply.token_ids
    same = [mine == theirs for mine, theirs in zip(ids, others, strict=False)]
    return Measures(
        mean_entropy_nats=float(np.mean([step.entropy_nats for step in written.reply.steps])),
        distinct_1=distinct_n([ids], 1),
        distinct_2=distinct_n([ids], 2) if len(ids) > 1 else 1.0,
        agreement=float(np.mean(same)) if same else 0.0,
        tokens_per_second=written.reply.tokens_per_second or 0.0,
    )


def export(
    engine: Engine, prompt: str, written: Sequence[Written], coupled: bool, wall_seconds: float
) -> dict[str, Any]:
    """Return a strip as JSON values: all that is needed to write it again, and to look at it.

    Parameters
    ----------
    engine : Engine
        Who wrote it.
    prompt : str
        What was continued.
    written : sequence of Written
        The columns.
    coupled : bool
        As planned.
    wall_seconds : float
        The whole, measured.
    """
    return {
        "model": engine.model.name,
        "precision": engine.precision.value,
        "engine": engine.name,
        "prompt": prompt,
        "coupled": coupled,
        "wall_seconds": wall_seconds,
        "versions": {name: version(name) for name in _PACKAGES},
        "outputs": [_output(engine, each, written[0]) for each in written],
    }


def _output(engine: Engine, written: Written, reference: Written) -> dict[str, Any]:
    settings, measures = written.column.settings, measure(written, reference)
    parting = find_parting(reference.reply.steps, written.reply.steps)
    records = to_json(written.reply.records(engine.tokenizer))
    return {
        "temperature": settings.temperature,
        "sample": written.column.sample,
        "seed": settings.seed,
        "settings": settings.as_dict(),
        "text": written.reply.text,
        "finish_reason": written.reply.finish_reason,
        "parts_at": None if parting is None else parting.position,
        "measures": None if measures is None else vars(measures),
        "tokens": [{"id": record.pop("token_id"), **record} for record in records],
    }
