"""What is drafted from the text so far, and when a draft pays."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
from hypothesis import given

from playground.generation.prompt_lookup import (
    FIRST_RATE,
    LEAST_MEASURED,
    LENGTHS,
    RUNS,
    Drafts,
    PassCosts,
    PromptLookup,
    best_length,
)


def looked_for(ids: Sequence[int], length: int) -> tuple[int, ...]:
    """Find by looking everywhere: the newest place before the end, the longer run first."""
    for count in RUNS:
        for start in range(len(ids) - 1, count - 1, -1):
            if ids[start - count : start] == ids[-count:]:
                again = list(ids)
                for place in range(length):
                    again.append(again[start + place])
                return tuple(again[len(ids) :])
    return ()


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 7), st.integers(0, 40))
def test_a_draft_is_what_followed_the_newest_tokens_before(
    ids: list[int], length: int, halfway: int
) -> None:
    lookup = PromptLookup()
    lookup.read(ids[:halfway])
    lookup.read(ids)
    assert lookup.draft(length) == looked_for(ids, length)


def test_a_pass_costs_what_was_measured_once_that_was_often_enough() -> None:
    costs = PassCosts()
    costs.note(4, 9)  # before there is one row to compare it with
    for _ in range(LEAST_MEASURED):
        assert costs.of(4) == 1
        costs.note(1, 0.5)
        costs.note(4, 0.75)
    assert costs.of(4) == 1.5
    assert costs.of(8) == 1


@given(st.floats(0, 1), st.floats(0, 2), st.integers(0, 7))
def test_the_length_that_pays_best_is_chosen(rate: float, slope: float, most: int) -> None:
    def cost(rows: int) -> float:
        return 1 + slope * (rows - 1)

    def speed(length: int) -> float:
        return sum(rate**place for place in range(length + 1)) / cost(length + 1)

    chosen = best_length(rate, most, cost)
    assert chosen <= most
    assert speed(chosen) == max(speed(each) for each in (0, *LENGTHS) if each <= most)


def test_what_never_holds_is_hardly_tried_and_what_begins_to_hold_is_found_out() -> None:
    drafts = Drafts([1, 2, 3] * 20)

    def next_draft() -> int:
        return len(drafts.next([], 7, lambda rows: 1 + 0.2 * (rows - 1)))

    tries = 0
    for _ in range(400):
        if drafted := next_draft():
            tries += 1
            drafts.learn(drafted, 0)
    assert 0 < tries < 80
    for _ in range(100):
        if drafted := next_draft():
            drafts.learn(drafted, drafted)
    assert next_draft() == 7


@pytest.mark.parametrize(("drafted", "held", "seen"), [(7, 0, [0]), (3, 1, [1, 0]), (2, 2, [1, 1])])
def test_only_what_was_compared_is_learned(drafted: int, held: int, seen: list[int]) -> None:
    drafts, rate = Drafts([]), FIRST_RATE
    drafts.learn(drafted, held)
    for holds in seen:
        rate += 0.1 * (holds - rate)
    assert drafts.rate == pytest.approx(rate)
