"""Each step says what it did, leaves its input alone, and draws keep the promises of their CDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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

BANNED = BannedSequences.of([[3], [1, 2], [9, 0]])

# The probabilities of these are 0.4, 0.3, 0.2, 0.1.
LOGITS = np.log(np.array([0.4, 0.3, 0.2, 0.1]))

STEPS: list[tuple[Callable[[FloatArray], StepResult], list[int], list[int]]] = [
    (lambda z: apply_repetition_penalty(z, [1, 1, 2], 2), [], [1, 2]),
    (lambda z: apply_presence_penalty(z, [1, 1, 2], 0.5), [], [1, 2]),
    (lambda z: apply_frequency_penalty(z, [1, 1, 2], 0.5), [], [1, 2]),
    (lambda z: apply_logit_bias(z, {0: 1.0, 3: -2.0, 2: 0.0}), [], [0, 3]),
    (lambda z: apply_bans(z, [0, 1], BANNED), [2, 3], []),
    (lambda z: apply_temperature(z, 0.5), [], [0, 1, 2, 3]),
    (lambda z: apply_top_k(z, 3), [3], []),
    (lambda z: apply_top_p(z, 0.65), [2, 3], []),
    (lambda z: apply_top_p(z, 1.0), [], []),
    (lambda z: apply_min_p(z, 0.6), [2, 3], []),
]


@pytest.mark.parametrize(("step", "removed", "changed"), STEPS)
def test_step_names_the_tokens_it_removed_and_changed(
    step: Callable[[FloatArray], StepResult], removed: list[int], changed: list[int]
) -> None:
    result = step(LOGITS)
    assert result.removed.tolist() == removed
    assert result.changed.tolist() == changed
    assert result.removed.dtype == np.int64


@pytest.mark.parametrize(("step", "removed", "changed"), STEPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_step_keeps_dtype_and_input(
    step: Callable[[FloatArray], StepResult],
    removed: list[int],
    changed: list[int],
    dtype: type[np.floating],
) -> None:
    logits = LOGITS.astype(dtype)
    logits.flags.writeable = False
    result = step(logits)
    assert result.logits.dtype == dtype
    assert not np.shares_memory(result.logits, logits)


def test_removed_leaves_out_what_was_ruled_out_before() -> None:
    logits = np.array([3.0, 2.0, -np.inf, 1.0])
    assert apply_top_k(logits, 2).removed.tolist() == [3]


def test_frequency_penalty_counts_and_presence_penalty_does_not() -> None:
    logits = np.zeros(3)
    assert apply_presence_penalty(logits, [0, 1, 1, 1], 0.5).logits.tolist() == [-0.5, -0.5, 0]
    assert apply_frequency_penalty(logits, [0, 1, 1, 1], 0.5).logits.tolist() == [-0.5, -1.5, 0]


@pytest.mark.parametrize(
    "step", [apply_repetition_penalty, apply_presence_penalty, apply_frequency_penalty]
)
def test_penalty_takes_an_array_and_an_empty_reply(step: Callable[..., StepResult]) -> None:
    listed, in_array = step(LOGITS, [1, 1], 1.5), step(LOGITS, np.array([1, 1]), 1.5)
    np.testing.assert_array_equal(listed.logits, in_array.logits)
    np.testing.assert_array_equal(step(LOGITS, [], 1.5).logits, LOGITS)


@pytest.mark.parametrize(
    ("token_ids", "expected"),
    [
        ([], [7]),  # only the single token
        ([2], [3, 7]),
        ([1, 2], [3, 4, 5, 7]),
        ([1, 2, 6], [7]),  # the beginning has passed
        ([2, 1], [7]),
    ],
)
def test_banned_sequence_is_stopped_at_its_last_token(
    token_ids: list[int], expected: list[int]
) -> None:
    banned = BannedSequences.of([[7], [2, 3], [1, 2, 4], [1, 2, 5], [0, 1, 2, 6]])
    assert sorted(banned.completing(token_ids)) == expected
    assert sorted(banned.completing(np.array(token_ids, dtype=np.int64))) == expected


def test_bans_refuse_to_rule_out_everything() -> None:
    with pytest.raises(ValueError, match="all 4 are ruled out"):
        apply_bans(LOGITS, [], BannedSequences.of([[0], [1], [2], [3]]))


def test_bans_refuse_to_rule_out_all_that_is_left() -> None:
    logits = apply_top_k(LOGITS, 1).logits
    with pytest.raises(ValueError, match="all 4 are ruled out"):
        apply_bans(logits, [], BannedSequences.of([[0]]))


def test_banned_sequences_refuse_an_empty_one() -> None:
    with pytest.raises(ValueError, match="at least one token id"):
        BannedSequences.of([[1], []])


def test_top_p_cuts_the_lower_ids_of_equal_tokens() -> None:
    assert apply_top_p(np.zeros(4), 0.6).removed.tolist() == [0]
    assert apply_top_p(np.array([0.0, 1.0, 0.0, 1.0]), 0.3).removed.tolist() == [0, 1, 2]


some_logits = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-30, 30))


@given(some_logits, st.floats(0.001, 0.999))
def test_top_p_keeps_just_enough(logits: FloatArray, top_p: float) -> None:
    probabilities = softmax(logits)
    kept = np.flatnonzero(apply_top_p(logits, top_p).logits > -np.inf)
    assert probabilities[kept].max() == probabilities.max()
    mass = probabilities[kept].sum()
    assert mass > top_p - 1e-9
    assert mass - probabilities[kept].min() < top_p + 1e-9
    assert np.delete(probabilities, kept).max(initial=0) <= probabilities[kept].min()


@given(some_logits, st.integers(1, 50), st.floats(0, 1))
def test_no_filter_moves_what_it_keeps_or_loses_the_best(
    logits: FloatArray, top_k: int, share: float
) -> None:
    for result in (
        apply_top_k(logits, top_k),
        apply_top_p(logits, max(share, 1e-6)),
        apply_min_p(logits, share),
    ):
        kept = result.logits > -np.inf
        np.testing.assert_array_equal(result.logits[kept], logits[kept])
        assert result.logits.max() == logits.max()
        np.testing.assert_array_equal(result.removed, np.flatnonzero(~kept))


# Uniform numbers between the grid points of a running sum, where no rounding can decide.
uniforms = st.integers(0, 1023).map(lambda i: (i + 0.5) / 1024)


@given(some_logits, uniforms, uniforms)
def test_draw_rises_with_the_uniform_number(
    logits: FloatArray, uniform: float, other: float
) -> None:
    probabilities = softmax(logits)
    low, high = sorted([uniform, other])
    assert draw(probabilities, low).token_id <= draw(probabilities, high).token_id


@given(
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.integers(-40, 40).map(float)),
    uniforms,
    st.floats(0.1, 1),
    st.floats(1.1, 3),
)
def test_draw_on_the_same_dice_is_never_worse_when_colder(
    logits: FloatArray, uniform: float, cold: float, warm: float
) -> None:
    best_first = -np.sort(-logits)
    draws = [
        draw(softmax(apply_temperature(best_first, temperature).logits), uniform).token_id
        for temperature in (cold, warm)
    ]
    assert draws[0] <= draws[1]


def test_draw_takes_each_token_over_its_own_stretch() -> None:
    probabilities = np.array([0.25, 0.0, 0.5, 0.25])
    drawn = [draw(probabilities, u).token_id for u in (0, 0.2499, 0.25, 0.7499, 0.75, 0.9999)]
    assert drawn == [0, 0, 2, 2, 3, 3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [1e-30, 1e-38, 1e-40, 1e-46, 1e-308, 5e-324])
def test_a_vanishing_temperature_never_overflows_and_leaves_the_best(
    dtype: type[np.floating[Any]], temperature: float
) -> None:
    for scores in ([3.0, -np.inf, 7.5, 7.4], [-3.0, -9.0], [0.0, -1.0], [1e30, 1e29, -1e30]):
        logits = np.array(scores, dtype)
        with np.errstate(all="raise"):
            scaled = apply_temperature(logits, temperature).logits
        assert scaled.dtype == dtype
        assert np.isfinite(scaled.max())
        probabilities = softmax(scaled)
        assert probabilities[int(np.argmax(logits))] == 1
        assert probabilities.sum() == 1
