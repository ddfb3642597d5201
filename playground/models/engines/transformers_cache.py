"""What a model of transformers remembers of a row: keys and values, or a state of another kind."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from playground.errors import ModelUnavailable, PrecisionUnavailable
from playground.models.engines.precision import Precision
from playground.models.foreign import reason_of

if TYPE_CHECKING:
    from transformers import DynamicCache, PretrainedConfig, PreTrainedModel

    from playground.models.engines.engine import Engine

# By which name a model takes its cache; those with a state alone have the second.
_ARGUMENTS = ("past_key_values", "cache_params")

# How alike two readings of a text are, at least, as a correlation of their logits: 0.9998 was seen
# at BF16, and at INT8, which rounds a token by its neighbours, 0.99. A state that begins anew in
# the middle can come to 0.97.
_ALIKE = 0.995
_ALIKE_INT8 = 0.9

# By how much of the largest logit a later token may change an earlier one's: experts are computed
# in groups, which rounds otherwise.
_LATER = 0.02


class TransformersCache:
    """transformers' growing cache, with the number of tokens that went through it.

    It is counted here, because a cache that holds a state and no keys has no length of its own.
    """

    def __init__(self, store: DynamicCache, length: int = 0) -> None:
        self.store = store
        self.length = length

    @property
    def size_bytes(self) -> int:
        """Bytes of keys, values and states."""
        return sum(int(each.nbytes) for layer in self.store.layers for each in _tensors(layer))

    @property
    def held_bytes(self) -> int:
        """The same: it grows with every token, and nothing is set aside."""
        return self.size_bytes

    @property
    def goes_by_token(self) -> bool:
        """Whether what comes next must come one by one: a state takes a piece for a beginning."""
        return self.length > 0 and not _holds_keys(self.store)

    def copy(self) -> TransformersCache:
        """Return a cache of its own with the same past."""
        return TransformersCache(deepcopy(self.store), self.length)


def new_store(config: PretrainedConfig) -> DynamicCache:
    """Return an empty cache: by the config where a layer holds a state, else of keys and values.

    Windows are the model's to mask: a config may name one that its architecture passes over, and
    the cache that transformers makes of it would forget what the model still looks at.
    """
    from transformers import DynamicCache

    named = DynamicCache(config=config)
    return DynamicCache() if _holds_keys(named) else named


def _holds_keys(store: DynamicCache) -> bool:
    from transformers.cache_utils import DynamicLayer

    return all(isinstance(layer, DynamicLayer) for layer in store.layers)


def _tensors(layer: Any) -> Iterator[Any]:
    """Yield what a layer of a cache holds: one tensor a name, or several by number."""
    from torch import Tensor

    for held in vars(layer).values():
        for each in held.values() if isinstance(held, dict) else (held,):
            if isinstance(each, Tensor):
                yield each


def cache_argument(network: PreTrainedModel) -> str:
    """Return the name by which a model takes its cache.

    Raises
    ------
    ModelUnavailable
        When it has none that is known here.
    """
    taken = inspect.signature(network.forward).parameters
    for name in _ARGUMENTS:
        if name in taken:
            return name
    raise ModelUnavailable(
        f"A model of the type {network.config.model_type!r} remembers what it has read in a way "
        "that is not known here, so it would write without a past; choose another model."
    )


def require_memory(engine: Engine) -> None:
    """Refuse a model that reads a text piece by piece otherwise than at once, or beside another.

    Some architectures take a second piece for a beginning; some keep what they remember in
    themselves, where rows overwrite each other; some look at what comes later.

    Parameters
    ----------
    engine : Engine
        Just loaded.

    Raises
    ------
    ModelUnavailable
        With how it reads.
    PrecisionUnavailable
        When its layers fail at a quantized precision.
    """
    ids = np.array(engine.tokenizer.encode("One, two, three: the sea is blue and wide."))
    ids = ids[: min(8, engine.context_length)]
    if len(ids) < 4:
        return
    try:
        read = engine.logits_at_each(ids)
        other_end = engine.logits_at_each(np.append(ids[:-1], ids[0]))
        alone, beside = _read_in_pieces(engine, ids), _read_in_pieces(engine, ids, ids[::-1].copy())
    except Exception as error:  # whatever a quantized layer raises over weights it was not made for
        if not engine.precision.quantized:
            raise
        raise PrecisionUnavailable(
            f"{engine.model.title} does not run at {engine.precision.name} "
            f"({reason_of(error)}). Choose another precision."
        ) from error
    # What is not finite is said where it is chosen from, with the layer that it comes from.
    if not np.isfinite([*read, *other_end, alone, beside]).all():
        return
    # INT8 rounds a token by those after it too: its architecture shows at another precision.
    later = float(np.abs(read[:-1] - other_end[:-1]).max())
    if engine.precision is not Precision.INT8 and later > _LATER * float(np.abs(read).max()):
        raise ModelUnavailable(_refusal(engine, "looks at tokens that come later"))
    if not np.array_equal(alone, beside):
        raise ModelUnavailable(_refusal(engine, "mixes two texts that are read in turns"))
    least = _ALIKE_INT8 if engine.precision is Precision.INT8 else _ALIKE
    if (alike := float(np.corrcoef(read[-1], alone)[0, 1])) < least:
        how = f"reads a text otherwise piece by piece than at once (correlation {alike:.2f})"
        raise ModelUnavailable(_refusal(engine, how))


def _refusal(engine: Engine, how: str) -> str:
    return (
        f"{engine.model.title} in {engine.model.path} {how}, so it would write wrong here; choose "
        "another model."
    )


def _read_in_pieces(
    engine: Engine, ids: NDArray[np.int64], beside: NDArray[np.int64] | None = None
) -> NDArray[np.float32]:
    """Return the logits after the last token; `beside` is read before each piece, as a row."""
    cache, other = engine.new_cache(), engine.new_cache()
    for piece in (ids[:2], ids[2:-1], ids[-1:]):
        if beside is not None:
            engine.forward(beside[None], [other])
        (logits,) = engine.forward(piece[None], [cache])
    read: NDArray[np.float32] = logits
    return read
