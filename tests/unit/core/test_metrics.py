"""Measures of information and text: by hand-worked tables, properties, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from playground.core.functional import FloatArray, log_softmax
from playground.core.metrics import (
    cosine_similarity,
    distinct_n,
    entropy,
    kl_divergence,
    perplexity,
    surprisal,
)

IMPOSSIBLE = -math.inf

logits_pairs = st.integers(1, 20).flatmap(
    lambda size: st.tuples(*[hnp.arrays(np.float64, size, elements=st.floats(-30, 30))] * 2)
)


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
    ("call", "message"),
    [
        (lambda: perplexity([]), "at least one token"),
        (lambda: distinct_n([[1, 2]], 0), "n must be 1 or more, got 0"),
        (lambda: distinct_n([[1, 2]], 3), "at least 3 tokens, got none"),
        (lambda: cosine_similarity(np.zeros(3), np.ones(3)), "not all zeros"),
        (lambda: cosine_similarity(np.ones(2), np.array([[1.0, 0], [0, 0]])), "not all zeros"),
    ],
)
def test_wrong_input_is_refused_with_the_rule_and_the_value(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
