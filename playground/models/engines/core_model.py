"""The same safetensors run by `playground.core.transformer`: what a learner reads is what runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np
import psutil
from numpy.typing import NDArray

from playground.core.kv_cache import KVCache as CoreCache
from playground.core.linear import Biased, Dense, Linear
from playground.core.transformer import Transformer
from playground.errors import PrecisionUnavailable
from playground.models.acquire.store import InstalledModel
from playground.models.config import read_model_config
from playground.models.engines.activations import BATCH_ROWS
from playground.models.engines.attention import attend_in_torch
from playground.models.engines.checkpoint import read_weights, require_rows
from playground.models.engines.compiled import ready
from playground.models.engines.compiled.decoder import CompiledTransformer
from playground.models.engines.compiled.helper_threads import HELPERS
from playground.models.engines.compute import compute
from playground.models.engines.core_families import unsupported_reason
from playground.models.engines.core_tensors import build_transformer
from playground.models.engines.engine import PREFILL_CHUNK, KVCache, LoadReport, outcome
from playground.models.engines.integer_layers import (
    Int8Linear,
    SplitInt8Linear,
    quantize_linear,
)
from playground.models.engines.linear_layers import (
    Float32Array,
    FullHead,
    FullLinear,
    HalfLinear,
    TorchLinear,
)
from playground.models.engines.precision import Precision, require_available, torch_dtype
from playground.models.engines.slices import SlicedTransformer, side_by_side
from playground.models.text.tokenizer import Tokenizer, read_end_token_ids

# Layers whose products of few rows are compiled, once that is ready.
COMPILED = (FullLinear, HalfLinear, SplitInt8Linear)

# Tokens of one row in a pass: more rows cost more than the few of them that hold can save.
MOST_VERIFIED = 8


@dataclass(eq=False)
class CoreEngine:
    """A model that the numeric core runs; see `playground.models.engines.engine.Engine`."""

    model: InstalledModel
    precision: Precision
    tokenizer: Tokenizer
    context_length: int
    loaded: LoadReport
    network: Transformer
    name: str = "core"

    @property
    def report(self) -> LoadReport:
        """What was loaded, and who multiplies at the moment; see `Engine.report`."""
        product = _first_product(self.network)
        if not isinstance(product, COMPILED):
            return self.loaded
        return replace(self.loaded, products=product.multiplied_by)

    @report.setter
    def report(self, report: LoadReport) -> None:
        self.loaded = report

    def new_cache(self) -> KVCache:
        """Return an empty cache for one row."""
        return self.network.new_cache()

    def forward(
        self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
    ) -> NDArray[np.float32]:
        """Run new tokens and return the logits of the next ones; see `Engine.forward`."""
        own = cast(Sequence[CoreCache], caches)

        def run() -> NDArray[np.float32]:
            with HELPERS.at_work(self._threads(token_ids.size)):
                last = self.network.hidden_states(token_ids, own)[:, -1]
                if token_ids.size <= BATCH_ROWS:
                    return self.network.logits(last)
            with HELPERS.at_work(self._threads(len(last))):
                return self.network.logits(last)

        return compute(run)

    def forward_each(
        self, pieces: Sequence[NDArray[np.int64]], caches: Sequence[KVCache]
    ) -> list[NDArray[np.float32] | Exception]:
        """Run pieces of several texts side by side; see `Engine.forward_each`."""
        pairs = list(zip(pieces, cast(Sequence[CoreCache], caches), strict=True))
        network = self.network

        def run(ids: NDArray[np.int64], cache: CoreCache) -> NDArray[np.float32]:
            last = network.hidden_states(ids[None], [cache])[:, -1]
            logits: NDArray[np.float32] = network.logits(last)[0]
            return logits

        def run_all() -> list[NDArray[np.float32] | Exception]:
            runs = [partial(outcome, partial(run, *pair)) for pair in pairs]
            # A longer text is read in slices, which have the threads for themselves.
            if self.reads_alike and max(map(len, pieces)) <= PREFILL_CHUNK:
                return side_by_side(runs)
            return [each() for each in runs]

        return compute(run_all)

    @property
    def reads_alike(self) -> bool:
        """Whether pieces keep their bits together; it is tried out once. See `Engine`."""
        network = self.network
        return isinstance(network, SlicedTransformer) and compute(lambda: network.reads_alike)

    @property
    def most_verified(self) -> int:
        """Return how many tokens of a row have their own bits in one pass; see `Engine.verify`.

        At FP32 that holds for products that are compiled.
        """
        exact = self.precision is not Precision.FP32 or ready.kernels() is not None
        return MOST_VERIFIED if exact else 1

    def verify(self, token_ids: NDArray[np.int64], cache: KVCache) -> NDArray[np.float32]:
        """Run tokens of one row as rows of a batch, each one longer; see `Engine.verify`."""
        own = cast(CoreCache, cache)
        logits = self.forward(token_ids[:, None], own.staggered(len(token_ids)))
        own.advance(len(token_ids))
        return logits

    def _threads(self, rows: int) -> int:
        """Return how many threads share what is compiled; PyTorch's own would be in their way."""
        import torch

        few = rows <= BATCH_ROWS and has_compiled_products(self.network)
        return torch.get_num_threads() if few else 1

    def logits_at_each(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits after every token of a text; see `Engine.logits_at_each`."""
        caches = [self.network.new_cache()]

        def run() -> NDArray[np.float32]:
            return self.network.logits(self.network.hidden_states(token_ids[None], caches)[0])

        return compute(run)

    def hidden_states(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of a text after every block; see `Engine.hidden_states`."""
        return compute(lambda: self.network.hidden_states_at_each(token_ids))

    def embedding_table(self) -> NDArray[np.float32]:
        """Return one vector a token, the very memory that the decoder reads."""
        return self.network.embedding


def require_core_runs(model: InstalledModel, precision: Precision) -> None:
    """Refuse what the core cannot run, before anything of it is read.

    Raises
    ------
    PrecisionUnavailable
        With the reason, and what to do.
    """
    if reason := unsupported_reason(read_model_config(model.path), precision):
        instead = "INT8" if precision is Precision.INT8_HEAD else "the transformers engine"
        raise PrecisionUnavailable(
            f"The core engine cannot run {model.title} at {precision.label}: {reason}. "
            f"Choose {instead}."
        )


def load_core_engine(model: InstalledModel, precision: Precision) -> CoreEngine:
    """Load a model folder into the core.

    Parameters
    ----------
    model : InstalledModel
        The folder with safetensors, config and tokenizer.
    precision : Precision
        Of the linear layers; all between them is FP32.

    Raises
    ------
    PrecisionUnavailable
        When the core cannot run this model or precision.
    BrokenCache
        When the files are not those of the whole model.
    """
    start = time.perf_counter()
    config = read_model_config(model.path)
    require_core_runs(model, precision)
    require_available(precision)
    compiled = compiles(precision)
    linear, head = linear_makers(precision, compiled)
    tokenizer = Tokenizer.load(model.path, read_end_token_ids(model.path))
    require_rows(tokenizer, config.vocab_size, model.path)
    weights = read_weights(model.path, config)
    decoder = CompiledTransformer if compiled else SlicedTransformer
    network = build_transformer(config, weights, linear, head, attend_in_torch, decoder)
    return CoreEngine(
        model=model,
        precision=precision,
        tokenizer=tokenizer,
        context_length=config.max_position_embeddings,
        loaded=_report(network, time.perf_counter() - start),
        network=network,
    )


def compiles(precision: Precision) -> bool:
    """Tell whether an engine loaded now lets its steps be compiled.

    At FP32 they change the last bits alone, whenever they are ready. Layers of fewer bits round
    their inputs, so that the last bits of a norm can decide about a step: such an engine keeps the
    way in which it was loaded, lest its texts change on the way.
    """
    return precision is Precision.FP32 or ready.kernels_if_compiled() is not None


def linear_makers(
    precision: Precision, compiled: bool
) -> tuple[Callable[[Float32Array], Linear], Callable[[Float32Array], Linear]]:
    """Return what makes the blocks' linear layers and the head; `compiled` as from `compiles`."""
    if precision is Precision.FP32:
        return FullLinear, FullLinear
    if precision is Precision.INT8_HEAD:
        return quantize_linear, quantize_linear

    if precision is Precision.INT8:
        return quantize_linear, FullHead  # as bitsandbytes does, the head keeps its format

    def in_16_bits(weight: Float32Array) -> Linear:
        kind = HalfLinear if compiled else TorchLinear
        return kind(weight, torch_dtype(precision))

    return in_16_bits, in_16_bits


def has_compiled_products(network: Transformer) -> bool:
    """Tell whether products of few rows are compiled, now or once that is ready."""
    first = _first_product(network)
    in_steps = isinstance(network, CompiledTransformer) and isinstance(first, Int8Linear)
    return isinstance(first, COMPILED) or in_steps


def _first_product(network: Transformer) -> Linear:
    first = network.blocks[0].qkv
    return first.product if isinstance(first, Biased) else first


def _shares_embedding(network: Transformer) -> bool:
    head = network.head
    if isinstance(head, TorchLinear) and not head.weight.is_mkldnn:
        return head.weight.data_ptr() == network.embedding.ctypes.data
    return isinstance(head, Dense) and head.weight is network.embedding


def _report(network: Transformer, load_seconds: float) -> LoadReport:
    parts = [part for block in network.blocks for part in vars(block).values()]
    named = [network.head, *(part for part in parts if callable(part))]
    linears = [each.product if isinstance(each, Biased) else each for each in named]
    small = [network.norm, *(part for part in parts if isinstance(part, np.ndarray))]
    small += [each.bias for each in named if isinstance(each, Biased)]
    others = sum(each.nbytes for each in small)
    sizes: Counter[str] = Counter()
    for layer in linears:
        sizes.update(layer.size_bytes)
    tied = _shares_embedding(network)
    if tied:
        sizes["float32"] -= network.embedding.nbytes  # tied: counted once, below
    sizes["float32"] += network.embedding.nbytes + others
    scale_bytes = sizes.pop("scales", 0)
    weight_bytes = sum(sizes.values())
    return LoadReport(
        layer_classes={**Counter(type(layer).__name__ for layer in linears), "Embedding": 1},
        bytes_by_dtype=dict(sizes),
        weight_bytes=weight_bytes,
        part_bytes={
            "embedding": network.embedding.nbytes,
            "linear": weight_bytes - network.embedding.nbytes - others,
            "other": others,
        },
        tied_head=tied,
        scale_bytes=scale_bytes,
        device="cpu",
        load_seconds=load_seconds,
        rss_bytes=psutil.Process().memory_info().rss,
    )
