"""The record of a choice says what was done, and the choice follows from the record."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.functional import log_softmax, softmax
from playground.errors import OptionError
from playground.generation.choosing import ALTERNATIVES, Chooser, likeliest
from playground.generation.settings import SamplingSettings

VOCAB = 900


def some_logits(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=3, size=VOCAB).astype(np.float32)


def chooser(seed: int = 0, **settings: object) -> Chooser:
    return Chooser(SamplingSettings.from_mapping(settings), [1, 2], np.random.default_rng(seed))


@given(st.integers(0, 10_000), st.sampled_from([0.3, 1.0, 1.7]), st.sampled_from([0.4, 0.9, 1.0]))
def test_choice_is_the_token_whose_stretch_the_number_hits(
    seed: int, temperature: float, top_p: float
) -> None:
    logits = some_logits(seed)
    settings = {"temperature": temperature, "top_p": top_p}
    choice = chooser(seed, **settings).choose(logits, [])
    assert choice.uniform == np.random.default_rng(seed).random()
    assert choice.low <= choice.uniform < choice.high
    stages = chooser(**settings).stages(logits, [])
    final = softmax(stages[-1][1].logits if stages else logits)
    assert choice.probability == pytest.approx(float(final[choice.token_id]), abs=1e-6)


@given(st.integers(0, 10_000))
def test_choice_describes_the_models_own_distribution(seed: int) -> None:
    logits = some_logits(seed)
    choice = chooser(seed, temperature=1.5, top_k=40).choose(logits, [])
    exact = log_softmax(logits.astype(np.float64))
    assert choice.logprob == pytest.approx(exact[choice.token_id], abs=1e-5)
    assert choice.surprisal_nats == -choice.logprob
    assert choice.entropy_nats == pytest.approx(-(np.exp(exact) * exact).sum(), abs=1e-4)
    best = np.argsort(-logits, kind="stable")
    assert choice.rank == 1 + int(np.flatnonzero(best == choice.token_id)[0])
    assert [each.token_id for each in choice.alternatives] == best[:ALTERNATIVES].tolist()
    assert choice.alternatives[0].logprob == pytest.approx(exact[best[0]], abs=1e-5)
    assert choice.alternatives[0].logit == logits[best[0]]


def test_stages_run_in_order_and_only_those_that_are_on() -> None:
    everything = {
        "repetition_penalty": 1.2,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.5,
        "logit_bias": {7: 2.0},
        "banned": [[9]],
        "temperature": 0.7,
        "top_k": 50,
        "top_p": 0.9,
        "min_p": 0.05,
    }
    choice = chooser(**everything).choose(some_logits(0), [5, 5])
    assert [stage.name for stage in choice.stages] == list(everything)
    possible = [stage.possible for stage in choice.stages]
    assert possible[:4] == [VOCAB] * 4
    assert possible[4:6] == [VOCAB - 1] * 2
    assert possible[6] == 50
    assert possible == sorted(possible, reverse=True)
    assert chooser(top_p=1).stages(some_logits(0), []) == []


def test_reply_penalties_leave_the_prompt_alone() -> None:
    logits = np.zeros(VOCAB, np.float32)
    stages = dict(chooser(presence_penalty=1, frequency_penalty=0.5).stages(logits, [5, 5]))
    assert stages["presence_penalty"].logits[[1, 5]].tolist() == [0, -1]
    assert stages["frequency_penalty"].logits[[1, 5]].tolist() == [0, -2]


def test_temperature_zero_takes_the_best_after_penalties_and_throws_no_dice() -> None:
    logits = np.array([3.0, 2.9, 0.0], np.float32)
    greedy = Chooser(
        SamplingSettings(temperature=0, presence_penalty=1, top_k=1, top_p=0.1),
        [1],
        np.random.default_rng(0),
    )
    choice = greedy.choose(logits, [0])
    assert (choice.token_id, choice.uniform, choice.probability) == (1, None, 1)
    assert [stage.name for stage in choice.stages] == ["presence_penalty"]


def test_banning_everything_is_refused_in_one_sentence() -> None:
    banned = Chooser(SamplingSettings(banned=((0,), (1,), (2,))), [1], np.random.default_rng(0))
    with pytest.raises(OptionError, match=r"`banned` must leave at least one token possible, .* 3"):
        banned.choose(np.zeros(3, np.float32), [])


@given(st.integers(0, 1000), st.integers(1, 2000), st.integers(1, 30))
def test_likeliest_equals_a_full_sort(seed: int, size: int, count: int) -> None:
    # Few different values, so that many are equal.
    logits = np.random.default_rng(seed).integers(0, 40, size).astype(np.float32)
    expected = np.argsort(-logits, kind="stable")[:count]
    np.testing.assert_array_equal(likeliest(logits, count), expected)
