"""Exact search by cosine, where float32 alone would be wrong and where rows tie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from playground.core.neighbours import CosineTable

# Few values, so that equal and opposite rows, ties and zero rows are common.
tables = arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.integers(1, 6)),
    elements=st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, -3.0]) | st.floats(-4, 4, width=32),
)


def brute_force(table: NDArray[np.float32], query: NDArray[np.float64]) -> dict[int, float]:
    """Return the cosine of every row that is no zero vector, in float64."""
    wide = table.astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1))
    rows = np.flatnonzero(lengths >= 1e-12)
    unit = query / np.linalg.norm(query)
    return {int(row): float((wide[row] * unit).sum() / lengths[row]) for row in rows}


@given(tables, st.integers(1, 12), st.data())
def test_search_is_that_of_float64(
    vectors: NDArray[np.float32], count: int, data: st.DataObject
) -> None:
    query = data.draw(
        arrays(np.float64, vectors.shape[1], elements=st.sampled_from([0.0, 1.0, -2.0, 0.3]))
    )
    left_out = data.draw(st.sets(st.integers(0, len(vectors) - 1)))
    if not query.any():
        return
    cosines = brute_force(vectors, query)
    ranking = CosineTable(vectors).towards(query, left_out)
    hits = ranking.nearest(count)
    possible = {row: cosine for row, cosine in cosines.items() if row not in left_out}
    assert len(hits) == min(count, len(possible))
    for hit in hits:
        assert hit.cosine == pytest.approx(possible[hit.row], abs=1e-14)
    # Nobody who was not found is nearer than somebody who was.
    rest = set(possible) - {hit.row for hit in hits}
    assert not rest or not hits or max(possible[r] for r in rest) <= hits[-1].cosine + 1e-14
    for first, second in pairwise(hits):
        assert (-first.cosine, first.row) < (-second.cosine, second.row)
    for place, hit in enumerate(hits, start=1):
        assert ranking.place_of(hit.row) == place


def test_rows_that_float32_cannot_tell_apart_are_ordered_by_float64() -> None:
    rng = np.random.default_rng(0)
    query = rng.standard_normal(576)
    # So near to the query that their cosines differ from 1 by less than float32 resolves.
    vectors = (query + rng.standard_normal((4000, 576)) * 1e-4).astype(np.float32)
    wide = vectors.astype(np.float64)
    cosines = wide @ query / (np.linalg.norm(wide, axis=1) * np.linalg.norm(query))
    expected = np.argsort(-cosines, kind="stable")[:20].tolist()
    rough = (vectors @ query.astype(np.float32)) / np.linalg.norm(vectors, axis=1)
    assert np.argsort(-rough, kind="stable")[:20].tolist() != expected
    ranking = CosineTable(vectors).towards(query)
    assert [hit.row for hit in ranking.nearest(20)] == expected
    assert [ranking.place_of(row) for row in expected] == list(range(1, 21))


def test_equal_rows_come_in_the_order_of_the_table() -> None:
    row = np.random.default_rng(1).standard_normal(576).astype(np.float32)
    vectors = np.repeat(row[None], 50, axis=0)
    vectors[7] *= -1
    ranking = CosineTable(vectors).towards(np.ones(576), leave_out=[3])
    expected = [each for each in range(50) if each not in (3, 7)]
    sign = np.sign(row.sum())
    found = [hit.row for hit in ranking.nearest(49)]
    assert found == ([*expected, 7] if sign > 0 else [7, *expected])


def test_zero_rows_are_never_found_and_zero_queries_are_refused() -> None:
    table = CosineTable(np.array([[0, 0], [1, 1], [1e-20, 0], [-1, 2]], dtype=np.float32))
    assert table.zero_rows.tolist() == [0, 2]
    assert [hit.row for hit in table.towards([1, 0]).nearest(9)] == [1, 3]
    assert table.towards([1, 0], leave_out=[1, 3]).nearest(1) == []
    with pytest.raises(ValueError, match="row 0 is a zero vector"):
        table.towards([1, 0]).place_of(0)
    for query in ([0, 0], [np.nan, 1], [np.inf, 1]):
        with pytest.raises(ValueError, match="must be finite and not zero"):
            table.towards(query)


def test_a_row_left_out_still_has_a_place() -> None:
    table = CosineTable(np.array([[1, 0], [2, 1], [0, 1]], dtype=np.float32))
    assert table.towards([1, 0], leave_out=[0]).place_of(0) == 1
    assert table.towards([1, 0], leave_out=[0]).place_of(2) == 2
    assert table.towards([1e200, 0]).nearest(1)[0].cosine == 1.0
