"""The cost: bytes that are the arrays' own, a fit that finds what was put in, products counted."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import playground
from playground.errors import ContextOverflow, OptionError
from playground.experiments.run import Run, Stopped
from playground.generation.fitting.transcript import spell_conversation
from playground.generation.language_model import LanguageModel
from playground.labs.context.arithmetic import Point, Widths, count_products, fit_curve, read_widths
from playground.labs.context.cost import CacheSize, Cost, CostSettings, Reading, run_cost, weigh
from playground.labs.context.cost_view import draw
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.engine import PREFILL_CHUNK
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import (
    TransformersEngine,
    load_transformers_engine,
)
from playground.models.text.tokenizer import Message
from playground.serving import Pool
from playground.settings import Settings

SIZE = CacheSize(46_080, 8192, 220_177_152)


@pytest.fixture(scope="module")
def core(tiny_model_folder: Path) -> CoreEngine:
    model = register_path(tiny_model_folder, Settings.from_env())
    return load_core_engine(model, Precision.FP32)


@pytest.fixture(scope="module")
def theirs(tiny_model_folder: Path) -> TransformersEngine:
    model = register_path(tiny_model_folder, Settings.from_env())
    return load_transformers_engine(model, Precision.FP32)


def measured(engine: CoreEngine, asks: int = 10**6, **settings: object) -> list[Cost]:
    """Return the snapshots of a measurement that is stopped when it has asked so often."""
    asked = iter(range(asks))
    pool, choice = Pool(Settings.from_env()), ModelChoice("tiny", Precision.FP32)
    run = Run(lambda: next(asked, None) is None, pool, choice)
    found: list[Cost] = []
    with suppress(Stopped):
        found.extend(run_cost(LanguageModel(engine), CostSettings(**settings), run))
    return found


def test_the_bytes_are_those_of_the_arrays(core: CoreEngine, theirs: TransformersEngine) -> None:
    # Two layers of two key heads with 16 numbers, keys and values, in four bytes each.
    expected = 2 * 2 * 2 * 16 * 4
    for engine in (core, theirs):
        assert weigh(LanguageModel(engine), CostSettings()).size.token_bytes == expected
    for cost in measured(core, length=256, runs=1)[1:]:
        last = cost.reading.points[-1]
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
    model = LanguageModel(core)
    size = weigh(model, CostSettings(system="Be brief.")).size
    assert size.whole_bytes == size.token_bytes * 256
    assert size.weight_bytes == core.report.weight_bytes
    assert size.conversation_tokens is None
    assert "the conversation" not in str(draw(Cost(CostSettings(), size, None)))
    messages = [Message("user", "Hello"), Message("assistant", "Hi")]
    talked = weigh(model, CostSettings(conversation=spell_conversation(messages)))
    tokens = len(core.tokenizer.encode_chat(messages))
    assert talked.size.conversation_tokens == tokens
    assert f"the conversation, {tokens:,} tokens" in str(draw(talked))
    assert f"{tokens * size.token_bytes:,} bytes" in str(draw(talked))


def test_a_prompt_is_read_in_pieces_and_every_run_counts(core: CoreEngine) -> None:
    weighed, *costs = measured(core, length=256, runs=3)
    assert weighed.reading == Reading()
    assert len(costs) == 3 * 256 // PREFILL_CHUNK
    last = costs[-1].reading
    assert [point.tokens for point in last.points] == [64, 128, 192, 256]
    assert last.runs == 3
    seconds = [point.seconds for point in last.points]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


def test_progress_counts_the_tokens_of_all_runs(core: CoreEngine) -> None:
    costs = measured(core, length=256, runs=2)
    done = [cost.progress.done for cost in costs]
    assert done == [0, 64, 128, 192, 256, 320, 384, 448, 512]
    assert {cost.progress.total for cost in costs} == {512}
    assert costs[1].progress.words == "Run 1 of 2 · 64 of 256 tokens read"
    assert [cost.progress.ended for cost in costs] == [False] * 8 + [True]


def test_stop_is_heard_within_a_piece_and_keeps_what_was_read(core: CoreEngine) -> None:
    costs = measured(core, asks=2, length=256, runs=3)
    assert [point.tokens for point in costs[-1].reading.points] == [64, 128]


def test_a_prompt_longer_than_the_window_is_refused(core: CoreEngine) -> None:
    sentence = "`length` must be at most 256 tokens, the window of this model, got 320"
    with pytest.raises(OptionError, match=sentence):
        measured(core, length=257)


def test_a_model_reads_a_prompt_piece_by_piece(core: CoreEngine) -> None:
    model, ids = LanguageModel(core), [5] * 100
    pieces = list(model.read(ids))
    assert [piece.tokens for piece in pieces] == [64, 100]
    assert [piece.held_bytes for piece in pieces] == [512 * 64, 512 * 100]
    np.testing.assert_array_equal(pieces[-1].logits, model.next_token_logits(ids))
    assert [piece.tokens for piece in model.read([5] * 256)][-1] == 256
    with pytest.raises(ContextOverflow, match="must have 1 to 256 tokens, the window of this"):
        next(model.read([5] * 257))
    with pytest.raises(ContextOverflow, match="empty"):
        next(model.read([]))


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
    ("given", "sentence"),
    [
        ({"length": 255}, "`length` must be a whole number from 256 to 32,768, got 255"),
        ({"length": None}, "got nothing"),
        ({"length": "x"}, "got 'x'"),
        ({"length": float("inf")}, "got inf"),
        ({"runs": 0}, "`runs` must be a whole number from 1 to 9, got 0"),
        ({"runs": 2.5}, "got 2.5"),
    ],
)
def test_bad_plans_get_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        CostSettings(**given)
    assert CostSettings(length=257).tokens == 320


def cost(quadratic: float, widths: Widths | None, count: int = 32) -> Cost:
    points = tuple(
        Point(64 * n, 0.01 * n + quadratic * n**2, 4608 * n, 4608 * 128)
        for n in range(1, count + 1)
    )
    reading = Reading(points, 2 if count == 32 else 0, 64 * count)
    return Cost(CostSettings(length=2048, runs=2), SIZE, widths, reading)


def test_the_page_says_what_is_measured_fitted_and_computed() -> None:
    widths = Widths(106_168_320, (576,) * 30, (None,) * 30)
    html = str(draw(cost(1e-4, widths)))
    assert html.count("<circle") == 32
    assert html.count('role="img"') == 2
    for words in ("measured", "fitted", "computed", "the median of 2 runs", "times as long"):
        assert words in html
    assert "No square can be seen" in str(draw(cost(-1e-5, widths)))
    assert "does not say" in str(draw(cost(1e-4, None)))
    assert "after the first few pieces" in str(draw(cost(1e-4, widths, 3)))


def test_json_has_the_bytes_the_points_and_the_curve(core: CoreEngine) -> None:
    told = cost(1e-4, None).to_json()
    assert (told["runs"], len(told["points"])) == (2, 32)
    assert told["fit"]["quadratic"] == pytest.approx(1e-4 / 64**2)
    assert told["cache"]["whole_bytes"] == 46_080 * 8192
    assert Cost(CostSettings(), SIZE, None).to_json()["fit"] is None
    result = playground.experiment("context/cost")(LanguageModel(core), length=256, runs=1)
    assert {"model", "runs", "fit", "points"} <= result.to_json().keys()


def test_the_weights_can_be_smaller_than_the_cache() -> None:
    html = str(draw(Cost(CostSettings(), SIZE, None)))
    assert "46,080 bytes" in html
    assert "377.5 MB" in html
    assert "1.71 times" in html
