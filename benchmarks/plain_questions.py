"""At which settings a small model answers plain questions best: where a chat starts.

Fifty questions with keys (``plain_questions.jsonl``) go through the chat template, as in a chat
with no system prompt of one's own, over a grid of temperature, cut-off and penalty. Right answers
and loops are counted, the best few again with more seeds, and the examples of the empty page with
many::

    python benchmarks/plain_questions.py [--precision NAME] [--check] [--seeds N] [--replies FILE]
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from machine import conditions

import playground
from apps.chat.welcome import EXAMPLES
from playground.generation.fitting.messages import fit_messages
from playground.generation.language_model import LanguageModel
from playground.generation.loops import find_loop
from playground.generation.presets import CHAT_START
from playground.generation.reply import Reply
from playground.generation.scheduler import MAX_LAB_ROWS, MAX_ROWS
from playground.generation.settings import SamplingSettings
from playground.labs.hallucination.grading import grade
from playground.labs.hallucination.items import Item, read_item
from playground.models.acquire.catalog import load_catalog
from playground.models.text.tokenizer import Message

QUESTIONS = Path(__file__).with_suffix(".jsonl")
GREEDY = SamplingSettings(temperature=0, top_p=1)
NEUTRAL = SamplingSettings()
TEMPERATURES = (0.1, 0.2, 0.3)
CUTS: tuple[dict[str, float], ...] = ({"top_p": 0.9}, {"top_p": 1, "min_p": 0.1})
PENALTIES: tuple[dict[str, float], ...] = (
    {},
    {"repetition_penalty": 1.05},
    {"repetition_penalty": 1.1},
    {"frequency_penalty": 0.3},
    {"frequency_penalty": 0.4},
)
SEEDS, MORE_SEEDS, EXAMPLE_SEEDS = 1, 3, 16
FINALISTS = 2
# What shows that a reply to an example is about what was asked.
SIGNS = {
    "In which city is the Eiffel Tower?": r"\bParis\b",
    "What is the longest river in Africa?": r"\bNile\b",
    "Give me three tips for sleeping well.": r"(?i)\b(caffeine|schedule|routine|dark|screens)\b",
}
COLUMNS = MAX_ROWS + MAX_LAB_ROWS
AT_ONCE = 3  # prompts: one is written, the next are read


@dataclass(frozen=True)
class Told:
    """One reply: what was asked at which settings, and what became of it."""

    question: str  # its name
    settings: SamplingSettings
    text: str
    right: bool
    loop: bool
    tokens: int


@dataclass(frozen=True)
class Row:
    """One line of the table: settings, over all questions and seeds."""

    settings: SamplingSettings
    rights: tuple[int, ...]  # of the questions, one a seed
    loops: int
    tokens: float

    @property
    def right(self) -> float:
        """Questions that are answered rightly, over the seeds."""
        return statistics.fmean(self.rights)


def main() -> None:
    """Ask, count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--check", action="store_true", help="T 0 and the chat's start alone")
    parser.add_argument("--seeds", type=int, default=MORE_SEEDS, help="of the chat's start")
    parser.add_argument("--replies", type=Path, help="keep every reply here, to be read")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = playground.load(options.model, options.precision)
    with Kept(options.replies) as told:
        tried = [GREEDY] if options.check else grid()
        result = measure(model, read_questions(), told, tried, options.seeds)
    shown = f"{options.model} at {options.precision}"
    print(json.dumps(result, indent=2) if options.json else as_markdown(result, shown))


class Kept:
    """Writes every reply down as it comes, where a file is named, to be read by a person."""

    def __init__(self, path: Path | None) -> None:
        self._stack = ExitStack()
        self._file = self._stack.enter_context(path.open("w", encoding="utf-8")) if path else None

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def keep(self, told: Told) -> Told:
        """Write a reply down and return it."""
        if self._file:
            self._file.write(_line(told))
            self._file.flush()
        return told


def read_questions() -> list[Item]:
    """Return the questions with their keys."""
    lines = QUESTIONS.read_text("utf-8").splitlines()
    return [read_item(json.loads(line)) for line in lines]


def grid() -> list[SamplingSettings]:
    """Return all settings that are tried, temperature 0 and the neutral ones among them.

    Examples
    --------
    >>> len(grid()) == len(set(map(str, grid())))
    True
    """
    tried = [GREEDY, NEUTRAL]
    for temperature, cut, penalty in product(TEMPERATURES, CUTS, PENALTIES):
        tried.append(
            # `top_p` and its like: mypy holds each number against every setting's type.
            SamplingSettings(temperature=temperature, **cut, **penalty)  # type: ignore[arg-type] # as above
        )
    return tried


def measure(
    model: LanguageModel,
    items: Sequence[Item],
    told: Kept,
    tried: Sequence[SamplingSettings],
    seeds: int,
) -> dict[str, Any]:
    """Return the rows of what is tried, those of the best, and how often each example works.

    T 0 is the first that is tried.
    """
    screened = count(model, items, tried, SEEDS, told)
    finalists = [row.settings for row in best_of(screened)[:FINALISTS]]
    again = [CHAT_START.settings, *finalists]
    once = list({str(each): each for each in again if each.temperature > 0}.values())
    final = [*screened[:1], *count(model, items, once, seeds, told)]
    examples = count_examples(model, told)
    return {
        "questions": len(items),
        "grid": [_record(row) for row in screened],
        "best": [_record(row) for row in [*final[:1], *best_of(final[1:])]],
        "examples": examples,
    }


