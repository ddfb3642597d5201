"""Thirty words as the default model's embedding has them; ``README.md`` says how they were read."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    words : tuple of str
        Six of a kind after each other.
    vectors : float64 array of shape (N, C)
        The row of the embedding table that each word's token has; float16 in the file.
    """

    words: tuple[str, ...]
    vectors: NDArray[np.float64]


def load_word_vectors() -> WordVectors:
    """Read the words that ship with the package.

    Examples
    --------
    >>> known = load_word_vectors()
    >>> known.words[:2], known.vectors.shape
    (('Monday', 'Tuesday'), (30, 576))
    """
    packed = resources.files(__name__).joinpath("vectors.npz")
    with packed.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        words = tuple(str(each) for each in arrays["words"])
        return WordVectors(words, arrays["vectors"].astype(np.float64))
