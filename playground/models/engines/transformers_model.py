"""Any causal language model through transformers, accelerate and bitsandbytes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import psutil
from numpy.typing import NDArray

from playground.errors import ModelUnavailable, PrecisionUnavailable
from playground.models.acquire.store import InstalledModel
from playground.models.engines.checkpoint import require_rows
from playground.models.engines.compute import CROWD, compute
from playground.models.engines.crowd import PROBED, Steps
from playground.models.engines.engine import KVCache, LoadReport, outcome
from playground.models.engines.precision import Precision, require_available
from playground.models.engines.reading_probe import require_memory
from playground.models.engines.transformers_cache import (
    TransformersCache,
    cache_argument,
    new_store,
)
from playground.models.engines.transformers_files import layer_classes, read_network
from playground.models.engines.unloaded import context_length_of
from playground.models.text.tokenizer import Tokenizer, read_end_token_ids

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

# Configs of models that were seen to remember what they read.
_REMEMBERING: set[str] = set()


@dataclass(eq=False)
class TransformersEngine:
    """A model as transformers runs it."""

    model: InstalledModel
    precision: Precision
    tokenizer: Tokenizer
    context_length: int
    report: LoadReport
    network: PreTrainedModel
    cache_argument: str
    name: str = "transformers"

    def new_cache(self) -> KVCache:
        """Return an empty cache for one row."""
        return TransformersCache(new_store(self.network.config))

    def forward(
        self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
    ) -> NDArray[np.float32]:
        """Run new tokens and return the logits of the next ones; see `Engine.forward`.

        Rows run one after another: transformers pads rows of different length, and a padded row
        gets other bits than the same row alone.
        """
        pairs = list(zip(token_ids, caches, strict=True))

        def run() -> NDArray[np.float32]:
            return np.stack([self._forward_row(*pair) for pair in pairs])

        if token_ids.shape[1] > 1:
            return compute(run)
        return compute(lambda: self._steps.run(run, self._probe))

    @cached_property
    def _steps(self) -> Steps:
        # A model without heads has no attention to share.
        heads = getattr(self.network.config.get_text_config(), "num_attention_heads", 2)
        return Steps(CROWD, heads)

    def _probe(self) -> NDArray[np.float32]:
        cache = self.new_cache()
        return np.stack([self._forward_row(each, cache) for each in PROBED[:, None]])

    def forward_each(
        self, pieces: Sequence[NDArray[np.int64]], caches: Sequence[KVCache]
    ) -> list[NDArray[np.float32] | Exception]:
        """Run texts one after another; see `Engine.forward_each`."""
        pairs = zip(pieces, caches, strict=True)
        runs = (partial(self.forward, ids[None], [cache]) for ids, cache in pairs)
        found = [outcome(run) for run in runs]
        return [each if isinstance(each, Exception) else each[0] for each in found]

    @property
    def reads_alike(self) -> bool:
        """Tell that more rows may change the order of sums; see `Engine.reads_alike`."""
        return False

    @property
    def most_verified(self) -> int:
        """Return 1: several tokens in one pass get other bits than one by one."""
        return 1

    def verify(self, token_ids: NDArray[np.int64], cache: KVCache) -> NDArray[np.float32]:
        """Run tokens one after another; see `Engine.verify`."""
        return np.concatenate([self.forward(each, [cache]) for each in token_ids[:, None, None]])

    def logits_at_each(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits after every token of a text; see `Engine.logits_at_each`."""
        import torch

        def run() -> NDArray[np.float32]:
            ids = torch.from_numpy(token_ids[None]).to(self.network.device)
            with torch.inference_mode():
                output = self.network(ids, use_cache=False)
            logits: NDArray[np.float32] = output.logits[0].float().cpu().numpy()
            return logits

        return compute(run)

    def hidden_states(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of a text after every block; see `Engine.hidden_states`."""
        import torch

        def run() -> NDArray[np.float32]:
            ids = torch.from_numpy(token_ids[None]).to(self.network.device)
            with torch.inference_mode():
                states = self.network(ids, use_cache=False, output_hidden_states=True).hidden_states
            shapes = {tuple(state.shape) for state in states or ()}
            if len(shapes) != 1 or len(next(iter(shapes))) != 3:
                raise ModelUnavailable(
                    f"{self.model.title} keeps something other than one vector a token between its "
                    f"blocks ({self.network.config.model_type!r}), so that its hidden states "
                    "cannot be shown; choose another model."
                )
            return np.stack([state[0].float().cpu().numpy() for state in states])

        return compute(run)

    def embedding_table(self) -> NDArray[np.float32]:
        """Return one vector a token, converted to float32 where it is not."""
        weight = cast("torch.Tensor", self.network.get_input_embeddings().weight)
        table: NDArray[np.float32] = weight.detach().float().cpu().numpy()
        return table

    def _forward_row(self, token_ids: NDArray[np.int64], cache: KVCache) -> NDArray[np.float32]:
        import torch

        own = cast(TransformersCache, cache)
        with torch.inference_mode():
            for piece in token_ids[:, None] if own.goes_by_token else token_ids[None]:
                output = self.network(
                    torch.from_numpy(piece[None]).to(self.network.device),
                    use_cache=True,
                    logits_to_keep=1,
                    **{self.cache_argument: own.store},
                )
            logits: NDArray[np.float32] = output.logits[0, -1].float().cpu().numpy()
        own.length += len(token_ids)
        return logits


def require_transformers_runs(precision: Precision) -> None:
    """Refuse the precision that transformers does not have.

    Raises
    ------
    PrecisionUnavailable
        With the reason, and what to do.
    """
    if precision is Precision.INT8_HEAD:
        raise PrecisionUnavailable(
            f"The transformers engine cannot run {precision.label}: bitsandbytes quantizes every "
            "linear layer but the output head. Choose the core engine, or INT8."
        )


def load_transformers_engine(model: InstalledModel, precision: Precision) -> TransformersEngine:
    """Load a model folder at a precision, and look at what came out.

    Parameters
    ----------
    model : InstalledModel
        The folder with safetensors, config and tokenizer.
    precision : Precision
        The format asked for.

    Raises
    ------
    PrecisionUnavailable
        When this machine cannot run it, or the layers did not come out quantized.
    BrokenCache
        When the files cannot be read as a model.
    """
    require_transformers_runs(precision)
    require_available(precision)
    start = time.perf_counter()
    network = read_network(model.path, precision)
    tokenizer = Tokenizer.load(model.path, read_end_token_ids(model.path))
    table: Any = network.get_input_embeddings()
    require_rows(tokenizer, table.weight.shape[0], model.path)
    engine = TransformersEngine(
        model=model,
        precision=precision,
        tokenizer=tokenizer,
        context_length=context_length_of(network.config),
        report=_report(network, time.perf_counter() - start),
        network=network,
        cache_argument=cache_argument(network),
    )
    # How it remembers is of its code and config, not of its weights: asked once.
    if (shape := network.config.to_json_string()) not in _REMEMBERING:
        require_memory(engine)
        _REMEMBERING.add(shape)
    _show_faults(engine)
    return engine


def _show_faults(engine: TransformersEngine) -> None:
    """Leave fused attention where it would hide a fault of the weights.

    PyTorch's makes zeros of scores that are NaN: the text would be wrong, and finite. Plain
    attention hands it on; one token tells, for each weight has a part in it.
    """
    network: Any = engine.network
    fused = network.config._attn_implementation
    if fused != "sdpa":
        return
    network.set_attn_implementation("eager")
    if np.isfinite(engine.logits_at_each(np.array([0]))).all():
        network.set_attn_implementation(fused)


def _report(network: PreTrainedModel, load_seconds: float) -> LoadReport:
    by_dtype: Counter[str] = Counter()
    for tensor in (*network.parameters(), *network.buffers()):
        by_dtype[str(tensor.dtype).removeprefix("torch.")] += tensor.nbytes
    return LoadReport(
        layer_classes=layer_classes(network),
        bytes_by_dtype=dict(by_dtype),
        weight_bytes=sum(by_dtype.values()),
        part_bytes=_part_bytes(network),
        tied_head=_has_tied_head(network),
        scale_bytes=_scale_bytes(network),
        device=str(network.device),
        load_seconds=load_seconds,
        rss_bytes=psutil.Process().memory_info().rss,
    )


def _part_bytes(network: PreTrainedModel) -> dict[str, int]:
    """Return the bytes by what they are; a tensor that is met twice counts where it came first."""
    from torch import nn

    parts = Counter({"embedding": 0, "linear": 0, "other": 0})
    seen: set[int] = set()
    kinds = ((nn.Embedding, "embedding"), (nn.Linear, "linear"), (nn.Module, "other"))
    for kind, name in kinds:
        for module in network.modules():
            if not isinstance(module, kind):
                continue
            for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
                parts[name] += 0 if id(tensor) in seen else tensor.nbytes
                seen.add(id(tensor))
    return dict(parts)


def _has_tied_head(network: PreTrainedModel) -> bool:
    return network.get_input_embeddings().weight is network.get_output_embeddings().weight


def _scale_bytes(network: nn.Module) -> int:
    """Return the bytes of bitsandbytes' scales, which are no parameters of the model."""
    total = 0
    for weight in network.parameters():
        attributes: Any = weight
        if (row_scales := getattr(attributes, "SCB", None)) is not None:
            total += row_scales.nbytes
        if (state := getattr(attributes, "quant_state", None)) is not None:
            total += state.absmax.nbytes
    return total
