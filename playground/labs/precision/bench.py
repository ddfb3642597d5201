"""The same model at several precisions, measured side by side on this machine.

Each row is measured in a process of its own, so that its memory is its own and a failure leaves
the other rows standing. The first process is the reference: transformers at FP32, whose predictions
every other row is held against.
"""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playground.data import shipped_text
from playground.errors import FetchCancelled, OptionError, PlaygroundError
from playground.generation.measuring import Measured, Order, Spread
from playground.generation.scoring import Quality, encode_text
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.own_process import Finished, run_python
from playground.models.acquire.progress import Watch
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import EngineName, pick_engine
from playground.models.engines.machine import Machine
from playground.models.engines.outliers import Outliers
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from playground.models.text.tokenizer import Tokenizer, read_end_token_ids
from playground.number_rules import require_whole
from playground.serving import Pool

FIRST_PROMPT = "The history of the Roman Empire begins with"
SHIPPED_TEXT = "shipped text"
OWN_TEXT = "own text"
MAX_NEW_TOKENS = 256
MAX_TEXT_CHARACTERS = 100_000

# What is measured several times over, and told as a median with its range.
SPREADS = (
    "time_to_first_token_seconds",
    "prefill_tokens_per_second",
    "decode_tokens_per_second",
)

State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Parameters
    ----------
    reference : str
        Name or path of the model.
    pairs : tuple of (Precision, EngineName)
        The rows, in order.
    prompt : str
        Continued at temperature 0.
    max_new_tokens, runs : int
        Length of a continuation, and how many are timed.
    own_text : str
        Scored besides the shipped text; empty for none.
    """

    reference: str
    pairs: tuple[tuple[Precision, EngineName], ...]
    prompt: str = FIRST_PROMPT
    max_new_tokens: int = 64
    runs: int = 3
    own_text: str = ""


@dataclass(frozen=True)
class Row:
    """One precision on one engine: what is known of it so far.

    Parameters
    ----------
    precision, engine : Precision, EngineName
        What was asked for.
    estimated_bytes : int
        Of the weights, computed from their shapes before anything is loaded.
    state : str
        Where it stands.
    stage : str
        What its process does now.
    measured : Measured or None
        What came out.
    reason : str
        Why it failed, in one sentence.
    """

    precision: Precision
    engine: EngineName
    estimated_bytes: int
    state: State = "waiting"
    stage: str = ""
    measured: Measured | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """What the row is called: "INT8 · core"."""
        ran = self.measured.engine if self.measured else self.engine.value
        return f"{self.precision.name} · {ran}"


@dataclass(frozen=True)
class Bench:
    """The rows and the machine, as far as they have come."""

    plan: Plan
    model: str
    stage: str
    rows: tuple[Row, ...]
    machine: Machine | None = None
    reference: Row | None = field(default=None, repr=False)

    @property
    def full(self) -> Measured | None:
        """What the reference measured: transformers at FP32."""
        return self.reference.measured if self.reference else None


def make_plan(
    reference: str,
    precisions: Sequence[Precision],
    engines: Sequence[EngineName],
    prompt: str = FIRST_PROMPT,
    max_new_tokens: object = 64,
    own_text: str = "",
) -> Plan:
    """Check what a person asked for.

    Raises
    ------
    OptionError
        When nothing is chosen, the prompt is empty, or a number or text is outside its rule.
    """
    pairs = tuple(dict.fromkeys(product(precisions, engines)))
    if not pairs:
        missing = "precision" if not precisions else "engine"
        raise OptionError(f"The bench needs at least one {missing}, got none; choose one.")
    if not prompt.strip():
        raise OptionError("The prompt is empty; write at least one word.")
    tokens = require_whole("`max_new_tokens` of the bench", max_new_tokens, 2, MAX_NEW_TOKENS)
    if len(own_text) > MAX_TEXT_CHARACTERS:
        raise OptionError(
            f"Your text must have at most {MAX_TEXT_CHARACTERS:,} characters, got "
            f"{len(own_text):,}; only its first 1,024 tokens are read anyway."
        )
    return Plan(reference, pairs, prompt, tokens, 3, own_text)


def parse_precisions(text: str) -> list[Precision]:
    """Read a list such as "fp32,int8".

    Raises
    ------
    OptionError
        When a part is no precision, or there is none.

    Examples
    --------
    >>> [precision.value for precision in parse_precisions("fp32, INT8")]
    ['fp32', 'int8']
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise OptionError(f"`precisions` must name at least one of {', '.join(Precision)}.")
    return [Precision.parse(part) for part in parts]


