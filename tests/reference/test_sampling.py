"""Each sampling step equals transformers' logits processor: same scores, same cuts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    LogitsProcessor,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from playground.core.functional import FloatArray, softmax
from playground.core.sampling import (
    apply_min_p,
    apply_repetition_penalty,
    apply_temperature,
    apply_top_k,
    apply_top_p,
    draw,
)
from playground.generation.decoding import choose_token, next_token_logits
from playground.generation.settings import SamplingSettings

VOCAB = 500


def random_logits(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(scale=4, size=VOCAB).astype(np.float32)


def theirs(processor: LogitsProcessor, logits: FloatArray, token_ids: list[int]) -> FloatArray:
    scores = processor(torch.tensor([token_ids]), torch.from_numpy(logits.copy())[None])
    return scores[0].numpy()


CASES: list[tuple[Callable[[FloatArray], FloatArray], LogitsProcessor]] = [
    *[
        (lambda z, t=t: apply_temperature(z, t), TemperatureLogitsWarper(t))
        for t in (0.3, 0.7, 1.5, 2.0)
    ],
    *[(lambda z, k=k: apply_top_k(z, k), TopKLogitsWarper(k)) for k in (1, 5, 50, 499, 500, 9000)],
    *[
        (lambda z, p=p: apply_top_p(z, p), TopPLogitsWarper(p))
        for p in (0.05, 0.5, 0.9, 0.99, 1.0)
    ],
    *[(lambda z, p=p: apply_min_p(z, p), MinPLogitsWarper(p)) for p in (0.0, 0.02, 0.3, 1.0)],
    *[
        (lambda z, r=r: apply_repetition_penalty(z, [3, 7, 7, 11], r),
         RepetitionPenaltyLogitsProcessor(r))
        for r in (0.5, 1.0, 1.3, 2.0)
    ],
]  # fmt: skip


@pytest.mark.parametrize(("ours", "processor"), CASES)
@pytest.mark.parametrize("seed", range(5))
def test_step_equals_transformers(
    ours: Callable[[FloatArray], FloatArray], processor: LogitsProcessor, seed: int
) -> None:
    logits = random_logits(seed)
    before = logits.copy()
    result = ours(logits)
    expected = theirs(processor, logits, [3, 7, 7, 11])
    np.testing.assert_allclose(result, expected, rtol=1e-6)  # infinities must match too
    assert result.dtype == np.float32
    np.testing.assert_array_equal(logits, before)
    assert result is not logits


@pytest.mark.parametrize(("ours", "processor"), CASES)
@pytest.mark.parametrize("seed", range(5))
def test_step_equals_transformers_when_logits_tie(
    ours: Callable[[FloatArray], FloatArray], processor: LogitsProcessor, seed: int
) -> None:
    """Which of two equal logits top-p keeps is up to the sort; how many it keeps is not."""
    logits = random_logits(seed).round(1)
    expected = theirs(processor, logits, [3, 7, 7, 11])
    np.testing.assert_allclose(np.sort(ours(logits)), np.sort(expected), rtol=1e-6)


@given(
    st.integers(0, 10_000),
    st.floats(0.1, 2),
    st.integers(0, 60),
    st.floats(0.05, 1),
    st.floats(0, 0.5),
    st.floats(0.6, 1.9),
)
def test_chain_equals_transformers_in_the_same_order(
    seed: int, temperature: float, top_k: int, top_p: float, min_p: float, penalty: float
) -> None:
    settings = SamplingSettings(
        temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, repetition_penalty=penalty
    )
    token_ids = [seed % VOCAB, 5, 5, 17]
    logits = random_logits(seed)
    chain: list[LogitsProcessor] = [
        RepetitionPenaltyLogitsProcessor(penalty),
        TemperatureLogitsWarper(temperature),
    ]
    chain += [TopKLogitsWarper(top_k)] if top_k else []
    chain += [TopPLogitsWarper(top_p)] if top_p < 1 else []
    chain += [MinPLogitsWarper(min_p)] if min_p else []
    expected = logits
    for processor in chain:
        expected = theirs(processor, expected, token_ids)
    ours = next_token_logits(logits, token_ids, settings)
    np.testing.assert_allclose(softmax(ours), softmax(expected), atol=1e-5)
    # A token whose running sum lies on the threshold may fall on either side of a rounding.
    assert (np.isneginf(ours) != np.isneginf(expected)).sum() <= 1


def test_draw_follows_the_probabilities() -> None:
    """Chi-square over 20,000 draws stays below the 0.999 quantile for 9 degrees of freedom."""
    probabilities = softmax(np.random.default_rng(1).normal(size=10))
    rng = np.random.default_rng(2)
    counts = np.bincount([draw(probabilities, rng.random()) for _ in range(20_000)], minlength=10)
    expected = probabilities * 20_000
    assert ((counts - expected) ** 2 / expected).sum() < 27.88


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=20).filter(lambda p: sum(p) > 1e-6),
    st.floats(0, 1, exclude_max=True),
)
def test_draw_never_takes_an_impossible_token(weights: list[float], uniform: float) -> None:
    probabilities = np.array(weights) / sum(weights)
    assert probabilities[draw(probabilities, uniform)] > 0


def test_draw_at_the_very_end_takes_the_last_possible_token() -> None:
    assert draw(np.array([0.5, 0.5, 0.0]), np.nextafter(1.0, 0.0)) == 1


def test_greedy_takes_the_best_and_leaves_the_dice_alone() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    settings = SamplingSettings(temperature=0, top_k=1)
    logits = random_logits(3)
    assert choose_token(logits, settings, rng) == int(torch.from_numpy(logits).argmax())
    assert rng.bit_generator.state == before
