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
    NoBadWordsLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from playground.core.functional import FloatArray, softmax
from playground.core.penalties import (
    BannedSequences,
    apply_bans,
    apply_frequency_penalty,
    apply_logit_bias,
    apply_presence_penalty,
    apply_repetition_penalty,
)
from playground.core.sampling import (
    StepResult,
    apply_min_p,
    apply_temperature,
    apply_top_k,
    apply_top_p,
    draw,
)
from playground.generation.choosing import Chooser
from playground.generation.settings import SamplingSettings

VOCAB = 500
TOKEN_IDS = [3, 7, 7, 11]
BIAS = {0: 4.0, 7: -100.0, 499: 0.25}
# After TOKEN_IDS: 5 always, 6 and 8 now, 9 and 10 not, 12 not for want of a long enough past.
BANS = [[5], [11, 6], [7, 7, 11, 8], [7, 9], [12, 11, 10], [1, 3, 7, 7, 11, 12], [11, 5]]


def random_logits(seed: int, vocab: int = VOCAB) -> FloatArray:
    return np.random.default_rng(seed).normal(scale=4, size=vocab).astype(np.float32)


def theirs(processor: LogitsProcessor, logits: FloatArray, token_ids: list[int]) -> FloatArray:
    scores = processor(torch.tensor([token_ids]), torch.from_numpy(logits.copy())[None])
    return scores[0].numpy()


def their_bias(bias: dict[int, float]) -> LogitsProcessor:
    return SequenceBiasLogitsProcessor({(token_id,): value for token_id, value in bias.items()})


CASES: list[tuple[Callable[[FloatArray], StepResult], LogitsProcessor]] = [
    *[
        (lambda z, t=t: apply_temperature(z, t), TemperatureLogitsWarper(t))
        for t in (0.3, 0.7, 1.5, 2.0)
    ],
    *[(lambda z, k=k: apply_top_k(z, k), TopKLogitsWarper(k)) for k in (1, 5, 50, 499, 500, 9000)],
    *[
        (lambda z, p=p: apply_top_p(z, p), TopPLogitsWarper(p))
        for p in (1e-9, 0.05, 0.5, 0.9, 0.99, 0.999999, 1.0)
    ],
    *[(lambda z, p=p: apply_min_p(z, p), MinPLogitsWarper(p)) for p in (0.0, 0.02, 0.3, 1.0)],
    *[
        (
            lambda z, r=r: apply_repetition_penalty(z, TOKEN_IDS, r),
            RepetitionPenaltyLogitsProcessor(r),
        )
        for r in (0.5, 1.0, 1.3, 2.0)
    ],
    (lambda z: apply_logit_bias(z, BIAS), their_bias(BIAS)),
    *[
        (
            lambda z, b=b: apply_bans(z, TOKEN_IDS, BannedSequences.of(b)),
            NoBadWordsLogitsProcessor(b),
        )
        for b in (BANS, [[5]], [[7, 9]])
    ],
]


@pytest.mark.parametrize(("ours", "processor"), CASES)
@pytest.mark.parametrize("seed", range(5))
def test_step_equals_transformers(
    ours: Callable[[FloatArray], StepResult], processor: LogitsProcessor, seed: int
) -> None:
    logits = random_logits(seed)
    before = logits.copy()
    result = ours(logits)
    expected = theirs(processor, logits, TOKEN_IDS)
    np.testing.assert_allclose(result.logits, expected, rtol=1e-6)  # infinities must match too
    assert result.logits.dtype == np.float32
    np.testing.assert_array_equal(logits, before)
    assert result.before is logits
    assert not np.shares_memory(result.logits, logits)


@pytest.mark.parametrize(("ours", "processor"), CASES)
@pytest.mark.parametrize("seed", range(5))
def test_step_equals_transformers_when_logits_tie(
    ours: Callable[[FloatArray], StepResult], processor: LogitsProcessor, seed: int
) -> None:
    """Which of two equal logits top-p keeps is up to the sort; how many it keeps is not."""
    logits = random_logits(seed).round(1)
    expected = theirs(processor, logits, TOKEN_IDS)
    np.testing.assert_allclose(np.sort(ours(logits).logits), np.sort(expected), rtol=1e-6)


@pytest.mark.parametrize(("ours", "processor"), CASES)
def test_step_equals_transformers_when_tokens_are_already_ruled_out(
    ours: Callable[[FloatArray], StepResult], processor: LogitsProcessor
) -> None:
    logits = random_logits(0)
    logits[::3] = -np.inf
    expected = theirs(processor, logits, TOKEN_IDS)
    np.testing.assert_allclose(ours(logits).logits, expected, rtol=1e-6)


