"""Every figure is that of scikit-learn or SciPy on the same data, ties included."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import bootstrap, percentileofscore
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc_curve

from playground.core.evaluation import (
    MIN_OF_EACH,
    area_under_risk,
    auroc,
    average_precision,
    best_threshold,
    expected_calibration_error,
    rank,
    reliability,
    risk_coverage,
    roc_curve,
)
from playground.core.resampling import bootstrap_interval, halves, percentile

# Few different scores make many ties.
TIED = st.tuples(st.integers(-3, 3), st.booleans())
APART = st.tuples(st.floats(-1e6, 1e6), st.booleans())
PAIRS = st.lists(TIED, min_size=1, max_size=40) | st.lists(APART, min_size=1, max_size=40)
PROMISES = st.lists(
    st.tuples(st.floats(0, 1) | st.integers(0, 10).map(lambda n: n / 10), st.booleans()),
    min_size=1,
    max_size=60,
)


def apart(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    scores, labels = zip(*pairs, strict=True)
    return np.array(scores, np.float64), np.array(labels)


def both_kinds(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    scores, labels = apart(pairs)
    assume(labels.any() and not labels.all())
    return scores, labels


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 2, 3, 4], [0, 1, 0, 1], 0.75),  # of the pairs 2-1, 2-3, 4-1, 4-3 three are right
        ([7, 7, 7], [0, 1, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),  # 2-1, 3-1, 3-2 right, 2-2 half
        ([-np.inf, 0, np.inf], [0, 1, 1], 1.0),
    ],
)
def test_auroc_by_hand(scores: list[float], labels: list[int], expected: float) -> None:
    assert auroc(scores, labels) == expected


@given(PAIRS)
def test_auroc_is_scikit_learns(pairs: list[tuple[float, bool]]) -> None:
    scores, labels = both_kinds(pairs)
    assert auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert auroc(-scores, labels) == pytest.approx(1 - auroc(scores, labels), abs=1e-12)


@given(PAIRS)
def test_roc_curve_is_scikit_learns(pairs: list[tuple[float, bool]]) -> None:
    scores, labels = both_kinds(pairs)
    false, true, thresholds = sklearn_roc_curve(labels, scores, drop_intermediate=False)
    curve = roc_curve(scores, labels)
    np.testing.assert_allclose(curve.false_positive_rate, false, atol=1e-12)
    np.testing.assert_allclose(curve.true_positive_rate, true, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(auroc(scores, labels), abs=1e-12)


@given(PAIRS)
def test_average_precision_is_scikit_learns(pairs: list[tuple[float, bool]]) -> None:
    scores, labels = apart(pairs)
    assume(labels.any())
    expected = average_precision_score(labels, scores)
    assert average_precision(scores, labels) == pytest.approx(expected, abs=1e-12)


@given(PAIRS)
def test_best_threshold_parts_best(pairs: list[tuple[float, bool]]) -> None:
    scores, labels = both_kinds(pairs)

    def parted(threshold: float) -> float:
        return float((scores[labels] >= threshold).mean() - (scores[~labels] >= threshold).mean())

    best = best_threshold(scores, labels)
    others = [parted(each) for each in (*scores, np.inf)]
    assert parted(best) == pytest.approx(max(others), abs=1e-12)


@given(st.lists(TIED, min_size=1, max_size=6))
def test_risk_is_the_mean_over_all_orders_of_equals(pairs: list[tuple[float, bool]]) -> None:
    scores, right = apart(pairs)
    orders = [
        order for order in permutations(range(len(pairs))) if all(np.diff(scores[list(order)]) <= 0)
    ]
    given_so_far = np.arange(1, len(pairs) + 1)
    expected = np.mean([np.cumsum(~right[list(each)]) / given_so_far for each in orders], axis=0)
    coverage, risk = risk_coverage(scores, right)
    np.testing.assert_allclose(risk, expected, atol=1e-12)
    np.testing.assert_array_equal(coverage, given_so_far / len(pairs))
    assert risk[-1] == pytest.approx(1 - right.mean())
    assert area_under_risk(scores, right) == pytest.approx(expected.mean(), abs=1e-12)


@given(PAIRS, st.randoms())
def test_no_figure_depends_on_the_order(pairs: list[tuple[float, bool]], chance: object) -> None:
    scores, labels = both_kinds(pairs)
    order = np.array(chance.sample(range(len(pairs)), len(pairs)))  # type: ignore[attr-defined] # random hands out its own
    for figure in (auroc, average_precision, area_under_risk, best_threshold):
        assert figure(scores[order], labels[order]) == pytest.approx(figure(scores, labels))


@given(PROMISES, st.integers(1, 15))
def test_reliability_is_scikit_learns(pairs: list[tuple[float, bool]], bins: int) -> None:
    promised, right = apart(pairs)
    found = reliability(promised, right, bins)
    kept, mean = calibration_curve(right, promised, n_bins=bins, pos_label=True)
    np.testing.assert_allclose([each.right for each in found], kept, atol=1e-12)
    np.testing.assert_allclose([each.probability for each in found], mean, atol=1e-12)
    assert sum(each.count for each in found) == len(pairs)
    assert all(each.low <= each.probability + 1e-12 for each in found)
    assert all(each.probability <= each.high + 1e-12 for each in found)


@given(PROMISES)
def test_calibration_error_is_what_its_definition_says(pairs: list[tuple[float, bool]]) -> None:
    promised, right = apart(pairs)
    total = 0.0
    for k in range(10):
        low, high = np.linspace(0, 1, 11)[k : k + 2]
        inside = (promised > low) & (promised <= high) | ((k == 0) & (promised == 0))
        total += abs(float((right[inside] - promised[inside]).sum())) / len(pairs)
    assert expected_calibration_error(promised, right) == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("statistic", [auroc, average_precision])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_bootstrap_interval_is_scipys(statistic: object, level: float) -> None:
    dice = np.random.default_rng(3)
    labels = dice.random(60) < 0.6
    scores = (labels + dice.normal(size=60)).round(1)
    expected = bootstrap(
        (scores, labels),
        statistic,
        paired=True,
        vectorized=False,
        n_resamples=300,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(7),
    ).confidence_interval
    found = bootstrap_interval(
        statistic,  # type: ignore[arg-type] # takes one array or two
        scores,
        labels,
        seed=7,
        resamples=300,
        level=level,
    )
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_bootstrap_leaves_out_what_cannot_be_said() -> None:
    scores, labels = np.array([0.1, 0.9, 0.5]), np.array([False, True, True])
    assert bootstrap_interval(auroc, scores, labels) == (1.0, 1.0)
    assert np.isnan(bootstrap_interval(auroc, scores[:1], labels[:1])).all()


def test_an_auroc_takes_ten_of_each() -> None:
    right = np.arange(25) < MIN_OF_EACH
    enough = rank(np.arange(25), right, resamples=50)
    assert (enough.n, enough.right, enough.why_not) == (25, 10, None)
    assert enough.auroc == enough.low == enough.high == 0
    few = rank(np.arange(24), right[1:])
    assert (few.auroc, few.low, few.high) == (None, None, None)
    assert few.why_not == (
        "No AUROC: it takes at least 10 right and 10 wrong answers, here are 9 and 15."
    )
    assert rank(np.arange(24), ~right[1:]).why_not is not None


def test_interval_of_a_ranking_holds_its_figure_and_hangs_on_the_seed() -> None:
    dice = np.random.default_rng(0)
    right = dice.random(80) < 0.6
    scores = right + dice.normal(size=80)
    found = rank(scores, right)
    assert found.low is not None
    assert found.low < found.auroc < found.high  # type: ignore[operator] # none is None here
    assert found == rank(scores, right, seed=0) != rank(scores, right, seed=1)


@given(st.lists(st.integers(0, 5), min_size=1), st.integers(0, 5))
def test_percentile_is_scipys(others: list[int], value: int) -> None:
    expected = percentileofscore(others, value, kind="mean") / 100
    assert percentile(value, others) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.booleans(), max_size=50), st.integers(0, 5))
def test_halves_part_a_set_and_each_of_its_kinds(labels: list[bool], seed: int) -> None:
    first, second = halves(labels, seed)
    assert sorted([*first, *second]) == list(range(len(labels)))
    right = np.array(labels, bool)
    for kind in (right, ~right):
        assert 0 <= kind[second].sum() - kind[first].sum() <= 1


def test_what_cannot_be_said_is_nan() -> None:
    assert np.isnan(auroc([1, 2], [True, True]))
    assert np.isnan(average_precision([1, 2], [False, False]))
    assert np.isnan(roc_curve([1, 2], [True, True]).false_positive_rate).all()


def test_infinite_scores_are_ranked() -> None:
    assert auroc([np.inf, -np.inf, 0, -np.inf], [True, False, True, False]) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: auroc([1, np.nan], [True, False]), "must be numbers, got 1 NaN"),
        (lambda: auroc([1, 2], [True]), "of one length, 1 or more, got"),
        (lambda: auroc([], []), "of one length, 1 or more, got"),
        (lambda: reliability([1.5], [True]), "from 0 to 1, got 1.5 to 1.5"),
        (lambda: reliability([0.5], [True], 0), "1 or more, got 0"),
        (lambda: bootstrap_interval(np.mean, [1, 2], [1]), r"got \[2, 1\]"),
        (lambda: bootstrap_interval(np.mean, [1, 2], level=95), "between 0 and 1, got 95"),
        (lambda: bootstrap_interval(np.mean, [1, 2], resamples=0), "1 or more, got 0"),
        (lambda: percentile(1, []), "got none or NaN"),
    ],
)
def test_wrong_input_is_named(call: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()  # type: ignore[operator] # a lambda of the cases


def test_a_group_is_drawn_whole_and_counts_once() -> None:
    rng = np.random.default_rng(0)
    wider, covered, found_any = 0, 0, 0
    for seed in range(30):
        right = np.repeat(rng.random(24) < 0.5, 5)
        scores = np.repeat(rng.random(24), 5)  # no signal: the truth is 0.5
        names = [str(place // 5) for place in range(120)]
        found = rank(scores, right, seed=seed, resamples=200, groups=names)
        if found.low is None or found.high is None:
            continue
        alone = rank(scores, right, seed=seed, resamples=200)
        found_any += 1
        covered += found.low <= 0.5 <= found.high
        wider += (alone.high or 0) - (alone.low or 0) < found.high - found.low
    assert found_any > 10
    assert wider == found_any
    assert covered >= 0.85 * found_any
    few = rank(np.arange(70.0), np.arange(70) >= 60, groups=[place // 5 for place in range(70)])
    assert few.auroc is None
    assert "do not belong together, here are 2 and 12" in (few.why_not or "")


def test_groups_of_one_change_nothing() -> None:
    scores, right = np.arange(40.0), np.arange(40) % 2 == 0
    assert rank(scores, right, groups=list(range(40))) == rank(scores, right)
