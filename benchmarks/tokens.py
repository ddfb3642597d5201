"""A megabyte of text in the tokens lab, beside the library's own encoding of it.

What the lab does at each change of the text: ids, bytes and places of all tokens, counts, and the
HTML of the first thousand. Beside it stand `tokenizers`' own ``encode``, which also finds places,
and one that finds none, in turn, in one process::

    python benchmarks/tokens.py [--model NAME] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from machine import conditions
from tokenizers import Tokenizer as FastTokenizer

from playground.data import shipped_text
from playground.labs.tokens.cutting import Cutting, tokenize
from playground.labs.tokens.cutting_view import draw
from playground.models.acquire.catalog import load_catalog
from playground.models.acquire.fetch import ensure_model
from playground.models.text.tokenizer import load_tokenizer
from playground.settings import Settings

MEGABYTE = 1_000_000
TEXTS = {
    "English prose": (shipped_text() * 400)[:MEGABYTE],
    "one letter": "a" * MEGABYTE,
    "Chinese": "漢字" * (MEGABYTE // 6),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = ensure_model(options.model, Settings.from_env()).path
    tokenizer = load_tokenizer(folder)
    library = FastTokenizer.from_file(str(folder / "tokenizer.json"))
    ways: dict[str, Callable[[str], object]] = {
        "lab": lambda text: draw(Cutting(tokenize(tokenizer, text))),
        "encode": lambda text: library.encode(text, add_special_tokens=False),
        "encode, no places": lambda text: library.encode_batch_fast(
            [text], add_special_tokens=False
        ),
    }
    result = {name: seconds(ways, text, options.rounds) for name, text in TEXTS.items()}
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def seconds(ways: dict[str, Callable[[str], object]], text: str, rounds: int) -> dict[str, float]:
    """Return the median seconds of each way over a text."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way(text)
            if turn:  # the first warms up
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def as_markdown(result: dict[str, dict[str, float]]) -> str:
    """Return the figures as a table, with the conditions below it."""
    lines = [
        "| 1 MB of | the lab (s) | `encode` (s) | `encode`, no places (s) | lab : `encode` |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, each in result.items():
        ratio = each["lab"] / each["encode"]
        lines.append(
            f"| {name} | {each['lab']:.2f} | {each['encode']:.2f} | "
            f"{each['encode, no places']:.2f} | {ratio:.2f} |"
        )
    return "\n".join([*lines, "", conditions()])


if __name__ == "__main__":
    main()