def best_of(rows: Iterable[Row]) -> list[Row]:
    """Return rows from the best on: without loops, most right, and of equals the warmest."""
    return sorted(rows, key=lambda row: (row.loops > 0, -row.right, -row.settings.temperature))


def count(
    model: LanguageModel,
    items: Sequence[Item],
    tried: Sequence[SamplingSettings],
    seeds: int,
    told: Kept,
) -> list[Row]:
    """Ask every question at each of some settings, so many times; return a row for each."""
    columns = [
        replace(each, seed=seed) for each in tried for seed in range(1 if each.greedy else seeds)
    ]
    answers = list(map(told.keep, ask(model, items, columns)))
    return [_row(each, seeds, answers) for each in tried]


def ask(
    model: LanguageModel, items: Sequence[Item], columns: Sequence[SamplingSettings]
) -> Iterator[Told]:
    """Yield a graded reply to every question for every column, in full batches."""
    parts = [columns[start : start + COLUMNS] for start in range(0, len(columns), COLUMNS)]

    def write(job: tuple[Item, Sequence[SamplingSettings]]) -> list[Told]:
        item, part = job
        return [
            _told(item, settings, reply)
            for settings, reply in zip(part, replies(model, item.prompt, part), strict=True)
        ]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for answered in pool.map(write, product(items, parts)):
            yield from answered


def replies(
    model: LanguageModel, question: str, columns: Sequence[SamplingSettings]
) -> tuple[Reply, ...]:
    """Return the replies of a chat to its first question, one a column."""
    longest = max(each.max_new_tokens for each in columns)
    ids = fit_messages([Message("user", question)], model.engine, longest).token_ids
    streams = model.stream_many(ids, columns)
    for _ in streams:
        pass
    return streams.replies


def _told(item: Item, settings: SamplingSettings, reply: Reply) -> Told:
    ids = [step.token_id for step in reply.steps]
    loop = reply.finish_reason == "loop" or find_loop(ids) is not None
    right = grade(reply.text, item).right is True
    return Told(item.id, settings, reply.text, right, loop, len(ids))


def _row(settings: SamplingSettings, seeds: int, told: Sequence[Told]) -> Row:
    mine = [each for each in told if replace(each.settings, seed=None) == settings]
    rights = [
        sum(each.right for each in mine if each.settings.seed == seed)
        for seed in ({each.settings.seed for each in mine} if settings.greedy else range(seeds))
    ]
    tokens = statistics.fmean(each.tokens for each in mine)
    return Row(settings, tuple(rights), sum(each.loop for each in mine), tokens)


def count_examples(model: LanguageModel, told: Kept) -> dict[str, dict[str, int]]:
    """Return how many replies to each example of the empty page are as they should be."""
    columns = [replace(CHAT_START.settings, seed=seed) for seed in range(EXAMPLE_SEEDS)]
    counts = {}
    for example in EXAMPLES:
        item = Item(example, example, ("?",), "")  # not graded by a key
        parts = [columns[start : start + COLUMNS] for start in range(0, len(columns), COLUMNS)]
        answers = [
            told.keep(replace(_told(item, settings, reply), right=_shows(example, reply.text)))
            for part in parts
            for settings, reply in zip(part, replies(model, example, part), strict=True)
        ]
        works = sum(each.right and not each.loop for each in answers)
        counts[example] = {"works": works, "of": len(answers)}
    return counts


def _shows(example: str, reply: str) -> bool:
    return re.search(SIGNS[example], reply) is not None


def _record(row: Row) -> dict[str, Any]:
    names = CHAT_START.values
    settings = {name: getattr(row.settings, name) for name in names}
    return {
        **settings,
        "right": row.right,
        "by_seed": list(row.rights),
        "seeds": len(row.rights),
        "loops": row.loops,
        "tokens": row.tokens,
    }


def _line(told: Told) -> str:
    return json.dumps(asdict(told) | {"settings": told.settings.in_effect()}) + "\n"


def as_markdown(result: dict[str, Any], model: str) -> str:
    """Return the best settings, the grid and the examples as tables."""
    asked, start = result["questions"], CHAT_START.values
    best, tried = (
        [_best_line(row, asked, row.items() >= start.items()) for row in result[name]]
        for name in ("best", "grid")
    )
    head = [
        f"| settings | right of {asked}, mean | by seed | loops | tokens a reply |",
        "|---|---:|---|---:|---:|",
    ]
    examples = [
        f"| {text} | {each['works']} of {each['of']} |" for text, each in result["examples"].items()
    ]
    return "\n".join(
        [
            f"{model}:",
            "",
            *head,
            *best,
            "",
            "The grid:",
            "",
            *head,
            *tried,
            "",
            "| example | works |",
            "|---|---:|",
            *examples,
            "",
            conditions(),
        ]
    )


def _best_line(row: dict[str, Any], asked: int, starts: bool) -> str:
    words = f"T {row['temperature']:g}"
    if row["temperature"]:
        words += f", top-p {row['top_p']:g}" if row["top_p"] < 1 else ""
        words += f", min-p {row['min_p']:g}" if row["min_p"] else ""
    if row["repetition_penalty"] != 1:
        words += f", repetition penalty {row['repetition_penalty']:g}"
    if row["frequency_penalty"]:
        words += f", frequency penalty {row['frequency_penalty']:g}"
    words = f"**{words}** (the chat starts here)" if starts else words
    by_seed = " ".join(map(str, row["by_seed"]))
    loops = f"{row['loops']} of {asked * row['seeds']}"
    return f"| {words} | {row['right']:.3g} | {by_seed} | {loops} | {row['tokens']:.0f} |"


if __name__ == "__main__":
    main()
