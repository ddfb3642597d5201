"""Measures by hand-worked tables, by their properties, and by what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from playground.core.functional import FloatArray, log_softmax
from playground.core.metrics import (
    ClassScores,
    ReliabilityBin,
    auroc,
    auroc_interval,
    class_scores,
    confusion_matrix,
    cosine_similarity,
    distinct_n,
    entropy,
    expected_calibration_error,
    kl_divergence,
    macro_average,
    perplexity,
    reliability_bins,
    surprisal,
)

IMPOSSIBLE = -math.inf

logits_pairs = st.integers(1, 20).flatmap(
    lambda size: st.tuples(*[hnp.arrays(np.float64, size, elements=st.floats(-30, 30))] * 2)
)
labelled_scores = st.lists(
    st.tuples(st.integers(-5, 5), st.booleans()), min_size=2, max_size=40
).filter(lambda rows: len({label for _, label in rows}) == 2)


def test_surprisal_of_halves_and_certainty() -> None:
    values = surprisal(np.array([0.0, math.log(0.5), IMPOSSIBLE]))
    np.testing.assert_allclose(values, [0.0, math.log(2), math.inf])
    assert not np.signbit(values[0])


@given(hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(-30, 30)))
def test_entropy_is_the_mean_surprisal(logits: FloatArray) -> None:
    logprobs = log_softmax(logits)
    mean = (np.exp(logprobs) * surprisal(logprobs)).sum()
    np.testing.assert_allclose(entropy(logprobs), mean, atol=1e-12)


def test_kl_divergence_by_hand() -> None:
    p, q = np.log([0.5, 0.25, 0.25]), np.log([0.25, 0.25, 0.5])
    np.testing.assert_allclose(kl_divergence(p, q), 0.25 * math.log(2))


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ([0.0, IMPOSSIBLE], [0.0, IMPOSSIBLE], 0.0),
        ([0.0, IMPOSSIBLE], [math.log(0.5), math.log(0.5)], math.log(2)),
        ([math.log(0.5), math.log(0.5)], [0.0, IMPOSSIBLE], math.inf),
        ([0.0, IMPOSSIBLE], [IMPOSSIBLE, 0.0], math.inf),
        ([0.0, -1000.0], [0.0, IMPOSSIBLE], 0.0),  # exp(-1000) is 0 in float64
    ],
)
def test_kl_divergence_of_impossible_tokens(
    p: list[float], q: list[float], expected: float
) -> None:
    np.testing.assert_allclose(kl_divergence(np.array(p), np.array(q)), expected)


def test_kl_divergence_compares_many_rows_with_one() -> None:
    p, q = np.log([[0.5, 0.5], [0.9, 0.1]]), np.log([0.5, 0.5])
    rows = kl_divergence(p, q)
    assert rows.shape == (2,)
    assert rows[0] == 0
    np.testing.assert_allclose(rows[1], kl_divergence(p[1], q))
    assert kl_divergence(p.astype(np.float32), q.astype(np.float32)).dtype == np.float32


@given(logits_pairs)
def test_kl_divergence_is_never_negative_and_zero_to_itself(
    pair: tuple[FloatArray, FloatArray],
) -> None:
    p, q = (log_softmax(logits) for logits in pair)
    assert kl_divergence(p, q) >= 0
    assert kl_divergence(p, p) == 0


@pytest.mark.parametrize("seed", range(5))
def test_kl_divergence_of_nearly_equal_rows_is_not_rounded_below_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=3, size=(20, 1000)).astype(np.float32)
    nearly = logits + rng.normal(scale=1e-7, size=logits.shape).astype(np.float32)
    assert (kl_divergence(log_softmax(logits), log_softmax(nearly)) >= 0).all()


@given(logits_pairs)
def test_cross_entropy_is_entropy_and_kl_divergence(pair: tuple[FloatArray, FloatArray]) -> None:
    p, q = (log_softmax(logits) for logits in pair)
    cross_entropy = -(np.exp(p) * q).sum()
    np.testing.assert_allclose(entropy(p) + kl_divergence(p, q), cross_entropy, atol=1e-9)


def test_perplexity_by_hand() -> None:
    np.testing.assert_allclose(perplexity(np.log([0.5, 0.125])), 4.0)
    assert perplexity([0.0, 0.0]) == 1.0
    assert perplexity([0.0, IMPOSSIBLE]) == math.inf


@given(st.integers(2, 1000), st.integers(1, 20))
def test_perplexity_of_equal_tokens_is_their_number(vocab: int, length: int) -> None:
    np.testing.assert_allclose(perplexity([-math.log(vocab)] * length), vocab, rtol=1e-9)


@pytest.mark.parametrize(
    ("sequences", "n", "expected"),
    [
        ([[1, 2, 1, 2]], 1, 2 / 4),
        ([[1, 2, 1, 2]], 2, 2 / 3),  # 12 21 12
        ([[1, 2], [1, 2]], 2, 1 / 2),  # nothing runs from one into the next
        ([[1], [2, 3]], 2, 1.0),  # too short counts for nothing
        (["abab"], 4, 1.0),
    ],
)
def test_distinct_n_by_hand(sequences: list[list[int]], n: int, expected: float) -> None:
    assert distinct_n(sequences, n) == expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(1, 4))
def test_distinct_n_halves_when_everything_is_said_twice(token_ids: list[int], n: int) -> None:
    assume(len(token_ids) >= n)
    share = distinct_n([token_ids], n)
    assert 0 < share <= 1
    assert distinct_n([token_ids, token_ids], n) == share / 2


def test_cosine_similarity_by_hand() -> None:
    a, b = np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[4.0, 3.0], [-6.0, -8.0], [0.0, 2.0]])
    expected = [[0.96, -1.0, 0.8], [0.8, -0.6, 0.0]]
    np.testing.assert_allclose(cosine_similarity(a, b), expected, atol=1e-15)
    np.testing.assert_allclose(cosine_similarity(a[0], b), expected[0], atol=1e-15)
    np.testing.assert_allclose(cosine_similarity(a, b[2]), [0.8, 0.0], atol=1e-15)
    np.testing.assert_allclose(cosine_similarity(a[0], b[0]), 0.96)


@given(
    hnp.arrays(np.float32, (3, 4), elements=st.floats(-100, 100, width=32)),
    st.floats(0.01, 100),
)
def test_cosine_similarity_is_bounded_and_blind_to_length(
    vectors: FloatArray, factor: float
) -> None:
    assume((np.abs(vectors).max(axis=-1) > 0.01).all())
    cosine = cosine_similarity(vectors, vectors)
    assert (np.abs(cosine) <= 1).all()
    np.testing.assert_allclose(np.diag(cosine), 1, rtol=1e-5)
    np.testing.assert_allclose(cosine_similarity(vectors * factor, vectors), cosine, atol=1e-5)


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 2, 3, 4], [0, 1, 0, 1], 0.75),  # of the pairs 2-1, 2-3, 4-1, 4-3 three are right
        ([7, 7, 7], [0, 1, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),  # 2-1, 3-1, 3-2 right, 2-2 half
        ([-math.inf, 0, math.inf], [0, 1, 1], 1.0),
    ],
)
def test_auroc_by_hand(scores: list[float], labels: list[int], expected: float) -> None:
    assert auroc(scores, labels) == expected


@given(labelled_scores)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    scores, labels = zip(*rows, strict=True)
    positives = [score for score, label in rows if label]
    negatives = [score for score, label in rows if not label]
    won = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    np.testing.assert_allclose(auroc(scores, labels), np.mean(won))


@given(labelled_scores)
def test_auroc_turns_around_with_the_labels(rows: list[tuple[int, bool]]) -> None:
    scores, labels = zip(*rows, strict=True)
    np.testing.assert_allclose(auroc(scores, labels), 1 - auroc(scores, np.logical_not(labels)))


def test_auroc_interval_holds_the_area_and_narrows_with_more_examples() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for count in (30, 3000):
        labels = rng.random(count) < 0.3
        scores = labels + rng.normal(size=count)
        low, high = auroc_interval(scores, labels, rng, resamples=200)
        assert 0 <= low < auroc(scores, labels) < high <= 1
        widths.append(high - low)
    assert widths[1] < widths[0] / 4


def test_auroc_interval_widens_with_confidence_and_repeats_with_its_seed() -> None:
    scores, labels = np.arange(40) % 7, np.arange(40) % 3 == 0
    narrow, again, wide = (
        auroc_interval(scores, labels, np.random.default_rng(5), confidence=c, resamples=300)
        for c in (0.5, 0.5, 0.99)
    )
    assert narrow == again
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_auroc_interval_of_a_perfect_score_has_no_width() -> None:
    assert auroc_interval([1, 2, 3], [0, 0, 1], np.random.default_rng(0)) == (1.0, 1.0)


def test_reliability_bins_by_hand() -> None:
    claimed = [0.0, 0.25, 0.26, 0.5, 1.0, 0.9]
    came_true = [False, True, True, False, True, True]
    assert reliability_bins(claimed, came_true, bins=4) == (
        ReliabilityBin(0.0, 0.25, 2, 0.125, 0.5),  # an edge belongs to the bin below
        ReliabilityBin(0.25, 0.5, 2, 0.38, 0.5),
        ReliabilityBin(0.5, 0.75, 0, None, None),
        ReliabilityBin(0.75, 1.0, 2, 0.95, 1.0),
    )


def test_expected_calibration_error_weighs_bins_by_their_claims() -> None:
    # 3 claims of 0.9, of which 1 came true: gap 0.9 - 1/3. 1 claim of 0.1, false: gap 0.1.
    bins = reliability_bins([0.9, 0.9, 0.9, 0.1], [True, False, False, False])
    np.testing.assert_allclose(expected_calibration_error(bins), (3 * (0.9 - 1 / 3) + 1 * 0.1) / 4)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50),
    st.integers(1, 20),
)
def test_reliability_bins_place_every_claim_once(
    claims: list[tuple[float, bool]], bins: int
) -> None:
    probabilities, outcomes = zip(*claims, strict=True)
    table = reliability_bins(probabilities, outcomes, bins)
    assert len(table) == bins
    assert sum(b.count for b in table) == len(claims)
    assert 0 <= expected_calibration_error(table) <= 1
    for b in table:
        if b.mean_probability is not None:
            assert b.low - 1e-12 <= b.mean_probability <= b.high + 1e-12


def test_confusion_matrix_has_the_truth_in_its_rows() -> None:
    labels, predicted = np.array([0, 0, 0, 2, 1]), np.array([0, 2, 2, 2, 0])
    expected = [[1, 0, 2], [1, 0, 0], [0, 0, 1]]
    assert confusion_matrix(labels, predicted, 3).tolist() == expected


def test_confusion_matrix_takes_small_integers_and_flags() -> None:
    labels, predicted = np.array([9, 9], dtype=np.uint8), np.array([9, 8], dtype=np.uint8)
    assert confusion_matrix(labels, predicted, 100)[9, [8, 9]].tolist() == [1, 1]
    flags = confusion_matrix(np.array([True, False]), np.array([True, True]), 2)
    assert flags.tolist() == [[0, 1], [0, 1]]


def test_class_scores_by_hand() -> None:
    # Class 0: 3 of the 4 put there belong there, of its 6 half were found.
    scores = class_scores(np.array([[3, 3, 0], [1, 4, 0], [0, 0, 0]]))
    assert scores == (
        ClassScores(precision=0.75, recall=0.5, f1=0.6, support=6),
        ClassScores(precision=4 / 7, recall=0.8, f1=8 / 12, support=5),
        ClassScores(precision=0.0, recall=0.0, f1=0.0, support=0),
    )
    mean = macro_average(scores[:2])
    np.testing.assert_allclose(mean.precision, (0.75 + 4 / 7) / 2)
    np.testing.assert_allclose(mean.recall, 0.65)
    np.testing.assert_allclose(mean.f1, (0.6 + 8 / 12) / 2)
    assert mean.support == 11


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: perplexity([]), "at least one token"),
        (lambda: distinct_n([[1, 2]], 0), "n must be 1 or more, got 0"),
        (lambda: distinct_n([[1, 2]], 3), "at least 3 tokens, got none"),
        (lambda: cosine_similarity(np.zeros(3), np.ones(3)), "not all zeros"),
        (lambda: cosine_similarity(np.ones(2), np.array([[1.0, 0], [0, 0]])), "not all zeros"),
        (lambda: auroc([1.0, 2.0], [True, True]), "got 2 positive and 0 negative"),
        (lambda: auroc([1.0, 2.0], [False, False]), "got 0 positive and 2 negative"),
        (lambda: auroc([1.0, math.nan], [False, True]), "got NaN"),
        (lambda: auroc([1.0], [False, True]), r"shapes \(1,\) and \(2,\)"),
        (lambda: auroc([], []), "at least one example"),
        (lambda: auroc_interval([1.0], [True], RNG), "got 1 positive and 0 negative"),
        (lambda: auroc_interval([1, 2], [0, 1], RNG, confidence=95), "between 0 and 1, got 95"),
        (lambda: auroc_interval([1, 2], [0, 1], RNG, resamples=0), "1 or more, got 0"),
        (lambda: reliability_bins([0.5, 1.5], [True, True]), "from 0 to 1, got 1.5"),
        (lambda: reliability_bins([-0.5], [True]), "from 0 to 1, got -0.5"),
        (lambda: reliability_bins([math.nan], [True]), "from 0 to 1, got nan"),
        (lambda: reliability_bins([], []), "at least one example"),
        (lambda: reliability_bins([0.5], [True], bins=0), "bins must be 1 or more, got 0"),
        (lambda: expected_calibration_error([]), "at least one claim"),
        (lambda: confusion_matrix(np.array([0, 3]), np.array([0, 1]), 3), "0 to 2, got 3"),
        (lambda: confusion_matrix(np.array([0, 1]), np.array([0, -1]), 3), "0 to 2, got -1"),
        (lambda: confusion_matrix(np.array([0]), np.array([0, 1]), 3), "shapes"),
    ],
)
def test_wrong_input_is_refused_with_the_rule_and_the_value(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
