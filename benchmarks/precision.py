"""One model at every precision: load time, memory and speed, each in a process of its own.

Prints a Markdown table with the machine and the versions it was made with, or JSON::

    python benchmarks/precision.py [--model NAME] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
from typing import Any

from machine import conditions, machine, versions

import playground
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.precision import Precision

PROMPT = "The history of the Roman Empire begins with"
NEW_TOKENS = 64
RUNS = 3
COLUMNS = (
    "precision",
    "cold load (s)",
    "weights (MB)",
    "peak memory (MB)",
    "first token (s)",
    "decode (tokens/s)",
    "lowest to highest",
)


def main() -> None:
    """Measure every precision and print the table, or measure one and print its numbers."""
    options = _options()
    if options.only:
        print(json.dumps(measure(options.model, options.only)))
        return
    rows = [_measure_apart(options.model, precision) for precision in Precision]
    result = {"model": options.model, "machine": machine(), "versions": versions(), "rows": rows}
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", type=Precision.parse, help="measure this one, in this process")
    return parser.parse_args()


def _measure_apart(model: str, precision: Precision) -> dict[str, Any]:
    """Measure in a fresh process, whose peak memory is that of this precision alone."""
    print(f"{precision.name} ...", file=sys.stderr)
    command = [sys.executable, __file__, "--model", model, "--only", precision.value]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - ourselves
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def measure(name: str, precision: Precision) -> dict[str, Any]:
    """Load a model and let it write greedily; the first run warms up and is not counted."""
    model = playground.load(name, precision.value, engine="transformers")
    model.generate(PROMPT, temperature=0, max_new_tokens=8)
    runs = [model.generate(PROMPT, temperature=0, max_new_tokens=NEW_TOKENS) for _ in range(RUNS)]
    report = model.engine.report
    return {
        "precision": precision.value,
        "engine": model.engine.name,
        "layers": report.layer_classes,
        "load_seconds": report.load_seconds,
        "weight_bytes": report.weight_bytes,
        "peak_rss_bytes": _peak_rss_bytes(),
        "time_to_first_token_seconds": [run.first_token_seconds for run in runs],
        "decode_tokens_per_second": [run.tokens_per_second for run in runs],
        "tokens": [len(run.steps) for run in runs],
    }


def _peak_rss_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def as_markdown(result: dict[str, Any]) -> str:
    """Return the result as a table, with the conditions below it."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|---|{'---:|' * (len(COLUMNS) - 1)}"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in result["rows"]]
    return "\n".join(
        [
            *lines,
            "",
            f"Measured: {result['model']}, greedy, {NEW_TOKENS} new tokens, one stream, median of "
            f"{RUNS} runs after a warm-up, each precision in a fresh process; a cold load "
            "imports the libraries too.",
            conditions(),
        ]
    )


def _cells(row: dict[str, Any]) -> list[str]:
    speeds = row["decode_tokens_per_second"]
    return [
        row["precision"].upper(),
        f"{row['load_seconds']:.1f}",
        f"{row['weight_bytes'] / 1e6:,.0f}",
        f"{row['peak_rss_bytes'] / 1e6:,.0f}",
        f"{statistics.median(row['time_to_first_token_seconds']):.3f}",
        f"{statistics.median(speeds):.1f}",
        f"{min(speeds):.1f} to {max(speeds):.1f}",
    ]


if __name__ == "__main__":
    main()
