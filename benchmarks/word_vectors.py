"""Read the vectors of the words that the lab of neurons puts into groups.

Run as ``python benchmarks/word_vectors.py``; writes ``playground/data/words/vectors.npz``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import playground
from playground.models.engines.vocabulary import read_word, token_table, vector_of

KINDS = (
    "Monday Tuesday Wednesday Thursday Friday Saturday",
    "red green blue yellow black white",
    "dog cat horse cow bird fish",
    "France Germany Italy Spain Japan China",
    "one two three four five six",
)
WORDS = [word for kind in KINDS for word in kind.split()]
_PLACE = Path(__file__).parents[1] / "playground" / "data" / "words" / "vectors.npz"


def main() -> None:
    """Look every word up in the model's table."""
    model = playground.load("smollm2-135m-instruct")
    table = token_table(model.engine)
    vectors = [vector_of(table, read_word(model.tokenizer, word)) for word in WORDS]
    np.savez_compressed(_PLACE, words=np.array(WORDS), vectors=np.array(vectors, np.float16))


if __name__ == "__main__":
    main()
