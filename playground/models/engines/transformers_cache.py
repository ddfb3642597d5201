"""What a model of transformers remembers of a row: keys and values, or a state of another kind."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from playground.errors import ModelUnavailable

if TYPE_CHECKING:
    from transformers import DynamicCache, PretrainedConfig, PreTrainedModel

# By which name a model takes its cache; those with a state alone have the second.
_ARGUMENTS = ("past_key_values", "cache_params")


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
        from transformers.cache_utils import LinearAttentionCacheLayerMixin

        states = (isinstance(each, LinearAttentionCacheLayerMixin) for each in self.store.layers)
        return self.length > 0 and any(states)

    @property
    def can_cut(self) -> bool:
        """Whether every layer holds keys and values of all its tokens, and nothing else."""
        from transformers.cache_utils import DynamicLayer

        # Not what descends from it: a window has forgotten, and a state cannot.
        return all(type(each) is DynamicLayer for each in self.store.layers)

    def cut(self, length: int) -> None:
        """Forget all tokens after the first `length`."""
        if length < self.length:
            self.store.crop(length - self.length)
            self.length = length

    def copy(self) -> TransformersCache:
        """Return a cache of its own with the same past."""
        return TransformersCache(deepcopy(self.store), self.length)


def new_store(config: PretrainedConfig) -> DynamicCache:
    """Return an empty cache: by the config where a layer holds more than keys, else of these alone.

    Windows are the model's to mask: a config may name one that its architecture passes over, and
    the cache that transformers makes of it would forget what the model still looks at.
    """
    from transformers import DynamicCache

    named = DynamicCache(config=config)
    return DynamicCache() if _holds_keys_alone(named) else named


def _holds_keys_alone(store: DynamicCache) -> bool:
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    # Not what descends from them: a layer with keys and a state does, and one with an index.
    return all(type(each) in (DynamicLayer, DynamicSlidingWindowLayer) for each in store.layers)


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
