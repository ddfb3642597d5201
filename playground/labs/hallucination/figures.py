"""The figures of a set: how well each score ranks, and what was fitted on one half of it.

Whatever is fitted (a threshold, a calibration, the linear probe) is fitted on one half of the items
and reported on the other. Nothing is printed of a class with fewer than ten items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.core.evaluation import (
    MIN_OF_EACH,
    Bin,
    Ranking,
    area_under_risk,
    best_threshold,
    expected_calibration_error,
    rank,
    reliability,
)
from playground.core.logistic import fit_logistic
from playground.core.proportions import wilson_interval
from playground.core.resampling import groups_of_each, halves
from playground.labs.hallucination.judging import Row
from playground.labs.hallucination.scores import SCORES, Score

CONFIDENCE = "mean_logprob"  # its exponential is a probability, and so can be calibrated
LEAST_LOGPROB = -100.0
CONTROLS = ("length", "random")
PROBE_NAME = "linear_probe"
PROBE_LABEL = next(score.label for score in SCORES if score.name == PROBE_NAME)
# 576 numbers and some forty answers: without a strong hand it learns them by heart.
PROBE_PENALTY = 10.0

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Threshold:
    """From which score on to believe: fitted on one half, tried on the other.

    Parameters
    ----------
    at : float
        The score, in its own unit.
    balanced_accuracy : float
        Mean of the shares of right answers believed and of wrong ones not believed, on the other
        half.
    n : int
        Answers in that half.
    """

    at: float
    balanced_accuracy: float
    n: int


@dataclass(frozen=True)
class Method:
    """One score on the whole set.

    Parameters
    ----------
    name, label : str
        For programs, and for people.
    ranking : Ranking
        AUROC with interval, or why not.
    risk_area : float or None
        Mean share of wrong answers over all coverages; lower is better.
    threshold : Threshold or None
        None where a half has too few of a class.
    """

    name: str
    label: str
    ranking: Ranking
    risk_area: float | None = None
    threshold: Threshold | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        rest = asdict(self)
        ranking = rest.pop("ranking")
        return {"method": rest.pop("name"), **rest, **ranking}


@dataclass(frozen=True)
class Calibration:
    """What was promised and what was kept.

    Parameters
    ----------
    error : float
        ECE.
    bins : tuple of Bin
        The reliability diagram.
    n : int
        Answers that it is made of.
    """

    error: float
    bins: tuple[Bin, ...]
    n: int

    @classmethod
    def of(cls, probabilities: Floats, right: NDArray[np.bool_]) -> Calibration:
        """Measure it."""
        error = expected_calibration_error(probabilities, right)
        return cls(error, reliability(probabilities, right), len(right))


@dataclass(frozen=True)
class Figures:
    """All that can be said of a set.

    Parameters
    ----------
    n, right : int
        Answers with a grade, and those that are right.
    accuracy, accuracy_low, accuracy_high : float or None
        Their share with its interval by Wilson; None where nothing has a grade.
    failed, ungraded : int
        Questions without an answer, and answers that no rule could grade.
    methods : tuple of Method
        The scores, the best first, then the controls.
    raw, fitted : Calibration or None
        Of the model's own probability, and of one fitted on the other half.
    """

    n: int
    right: int
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    failed: int
    ungraded: int
    methods: tuple[Method, ...]
    raw: Calibration | None
    fitted: Calibration | None


def measure(rows: Sequence[Row], seed: int = 0) -> Figures:
    """Return the figures of the rows that have a grade."""
    graded = [row for row in rows if row.right is not None and not row.known.answered.answer.error]
    failed = sum(bool(row.known.answered.answer.error) for row in rows)
    right = np.array([row.right for row in graded], bool)
    low, high = _share(right, [row.belongs_to for row in graded]) if graded else (None, None)
    methods = [_method(score, graded, right, seed) for score in SCORES if score.needs != "states"]
    probe = _probe(graded, right, seed)
    raw, fitted = _calibrations(graded, right, seed)
    return Figures(
        n=len(graded),
        right=int(right.sum()),
        accuracy=float(right.mean()) if graded else None,
        accuracy_low=low,
        accuracy_high=high,
        failed=failed,
        ungraded=len(rows) - len(graded) - failed,
        methods=tuple(sorted([*filter(None, methods), probe], key=_best_first)),
        raw=raw,
        fitted=fitted,
    )


def _best_first(method: Method) -> tuple[bool, float]:
    value = method.ranking.auroc
    return method.name in CONTROLS, -(value if value is not None else -1.0)


def _method(
    score: Score, rows: Sequence[Row], right: NDArray[np.bool_], seed: int
) -> Method | None:
    """Return a score's figures; None where no answer has it, as without samples."""
    places = [place for place, row in enumerate(rows) if row.scores.get(score.name) is not None]
    if not places:
        return None
    sign = 1.0 if score.higher_is_surer else -1.0
    sure = np.array([sign * (rows[place].scores[score.name] or 0.0) for place in places])
    some = right[places]
    names = [rows[place].belongs_to for place in places]
    ranking = rank(sure, some, seed=seed, groups=names)
    risk = None if ranking.auroc is None else area_under_risk(sure, some)
    threshold = _threshold(sure, some, names, sign, seed)
    return Method(score.name, score.label, ranking, risk, threshold)


