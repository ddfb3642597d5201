"""One row of the bench: a precision on an engine, measured in a process of its own."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from playground.generation.measuring import Measured, Order, Spread
from playground.generation.scoring import Quality
from playground.models.acquire.own_process import Finished, follow_python
from playground.models.acquire.progress import Watch
from playground.models.engines.engine_name import EngineName
from playground.models.engines.occupancy import Occupancy, between, read_moment
from playground.models.engines.outliers import Outliers
from playground.models.engines.precision import Precision

SHIPPED_TEXT = "shipped text"
OWN_TEXT = "own text"

# What is measured several times over, and told as a median with its range.
SPREADS = (
    "time_to_first_token_seconds",
    "prefill_tokens_per_second",
    "decode_tokens_per_second",
)

State = Literal["waiting", "running", "done", "failed"]


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
    beside : Occupancy or None
        What else the machine did meanwhile; None where it does not tell.
    """

    precision: Precision
    engine: EngineName
    estimated_bytes: int
    state: State = "waiting"
    stage: str = ""
    measured: Measured | None = None
    reason: str = ""
    beside: Occupancy | None = None

    @property
    def busy(self) -> bool:
        """Whether it was measured beside other work."""
        return self.beside is not None and self.beside.busy

    @property
    def name(self) -> str:
        """What the row is called: "INT8 · core"."""
        ran = self.measured.engine if self.measured else self.engine.value
        return f"{self.precision.label} · {ran}"

    @property
    def ended(self) -> bool:
        """Whether nothing more will be known of it."""
        return self.state in ("done", "failed")

    def to_json(self) -> dict[str, Any]:
        """Return what was asked for and what came out; nulls where nothing did."""
        found = _to_json(self.measured) if self.measured else dict.fromkeys(_ALWAYS_THERE)
        return {
            "precision": self.precision.value,
            "engine": self.engine.value,
            "state": self.state,
            "reason": self.reason,
            "estimated_weight_bytes": self.estimated_bytes,
            "beside": {**asdict(self.beside), "busy": self.busy} if self.beside else None,
            **found,
        }


_ALWAYS_THERE = (
    "weight_bytes",
    "peak_rss_bytes",
    "load_seconds",
    *SPREADS,
    "perplexity",
    "kl_to_fp32_nats",
    "top1_agreement",
    "text",
)


def _to_json(measured: Measured) -> dict[str, Any]:
    quality = measured.quality[SHIPPED_TEXT]
    own = measured.quality.get(OWN_TEXT)
    spreads = {name: getattr(measured, name) for name in SPREADS}
    return {
        "layers": measured.layer_classes,
        "weight_bytes": measured.weight_bytes,
        "part_bytes": measured.part_bytes,
        "scale_bytes": measured.scale_bytes,
        "rss_bytes": measured.rss_bytes,
        "peak_rss_bytes": measured.peak_rss_bytes,
        "load_seconds": measured.load_seconds,
        **{name: spread.median for name, spread in spreads.items()},
        **{f"{name}_range": [spread.lowest, spread.highest] for name, spread in spreads.items()},
        "perplexity": quality.perplexity,
        "kl_to_fp32_nats": quality.kl_to_reference_nats,
        "top1_agreement": quality.top1_agreement,
        "own_text": asdict(own) if own else None,
        "outliers": asdict(measured.outliers) if measured.outliers else None,
        "text": measured.text,
    }


def measure_row(row: Row, order: Order, watch: Watch) -> Iterator[Row]:
    """Measure a row in a fresh process; a failure is the row's own.

    Parameters
    ----------
    row : Row
        Not yet measured.
    order : Order
        What its process is to do.
    watch : Watch
        Asked ten times a second whether to go on.

    Yields
    ------
    Row
        At each stage, and when it is done or has failed.

    Raises
    ------
    FetchCancelled
        When the watch said so; the process is gone then.
    """
    path = Path(order.folder) / "order.json"
    path.write_text(json.dumps(asdict(order)), encoding="utf-8")
    row = replace(row, state="running", stage="starting")
    yield row
    before = read_moment()
    for heard in follow_python(["-m", "playground.generation.measuring", str(path)], watch):
        if isinstance(heard, Finished):
            beside = between(before, read_moment(), psutil.cpu_count(logical=True) or 1)
            yield replace(ended_row(row, heard), beside=beside)
        elif stage := _told(heard, "Stage "):
            yield replace(row, stage=stage)


def ended_row(row: Row, finished: Finished) -> Row:
    """Return a row with what its process measured, or with the reason why it did not."""
    for line in finished.lines:
        if told := _told(line, "Result "):
            return replace(row, state="done", stage="", measured=_read_measured(json.loads(told)))
        if told := _told(line, "Failed "):
            return replace(row, state="failed", stage="", reason=told)
    return replace(row, state="failed", stage="", reason=why_failed(finished))


def why_failed(finished: Finished) -> str:
    """Return how a process ended that ended badly, in one sentence."""
    if finished.exit_code < 0:
        name = signal.Signals(-finished.exit_code).name
        killed = "; a system that is out of memory does that" if name == "SIGKILL" else ""
        return f"Its process was ended by {name}{killed}."
    last = finished.lines[-1] if finished.lines else "it said nothing"
    return f"Its process ended with code {finished.exit_code}: {last}"


def _told(line: str, kind: str) -> str:
    return line.removeprefix(kind) if line.startswith(kind) else ""


def _read_measured(told: dict[str, Any]) -> Measured:
    spreads = {name: Spread(**told[name]) for name in told if name in SPREADS}
    quality = {name: Quality(**values) for name, values in told["quality"].items()}
    outliers = Outliers(**told["outliers"]) if told["outliers"] else None
    return Measured(**{**told, **spreads, "quality": quality, "outliers": outliers})
