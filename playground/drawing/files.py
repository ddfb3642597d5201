"""Tables and vectors as files that a spreadsheet or NumPy opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def csv_text(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    r"""Return rows as CSV, their heads first.

    Examples
    --------
    >>> csv_text(["key", "said"], [("71432", "7, 1")])
    'key,said\n71432,"7, 1"\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return out.getvalue()


def vectors_csv(labels: Iterable[str], vectors: NDArray[np.floating]) -> str:
    """Return one line a vector: its label, then its numbers with all their digits.

    Parameters
    ----------
    labels : iterable of str
        One a vector.
    vectors : array of shape (N, C)
        float32 is written with the 9 digits that bring back the same bits, float64 with 17.

    Examples
    --------
    >>> print(vectors_csv([" king"], np.array([[0.5, -1.25]], np.float32)), end="")
    label,0,1
     king,0.5,-1.25
    """
    digits = 9 if vectors.dtype == np.float32 else 17
    rows = (
        [label, *(f"{number:.{digits}g}" for number in vector.tolist())]
        for label, vector in zip(labels, vectors, strict=True)
    )
    return csv_text(["label", *range(vectors.shape[1])], rows)
