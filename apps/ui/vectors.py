"""The vectors behind a picture, as a file that a spreadsheet or NumPy reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from apps.ui.exports import save_export


class VectorsFile:
    """A button that hands out the vectors of what is shown; hidden until there are some.

    Parameters
    ----------
    elem_id : str
        Of the button.
    name : str
        Of the file, as the person's computer will call it.
    """

    def __init__(self, elem_id: str, name: str) -> None:
        self._name = name
        self.button = gr.DownloadButton(
            "Download the vectors", size="sm", elem_id=elem_id, visible=False, min_width=160,
            elem_classes="vectors-file",
        )  # fmt: skip

    def holding(self, labels: Iterable[str], vectors: NDArray[np.floating]) -> dict[str, Any]:
        """Return the update that offers these vectors: one label each, shape (N, C)."""
        path = save_export(self._name, vectors_csv(labels, vectors))
        update: dict[str, Any] = gr.update(value=path, visible=True)
        return update


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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label", *range(vectors.shape[1])])
    for label, vector in zip(labels, vectors, strict=True):
        writer.writerow([label, *(f"{number:.{digits}g}" for number in vector.tolist())])
    return text.getvalue()
