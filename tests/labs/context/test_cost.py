"""The cost: bytes that are the arrays' own, a fit that finds what was put in, products counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import OptionError
from playground.generation.decoding import PREFILL_CHUNK
from playground.labs.context.cost import (
    CacheSize,
    Point,
    Reading,
    Widths,
    count_products,
    fit_curve,
    make_plan,
    read_timed,
    read_widths,
    to_json,
    weigh_cache,
)
from playground.labs.context.cost_view import render_cache, render_reading
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import (
    TransformersEngine,
    load_transformers_engine,
)
from playground.settings import Settings


@pytest.fixture(scope="module")
def core(tiny_model_folder: Path) -> CoreEngine:
    model = register_path(tiny_model_folder, Settings.from_env())
    return load_core_engine(model, Precision.FP32)


@pytest.fixture(scope="module")
def theirs(tiny_model_folder: Path) -> TransformersEngine:
    model = register_path(tiny_model_folder, Settings.from_env())
    return load_transformers_engine(model, Precision.FP32)


def test_the_bytes_are_those_of_the_arrays(core: CoreEngine, theirs: TransformersEngine) -> None:
    # Two layers of two key heads with 16 numbers, keys and values, in four bytes each.
    expected = 2 * 2 * 2 * 16 * 4
    assert weigh_cache(core).token_bytes == weigh_cache(theirs).token_bytes == expected
    for reading in read_timed(core, 256, 1):
        last = reading.points[-1]
        assert last.held_bytes == expected * last.tokens
    cache = core.network.new_cache()
    core.forward(np.ones((1, 100), np.int64), [cache])
    held = cache.keys[:, :, :100].nbytes + cache.values[:, :, :100].nbytes
    assert cache.held_bytes == held == 100 * expected
    assert cache.size_bytes == cache.keys.nbytes + cache.values.nbytes
    store = theirs.new_cache()
    theirs.forward(np.ones((1, 100), np.int64), [store])
    layers = store.store.layers
    assert (
        store.held_bytes == sum(x.keys.nbytes + x.values.nbytes for x in layers) == 100 * expected
    )


def test_a_whole_window_is_computed_from_one_token(core: CoreEngine) -> None:
    size = weigh_cache(core)
    assert size.whole_bytes == size.token_bytes * 256
    assert size.weight_bytes == core.report.weight_bytes
    html = render_cache(size, 10)
    assert f"{10 * size.token_bytes:,} bytes" in html
    assert "your chat" not in render_cache(size, None)


def test_a_prompt_is_read_in_pieces_and_every_run_counts(core: CoreEngine) -> None:
    readings = list(read_timed(core, 256, 3))
    assert len(readings) == 3 * 256 // PREFILL_CHUNK
    last = readings[-1]
    assert [point.tokens for point in last.points] == [64, 128, 192, 256]
    assert last.runs == 3
    seconds = [point.seconds for point in last.points]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
    stopped = list(read_timed(core, 256, 3, lambda: True))
    assert len(stopped) == 1


def test_a_prompt_longer_than_the_window_is_refused(core: CoreEngine) -> None:
    with pytest.raises(OptionError, match="at most 256 tokens, the window of this model, got 320"):
        next(read_timed(core, 320, 1))


@given(st.floats(1e-6, 1e-2), st.floats(1e-10, 1e-5), st.integers(4, 200))
def test_the_fit_finds_the_curve_that_was_put_in(
    linear: float, quadratic: float, count: int
) -> None:
    tokens = np.arange(1, count + 1) * 64
    points = [Point(int(n), float(linear * n + quadratic * n**2), 0, 0) for n in tokens]
    curve = fit_curve(points)
    assert curve.linear == pytest.approx(linear, rel=1e-6)
    assert curve.quadratic == pytest.approx(quadratic, rel=1e-6)
    share = quadratic * tokens[-1] ** 2 / points[-1].seconds
    assert curve.quadratic_share(int(tokens[-1])) == pytest.approx(share, rel=1e-6)


@given(st.integers(1, 300), st.one_of(st.none(), st.integers(1, 100)))
def test_products_are_those_of_a_count_one_by_one(tokens: int, window: int | None) -> None:
    widths = Widths(1000, (48, 48), (None, window))
    linear, attention = count_products(widths, np.array([tokens]))
    assert linear[0] == 1000 * tokens
    seen = [[min(place + 1, most or tokens) for place in range(tokens)] for most in (None, window)]
    assert attention[0] == 2 * 48 * sum(map(sum, seen))


def test_widths_are_read_off_the_config(tiny_model_folder: Path, tmp_path: Path) -> None:
    widths = read_widths(tiny_model_folder)
    assert widths is not None
    assert widths.head_widths == (64, 64)
    assert widths.look_back == (None, None)
    each = 64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 128
    assert widths.linear_weights == 2 * each
    (tmp_path / "config.json").write_text('{"model_type": "other"}')
    assert read_widths(tmp_path) is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((255, 3), "longest prompt must be a whole number from 256 to 32,768, got 255"),
        ((None, 3), "got nothing"),
        (("x", 3), "got 'x'"),
        ((float("inf"), 3), "got inf"),
        ((1024, 0), "number of runs must be a whole number from 1 to 9, got 0"),
        ((1024, 2.5), "got 2.5"),
    ],
)
def test_bad_plans_get_one_sentence(values: tuple[object, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        make_plan(*values)


def reading(quadratic: float) -> Reading:
    points = tuple(
        Point(64 * n, 0.01 * n + quadratic * n**2, 4608 * n, 4608 * 128) for n in range(1, 33)
    )
    return Reading(points, 2, 2048)


def test_the_page_says_what_is_measured_fitted_and_computed() -> None:
    widths = Widths(106_168_320, (576,) * 30, (None,) * 30)
    html = render_reading(reading(1e-4), widths)
    assert html.count("<circle") == 32
    assert html.count('role="img"') == 2
    for words in ("measured", "fitted", "computed", "the median of 2 runs", "times as long"):
        assert words in html
    assert "No square can be seen" in render_reading(reading(-1e-5), widths)
    assert "does not say" in render_reading(reading(1e-4), None)
    few = Reading(reading(1e-4).points[:3], 0, 192)
    assert "after the first few pieces" in render_reading(few, widths)
    told = to_json(reading(1e-4), fit_curve(reading(1e-4).points), "M")
    assert len(told["points"]) == 32


def test_the_weights_can_be_smaller_than_the_cache() -> None:
    html = render_cache(CacheSize(46_080, 8192, 220_177_152), 412)
    assert "46,080 bytes" in html
    assert "377.5 MB" in html
    assert "1.71 times" in html
