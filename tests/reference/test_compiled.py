"""What is compiled against the lines that it speeds up; and what happens where nothing is.

Products of integers have every bit of PyTorch's. Sums of floats run in an order of their own, the
same alone and in company.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from playground.core.activations import gelu_tanh, silu
from playground.core.functional import rms_norm, softmax
from playground.core.linear import Dense
from playground.core.rope import Rope, rotate, rotation_table
from playground.core.transformer import TransformerConfig
from playground.generation.language_model import LanguageModel
from playground.models.acquire.store import InstalledModel
from playground.models.engines import linear_layers
from playground.models.engines.activations import (
    BATCH_ROWS,
    gelu_tanh_in_torch,
    silu_in_torch,
)
from playground.models.engines.compiled import helper_threads, kept, ready
from playground.models.engines.compiled import product as compiled_product
from playground.models.engines.compiled.board import GELU_TANH, SILU
from playground.models.engines.compiled.decoder import CompiledTransformer
from playground.models.engines.compiled.elementwise import (
    exp_of,
    gate,
    normalise,
    softmax_in_place,
    turn,
)
from playground.models.engines.compiled.halves import rounded
from playground.models.engines.compiled.product import product_of
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.integer_layers import Int8Linear, SplitInt8Linear
from playground.models.engines.linear_layers import FullHead, FullLinear, HalfLinear
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import load_transformers_engine
from tests.support.compiled_kernels import compiled_kernels

with_vnni = pytest.mark.skipif(
    not torch.cpu.get_capabilities().get("avx512_vnni", False),
    reason="without VNNI the layer whose integers are compiled is not used",
)
SHAPES = ((960, 576), (576, 1536), (7, 33), (129, 65), (64, 64))


@pytest.fixture(scope="module")
def kernels() -> ModuleType:
    return compiled_kernels()


@pytest.fixture
def _compiled(kernels: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "_kernels", kernels)


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> helper_threads.Helpers:
    own = helper_threads.Helpers()
    monkeypatch.setattr(compiled_product, "HELPERS", own)
    return own


def random_layer(rng: np.random.Generator, shape: tuple[int, int]) -> SplitInt8Linear:
    codes = torch.from_numpy(rng.integers(-127, 128, shape, dtype=np.int8))
    return SplitInt8Linear(codes, torch.from_numpy(rng.uniform(0.1, 3, shape[0]).astype("f4")))


def exponentials(x: np.ndarray) -> np.ndarray:
    return np.array([exp_of(each) for each in x], np.float32)


def hard_rows(rng: np.random.Generator, width: int) -> np.ndarray:
    """Return rows with an outlier, of zeros, of ones, and far apart in size."""
    x = rng.normal(size=(BATCH_ROWS, width)).astype(np.float32)
    x[0, width // 2] = 800
    x[1] = 0
    x[2] = -1
    x[3] *= np.float32(1e-20)
    return x


@pytest.mark.usefixtures("kernels")
def test_an_exponential_is_numpys_to_two_last_places() -> None:
    x = np.concatenate([np.linspace(-87.3, 88.3, 200_001, dtype=np.float32), np.float32([0, -0.0])])
    np.testing.assert_array_max_ulp(exponentials(x), np.exp(x.astype("f8")).astype("f4"), maxulp=2)
    edges = np.float32([-np.inf, -1e30, -88, 89, 1e30, np.inf, np.nan])
    np.testing.assert_array_equal(exponentials(edges), np.float32([0, 0, 0, *[np.inf] * 3, np.nan]))


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("width", [2, 7, 64, 576])
def test_what_stands_between_products_is_what_the_core_computes(width: int) -> None:
    rng = np.random.default_rng(10)
    x, gain, other = rng.normal(size=(3, width)).astype(np.float32) * np.float32(3)
    normed = np.empty_like(x)
    normalise(x, gain, np.float32(1e-5), normed)
    np.testing.assert_allclose(normed, rms_norm(x.astype("f8"), gain, 1e-5), rtol=1e-6)
    for bend, core in ((SILU, silu), (GELU_TANH, gelu_tanh)):
        gated = np.empty_like(x)
        gate(np.concatenate([x, other]), bend, gated)
        np.testing.assert_allclose(gated, core(x.astype("f8")) * other, rtol=2e-5, atol=1e-7)
    part = width // 2 * 2
    angles = rng.uniform(-3, 3, part // 2)
    cosines, sines = (f(np.concatenate([angles] * 2)).astype("f4") for f in (np.cos, np.sin))
    turned = x.copy()
    turn(turned, cosines, sines)
    np.testing.assert_allclose(turned, rotate(x.astype("f8"), cosines, sines), atol=1e-6)
    weights = x * 9
    softmax_in_place(weights)
    np.testing.assert_allclose(weights, softmax(x.astype("f8") * 9), rtol=1e-5, atol=1e-12)
    x[-1] = np.nan
    softmax_in_place(x)
    assert np.isnan(x).all()


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_what_lies_in_the_middle_is_rounded_to_even(dtype: torch.dtype) -> None:
    near = torch.arange(-70, 70).to(dtype).float()
    apart = torch.nextafter(near.to(dtype), torch.tensor(torch.inf, dtype=dtype)).float()
    for numbers in (near, (near + apart) / 2):
        ours = [rounded(each, dtype == torch.bfloat16) for each in numbers.numpy()]
        np.testing.assert_array_equal(ours, numbers.to(dtype).float().numpy())


@pytest.mark.parametrize("head_norms", [True, False])
@pytest.mark.parametrize("activation", [silu_in_torch, gelu_tanh_in_torch])
def test_the_steps_of_a_prompt_are_the_cores_and_a_row_has_its_bits_in_any_piece(
    activation: Callable[[np.ndarray], np.ndarray],
    head_norms: bool,
    kernels: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = TransformerConfig(9, 96, 80, 4, 2, 24, 1e-5, (), activation)
    model = CompiledTransformer(config, np.zeros((9, 96), "f4"), [], np.ones(96, "f4"), Dense)
    rng = np.random.default_rng(14)
    rows, heads, gain, head_gain, gate_up = (
        rng.normal(scale=3, size=shape).astype(np.float32)
        for shape in ((150, 96), (1, 150, 8, 24), 96, (6, 24), (150, 160))
    )
    turns = rotation_table(Rope(16, 100.0).frequencies, np.arange(150)[None, :, None])

    def steps(piece: slice) -> list[np.ndarray]:
        turned = model._turn(
            heads[:, piece].copy(),
            6,
            head_gain if head_norms else None,
            (turns[0][:, piece], turns[1][:, piece]),
        )
        normed = model._normalise(rows[piece], gain)
        return [normed, turned[0], model._gate(gate_up[piece])]

    by_numpy = steps(slice(150))
    monkeypatch.setattr(ready, "_kernels", kernels)
    compiled, later = steps(slice(150)), steps(slice(64, 128))
    for theirs, ours, part in zip(by_numpy, compiled, later, strict=True):
        assert not np.array_equal(ours, theirs)  # so these are not NumPy's
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)
        np.testing.assert_array_equal(part, ours[64:128])


@with_vnni
@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threads", [1, 3])
def test_a_compiled_product_has_every_bit_of_pytorchs(
    shape: tuple[int, int], threads: int, helpers: helper_threads.Helpers
) -> None:
    rng = np.random.default_rng(0)
    layer = random_layer(rng, shape)
    assert layer.words is not None
    x = hard_rows(rng, shape[1])
    theirs = layer._by_onednn(x, compiled=False)
    with helpers.at_work(threads):
        for rows in (1, 3, BATCH_ROWS):
            ours = product_of(x[:rows], layer.words)
            assert ours is not None
            np.testing.assert_array_equal(ours.view(np.int32), theirs[:rows].view(np.int32))


@with_vnni
@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("shape", SHAPES)
def test_what_stands_around_the_product_of_many_rows_has_every_bit_of_numpys(
    shape: tuple[int, int],
) -> None:
    rng = np.random.default_rng(8)
    layer = random_layer(rng, shape)
    x = np.concatenate([hard_rows(rng, shape[1]) for _ in range(9)])
    x[5, 0] = np.nan
    ours = layer(x)
    with np.errstate(invalid="ignore"):  # NumPy warns where it makes a whole number of NaN
        theirs = layer._by_onednn(x, compiled=False)
    np.testing.assert_array_equal(ours, theirs)
    assert np.isnan(ours[5]).all()
    assert np.isfinite(np.delete(ours, 5, axis=0)).all()


@with_vnni
@pytest.mark.usefixtures("_compiled", "helpers")
def test_a_number_that_is_none_is_not_lost() -> None:
    layer = random_layer(np.random.default_rng(4), (70, 100))
    assert layer.words is not None
    x = np.ones((2, 100), np.float32)
    x[1, 60] = np.nan
    product = product_of(x, layer.words)
    assert product is not None
    assert np.isfinite(product[0]).all()
    assert np.isnan(product[1]).all()


@with_vnni
@pytest.mark.usefixtures("_compiled")
def test_products_stay_whole_while_helpers_come_and_go(helpers: helper_threads.Helpers) -> None:
    """Many products in a row, as in a token, with more threads than cores; also two at a time."""
    rng = np.random.default_rng(1)
    layers = [random_layer(rng, shape) for shape in SHAPES]
    inputs = [hard_rows(rng, shape[1]) for shape in SHAPES]
    theirs = [layer._by_onednn(x, compiled=False) for layer, x in zip(layers, inputs, strict=True)]
    wrong = []

    def multiply() -> None:
        for _ in range(60):
            for layer, x, whole in zip(layers, inputs, theirs, strict=True):
                if not np.array_equal(layer(x), whole):
                    wrong.append(x.shape)

    other = threading.Thread(target=multiply)
    for _ in range(3):
        with helpers.at_work(4):
            multiply()
    with helpers.at_work(4):
        other.start()
        multiply()
        other.join()
    assert not wrong


@with_vnni
@pytest.mark.usefixtures("_compiled", "helpers")
def test_a_layer_whose_bytes_lie_otherwise_is_left_to_pytorch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(2)
    layer, other, strange = (random_layer(rng, (96, 64)) for _ in range(3))
    x = hard_rows(rng, 64)
    np.testing.assert_array_equal(layer(x), layer._by_onednn(x, compiled=False))
    assert layer.multiplied_by.startswith("products by PyTorch, compiled ones")
    assert layer.words is not None
    address = torch.ops.mkldnn.data_ptr(other._packed)
    monkeypatch.setattr(torch.ops.mkldnn, "data_ptr", lambda _: address)
    np.testing.assert_array_equal(strange(x), strange._by_onednn(x, compiled=False))
    assert strange.words is None
    assert strange.multiplied_by == "products by PyTorch: compiled ones gave other bits"


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("make", [FullLinear, FullHead])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threads", [1, 3])
def test_a_full_product_is_the_cores_and_the_same_in_any_batch(
    make: type[FullLinear | FullHead],
    shape: tuple[int, int],
    threads: int,
    helpers: helper_threads.Helpers,
) -> None:
    rng = np.random.default_rng(5)
    weight = rng.normal(size=shape[::-1]).astype(np.float32).T  # not in one piece
    x = rng.normal(size=(BATCH_ROWS, shape[1])).astype(np.float32)
    layer = make(weight)
    with helpers.at_work(threads):
        alone = np.concatenate([layer(row[None]) for row in x])
        for rows in (2, 5, BATCH_ROWS):
            np.testing.assert_array_equal(layer(x[:rows]), alone[:rows])
    # The bound of any order of n sums: n eps sum |x w| (Higham, 2002, eq. 3.5).
    most = shape[1] * np.finfo("f4").eps * (np.abs(x) @ np.abs(weight.T))
    assert (np.abs(alone - Dense(weight.astype("f8"))(x.astype("f8"))) <= most).all()


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("amx", [True, False])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_product_of_16_bits_is_rounded_as_pytorchs_and_the_same_in_any_batch(
    dtype: torch.dtype,
    shape: tuple[int, int],
    amx: bool,
    helpers: helper_threads.Helpers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linear_layers, "_has_amx", lambda: amx)  # without, PyTorch may pack
    rng = np.random.default_rng(9)
    weight = rng.normal(size=shape[::-1]).astype(np.float32).T  # not in one piece
    x = rng.normal(size=(BATCH_ROWS, shape[1])).astype(np.float32)
    x[1] = 0
    x[2, 0] = np.nan
    x[3] *= np.float32(1e-6)  # of FP16's numbers with fewer digits
    layer = HalfLinear(weight, dtype)
    with helpers.at_work(3):
        alone = np.concatenate([layer(row[None]) for row in x])
        for rows in (2, 5, BATCH_ROWS):
            np.testing.assert_array_equal(layer(x[:rows]), alone[:rows])
    as_stored = layer.weight.double()
    given = torch.from_numpy(x).to(dtype).double()
    exact = given @ as_stored.T
    most = shape[1] * torch.finfo(torch.float32).eps * (given.abs() @ as_stored.abs().T)
    ours = torch.from_numpy(alone).double()
    # Between what the least and the largest that any order of float32 sums gives are rounded to.
    low, high = ((exact + sign * most).to(dtype).double() for sign in (-1, 1))
    number = ~torch.isnan(exact)
    assert torch.isnan(ours[~number]).all()
    assert not number[2].any()
    assert ((low <= ours) & (ours <= high))[number].all()


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_product_of_codes_is_exact_but_for_its_sums_and_the_same_in_any_batch(
    shape: tuple[int, int], helpers: helper_threads.Helpers
) -> None:
    rng = np.random.default_rng(11)
    codes = rng.integers(-128, 128, shape, dtype=np.int8)
    absmax = rng.uniform(0.1, 3, shape[0]).astype(np.float32)
    layer = Int8Linear(torch.from_numpy(codes), torch.from_numpy(absmax))
    words = layer.words
    x = hard_rows(rng, shape[1])
    with helpers.at_work(3):
        alone = np.concatenate([product_of(row[None], words) for row in x])
        for rows in (2, 5, BATCH_ROWS):
            np.testing.assert_array_equal(product_of(x[:rows], words), alone[:rows])
    weight = codes * (absmax / 127).astype("f8")[:, None]
    most = (shape[1] + 2) * np.finfo("f4").eps * (np.abs(x) @ np.abs(weight.T))
    assert (np.abs(alone - x @ weight.T) <= most).all()


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize(
    ("precision", "most"),
    [
        (Precision.FP32, 1e-4),
        # Their layers round their inputs, here and there to another step.
        pytest.param(Precision.INT8, 0.05, marks=with_vnni),
        (Precision.BF16, 1.0),
    ],
)
def test_a_model_says_what_it_says_in_numpy_alone_and_in_company(
    precision: Precision,
    most: float,
    default_model: InstalledModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = load_core_engine(default_model, precision)
    ids = np.random.default_rng(7).integers(0, 40_000, (BATCH_ROWS, 40))

    def write(rows: np.ndarray) -> np.ndarray:
        """Return the scores of three tokens, of shape (3, rows, V)."""
        caches = [engine.new_cache() for _ in rows]
        for row, cache in zip(rows, caches, strict=True):
            engine.forward(row[None], [cache])
        return np.array([engine.forward(rows[:, place, None], caches) for place in range(3)])

    together = write(ids)
    np.testing.assert_array_equal(write(ids[3:4])[:, 0], together[:, 3])
    cache = engine.new_cache()
    engine.forward(ids[3:4], [cache])
    drafted = engine.verify(ids[3, :3], cache)
    np.testing.assert_array_equal(drafted, together[:, 3])
    monkeypatch.setattr(ready, "kernels", lambda: None)
    by_numpy = write(ids)
    assert not np.array_equal(together, by_numpy)  # so it was not NumPy before
    # Of texts of chance either side is up to 2e-4 from what float64 gives, of these eight less.
    np.testing.assert_allclose(together[:, :8], by_numpy[:, :8], atol=most)


@pytest.mark.usefixtures("_compiled")
def test_a_text_at_temperature_zero_is_transformers(default_model: InstalledModel) -> None:
    messages = [{"role": "user", "content": "Name three colours of the rainbow, one a line."}]
    texts = [
        LanguageModel(load(default_model, Precision.FP32))
        .generate(messages, temperature=0, max_new_tokens=48)
        .text
        for load in (load_core_engine, load_transformers_engine)
    ]
    assert texts[0] == texts[1]
    assert texts[0]


@pytest.mark.usefixtures("_compiled")
def test_without_vnni_a_step_at_int8_multiplies_codes(
    default_model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    engine = load_core_engine(default_model, Precision.INT8)
    assert isinstance(engine.network.blocks[0].qkv, Int8Linear)
    ids = np.random.default_rng(12).integers(0, 40_000, (1, 41))

    def write() -> np.ndarray:
        cache = engine.new_cache()
        engine.forward(ids[:, :-1], [cache])
        return engine.forward(ids[:, -1:], [cache])

    compiled = write()
    monkeypatch.setattr(ready, "kernels", lambda: None)
    by_torch = write()
    assert not np.array_equal(compiled, by_torch)
    # There inputs are rounded to BF16, whose steps are a 256th of a number.
    np.testing.assert_allclose(compiled, by_torch, atol=0.5)


@pytest.mark.usefixtures("_compiled")
def test_an_engine_that_rounds_keeps_the_way_it_was_loaded(
    default_model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_compiled(precision: Precision) -> bool:
        network = load_core_engine(default_model, precision).network
        return isinstance(network, CompiledTransformer)

    assert is_compiled(Precision.BF16)
    monkeypatch.setattr(ready, "_kernels", None)
    monkeypatch.setattr(ready, "_thread", threading.current_thread())
    monkeypatch.setattr(ready, "_found", False)  # it is being compiled
    ready._looked.set()
    assert not is_compiled(Precision.BF16)
    assert is_compiled(Precision.FP32)


@pytest.mark.usefixtures("kernels")
def test_what_is_made_ready_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "_kernels", None)
    monkeypatch.setattr(ready, "_status", "being compiled")
    monkeypatch.setattr(ready, "compile_apart", lambda _: pytest.fail("it was compiled before"))
    ready._make_ready()
    assert ready.status() == "in use"
    assert ready.kernels() is not None


def test_a_compiler_that_fails_is_told_and_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The cache's folder cannot be made: a file stands in its place."""
    monkeypatch.setattr(ready, "_kernels", None)
    monkeypatch.setattr(ready, "_status", "being compiled")
    (tmp_path / "compiled").write_text("", encoding="utf-8")
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    ready._make_ready()
    assert ready.status().startswith("not to be had: FileExistsError")


