"""The needle map of the context lab, 5 x 4 cells, on each engine in one run.

The cells are those that the lab starts with; every engine reads the same prompts, and writes its
own replies. Beside it stands what the page does at each change of the next message: fit a long
conversation into the window and count its parts, without a model::

    python benchmarks/context.py [--model NAME] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

from machine import conditions

import playground
from playground.generation.fitting.outlook import foresee
from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from playground.labs.context.example import EXAMPLE
from playground.labs.context.needle import NeedleSettings
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName

SIDES: dict[str, tuple[str, EngineName]] = {
    "core, INT8": ("int8", EngineName.CORE),
    "core, FP32": ("fp32", EngineName.CORE),
    "transformers, FP32": ("fp32", EngineName.TRANSFORMERS),
}
# So many times the example conversation, and so many times its window is foreseen.
TIMES, ROUNDS = 40, 15


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result: dict[str, Any] = {"maps": {}}
    for name, (precision, kind) in SIDES.items():
        model = playground.load(options.model, precision, engine=kind)
        result["maps"][name] = draw_map(model)
    result["foreseen"] = foresee_long(model.engine)
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def draw_map(model: LanguageModel) -> dict[str, float]:
    """Return the seconds of a map, and how many keys were found."""
    needle = playground.experiment("context/needle")
    needle(model, lengths=(256,), depths=(0,))  # the first prompt is slow
    start = time.perf_counter()
    trials = needle(model).to_json()["trials"]
    return {
        "seconds": time.perf_counter() - start,
        "found": sum(trial["found"] for trial in trials),
        "trials": len(trials),
    }


def foresee_long(engine: Engine) -> dict[str, float]:
    """Return how long it takes to foresee the window of a conversation that overflows it."""
    settings, seconds = SamplingSettings(), list[float]()
    messages = list(EXAMPLE[:-1]) * TIMES
    for _ in range(ROUNDS):
        start = time.perf_counter()
        foresee(messages, engine, settings)
        seconds.append(time.perf_counter() - start)
    tokens = len(engine.tokenizer.encode_chat(messages))
    return {"tokens": tokens, "milliseconds": 1000 * statistics.median(seconds)}


def as_markdown(result: dict[str, Any]) -> str:
    """Return the figures as a table, with the conditions below it."""
    maps, foreseen = result["maps"], result["foreseen"]
    asked = NeedleSettings()
    fastest = min(each["seconds"] for each in maps.values())
    lines = ["| map by | seconds | ratio | keys found |", "|---|---:|---:|---:|"]
    for name, each in maps.items():
        lines.append(
            f"| {name} | {each['seconds']:.1f} | {each['seconds'] / fastest:.1f} | "
            f"{each['found']} of {each['trials']} |"
        )
    lines += [
        "",
        f"Measured: {asked.tokens:,} tokens of prompt in {asked.trials} trials. To foresee what is "
        f"left of a conversation of {foreseen['tokens']:,} tokens took "
        f"{foreseen['milliseconds']:.0f} ms.",
        conditions(),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
