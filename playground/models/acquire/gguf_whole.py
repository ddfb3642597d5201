"""A GGUF file is held to what it says of itself: nothing of it is passed over in silence.

transformers leaves out tensors and numbers that its architecture has no place for. Without them the
model runs, and wrong. Sizes are held to the tensors before a network is built by them.

Source: the keys of llama.cpp's ``gguf-py/gguf/constants.py``, and what its graphs do with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isclose, prod
from typing import Any

from playground.errors import ModelUnavailable
from playground.models.acquire.plausible import POSITIONS, ROOM

Shapes = Mapping[str, Sequence[int]]

_WIDTHS = (
    *("embedding_length", "feed_forward_length", "vocab_size", "expert_count"),
    *("expert_feed_forward_length", "attention.head_count", "attention.head_count_kv"),
    *("attention.key_length", "attention.value_length", "rope.dimension_count"),
    *("ssm.inner_size", "ssm.state_size", "ssm.time_step_rank", "ssm.conv_kernel"),
)
# What changes the computation, with the values that do not.
_NEUTRAL: Mapping[str, tuple[float, ...]] = {
    "attention.causal": (1,),
    "attention.clamp_kqv": (0,),
    "attention.max_alibi_bias": (0,),
    "attention.temperature_scale": (0, 1),
    "embedding_scale": (0, 1),
    "residual_scale": (0, 1),
    "logit_scale": (0, 1),
    "rope.scaling.attn_factor": (1,),
    "rope.scaling.yarn_attn_factor": (-1, 1),
    "rope.scaling.yarn_ext_factor": (-1, 1),
    "rope.scaling.yarn_beta_fast": (-1, 32),
    "rope.scaling.yarn_beta_slow": (-1, 1),
    "rope.scaling.yarn_log_multiplier": (0,),
}
# By what architectures call them; a file has one of the first, a config one of the second.
_EPSILONS = ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon")
_CONFIG_EPSILONS = (
    *("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps"),
)
# Read by themselves, see `playground.models.acquire.gguf_rope`.
_BESIDE = ("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight")


def require_sizes(metadata: Mapping[str, Any], shapes: Shapes) -> None:
    """Refuse sizes that the tensors cannot have, and ids of tokens that the file does not hold.

    Parameters
    ----------
    metadata : mapping of str to object
        The file's own.
    shapes : mapping of str to sequence of int
        Of every tensor, by name.

    Raises
    ------
    ModelUnavailable
        With the name, the value, and the most that it could be.
    """
    widest = ROOM * max((int(size) for shape in shapes.values() for size in shape), default=0)
    architecture = metadata.get("general.architecture")
    most = {f"{architecture}.{name}": widest for name in _WIDTHS}
    most |= {f"{architecture}.block_count": len(shapes)}
    most |= {f"{architecture}.context_length": POSITIONS}
    pieces = metadata.get("tokenizer.ggml.tokens")
    if isinstance(pieces, list):
        ids = ("bos", "eos", "eot", "eom", "unknown", "padding")
        most |= {f"tokenizer.ggml.{name}_token_id": len(pieces) - 1 for name in ids}
    for name, highest in most.items():
        for value in _numbers(metadata.get(name)):
            if not 0 <= value <= highest:
                raise ModelUnavailable(
                    f"it says {name} {value:g}, and what it holds allows 0 to {highest:,}; the "
                    "file is not of one model"
                )


def require_nothing_besides(metadata: Mapping[str, Any]) -> None:
    """Refuse what changes the computation and is not taken out of a GGUF file.

    Raises
    ------
    ModelUnavailable
        With the name and its value.
    """
    architecture = metadata.get("general.architecture")
    for name, neutral in _NEUTRAL.items():
        for value in _numbers(metadata.get(f"{architecture}.{name}")):
            if not any(isclose(value, each, rel_tol=1e-6) for each in neutral):
                raise _passed_over(name, value, str(architecture))


def complete_numbers(config: Any, metadata: Mapping[str, Any]) -> None:
    """Give a config the file's base of RoPE and its epsilon, and hold it to the rest.

    Parameters
    ----------
    config : PretrainedConfig
        That transformers made; changed in place.
    metadata : mapping of str to object
        The file's own.

    Raises
    ------
    ModelUnavailable
        When its heads would turn by another part, or its scores have another scale.
    """
    architecture = str(metadata.get("general.architecture"))

    def told(name: str) -> float:
        return next(_numbers(metadata.get(f"{architecture}.{name}")), 0.0)  # 0 is none

    if (told_epsilon := next(filter(None, map(told, _EPSILONS)), None)) is not None:
        for name in _CONFIG_EPSILONS:
            if getattr(config, name, None) is not None:
                setattr(config, name, told_epsilon)
    rope = getattr(config, "rope_parameters", None)
    if not rope:
        return
    whole = rope.get("full_attention", rope)
    if base := told("rope.freq_base"):
        whole["rope_theta"] = base
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    turning = size * (whole.get("partial_rotary_factor") or 1)
    if (turns := told("rope.dimension_count")) and turns != int(turning):
        raise _passed_over("rope.dimension_count", turns, architecture)
    scalar = getattr(config, "query_pre_attn_scalar", None) or size
    if (scale := told("attention.scale")) and not isclose(scale, scalar**-0.5, rel_tol=1e-4):
        raise _passed_over("attention.scale", scale, architecture)


def require_all_used(network: Any, metadata: Mapping[str, Any], shapes: Shapes) -> None:
    """Refuse a file with more numbers than the network took out of it.

    They are counted: however tensors are named, split and joined, none of them is lost.

    Parameters
    ----------
    network : PreTrainedModel
        That transformers made of the file.
    metadata : mapping of str to object
        The file's own.
    shapes : mapping of str to sequence of int
        Of every tensor of the file, by name.

    Raises
    ------
    ModelUnavailable
        With the number, and a tensor that has no place where one can be told.
    """
    tied = network.config.tie_word_embeddings
    left = {name for name in shapes if name in _BESIDE or (tied and name == "output.weight")}
    # Blocks that foresee further tokens stand behind the model's own, and are no part of it.
    ahead = f"{metadata.get('general.architecture')}.nextn_predict_layers"
    if int(next(_numbers(metadata.get(ahead)), 0)) > 0:
        left |= {name for name in shapes if _block(name) >= network.config.num_hidden_layers}
    held = sum(prod(map(int, shape)) for name, shape in shapes.items() if name not in left)
    taken = sum(weight.numel() for weight in network.parameters())
    if held > taken:
        names = ", ".join(_without_a_place(network, shapes))
        raise ModelUnavailable(
            f"it holds {held - taken:,} numbers more than transformers' "
            f"{network.config.model_type} of these sizes has places for"
            f"{f', in {names}' if names else ''}; without them it would run as another model"
        )


def _without_a_place(network: Any, shapes: Shapes) -> list[str]:
    """Return the first tensors of blocks that the network has not, else of a kind it has not."""
    blocks = int(network.config.num_hidden_layers)
    beyond = [name for name in shapes if _block(name) >= blocks]
    biases = any(name.endswith(".bias") for name, _ in network.named_parameters())
    strange = [] if biases else [name for name in shapes if name.endswith(".bias")]
    return sorted(beyond or strange)[:1]


def _block(name: str) -> int:
    kind, _, rest = name.partition(".")
    digits = rest.partition(".")[0]
    return int(digits) if kind == "blk" and digits.isdecimal() else -1


def _passed_over(name: str, value: float, architecture: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"it asks for {name} {value:g}, which transformers does not take out of a GGUF file of "
        f"the architecture {architecture!r}"
    )


def _numbers(value: Any) -> Iterator[float]:
    """Yield a number, or those of a list with one a block."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, int | float):
            yield float(each)