def test_a_broken_file_of_the_cache_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "one.nbc").write_bytes(b"code")
    assert not kept.is_whole(tmp_path)
    (tmp_path / "SHA256SUMS").write_text(kept.sums(tmp_path), encoding="utf-8")
    assert kept.is_whole(tmp_path)
    (tmp_path / "one.nbc").write_bytes(b"cod")
    assert not kept.is_whole(tmp_path)
    (tmp_path / "SHA256SUMS").write_bytes(b"\xff\xfe\x80")
    assert not kept.is_whole(tmp_path)


@with_vnni
@pytest.mark.parametrize(
    ("switch", "found", "status"),
    [("off", True, "off (PLAYGROUND_COMPILED)"), ("", False, "Numba is not installed")],
)
def test_without_the_compiler_pytorch_multiplies(
    switch: str, found: bool, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "_thread", None)
    monkeypatch.setattr(ready, "_status", ready._status)
    monkeypatch.setattr(ready, "_kernels", None)
    monkeypatch.setattr(ready, "find_spec", lambda _: found or None)
    monkeypatch.setenv(ready.SWITCH, switch)
    rng = np.random.default_rng(3)
    layer = random_layer(rng, (7, 33))
    assert layer(hard_rows(rng, 33)).shape == (BATCH_ROWS, 7)
    assert layer.multiplied_by == f"products by PyTorch, compiled ones {status}"
