"""A folder as a network of transformers: whole, as its config asks for, at a precision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.errors import BrokenCache, PlaygroundError, PrecisionUnavailable
from playground.models.acquire.weight_files import tensor_files
from playground.models.config import read_model_config
from playground.models.engines.checkpoint import require_once
from playground.models.engines.library_output import quiet_transformers
from playground.models.engines.precision import Precision, loader_arguments
from playground.models.engines.transformers_names import weights_by_tensor
from playground.models.engines.weightless import build_weightless, why_not_built
from playground.models.foreign import is_of_a_library
from playground.models.libraries import building, import_libraries

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

# The layer class that proves a quantized load.
_QUANTIZED_LAYER = {
    Precision.INT8: "Linear8bitLt",
    Precision.NF4: "Linear4bit",
    Precision.FP4: "Linear4bit",
}

_PACKED_ROWS = 32


def read_network(folder: Path, precision: Precision) -> PreTrainedModel:
    """Return the network of a folder, of which every weight came out of the files.

    Raises
    ------
    BrokenCache
        When the files cannot be read as a model, or are not those of the whole one.
    PrecisionUnavailable
        When the layers did not come out quantized.
    """
    import_libraries()
    from transformers import AutoModelForCausalLM

    with _blaming_the_files(folder), building, quiet_transformers():
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            **loader_arguments(precision),
        )
    network: PreTrainedModel = loaded[0]
    require_once(weights_by_tensor(network, tensor_files(folder)), folder)
    _require_whole(loaded[1], folder)
    network.eval()
    _require_quantized(network, precision)
    _require_shapes(network, folder)
    _leave_unpacked(network)
    return network


@contextmanager
def _blaming_the_files(folder: Path) -> Iterator[None]:
    """Say what is wrong where transformers raises; two that become one weight are its worst."""
    try:
        yield
    except PlaygroundError:
        raise
    except BaseException as error:
        if not is_of_a_library(error):
            raise
        network = build_weightless(read_model_config(folder), folder)
        require_once(weights_by_tensor(network, tensor_files(folder)), folder)
        raise BrokenCache(why_not_built(folder, error)) from error


def _require_whole(found: Mapping[str, Collection[Any]], folder: Path) -> None:
    """Refuse a model of which a tensor was not in the files: transformers made it up."""
    for kind, words in (("missing_keys", "lacks"), ("mismatched_keys", "has in another shape")):
        # Of another shape: a name with both shapes.
        if names := sorted(str(each if isinstance(each, str) else each[0]) for each in found[kind]):
            raise BrokenCache(
                f"{folder} {words} {len(names):,} of the tensors that the model needs, among them "
                f"{names[0]}; copy the folder again."
            )


def _require_quantized(network: nn.Module, precision: Precision) -> None:
    wanted = _QUANTIZED_LAYER.get(precision)
    found = layer_classes(network)
    if wanted and not found.get(wanted):
        raise PrecisionUnavailable(
            f"{precision.label} was asked for, but no {wanted} layer came out of loading "
            f"(found {found}). Choose another precision."
        )


def _require_shapes(network: nn.Module, folder: Path) -> None:
    """Refuse linear layers of another shape: transformers says nothing of those it swaps."""
    from torch import nn

    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear):
            packed: Any = getattr(layer.weight, "quant_state", None)  # 4 bits lie in one column
            found = tuple(packed.shape if packed else layer.weight.shape)
            if found != (wanted := (layer.out_features, layer.in_features)):
                raise BrokenCache(
                    f"{name}.weight in {folder} has the shape {found}, and config.json asks for "
                    f"{wanted}; copy the folder again."
                )


def _leave_unpacked(network: nn.Module) -> None:
    """Let 4-bit layers of other sizes do what they do on processors without AVX-512 BF16.

    With it, bitsandbytes packs a layer at its first product: rows by 32, and each row in whole
    blocks with a scale. It tries so with every layer, and fails on all others.
    """
    for layer in network.modules():
        if type(layer).__name__ == _QUANTIZED_LAYER[Precision.NF4]:
            own: Any = layer
            whole = own.in_features % own.weight.quant_state.blocksize == 0
            if own.out_features % _PACKED_ROWS or not whole:
                own.support_avx512bf16_for_cpu = False


def layer_classes(network: nn.Module) -> dict[str, int]:
    """Count the linear and embedding layers by class name.

    bitsandbytes' layers are linear layers by inheritance, so they show under their own names.
    """
    from torch import nn

    kinds = (nn.Linear, nn.Embedding)
    return dict(Counter(type(m).__name__ for m in network.modules() if isinstance(m, kinds)))