@pytest.mark.parametrize("spread", [0.3, 2.0, 8.0])
@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.9, 0.95, 0.999])
def test_top_p_cuts_the_same_tokens_of_a_real_vocabulary(spread: float, top_p: float) -> None:
    logits = random_logits(1, vocab=49_152) * np.float32(spread / 4)
    expected = theirs(TopPLogitsWarper(top_p), logits, [0])
    np.testing.assert_array_equal(apply_top_p(logits, top_p).logits, expected)


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, VOCAB - 1), max_size=30),
    st.floats(-2, 2),
    st.floats(-2, 2),
)
def test_presence_and_frequency_penalty_equal_the_formula_in_torch(
    seed: int, reply_ids: list[int], presence: float, frequency: float
) -> None:
    logits = random_logits(seed)
    ids = torch.tensor(reply_ids, dtype=torch.int64)
    counts = torch.zeros(VOCAB).scatter_add_(0, ids, torch.ones(len(reply_ids)))
    expected = torch.from_numpy(logits.copy()) - presence * (counts > 0) - frequency * counts
    once = apply_presence_penalty(logits, reply_ids, presence)
    both = apply_frequency_penalty(once.logits, reply_ids, frequency)
    np.testing.assert_allclose(both.logits, expected.numpy(), rtol=1e-5, atol=1e-5)
    assert both.logits.dtype == np.float32


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
    stages = Chooser(settings, token_ids, np.random.default_rng(0)).stages(logits, [])
    ours = stages[-1][1].logits if stages else logits
    assert_same_choice(ours, run(chain, logits, token_ids))


token_id_lists = st.lists(st.integers(0, 9), min_size=1, max_size=8)


@given(
    st.integers(0, 10_000),
    token_id_lists,
    st.floats(0.6, 1.9),
    st.dictionaries(st.integers(0, 20), st.floats(-10, 10), min_size=1, max_size=5),
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), min_size=1, max_size=6),
    st.floats(0.1, 2),
    st.integers(1, VOCAB),
    st.floats(0.05, 0.999),
    st.floats(0, 0.5),
)
def test_chain_of_all_steps_equals_transformers(
    seed: int,
    token_ids: list[int],
    penalty: float,
    bias: dict[int, float],
    banned: list[list[int]],
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
) -> None:
    logits = random_logits(seed)
    ours = apply_repetition_penalty(logits, token_ids, penalty)
    ours = apply_logit_bias(ours.logits, bias)
    ours = apply_bans(ours.logits, token_ids, BannedSequences.of(banned))
    ours = apply_temperature(ours.logits, temperature)
    ours = apply_top_k(ours.logits, top_k)
    ours = apply_top_p(ours.logits, top_p)
    ours = apply_min_p(ours.logits, min_p)
    chain: list[LogitsProcessor] = [
        RepetitionPenaltyLogitsProcessor(penalty),
        their_bias(bias),
        NoBadWordsLogitsProcessor(banned),
        TemperatureLogitsWarper(temperature),
        TopKLogitsWarper(top_k),
        TopPLogitsWarper(top_p),
        MinPLogitsWarper(min_p),
    ]
    assert_same_choice(ours.logits, run(chain, logits, token_ids))


def run(chain: list[LogitsProcessor], logits: FloatArray, token_ids: list[int]) -> FloatArray:
    for processor in chain:
        logits = theirs(processor, logits, token_ids)
    return logits


def assert_same_choice(ours: FloatArray, expected: FloatArray) -> None:
    # A token whose running sum lies on the threshold may fall on either side of a rounding.
    differ = np.isneginf(ours) != np.isneginf(expected)
    # Of equal tokens torch's sort, which is not stable, may leave out any.
    scores = np.maximum(ours, expected)[differ]
    assert differ.sum() <= 1 or np.ptp(scores) == 0
    np.testing.assert_allclose(ours[~differ], expected[~differ], rtol=1e-5, atol=1e-5)


def test_draw_follows_the_probabilities() -> None:
    """Chi-square over 20,000 draws stays below the 0.999 quantile for 9 degrees of freedom."""
    probabilities = softmax(np.random.default_rng(1).normal(size=10))
    rng = np.random.default_rng(2)
    drawn = [draw(probabilities, rng.random()).token_id for _ in range(20_000)]
    counts = np.bincount(drawn, minlength=10)
    expected = probabilities * 20_000
    assert ((counts - expected) ** 2 / expected).sum() < 27.88


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=20).filter(lambda p: sum(p) > 1e-6),
    st.floats(0, 1, exclude_max=True),
)
def test_draw_never_takes_an_impossible_token(weights: list[float], uniform: float) -> None:
    probabilities = np.array(weights) / sum(weights)
    assert probabilities[draw(probabilities, uniform).token_id] > 0


@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True), st.booleans())
def test_draw_equals_one_running_sum_over_a_large_vocabulary(
    seed: int, uniform: float, cut: bool
) -> None:
    rng = np.random.default_rng(seed)
    probabilities = softmax(rng.normal(scale=3, size=1_000 + seed))
    probabilities[rng.random(probabilities.size) < 0.7 * cut] = 0
    sums = np.cumsum(probabilities) / probabilities.sum()
    drawn = draw(probabilities, uniform)
    assert drawn.low - 1e-12 <= uniform <= drawn.high + 1e-12
    assert drawn.high == pytest.approx(sums[drawn.token_id])
    assert drawn.high - drawn.low == pytest.approx(
        probabilities[drawn.token_id] / probabilities.sum(), abs=1e-12
    )


@given(st.floats(1e-300, 1e300))
def test_draw_at_the_very_end_takes_the_last_possible_token(total: float) -> None:
    assert draw(np.array([0.5, 0.5, 0.0]) * total, np.nextafter(1.0, 0.0)).token_id == 1


def test_greedy_takes_the_best_and_leaves_the_dice_alone() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    settings = SamplingSettings(temperature=0, top_k=1)
    logits = random_logits(3)
    choice = Chooser(settings, [1], rng).choose(logits, [])
    assert choice.token_id == int(torch.from_numpy(logits).argmax())
    assert choice.uniform is None
    assert rng.bit_generator.state == before
