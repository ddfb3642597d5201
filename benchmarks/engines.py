"""Who computes how fast: the core, transformers and, if given, llama.cpp, side by side in one run.

Every runner has a process of its own, and the rounds take turns, so that a machine that slows down
slows them all. With ``--busy`` each also runs beside one process that never rests. A runner that
crashes is told, and the others go on. Prints Markdown tables, or JSON::

    python benchmarks/engines.py [--model NAME] [--rounds N] [--repeats N] [--runners NAME,NAME]
        [--busy] [--json] [--llama-python FILE --llama-f32 FILE --llama-q8 FILE [--llama-plain]]

llama.cpp is run through llama-cpp-python by an interpreter of its own, on GGUF files of the same
model; ``--llama-plain`` turns off its repacked weights, with which it crashes on some processors
with AMX. transformers decodes by its own ``generate``, and as the engine runs it where the runner
says so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from apart import Row, run_in_turns
from machine import conditions

import playground
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.compiled import ready
from playground.models.engines.engine import Engine, LoadReport
from playground.models.engines.engine_name import EngineName

NEW_TOKENS = 64
PREFILL_TOKENS = 512
BATCH = 8
PROMPT = "The history of the Roman Empire begins with"
RUNNERS = (
    "core fp32",
    "core int8",
    "core int8 NumPy",
    "core int8-head",
    "core bf16",
    "transformers fp32",
    "transformers fp32 engine",
    "transformers int8",
    "transformers bf16",
    "transformers fp16",
    "transformers nf4",
)
LLAMA = """
import json, statistics, sys, time
import llama_cpp
from llama_cpp import llama_cpp as raw
defaults = raw.llama_model_default_params
def without_extra_buffers():
    chosen = defaults()
    chosen.use_extra_bufts = False
    return chosen
if sys.argv[2] == "plain":
    raw.llama_model_default_params = without_extra_buffers
model = llama_cpp.Llama(sys.argv[1], n_ctx=1024, n_batch=512, n_ubatch=512, n_threads=2,
                        n_threads_batch=2, verbose=False)
ids = [5 + 7 * i % 40000 for i in range(512)]
prefill, decode = [], []
for _ in range(1 + int(sys.argv[3])):
    model.reset()
    start = time.perf_counter()
    model.eval(ids)
    prefill.append(512 / (time.perf_counter() - start))
    start = time.perf_counter()
    for i in range(64):
        model.eval([1000 + i])
    decode.append(64 / (time.perf_counter() - start))
