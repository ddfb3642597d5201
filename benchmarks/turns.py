"""A conversation of thirty turns, about 3,000 tokens: how soon the next short message is answered.

The first turn is asked several times anew, each time by an owner who has read nothing. The newest
turns are those after the thirtieth, each a short message that follows a reply at once; they are
written once more from the same messages with nothing kept::

    python benchmarks/turns.py [--model NAME] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from itertools import cycle, islice
from typing import Any

from machine import conditions

import playground
from playground.generation.decoding import prefill
from playground.generation.kept_caches import KeptCaches
from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply
from playground.generation.scheduler import Scheduler
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.choice import EngineName
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Message

SIDES = {"core, FP32": "fp32", "core, INT8": "int8"}
TURNS, NEWEST, FIRST, REPLY_TOKENS = 30, 5, 5, 75
QUESTIONS = (
    "Hello! I keep bees on the roof of a school. What do they eat?",
    "How much honey does one hive give in a year?",
    "What should I do before the winter comes?",
    "Please say that again in simpler words.",
    "Why is that so?",
)
SETTINGS: dict[str, Any] = {"temperature": 0, "repetition_penalty": 1.2, "stop_on_loop": False}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = {
        name: measure(playground.load(options.model, precision, engine=EngineName.CORE).engine)
        for name, precision in SIDES.items()
    }
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def measure(engine: Engine) -> dict[str, Any]:
    """Return the times of the first turn and of the newest, and what is kept."""
    caches = KeptCaches()
    batch = Scheduler(engine, kept=caches)
    opening = [Message("user", QUESTIONS[0])]
    firsts = [
        LanguageModel(engine, batch, owner=f"first {number}").generate(
            opening, **SETTINGS, max_new_tokens=2
        )
        for number in range(FIRST + 1)
    ][1:]  # the first prompt of all is slow
    caches.free()
    turns = talk(LanguageModel(engine, batch, owner="talk"))[-NEWEST:]
    newest = [reply for _, reply in turns]
    anew = [write(LanguageModel(engine, batch), messages) for messages, _ in turns]
    return {
        "first_turn_tokens": firsts[0].reading.total,
        "first_turn_seconds": median(firsts),
        "newest_turn_tokens": newest[-1].reading.total,
        "newest_turn_read": statistics.median(each.reading.anew for each in newest),
        "newest_turn_seconds": median(newest),
        "without_seconds": median(anew),
        "same_texts": sum(a.text == b.text for a, b in zip(newest, anew, strict=True)),
        "kept_bytes": caches.size_bytes(),
        "copied_faster": copying(engine),
    }


def talk(model: LanguageModel) -> list[tuple[list[Message], Reply]]:
    """Write the conversation and the newest turns behind it: what each was asked with, and came."""
    messages: list[Message] = []
    turns: list[tuple[list[Message], Reply]] = []
    for question in islice(cycle(QUESTIONS), TURNS + NEWEST):
        asked = [*messages, Message("user", question)]
        turns.append((asked, write(model, asked)))
        messages = [*asked, Message("assistant", turns[-1][1].text)]
    return turns


def write(model: LanguageModel, messages: list[Message]) -> Reply:
    """Write one reply."""
    return model.generate(messages, **SETTINGS, max_new_tokens=REPLY_TOKENS)


def median(replies: list[Reply]) -> float:
    """Return the middle of the times to the first token."""
    return statistics.median(each.first_token_seconds or 0 for each in replies)


def copying(engine: Engine) -> float:
    """Return how many times faster the keys and values of a prompt are copied than read."""
    cache = engine.new_cache()
    start = time.perf_counter()
    for _ in prefill(engine, [5] * 1024, cache):
        pass
    read = time.perf_counter() - start
    start = time.perf_counter()
    cache.copy()
    return read / (time.perf_counter() - start)


def as_markdown(result: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a table, with the conditions below it."""
    lines = [
        "| side | first turn (s) | newest turn (s) | ratio | of its tokens read | without (s) | "
        "kept (MB) | same texts |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, each in result.items():
        first, newest = each["first_turn_seconds"], each["newest_turn_seconds"]
        lines.append(
            f"| {name} | {first:.2f} | {newest:.2f} | {newest / first:.1f} | "
            f"{each['newest_turn_read']:.0f} of {each['newest_turn_tokens']:,} | "
            f"{each['without_seconds']:.2f} | {each['kept_bytes'] / 1e6:.0f} | "
            f"{each['same_texts']} of {NEWEST} |"
        )
    faster = " and ".join(f"{each['copied_faster']:,.0f}" for each in result.values())
    lines += [
        "",
        f"Measured: times to the first token, medians of {NEWEST}; the first turn has "
        f"{next(iter(result.values()))['first_turn_tokens']} tokens. Keys and values are copied "
        f"{faster} times faster than they are read.",
        conditions(),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
