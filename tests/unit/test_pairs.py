"""Counted pairs and what they say of the next character."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from playground.core.character_models import Bigram
from playground.core.pairs import count_pairs, letter_entropy, pair_entropy, smoothed_logits

IDS = np.random.default_rng(0).integers(5, size=400) % np.random.default_rng(1).integers(1, 6, 400)


def test_pairs_are_counted() -> None:
    pairs = count_pairs(IDS, 7)
    both = list(zip(IDS[:-1].tolist(), IDS[1:].tolist(), strict=True))
    expected = [[both.count((first, second)) for second in range(7)] for first in range(7)]
    np.testing.assert_array_equal(pairs, expected)


def test_entropies_equal_scipy_s_and_knowing_more_never_costs() -> None:
    pairs = count_pairs(IDS, 7)
    assert letter_entropy(pairs) == pytest.approx(entropy(pairs.sum(axis=0)))
    joint, before = entropy(pairs.ravel()), entropy(pairs.sum(axis=1))
    assert pair_entropy(pairs) == pytest.approx(joint - before)
    assert pair_entropy(pairs) < letter_entropy(pairs)


def test_the_counts_are_the_best_table_of_pairs_on_what_was_counted() -> None:
    pairs = count_pairs(IDS, 5)
    windows = np.stack([IDS[:-1], IDS[1:]], axis=1)
    with np.errstate(divide="ignore"):
        best = np.log(pairs / pairs.sum(axis=1, keepdims=True))
    likeliest = Bigram([np.maximum(best, -1e3)], reach=1)
    assert likeliest.loss(windows) == pytest.approx(pair_entropy(pairs))
    smoothed = Bigram([smoothed_logits(pairs)], reach=1)
    assert pair_entropy(pairs) < smoothed.loss(windows) < pair_entropy(pairs) + 0.05
    np.testing.assert_allclose(np.exp(smoothed_logits(pairs)).sum(axis=1), 1)