print(json.dumps({"decode": decode[1:], "prefill": prefill[1:]}))
"""


def main() -> None:
    """Measure all runners and print the tables, or measure one and print its numbers."""
    options = _options()
    if options.only:
        print(json.dumps(measure(options.model, options.repeats, *options.only.split())))
        return
    repeats = str(options.repeats)
    shared = [sys.executable, __file__, "--model", options.model, "--repeats", repeats]
    commands = {runner: [*shared, "--only", runner] for runner in options.runners.split(",")}
    plain = "plain" if options.llama_plain else ""
    for name, file in (("F32", options.llama_f32), ("Q8_0", options.llama_q8)):
        if options.llama_python and file:
            asked = [file, plain, repeats]
            commands[f"llama.cpp {name}"] = [options.llama_python, "-c", LLAMA, *asked]
    idle, busy = run_in_turns(commands, options.rounds, options.busy)
    result = {"bandwidth_bytes_per_second": read_bandwidth(), "runners": idle, "busy": busy}
    print(json.dumps(result, indent=2) if options.json else as_markdown(result, options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3, help="runs a round, after a first")
    parser.add_argument("--runners", default=",".join(RUNNERS), help="these alone, with commas")
    parser.add_argument("--busy", action="store_true", help="also beside a busy process")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", help="measure this runner, in this process")
    for name in ("python", "f32", "q8"):
        parser.add_argument(f"--llama-{name}")
    parser.add_argument(
        "--llama-plain", action="store_true", help="without repacked weights, which crash on AMX"
    )
    return parser.parse_args()


def measure(
    model: str, repeats: int, engine_name: str, precision: str, way: str = ""
) -> dict[str, Any]:
    """Return the speeds of one engine at one precision, in tokens a second.

    The core multiplies by what is compiled, once it is there; `way` "NumPy" keeps it from that.
    transformers decodes by its own ``generate``; with `way` "engine" token by token, as here.
    """
    if way == "NumPy":
        os.environ[ready.SWITCH] = "off"
    if engine_name == EngineName.CORE:
        ready.wait_until_ready()  # before, for a model keeps the way in which it was loaded
    language_model = playground.load(model, precision, engine_name)
    engine = language_model.engine
    prompt_ids = engine.tokenizer.encode_text_prompt(PROMPT)
    generates = engine.name == "transformers" and way != "engine"
    decode = _generate(engine) if generates else _steps(engine, prompt_ids, 1)
    speeds: dict[str, Any] = {
        "bytes_per_token": _bytes_per_token(engine.report),
        "prefill": _speeds(PREFILL_TOKENS, _prefill(engine), repeats),
        "decode": _speeds(NEW_TOKENS, decode, repeats),
    }
    if engine.name == "core":
        many = _steps(engine, prompt_ids, BATCH)
        speeds[f"decode x {BATCH}"] = _speeds(BATCH * NEW_TOKENS, many, repeats)
        _disturb()
        speeds["decode after torch"] = _speeds(NEW_TOKENS, decode, repeats)
    return speeds


def _bytes_per_token(report: LoadReport) -> int:
    """Return the bytes that a token reads: beside a head of its own, one row of the embedding."""
    whole = report.weight_bytes + report.scale_bytes
    return whole if report.tied_head else whole - report.part_bytes["embedding"]


def _speeds(tokens: int, run: Callable[[], float], repeats: int) -> list[float]:
    """Return tokens a second over some runs; the first warms up and does not count."""
    run()
    return [tokens / run() for _ in range(repeats)]


def _prefill(engine: Engine) -> Callable[[], float]:
    token_ids = (5 + 7 * np.arange(PREFILL_TOKENS) % 40_000)[None]

    def run() -> float:
        cache = engine.new_cache()
        start = time.perf_counter()
        engine.forward(token_ids, [cache])
        return time.perf_counter() - start

    return run


def _steps(engine: Engine, prompt_ids: Sequence[int], rows: int) -> Callable[[], float]:
    """Decode greedily in so many rows; the prompt is read before the clock starts."""

    def run() -> float:
        caches = [engine.new_cache() for _ in range(rows)]
        logits = engine.forward(np.array([prompt_ids] * rows), caches)
        start = time.perf_counter()
        for _ in range(NEW_TOKENS):
            logits = engine.forward(logits.argmax(axis=-1)[:, None], caches)
        return time.perf_counter() - start

    return run


def _generate(engine: Any) -> Callable[[], float]:
    """Decode by transformers' own ``generate``; the first token's time is taken off."""
    import torch

    token_ids = torch.tensor([engine.tokenizer.encode_text_prompt(PROMPT)])

    def generate(count: int) -> float:
        start = time.perf_counter()
        with torch.inference_mode():
            engine.network.generate(
                token_ids,
                attention_mask=torch.ones_like(token_ids),
                do_sample=False,
                max_new_tokens=count,
                min_new_tokens=count,
            )
        return time.perf_counter() - start

    return lambda: generate(NEW_TOKENS + 1) - generate(1)


def _disturb() -> None:
    """Let torch's threads work, as they do when another model runs in the same process."""
    import torch

    square = torch.rand(2_000, 2_000)
    for _ in range(3):
        square = square @ square / 1_000


def read_bandwidth() -> float:
    """Return how many bytes a second two threads read from memory: the best of ten sums."""
    import torch

    array = torch.ones(128 * 2**20)

    def seconds() -> float:
        start = time.perf_counter()
        array.sum()
        return time.perf_counter() - start

    return array.nbytes / min(seconds() for _ in range(10))


