"""10,000 handwritten digits of MNIST; source and licence are in ``README.md`` beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import IntArray

TRAINING_EXAMPLES = 9_000


@dataclass(frozen=True, eq=False)
class Digits:
    """Images and what they show.

    Parameters
    ----------
    images : float32 array of shape (N, 784)
        One row an image of 28 x 28 pixels, row by row from the top; 0 is background, 1 is ink.
    labels : int64 array of shape (N,)
        The digit.
    """

    images: NDArray[np.float32]
    labels: IntArray

    def split(self, training: int = TRAINING_EXAMPLES) -> tuple[Digits, Digits]:
        """Return the first `training` examples to learn from, and the rest to be tested on.

        The file was shuffled once, so both hold every digit.
        """
        return (
            Digits(self.images[:training], self.labels[:training]),
            Digits(self.images[training:], self.labels[training:]),
        )


def load_digits() -> Digits:
    """Read the digits that ship with the package.

    Examples
    --------
    >>> train, test = load_digits().split()
    >>> train.images.shape, test.images.shape
    ((9000, 784), (1000, 784))
    """
    packed = resources.files(__name__).joinpath("mnist10k.npz")
    with packed.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        pixels = arrays["images"].reshape(-1, 28 * 28)
        labels = arrays["labels"].astype(np.int64)
    return Digits(pixels / np.float32(255), labels)
