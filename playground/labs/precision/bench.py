"""The same model at several precisions, measured side by side on this machine.

Each row is measured in a process of its own, so that its memory is its own and a failure leaves
the other rows standing. The first process is the reference: transformers at FP32, whose predictions
every other row is held against.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Self

from pydantic import model_validator

from playground.data import shipped_text
from playground.errors import (
    FetchCancelled,
    OptionError,
    PlaygroundError,
    PrecisionUnavailable,
)
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.measuring import Measured, Order
from playground.generation.scoring import MAX_TOKENS, require_scorable
from playground.labs.precision.bench_row import (
    OWN_TEXT,
    SHIPPED_TEXT,
    Row,
    measure_row,
    why_failed,
)
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.own_process import run_python
from playground.models.acquire.progress import Watch
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import pick_engine
from playground.models.engines.core_model import require_core_runs
from playground.models.engines.engine_name import EngineName
from playground.models.engines.machine import Machine
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from playground.models.engines.transformers_model import require_transformers_runs
from playground.models.engines.unloaded import read_unloaded
from playground.serving import WAITING

REFERENCE = Row(Precision.FP32, EngineName.TRANSFORMERS, 0)


class BenchSettings(Settings):
    """What is to be measured."""

    prompt: str = field(
        "The history of the Roman Empire begins with",
        label="Text to continue",
        explanation="At temperature 0.",
    )
    own_text: str = field(
        "",
        label="A text of yours to score besides",
        explanation=("Its first tokens; perplexity on it stands below that on the shipped text."),
        most=100_000,
    )
    precisions: tuple[Precision, ...] = field(
        tuple(each for each in Precision if each not in (Precision.INT8_HEAD, Precision.FP4)),
        label="Measure at",
        explanation="A row for each.",
        most=len(Precision),
        words={each.value: each.label for each in Precision},
    )
    engines: tuple[EngineName, ...] = field(
        (EngineName.CORE, EngineName.TRANSFORMERS),
        label="Computed by",
        explanation="A row for each; automatic is what the chat would take.",
        most=len(EngineName),
        words={"auto": "automatic", "core": "core (NumPy)"},
    )
    max_new_tokens: int = field(
        64, label="Tokens to write", explanation="In each run, 2 to 256.", ge=2, le=256
    )
    runs: int = field(
        3, label="Runs", explanation="Timed for each row, 1 to 9; their median counts.", ge=1, le=9
    )
    score_tokens: int = field(
        MAX_TOKENS,
        label="Tokens to score",
        explanation="Of each text, 16 to 1,024: fewer are sooner read, and say less for sure.",
        ge=16,
        le=MAX_TOKENS,
    )

    @model_validator(mode="after")
    def _has_a_prompt(self) -> Self:
        if not self.prompt.strip():
            raise OptionError("The prompt is empty; write at least one word.")
        return self

    @property
    def texts(self) -> dict[str, str]:
        """What is scored, by name."""
        own = {OWN_TEXT: self.own_text} if self.own_text.strip() else {}
        return {SHIPPED_TEXT: shipped_text(), **own}


@dataclass(frozen=True)
class Bench:
    """The rows and the machine, as far as they have come.

    Parameters
    ----------
    settings : BenchSettings
        What is measured.
    model : str
        What the model is called.
    rows : tuple of Row
        In order.
    stage : str
        What is done now; empty when a row has just ended.
    machine : Machine or None
        What it is measured on.
    reference : Row
        Transformers at FP32, measured whether or not it was asked for.
    """

    settings: BenchSettings
    model: str
    rows: tuple[Row, ...]
    stage: str = "starting"
    machine: Machine | None = None
    reference: Row = REFERENCE

    @property
    def full(self) -> Measured | None:
        """What the reference measured."""
        return self.reference.measured

    def beside(self, row: Row) -> Row | None:
        """Return the row of this table that another is compared with, if there is one.

        FP32 on the same engine, else on the other; the row itself is compared with nothing.
        """
        full = [each for each in self.rows if each.measured and each.precision is Precision.FP32]
        own = [each for each in full if each.engine is row.engine]
        compared = next(iter((*own, *full)), None)
        return None if compared is row else compared

    @property
    def progress(self) -> Progress:
        """Rows that have ended, well or badly."""
        done, total = sum(row.ended for row in self.rows), len(self.rows)
        rows = f"{done} of {total} rows done"
        return Progress(done, total, f"{capital(self.stage)} · {rows}" if self.stage else rows)

    def to_json(self) -> dict[str, Any]:
        """Return what was measured, on what, and how it was asked for."""
        return {
            "prompt": self.settings.prompt,
            "max_new_tokens": self.settings.max_new_tokens,
            "runs": self.settings.runs,
            "machine": asdict(self.machine) if self.machine else None,
            "rows": [row.to_json() for row in self.rows],
        }

    def with_reference(self, row: Row) -> Bench:
        """Return it with what is known of the reference now."""
        return replace(self, reference=row, stage=_stage("reference FP32", row))

    def with_row(self, place: int, row: Row) -> Bench:
        """Return it with what is known of a row now."""
        rows = (*self.rows[:place], row, *self.rows[place + 1 :])
        return replace(self, rows=rows, stage=_stage(row.name, row))


def _stage(name: str, row: Row) -> str:
    return f"{name}: {row.stage}" if row.stage else ""


def capital(words: str) -> str:
    """Return words with a capital first letter, the others as they are.

    Examples
    --------
    >>> capital("reference FP32: loading")
    'Reference FP32: loading'
    """
    return words[:1].upper() + words[1:]


def run_bench(choice: ModelChoice, settings: BenchSettings, run: Run) -> Iterator[Bench]:
    """Measure every row, each in a fresh process, one after another; one bench at a time.

    Parameters
    ----------
    choice : ModelChoice
        Which model; its precision and engine are the rows' affair.
    settings : BenchSettings
        What is measured.
    run : Run
        Asked ten times a second whether to stop; that ends the process that runs, too.

    Yields
    ------
    Bench
        What is known, at each stage.

    Raises
    ------
    Stopped
        When the person stopped it; rows that were done stay.
    PlaygroundError
        When the model cannot be had, or the reference cannot be measured.
    """
    try:
        yield from _measured(choice, settings, run)
    except FetchCancelled:
        run.check()  # the person who stopped what runs below stopped the bench
        raise


def _measured(choice: ModelChoice, settings: BenchSettings, run: Run) -> Iterator[Bench]:
    model = ensure_model(choice.reference, run.pool.settings, cancelled=run.stopped)
    _require_fit(model, settings)
    bench = _begin(model, settings)
    yield replace(bench, stage=WAITING) if run.pool.heavy_job_runs else bench
    watch = Watch(cancelled=run.stopped)
    heavy = run.pool.heavy_job(run.stopped)
    with heavy, tempfile.TemporaryDirectory(prefix="playground-bench-") as folder:
        yield replace(bench, stage="timing this machine's memory")
        bench = replace(bench, machine=_time_machine(watch))
        order = _order(choice.reference, settings, folder)
        for row in measure_row(REFERENCE, _order_for(REFERENCE, order), watch):
            bench = bench.with_reference(row)
            yield bench
        if bench.full is None:
            reason = bench.reference.reason
            raise PlaygroundError(f"The reference at FP32 cannot be measured: {reason}")
        for place in range(len(bench.rows)):
            for row in _measured_row(model, bench, place, order, watch):
                bench = bench.with_row(place, row)
                yield bench


def _require_fit(model: InstalledModel, settings: BenchSettings) -> None:
    """Refuse texts that are too short or too long before anything is loaded for them."""
    unloaded = read_unloaded(model.path)
    tokenizer, window = unloaded.tokenizer, unloaded.context_length
    count = len(tokenizer.encode_text_prompt(settings.prompt))
    if count >= window:
        raise OptionError(
            f"The text to continue must have at most {window - 1:,} tokens, one less than "
            f"the window of this model, got {count:,}; shorten it."
        )
    if own := settings.texts.get(OWN_TEXT):
        require_scorable(tokenizer, own, window, OWN_TEXT, settings.score_tokens)


def _begin(model: InstalledModel, settings: BenchSettings) -> Bench:
    shape = read_shape(model.path)
    rows = (
        Row(precision, _resolve(model, precision, engine), estimate_bytes(shape, precision))
        for precision, engine in product(settings.precisions, settings.engines)
    )
    return Bench(settings, model.title, tuple(dict.fromkeys(rows)))


def _resolve(model: InstalledModel, precision: Precision, engine: EngineName) -> EngineName:
    return pick_engine(model, precision) if engine is EngineName.AUTO else engine


def _time_machine(watch: Watch) -> Machine:
    finished = run_python(["-m", "playground.models.engines.machine"], watch)
    if finished.exit_code:
        raise PlaygroundError(f"This machine cannot be measured: {why_failed(finished)}")
    told = json.loads(finished.lines[-1])
    return Machine(**{**told, "instructions": tuple(told["instructions"])})


def _order(reference: str, settings: BenchSettings, folder: str) -> Order:
    """Return what every process is to do, as the reference's."""
    return Order(
        reference,
        REFERENCE.precision.value,
        REFERENCE.engine.value,
        settings.prompt,
        settings.max_new_tokens,
        settings.runs,
        settings.score_tokens,
        settings.texts,
        folder,
    )


def _order_for(row: Row, order: Order) -> Order:
    return replace(order, precision=row.precision.value, engine=row.engine.value)


def _measured_row(
    model: InstalledModel, bench: Bench, place: int, order: Order, watch: Watch
) -> Iterator[Row]:
    row, reference = bench.rows[place], bench.reference
    try:
        if row.engine is EngineName.CORE:
            require_core_runs(model, row.precision)
        elif row.engine is EngineName.TRANSFORMERS:
            require_transformers_runs(row.precision)
    except PrecisionUnavailable as error:  # nobody waits for a process to say so
        return iter([replace(row, state="failed", reason=str(error))])
    if (row.precision, row.engine) == (reference.precision, reference.engine):
        return iter(
            [replace(row, state="done", measured=reference.measured, beside=reference.beside)]
        )
    return measure_row(row, _order_for(row, order), watch)
