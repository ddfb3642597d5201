"""What a decoder computes between its products, number by number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import rms_norm
from playground.core.rope import rotate

Step = Callable[..., NDArray[np.float32]]


@dataclass(frozen=True)
class Elementwise:
    """Who computes it: NumPy, on one thread, where nobody else is named.

    Parameters
    ----------
    rms_norm, rotate : callable
        As in `playground.core.functional` and `playground.core.rope`.
    multiply, add : callable
        As `numpy.multiply` and `numpy.add`, of two arrays and ``out``.
    """

    rms_norm: Step = rms_norm
    rotate: Step = rotate
    multiply: Step = np.multiply
    add: Step = np.add


IN_NUMPY = Elementwise()
