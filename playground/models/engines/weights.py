"""The weight matrices of a model folder, one at a time, and a model with some of them changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.errors import ModelNotFound
from playground.models.acquire.weight_files import opened, tensor_files
from playground.models.engines.compute import compute
from playground.models.engines.transformers_model import TransformersEngine
from playground.sentences import quoted

if TYPE_CHECKING:
    from torch import nn

Float32Array = NDArray[np.float32]


def matrix_shapes(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the names and shapes of all matrices of a model folder; reads no weights."""
    shapes: dict[str, tuple[int, int]] = {}
    files = tensor_files(folder)
    for path in sorted(set(files.values())):
        with opened(path) as tensors:
            for name in (name for name, place in files.items() if place == path):
                shape = tensors.get_slice(name).get_shape()
                if len(shape) == 2:
                    shapes[name] = (shape[0], shape[1])
    return shapes


def read_matrix(folder: Path, name: str) -> Float32Array:
    """Read one matrix as float32, shape (out, in).

    Raises
    ------
    ModelNotFound
        When the model has no such matrix.
    """
    path = tensor_files(folder).get(name)
    if path is None:
        raise ModelNotFound(f"The model has no matrix {quoted(name)}; choose one of the list.")
    with opened(path) as tensors:
        matrix: Float32Array = tensors.get_tensor(name).float().numpy()
        return matrix


def linear_names(engine: TransformersEngine) -> list[str]:
    """Return the names of the linear layers' matrices, the output head left out."""
    return [f"{name}.weight" for name, _ in _linears(engine)]


def change_weights(
    engine: TransformersEngine, name: str, change: Callable[[Float32Array], Float32Array]
) -> None:
    """Put other numbers into one matrix of a loaded model, which must be nobody else's.

    Parameters
    ----------
    engine : TransformersEngine
        At FP32.
    name : str
        One of `linear_names`.
    change : callable
        Takes the matrix, of shape (out, in), and returns what stands there from now on.
    """
    import torch

    layer = dict(_linears(engine))[name.removesuffix(".weight")]

    def put() -> None:
        with torch.inference_mode():
            layer.weight.copy_(torch.from_numpy(change(layer.weight.numpy())))

    compute(put)


def _linears(engine: TransformersEngine) -> list[tuple[str, nn.Linear]]:
    from torch import nn

    head = engine.network.get_output_embeddings()
    return [
        (name, module)
        for name, module in engine.network.named_modules()
        if isinstance(module, nn.Linear) and module is not head
    ]
