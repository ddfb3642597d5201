"""What a model of the next character writes: one character at a time, thrown with dice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from playground.core.character_models import BlockModel, CharacterModel
from playground.core.functional import FloatArray, IntArray, softmax
from playground.core.sampling import apply_temperature, draw

# Logits of shape (V,) after more characters of shape (T,).
Reader = Callable[[NDArray[np.int64]], FloatArray]


def write(
    model: CharacterModel,
    start: NDArray[np.int64],
    count: int,
    temperature: float,
    dice: np.random.Generator,
) -> IntArray:
    """Return the characters that a model writes after a start.

    Parameters
    ----------
    model : CharacterModel
        Who writes.
    start : array of int
        What stands before; at least as long as the model's reach.
    count : int
        Characters to write.
    temperature : float
        0 takes the likeliest each time.
    dice : Generator
        One throw a character.
    """
    read = _reader(model)
    logits = read(start)
    written: list[int] = []
    for uniform in dice.random(count):
        written.append(_choose(logits, temperature, uniform))
        logits = read(np.array(written[-1:]))
    return np.array(written)


def _choose(logits: FloatArray, temperature: float, uniform: float) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return draw(softmax(apply_temperature(logits, temperature).logits), uniform).token_id


def _reader(model: CharacterModel) -> Reader:
    """Return who reads on: the core's decoder with its cache for the block, as in the chat."""
    if isinstance(model, BlockModel):
        decoder = model.decoder()
        caches = [decoder.new_cache()]
        return lambda more: decoder.forward(more[None], caches)[0]
    seen = np.empty(0, np.int64)

    def read(more: NDArray[np.int64]) -> FloatArray:
        nonlocal seen
        seen = np.concatenate([seen, more])[-model.reach :]
        logits: FloatArray = model.forward(seen[None])[0][0]
        return logits

    return read
