"""The loop detector: ends what goes round in circles, and leaves ordinary repetition alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.generation.loops import LONGEST_PERIOD, REPEATS, SPAN, find_loop


@given(
    st.lists(st.integers(0, 50), max_size=40),
    st.lists(st.integers(0, 50), min_size=1, max_size=LONGEST_PERIOD),
)
def test_a_sequence_over_and_over_is_found(before: list[int], loop: list[int]) -> None:
    times = max(REPEATS, -(-SPAN // len(loop)))
    period = find_loop(before + loop * times)
    assert period is not None
    assert loop * times == (loop[:period] * len(loop) * times)[: len(loop) * times]


@pytest.mark.parametrize("period", [1, 7, 24, 25, LONGEST_PERIOD])
def test_one_token_less_is_no_loop_yet(period: int) -> None:
    span = max(SPAN, REPEATS * period)
    tokens = [i % period for i in range(span - 1)]
    assert find_loop([999, *tokens]) is None
    assert find_loop([999, *tokens, (span - 1) % period]) == period


def test_a_list_with_a_refrain_is_no_loop() -> None:
    assert find_loop([token for item in range(60) for token in (1, 2, 3, 100 + item, 4)]) is None
