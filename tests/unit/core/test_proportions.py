"""Shares and counts, held to SciPy."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from playground.core.proportions import sign_test, wilson_interval


@pytest.mark.parametrize(("right", "count"), [(0, 3), (1, 1), (59, 80), (7, 9), (500, 500)])
def test_the_interval_of_a_share_is_scipys(right: int, count: int) -> None:
    found = binomtest(right, count).proportion_ci(method="wilson")
    assert wilson_interval(right, count) == pytest.approx((found.low, found.high), abs=1e-12)


@pytest.mark.parametrize(
    ("one", "other"), [(4, 0), (5, 0), (6, 0), (7, 1), (9, 2), (12, 4), (0, 0), (3, 3), (900, 800)]
)
def test_the_sign_test_is_the_exact_one(one: int, other: int) -> None:
    expected = binomtest(one, one + other).pvalue if one + other else 1.0
    assert sign_test(one, other) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("right", "count"), [(0, 0), (2, 1), (-1, 3)])
def test_no_share_is_told(right: int, count: int) -> None:
    with pytest.raises(ValueError, match="a share takes"):
        wilson_interval(right, count)
