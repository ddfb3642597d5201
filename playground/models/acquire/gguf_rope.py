"""How a GGUF file's model stretches its rotary embedding beyond the length it was trained at.

llama.cpp keeps linear and YaRN scaling as metadata, and Llama 3's as a tensor of divisors, one a
frequency (``rope_freqs.weight``). transformers reads neither: positions would turn at the speed of
another model. A way that cannot be said in a config is refused.

Sources: llama.cpp's ``convert_hf_to_gguf.py`` for what is written; Peng et al. 2023 (YaRN) and
Meta's Llama 3.1 for what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.errors import ModelUnavailable

DIVISORS = "rope_freqs.weight"
LONGROPE = ("rope_factors_long.weight", "rope_factors_short.weight")
# Llama 3.1 to 3.3, the models that stretch so; the factor stands in the divisors.
LLAMA3 = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
TOLERANCE = 1e-4  # of float32 divisors, computed in another order


def scaling_of(
    metadata: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]]
) -> dict[str, Any]:
    """Return what a file adds to the config's ``rope_parameters``; empty where nothing is scaled.

    Parameters
    ----------
    metadata : mapping of str to object
        The file's own.
    tensors : mapping of str to array
        Those of the file that say how positions turn, by name.

    Raises
    ------
    ModelUnavailable
        When it scales in a way that no config can say.
    """
    if any(name in tensors for name in LONGROPE):
        raise ModelUnavailable("it stretches its positions by LongRoPE, which is not known here")
    architecture = str(metadata.get("general.architecture"))
    prefix = f"{architecture}.rope"
    if DIVISORS in tensors:
        theta = float(metadata.get(f"{prefix}.freq_base", 10_000.0))
        return llama3_scaling(tensors[DIVISORS].astype(np.float64).ravel(), theta)
    # The second is what files from before 2023 have.
    factor = metadata.get(f"{prefix}.scaling.factor", metadata.get(f"{prefix}.scale_linear"))
    kind = str(metadata.get(f"{prefix}.scaling.type", "linear" if factor else "none"))
    if kind == "none" or factor is None or float(factor) == 1.0:
        return {}
    if kind == "linear":
        return {"rope_type": "linear", "factor": float(factor)}
    if kind == "yarn":
        return {"rope_type": "yarn", "factor": float(factor), **_trained_length(metadata, prefix)}
    raise ModelUnavailable(f"it stretches its positions by {kind!r}, which is not known here")


def scaled(rope: Mapping[str, Any], scaling: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config's ``rope_parameters`` with what a file adds to them.

    Where blocks that see all and blocks that see a window turn each in their own way (Gemma 3), it
    is the former that are stretched: a window is as long as it ever was.

    Examples
    --------
    >>> scaled({"rope_theta": 1e4, "rope_type": "default"}, {"rope_type": "linear", "factor": 2.0})
    {'rope_theta': 10000.0, 'rope_type': 'linear', 'factor': 2.0}
    """
    if (whole := rope.get("full_attention")) is not None:
        return {**rope, "full_attention": {**whole, **scaling}}
    return {**rope, **scaling}


def llama3_scaling(divisors: NDArray[np.float64], theta: float) -> dict[str, Any]:
    """Return the scaling of Llama 3 that gives these divisors.

    Parameters
    ----------
    divisors : array of float64, shape (head size / 2,)
        What each frequency is divided by.
    theta : float
        Base of the frequencies.

    Raises
    ------
    ModelUnavailable
        When they are of another kind.
    """
    if np.all(divisors == 1):
        return {}
    scaling = {"rope_type": "llama3", "factor": float(divisors.max()), **LLAMA3}
    expected = llama3_divisors(scaling, theta, len(divisors))
    if not np.allclose(divisors, expected, rtol=TOLERANCE):
        raise ModelUnavailable(
            f"it divides its rotary frequencies ({DIVISORS}) in a way that is not Llama 3's, and "
            "no other is known here"
        )
    return scaling


def llama3_divisors(scaling: Mapping[str, Any], theta: float, count: int) -> NDArray[np.float64]:
    """Return what Llama 3's scaling divides each frequency by, shape ``(count,)``.

    Short waves stay, long ones are stretched by the factor, and between them it grows smoothly.
    """
    wavelengths = 2 * np.pi * theta ** (np.arange(count) / count)
    low, high, factor = (
        float(scaling[name]) for name in ("low_freq_factor", "high_freq_factor", "factor")
    )
    turns = scaling["original_max_position_embeddings"] / wavelengths
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    divisors: NDArray[np.float64] = 1 / ((1 - smooth) / factor + smooth)
    return divisors


def _trained_length(metadata: Mapping[str, Any], prefix: str) -> dict[str, int]:
    length = metadata.get(f"{prefix}.scaling.original_context_length")
    return {} if length is None else {"original_max_position_embeddings": int(length)}
