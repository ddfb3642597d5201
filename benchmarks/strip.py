"""A strip of eight temperatures in one batch, beside the same tokens written one by one.

Three ways, in turn, in one process: the strip on the core at INT8; the same columns one after the
other on the same engine; eight calls of transformers' own ``generate`` at FP32. Then eight chats in
the shared batch beside a lone one::

    python benchmarks/strip.py [--model NAME] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

from machine import conditions

import playground
from playground.generation.language_model import LanguageModel
from playground.generation.scheduler import Scheduler
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.columns import Column
from playground.labs.temperature.strip import plan_columns, write_strip
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.compiled import ready
from playground.models.engines.engine import Engine

TEMPERATURES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
TOKENS = 64
PROMPT = "The history of the Roman Empire begins with"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ready.wait_until_ready()
    core = playground.load(options.model, "int8", engine="core").engine
    theirs: Any = playground.load(options.model, "fp32", engine="transformers").engine
    result = strip_seconds(core, theirs, options.rounds) | chat_speeds(core, options.rounds)
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def strip_seconds(core: Engine, theirs: Any, rounds: int) -> dict[str, float]:
    """Return the median seconds of each way."""
    settings = SamplingSettings(seed=1, max_new_tokens=TOKENS)
    ids = core.tokenizer.encode_text_prompt(PROMPT)
    columns = plan_columns(TEMPERATURES, 1, _endless(core, settings))

    def one_by_one() -> None:
        for column in columns:
            _alone(core, ids, column)

    def generate() -> None:
        for temperature in TEMPERATURES:
            _generate(theirs, ids, temperature)

    ways: dict[str, Callable[[], None]] = {
        "strip": lambda: _exhaust(write_strip(LanguageModel(core), ids, columns)),
        "one by one": one_by_one,
        "generate": generate,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, write in ways.items():
            start = time.perf_counter()
            write()
            if turn:  # the first warms up
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _endless(engine: Engine, settings: SamplingSettings) -> SamplingSettings:
    """Ban the end of a turn, so that every column writes all its tokens."""
    ends = tuple((token_id,) for token_id in engine.tokenizer.end_token_ids)
    return SamplingSettings.from_mapping(settings.as_dict() | {"banned": ends})


def _exhaust(steps: Any) -> None:
    for _ in steps:
        pass


def _alone(engine: Engine, ids: list[int], column: Column) -> None:
    LanguageModel(engine).generate(ids, **column.settings.as_dict())


def _generate(engine: Any, ids: list[int], temperature: float) -> None:
    import torch

    token_ids = torch.tensor([ids])
    with torch.inference_mode():
        engine.network.generate(
            token_ids,
            attention_mask=torch.ones_like(token_ids),
            do_sample=True,
            top_k=0,
            temperature=temperature,
            top_p=0.9,
            max_new_tokens=TOKENS,
            min_new_tokens=TOKENS,
        )


def chat_speeds(engine: Engine, rounds: int) -> dict[str, float]:
    """Return tokens a second and the gap between two tokens, for one chat and for eight at once."""
    lone = [_chats(engine, 1) for _ in range(rounds + 1)][1:]
    eight = [_chats(engine, 8) for _ in range(rounds + 1)][1:]
    return {
        "one chat, tokens/s": statistics.median(speed for speed, _ in lone),
        "eight chats, tokens/s": statistics.median(speed for speed, _ in eight),
        "one chat, gap": statistics.median(gap for _, gap in lone),
        "eight chats, gap": statistics.median(gap for _, gap in eight),
    }


def _chats(engine: Engine, count: int) -> tuple[float, float]:
    """Let so many chats write at once; return tokens a second and the median gap in seconds."""
    model = LanguageModel(engine, Scheduler(engine))
    settings = _endless(engine, SamplingSettings(max_new_tokens=2 * TOKENS)).as_dict()
    gaps: list[float] = []

    def chat(seed: int) -> None:
        last = None
        for _ in model.stream([{"role": "user", "content": PROMPT}], **settings | {"seed": seed}):
            now = time.perf_counter()
            gaps.extend([] if last is None else [now - last])
            last = now

    threads = [threading.Thread(target=chat, args=(seed,)) for seed in range(count)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tokens = len(gaps) + count
    return tokens / (time.perf_counter() - start), statistics.median(gaps)


def as_markdown(result: dict[str, float]) -> str:
    """Return the figures as a table, with the conditions below it."""
    lines = [
        "| | measured |",
        "|---|---:|",
        f"| strip of {len(TEMPERATURES)} x {TOKENS} tokens, core INT8 | {result['strip']:.2f} s |",
        f"| the same columns one by one, core INT8 | {result['one by one']:.2f} s |",
        f"| eight `generate` calls, transformers FP32 | {result['generate']:.2f} s |",
        f"| `generate` : strip | {result['generate'] / result['strip']:.1f} |",
        f"| one by one : strip | {result['one by one'] / result['strip']:.1f} |",
        f"| one chat, core INT8 | {result['one chat, tokens/s']:.1f} tokens/s |",
        f"| eight chats at once, core INT8 | {result['eight chats, tokens/s']:.1f} tokens/s |",
        f"| gap between two tokens, eight : one | "
        f"{result['eight chats, gap'] / result['one chat, gap']:.1f} |",
    ]
    return "\n".join([*lines, "", conditions()])


if __name__ == "__main__":
    main()
