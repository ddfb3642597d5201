"""What the content filter costs: milliseconds a stage, and tokens a second behind it and without.

A message of 400 characters goes through every stage of the rail without the learned one. Then the
same model writes the same greedy reply with the filter and without, in turn::

    python benchmarks/moderation.py [--model NAME] [--precision NAME] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from machine import conditions

import playground
from playground.data import shipped_text
from playground.generation.language_model import LanguageModel
from playground.moderation.guard import RailGuard
from playground.moderation.rail import shipped_rail
from playground.moderation.rails import Rails
from playground.moderation.views import read_views

MESSAGE = shipped_text()[:400]
PROMPT = "Tell me a long story about a lighthouse keeper."
TOKENS = 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = playground.load(options.model, options.precision)
    result = {**stages(), **streaming(model, options.rounds)}
    print(json.dumps(result, indent=2) if options.json else as_text(result))


def stages() -> dict[str, float]:
    """Return the least milliseconds of the readings, each stage, and all together."""
    rail = shipped_rail()
    views = read_views(MESSAGE)
    taken = {"readings": milliseconds(lambda: read_views(MESSAGE))}
    for stage in (rail.gate, *rail.every):
        spent = milliseconds(lambda stage=stage: stage.find(MESSAGE, views))  # type: ignore[misc] # a default binds the loop's stage
        taken[stage.name] = taken.get(stage.name, 0.0) + spent
    return {**taken, "whole rail": milliseconds(lambda: rail.check(MESSAGE))}


def milliseconds(work: Callable[[], object], times: int = 50) -> float:
    """Return the least of many runs: what else the machine does only adds."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return 1000 * best


def streaming(model: LanguageModel, rounds: int) -> dict[str, float]:
    """Return tokens/s without the filter and with it, and the median of the rounds' ratios."""
    plain, guarded = [], []
    for _ in range(rounds):
        plain.append(speed(model, None))
        guarded.append(speed(model, RailGuard(Rails())))
    ratios = [one / other for one, other in zip(guarded, plain, strict=True)]
    return {
        "tokens/s without": statistics.median(plain),
        "tokens/s with": statistics.median(guarded),
        "with / without": statistics.median(ratios),
    }


def speed(model: LanguageModel, guard: RailGuard | None) -> float:
    """Return tokens a second of one greedy reply."""
    model.guard = guard
    messages = [{"role": "user", "content": PROMPT}]
    began = time.perf_counter()
    reply = model.generate(messages, temperature=0, max_new_tokens=TOKENS)
    withheld = reply.watched.withheld if reply.watched else 0
    return (len(reply.steps) + withheld) / (time.perf_counter() - began)


def as_text(result: dict[str, float]) -> str:
    """Return the figures, one a line, and what the machine was."""
    lines = [f"{name:20} {value:10.3f}" for name, value in result.items()]
    return "\n".join([*lines, "", conditions()])


if __name__ == "__main__":
    main()
