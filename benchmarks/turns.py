"""A long conversation, thirty turns unless told: how soon the next short message is answered.

The first turn is asked several times anew, each time by an owner who has read nothing. The newest
turns are those after the thirtieth, each a short message behind a reply that was written here: some
are sent at once, others after a pause, in which what is left of the reply is read ahead. They are
written again from the same messages with nothing kept::

    python benchmarks/turns.py [--model NAME] [--turns N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

from machine import conditions

import playground
from playground.generation.decoding import prefill
from playground.generation.kept_caches import KeptCaches
from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply
from playground.generation.scheduler import Scheduler
from playground.labs.context.example import EXAMPLE
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.compiled import ready
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.text.tokenizer import Message

SIDES = {"core, FP32": "fp32", "core, INT8": "int8"}
TURNS, ASKED, REPLY_TOKENS = 30, 3, 60
SETTINGS: dict[str, Any] = {"temperature": 0, "stop_on_loop": False}
QUESTIONS = ("And in spring?", "Why is that so?", "Please say it in simpler words.")

Turns = list[tuple[list[Message], Reply]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--turns", type=int, default=TURNS, help="some 70 tokens each")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ready.wait_until_ready()
    result = {
        name: measure(
            playground.load(options.model, precision, engine=EngineName.CORE).engine, options.turns
        )
        for name, precision in SIDES.items()
    }
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def measure(engine: Engine, turns: int = TURNS) -> dict[str, Any]:
    """Return the times of the first turn and of the newest, and what is kept."""
    caches = KeptCaches()
    batch = Scheduler(engine, kept=caches)
    firsts = [
        write(LanguageModel(engine, batch, owner=f"first {number}"), [EXAMPLE[0]], tokens=2)
        for number in range(ASKED + 1)
    ][1:]  # the first prompt of all is slow
    caches.free()
    model = LanguageModel(engine, batch, owner="talk")
    messages = list(islice(cycle(EXAMPLE[:-1]), 2 * turns))
    opened = write(model, [*messages, EXAMPLE[-1]])
    messages += [EXAMPLE[-1], Message("assistant", opened.text)]
    at_once = go_on(model, messages, lambda: None)
    rested = go_on(model, [*at_once[-1][0], said(at_once[-1][1])], lambda: wait_for(batch))
    anew = [write(LanguageModel(engine, batch), asked) for asked, _ in (*at_once, *rested)]
    replies = [reply for _, reply in (*at_once, *rested)]
    return {
        "first_turn_tokens": firsts[0].reading.total,
        "first_turn_seconds": seconds(firsts),
        "newest_turn_tokens": replies[-1].reading.total,
        "at_once_read": statistics.median(each.reading.anew for _, each in at_once),
        "at_once_seconds": seconds([reply for _, reply in at_once]),
        "rested_read": statistics.median(each.reading.anew for _, each in rested),
        "rested_seconds": seconds([reply for _, reply in rested]),
        "without_seconds": seconds(anew),
        "same_texts": sum(a.text == b.text for a, b in zip(replies, anew, strict=True)),
        "texts": len(replies),
        "kept_bytes": caches.size_bytes(),
        "copied_faster": copying(engine),
    }


def go_on(model: LanguageModel, messages: list[Message], pause: Callable[[], object]) -> Turns:
    """Write the next turns; return what each was asked with, and its reply."""
    turns: Turns = []
    for question in QUESTIONS[:ASKED]:
        pause()
        asked = [*messages, Message("user", question)]
        turns.append((asked, write(model, asked)))
        messages = [*asked, said(turns[-1][1])]
    return turns


def write(model: LanguageModel, messages: list[Message], tokens: int = REPLY_TOKENS) -> Reply:
    """Write one reply."""
    return model.generate(messages, **SETTINGS, max_new_tokens=tokens)


def said(reply: Reply) -> Message:
    """Return a reply as a message."""
    return Message("assistant", reply.text)


def wait_for(batch: Scheduler) -> None:
    """Wait until a reply has been read ahead; a person types meanwhile."""
    while not batch.idle:
        time.sleep(0.01)


def seconds(replies: list[Reply]) -> float:
    """Return the middle of the times to the first token."""
    return statistics.median(each.first_token_seconds or 0 for each in replies)


def copying(engine: Engine) -> float:
    """Return how many times faster the keys and values of a prompt are copied than read."""
    cache = engine.new_cache()
    start = time.perf_counter()
    for _ in prefill(engine, [5] * 512, cache):
        pass
    read = time.perf_counter() - start
    start = time.perf_counter()
    cache.copy()
    return read / (time.perf_counter() - start)


def as_markdown(result: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a table, with the conditions below it."""
    lines = [
        "| side | first turn (s) | next at once (s) | read | next after a pause (s) | read | "
        "with nothing kept (s) | kept (MB) | same texts |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, each in result.items():
        first = each["first_turn_seconds"]
        lines.append(
            f"| {name} | {first:.2f} | {_times(each['at_once_seconds'], first)} | "
            f"{each['at_once_read']:.0f} | {_times(each['rested_seconds'], first)} | "
            f"{each['rested_read']:.0f} | {_times(each['without_seconds'], first)} | "
            f"{each['kept_bytes'] / 1e6:.0f} | {each['same_texts']} of {each['texts']} |"
        )
    one, *_ = result.values()
    faster = " and ".join(f"{each['copied_faster']:,.0f}" for each in result.values())
    lines += [
        "",
        f"Measured: times to the first token, medians of {ASKED}; the first turn has "
        f"{one['first_turn_tokens']} tokens, the newest {one['newest_turn_tokens']:,}. Keys and "
        f"values are copied {faster} times faster than they are read.",
        conditions(),
    ]
    return "\n".join(lines)


def _times(seconds: float, first: float) -> str:
    return f"{seconds:.2f} ({seconds / first:.1f} x)"


if __name__ == "__main__":
    main()