def as_markdown(result: dict[str, Any], options: argparse.Namespace) -> str:
    """Return the tables, with the conditions below them."""
    runners, bandwidth = result["runners"], result["bandwidth_bytes_per_second"]
    lines = [
        "| runner | prefill 512 (tokens/s) | decode (tokens/s) | lowest to highest | "
        "limit of memory | reached |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for runner, row in runners.items():
        if "decode" not in row:
            lines.append(f"| {runner} | {row['failed']} | | | | |")
            continue
        decode = statistics.median(row["decode"])
        limit = bandwidth / row["bytes_per_token"] if "bytes_per_token" in row else None
        shares = [f"{limit:.0f}", f"{decode / limit:.0%}"] if limit else ["", ""]
        cells = [
            runner,
            f"{statistics.median(row['prefill']):.0f}",
            f"{decode:.1f}",
            f"{min(row['decode']):.1f} to {max(row['decode']):.1f}",
            *shares,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += _busy_lines(runners, result["busy"])
    lines += ["", "| ratio | measured |", "|---|---:|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in ratios(runners).items()]
    lines += [f"| busy: {name} | {value:.2f} |" for name, value in ratios(result["busy"]).items()]
    return "\n".join(
        [
            *lines,
            "",
            f"Measured: {options.model}, medians of {options.rounds} rounds of {options.repeats} "
            f"runs, {NEW_TOKENS} tokens; memory was read at {bandwidth / 1e9:.1f} GB/s. The limit "
            "is that speed over the bytes of weights that a token reads.",
            conditions(),
        ]
    )


def _busy_lines(idle: dict[str, Row], busy: dict[str, Row]) -> Iterator[str]:
    """Yield the table of what each runner keeps of its speed beside a busy process."""
    if not busy:
        return
    yield from (
        "",
        "| runner | decode alone | beside a busy process | kept |",
        "|---|---:|---:|---:|",
    )
    for runner, row in busy.items():
        if "decode" in row and "decode" in idle[runner]:
            alone, beside = (statistics.median(each["decode"]) for each in (idle[runner], row))
            yield f"| {runner} | {alone:.1f} | {beside:.1f} | {beside / alone:.2f} |"


def ratios(runners: dict[str, Row]) -> dict[str, float]:
    """Return the comparisons that have a target, as far as both sides were measured."""
    sides = {
        "decode, core FP32 : transformers FP32": ("core fp32", "decode", "transformers fp32"),
        "decode, core INT8 : transformers INT8": ("core int8", "decode", "transformers int8"),
        "decode, core INT8, compiled : NumPy": ("core int8", "decode", "core int8 NumPy"),
        "decode, core INT8+head : core INT8": ("core int8-head", "decode", "core int8"),
        "decode, core FP32 : llama.cpp F32": ("core fp32", "decode", "llama.cpp F32"),
        "decode, core INT8 : llama.cpp Q8_0": ("core int8", "decode", "llama.cpp Q8_0"),
        "decode, core INT8+head : llama.cpp Q8_0": ("core int8-head", "decode", "llama.cpp Q8_0"),
        "prefill, core FP32 : transformers FP32": ("core fp32", "prefill", "transformers fp32"),
        "prefill, core INT8 : llama.cpp Q8_0": ("core int8", "prefill", "llama.cpp Q8_0"),
        "prefill, core BF16 : llama.cpp Q8_0": ("core bf16", "prefill", "llama.cpp Q8_0"),
    }
    found = {
        name: statistics.median(runners[ours][what]) / statistics.median(runners[theirs][what])
        for name, (ours, what, theirs) in sides.items()
        if what in runners.get(ours, {}) and what in runners.get(theirs, {})
    }
    for runner in ("core int8", "core int8-head", "core fp32"):
        if "decode" not in runners.get(runner, {}):
            continue
        row = {name: statistics.median(v) for name, v in runners[runner].items() if "dec" in name}
        found[f"decode, {runner}, batch {BATCH} : batch 1"] = (
            row[f"decode x {BATCH}"] / row["decode"]
        )
        found[f"decode, {runner}, after torch : before"] = row["decode after torch"] / row["decode"]
    return found


if __name__ == "__main__":
    main()