def _threshold(
    sure: Floats, right: NDArray[np.bool_], names: Sequence[str], sign: float, seed: int
) -> Threshold | None:
    fitted, reported = sides(names, right, seed)
    if not _enough(names, right, fitted, reported):
        return None
    at = best_threshold(sure[fitted], right[fitted])
    if not np.isfinite(at):  # no threshold does better than to believe nothing
        return None
    believed, true = sure[reported] >= at, right[reported]
    balanced = (believed[true].mean() + (~believed[~true]).mean()) / 2
    return Threshold(sign * at, float(balanced), len(reported))


def _enough(names: Sequence[str], right: NDArray[np.bool_], *parts: Places) -> bool:
    """Say whether each part has enough right and wrong answers; what belongs together is one."""
    return all(
        min(groups_of_each(right[part], [names[place] for place in part])) >= MIN_OF_EACH
        for part in parts
    )


def _share(right: NDArray[np.bool_], names: Sequence[str]) -> tuple[float, float]:
    """Return the interval of the share of right answers; what belongs together counts once."""
    groups = len(set(names))
    return wilson_interval(float(right.mean()) * groups, groups)


def sides(names: Sequence[str], right: NDArray[np.bool_], seed: int = 0) -> tuple[Places, Places]:
    """Return the places to fit on and those to report on; what shares a name stays together."""
    groups = list(dict.fromkeys(names))
    number = {name: place for place, name in enumerate(groups)}
    of_group = np.array([number[name] for name in names], np.intp)
    mostly = np.bincount(of_group, right, len(groups)) * 2 >= np.bincount(of_group)
    first = np.isin(of_group, halves(mostly, seed)[0])
    return np.flatnonzero(first), np.flatnonzero(~first)


def _probe(rows: Sequence[Row], right: NDArray[np.bool_], seed: int) -> Method:
    """Fit a linear probe on the vectors of one half, and rank the other."""
    having = [place for place, row in enumerate(rows) if row.known.state is not None]
    some = right[having]
    names = [rows[place].belongs_to for place in having]
    fitted, reported = sides(names, some, seed)
    if not _enough(names, some, fitted, reported):
        why = (
            f"{PROBE_LABEL}: fitted on one half and reported on the other; a half must have "
            f"{MIN_OF_EACH} right and {MIN_OF_EACH} wrong answers to questions that do not belong "
            f"together, and here are {int(some.sum())} and {int((~some).sum())} in all."
        )
        return Method(
            PROBE_NAME, PROBE_LABEL, Ranking(None, None, None, len(some), int(some.sum()), why)
        )
    states = np.array([rows[place].known.state for place in having], np.float64)
    probe = fit_logistic(states[fitted], some[fitted], penalty=PROBE_PENALTY)
    surer = probe.predict_proba(states[reported])
    apart = [names[place] for place in reported]
    return Method(PROBE_NAME, PROBE_LABEL, rank(surer, some[reported], seed=seed, groups=apart))


def _calibrations(
    rows: Sequence[Row], right: NDArray[np.bool_], seed: int
) -> tuple[Calibration | None, Calibration | None]:
    """Return how honest the model's own probability is, and one fitted on the other half."""
    logprobs = [row.scores.get(CONFIDENCE) for row in rows]
    places = [place for place, each in enumerate(logprobs) if each is not None]
    if not places:
        return None, None
    # What is impossible has a logprob of minus infinity, which no regression takes.
    values = np.clip([logprobs[place] or 0.0 for place in places], LEAST_LOGPROB, 0.0)
    some = right[places]
    raw = Calibration.of(np.exp(values), some)
    names = [rows[place].belongs_to for place in places]
    fitted, reported = sides(names, some, seed)
    if not _enough(names, some, fitted, reported):
        return raw, None
    fit = fit_logistic(values[fitted, None], some[fitted])
    return raw, Calibration.of(fit.predict_proba(values[reported, None]), some[reported])
