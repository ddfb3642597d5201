"""The inputs that LLM.int8() takes apart, counted in a loaded model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.compute import compute
from playground.models.engines.engine import Engine
from playground.models.engines.transformers_model import TransformersEngine

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Outliers:
    """Inputs of the INT8 layers, over all tokens of a text.

    Parameters
    ----------
    threshold : float
        From this magnitude on an input is an outlier.
    inputs, outliers : int
        All of them, and those that are outliers.
    largest : float
        The largest magnitude that came.
    """

    threshold: float
    inputs: int
    outliers: int
    largest: float


def count_outliers(engine: Engine, token_ids: NDArray[np.int64]) -> Outliers | None:
    """Read a text and count the outliers of Dettmers et al., 2022, arXiv:2208.07339, section 3.2.

    Parameters
    ----------
    engine : Engine
        Any; only transformers at INT8 takes outliers apart.
    token_ids : array of shape (T,)
        The text.

    Returns
    -------
    Outliers or None
        None where nothing is taken apart.
    """
    if not isinstance(engine, TransformersEngine):
        return None
    layers = _int8_layers(engine)
    if not layers:
        return None
    found: list[tuple[int, int, float]] = []

    threshold = float(layers[0].state.threshold)

    def look(_layer: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        sizes = inputs[0].abs()
        apart = int((sizes >= threshold).sum())
        found.append((sizes.numel(), apart, float(sizes.max())))

    def run() -> None:
        hooks = [layer.register_forward_pre_hook(look) for layer in layers]
        try:
            engine.logits_at_each(token_ids)
        finally:
            for hook in hooks:
                hook.remove()

    compute(run)
    counts, aparts, sizes = zip(*found, strict=True)
    return Outliers(threshold, sum(counts), sum(aparts), max(sizes))


def _int8_layers(engine: TransformersEngine) -> list[Any]:
    return [m for m in engine.network.modules() if type(m).__name__ == "Linear8bitLt"]
