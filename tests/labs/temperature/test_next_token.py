"""The slider's numbers against naive ones in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import OptionError
from playground.generation.choosing import Chooser
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.next_token import NextToken, distribution

VOCAB = 800


def next_token(seed: int) -> NextToken:
    logits = np.random.default_rng(seed).normal(scale=3, size=VOCAB).astype(np.float32)
    return NextToken((1, 2), logits)


def settings(**values: float) -> SamplingSettings:
    return SamplingSettings.from_mapping({"top_p": 1, **values})


@given(st.integers(0, 1000), st.floats(0.1, 2))
def test_distribution_is_the_softmax_at_that_temperature(seed: int, temperature: float) -> None:
    token = next_token(seed)
    shown = distribution(token, settings(temperature=temperature))
    exact = np.exp(token.logits.astype(np.float64) / temperature)
    exact /= exact.sum()
    ghost = np.exp(token.logits.astype(np.float64))
    ghost /= ghost.sum()
    assert [bar.token_id for bar in shown.bars] == np.argsort(-token.logits)[:20].tolist()
    for bar in shown.bars:
        assert bar.probability == pytest.approx(exact[bar.token_id], rel=1e-3, abs=1e-7)
        assert bar.ghost == pytest.approx(ghost[bar.token_id], rel=1e-4, abs=1e-7)
        assert bar.high - bar.low == pytest.approx(bar.probability, abs=1e-6)
        assert bar.scaled == pytest.approx(bar.logit / temperature, rel=1e-5)
    positive = exact[exact > 0]
    assert shown.entropy_nats == pytest.approx(-(positive * np.log(positive)).sum(), abs=1e-3)
    assert shown.effective_choices == pytest.approx(np.exp(shown.entropy_nats))
    assert shown.rest_probability == pytest.approx(
        1 - sum(bar.probability for bar in shown.bars), abs=1e-6
    )


def test_the_order_of_the_bars_never_changes() -> None:
    token = next_token(3)
    orders = {
        tuple(bar.token_id for bar in distribution(token, settings(**values)).bars)
        for values in ({}, {"temperature": 0}, {"temperature": 2}, {"top_k": 3}, {"min_p": 0.5})
    }
    assert len(orders) == 1


def test_what_is_cut_says_by_which_step() -> None:
    shown = distribution(next_token(4), settings(top_k=8, min_p=0.3))
    assert [bar.cut_by for bar in shown.bars[8:]] == ["top_k"] * 12
    best = shown.bars[0].ghost
    for bar in shown.bars[:8]:
        assert bar.cut_by == ("min_p" if bar.ghost < 0.3 * best else None)
        assert (bar.probability == 0) == (bar.cut_by is not None)
    assert shown.possible == sum(bar.cut_by is None for bar in shown.bars)


def test_temperature_zero_leaves_one_token() -> None:
    shown = distribution(next_token(5), settings(temperature=0))
    assert [bar.probability for bar in shown.bars] == [1, *[0] * 19]
    assert (shown.entropy_nats, shown.effective_choices, shown.possible) == (0, 1, 1)


def test_twenty_thousand_draws_follow_the_shown_probabilities() -> None:
    """Chi-square over the bars and the rest, below the 0.999 quantile for 20 degrees of freedom."""
    token, chosen = next_token(6), settings(temperature=0.8, top_k=200)
    shown = distribution(token, chosen)
    chooser = Chooser(chosen, [1], np.random.default_rng(1))
    drawn = [chooser.choose(token.logits, []).token_id for _ in range(20_000)]
    places = {bar.token_id: place for place, bar in enumerate(shown.bars)}
    counts = np.bincount([places.get(i, 20) for i in drawn], minlength=21)
    expected = 20_000 * np.array([*(bar.probability for bar in shown.bars), shown.rest_probability])
    assert ((counts - expected) ** 2 / expected).sum() < 45.31


def test_banning_everything_is_refused() -> None:
    everything = settings(banned=[[i] for i in range(VOCAB)])  # type: ignore[arg-type] - not a number
    with pytest.raises(OptionError, match="must leave at least one token"):
        distribution(next_token(7), everything)