def run_bench(
    plan: Plan,
    pool: Pool,
    on_change: Callable[[Bench], None] = lambda _bench: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Bench:
    """Measure every row, each in a fresh process, one after another.

    Parameters
    ----------
    plan : Plan
        From `make_plan`.
    pool : Pool
        Says where models lie, and lets one bench run at a time.
    on_change : callable
        Takes the bench at each stage.
    cancelled : callable
        Asked ten times a second; True ends the process that runs, and the bench.

    Raises
    ------
    PlaygroundError
        When the model cannot be had, the reference cannot be measured, or it was cancelled.
    """
    model = ensure_model(plan.reference, pool.settings, cancelled=cancelled)
    if plan.own_text.strip():
        # Before anything is loaded for it.
        tokenizer = Tokenizer.load(model.path, read_end_token_ids(model.path))
        encode_text(tokenizer, plan.own_text, OWN_TEXT)
    run = _Run(_begin(plan, model), Watch(cancelled=cancelled), on_change)
    waiting = pool.heavy_job(cancelled, lambda stage: run.change(stage=stage))
    with waiting, tempfile.TemporaryDirectory(prefix="playground-bench-") as folder:
        run.measure_machine()
        run.measure_reference(Path(folder))
        for place in range(len(run.bench.rows)):
            run.measure_row(place, Path(folder))
    return run.change(stage="done")


def _begin(plan: Plan, model: InstalledModel) -> Bench:
    shape = read_shape(model.path)
    rows = tuple(
        Row(precision, _resolve(model, precision, engine), estimate_bytes(shape, precision))
        for precision, engine in plan.pairs
    )
    return Bench(plan, model.title, "starting", tuple(dict.fromkeys(rows)))


def _resolve(model: InstalledModel, precision: Precision, engine: EngineName) -> EngineName:
    return pick_engine(model, precision) if engine is EngineName.AUTO else engine


class _Run:
    """A bench that runs; `bench` is replaced at each change."""

    def __init__(self, bench: Bench, watch: Watch, on_change: Callable[[Bench], None]) -> None:
        self.bench = bench
        self._watch = watch
        self._on_change = on_change

    def change(self, **changes: Any) -> Bench:
        self.bench = replace(self.bench, **changes)
        self._on_change(self.bench)
        return self.bench

    def measure_machine(self) -> None:
        self.change(stage="timing this machine's memory")
        finished = self._python(["-m", "playground.models.engines.machine"])
        if finished.exit_code:
            raise PlaygroundError(f"This machine cannot be measured: {_why(finished)}")
        told = json.loads(finished.lines[-1])
        told["instructions"] = tuple(told["instructions"])
        self.change(machine=Machine(**told))

    def measure_reference(self, folder: Path) -> None:
        """Measure transformers at FP32 first: the others are held against it."""
        row = Row(Precision.FP32, EngineName.TRANSFORMERS, 0)

        def show(row: Row) -> None:
            stage = f"reference FP32: {row.stage}" if row.stage else self.bench.stage
            self.change(stage=stage, reference=row)

        row = self._measure(row, folder, show)
        if row.measured is None:
            raise PlaygroundError(f"The reference at FP32 cannot be measured: {row.reason}")

    def measure_row(self, place: int, folder: Path) -> None:
        row, reference = self.bench.rows[place], self.bench.reference

        def show(row: Row) -> None:
            rows = (*self.bench.rows[:place], row, *self.bench.rows[place + 1 :])
            self.change(stage=f"{row.name}: {row.stage}" if row.stage else "next row", rows=rows)

        if reference and (row.precision, row.engine) == (reference.precision, reference.engine):
            show(replace(row, state="done", measured=reference.measured))
        else:
            self._measure(row, folder, show)

    def _measure(self, row: Row, folder: Path, show: Callable[[Row], None]) -> Row:
        order = folder / "order.json"
        order.write_text(json.dumps(asdict(self._order(row, folder))), encoding="utf-8")
        row = replace(row, state="running", stage="starting")
        show(row)

        def hear(line: str) -> None:
            if stage := _told(line, "Stage "):
                show(replace(row, stage=stage))

        finished = self._python(["-m", "playground.generation.measuring", str(order)], hear)
        row = _ended(row, finished)
        show(row)
        return row

    def _order(self, row: Row, folder: Path) -> Order:
        plan = self.bench.plan
        texts = {SHIPPED_TEXT: shipped_text()}
        if plan.own_text.strip():
            texts[OWN_TEXT] = plan.own_text
        return Order(
            plan.reference,
            row.precision.value,
            row.engine.value,
            plan.prompt,
            plan.max_new_tokens,
            plan.runs,
            texts,
            str(folder),
        )

    def _python(
        self, arguments: Sequence[str], on_line: Callable[[str], None] = lambda _line: None
    ) -> Finished:
        try:
            return run_python(arguments, self._watch, on_line=on_line)
        except FetchCancelled as error:
            raise FetchCancelled("The bench was stopped; rows that were done stay.") from error


def _told(line: str, kind: str) -> str:
    return line.removeprefix(kind) if line.startswith(kind) else ""


def _ended(row: Row, finished: Finished) -> Row:
    for line in finished.lines:
        if told := _told(line, "Result "):
            return replace(row, state="done", stage="", measured=_read_measured(json.loads(told)))
        if told := _told(line, "Failed "):
            return replace(row, state="failed", stage="", reason=told)
    return replace(row, state="failed", stage="", reason=_why(finished))


def _why(finished: Finished) -> str:
    if finished.exit_code < 0:
        name = signal.Signals(-finished.exit_code).name
        killed = "; a system that is out of memory does that" if name == "SIGKILL" else ""
        return f"Its process was ended by {name}{killed}."
    last = finished.lines[-1] if finished.lines else "it said nothing"
    return f"Its process ended with code {finished.exit_code}: {last}"


def _read_measured(told: dict[str, Any]) -> Measured:
    spreads = {name: Spread(**told[name]) for name in told if name in SPREADS}
    quality = {name: Quality(**values) for name, values in told["quality"].items()}
    outliers = Outliers(**told["outliers"]) if told["outliers"] else None
    return Measured(**{**told, **spreads, "quality": quality, "outliers": outliers})
