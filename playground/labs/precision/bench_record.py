"""A bench as JSON: what was measured, on what, and how it was asked for."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from playground.labs.precision.bench import OWN_TEXT, SHIPPED_TEXT, SPREADS, Bench, Row


def to_json(bench: Bench) -> dict[str, Any]:
    """Return a bench as JSON values: what was measured, on what, and how it was asked for."""
    machine = asdict(bench.machine) if bench.machine else None
    return {
        "model": bench.plan.reference,
        "prompt": bench.plan.prompt,
        "max_new_tokens": bench.plan.max_new_tokens,
        "runs": bench.plan.runs,
        "machine": machine,
        "versions": {name: version(name) for name in ("torch", "transformers", "bitsandbytes")},
        "rows": [_row_to_json(row) for row in bench.rows],
    }


def _row_to_json(row: Row) -> dict[str, Any]:
    measured = row.measured
    told: dict[str, Any] = {
        "precision": row.precision.value,
        "engine": row.engine.value,
        "state": row.state,
        "reason": row.reason,
        "estimated_weight_bytes": row.estimated_bytes,
    }
    if measured is None:
        return told | dict.fromkeys(_CONTRACT)
    quality = measured.quality[SHIPPED_TEXT]
    own = measured.quality.get(OWN_TEXT)
    spreads = {name: getattr(measured, name) for name in SPREADS}
    return told | {
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


_CONTRACT = (
    "weight_bytes",
    "peak_rss_bytes",
    "load_seconds",
    *SPREADS,
    "perplexity",
    "kl_to_fp32_nats",
    "top1_agreement",
    "text",
)
