"""One word in several sentences, through the layers of the model.

In the table a word has one vector. Layer by layer it takes in what stands before it, so that "bank"
by a river and "bank" with a loan part. A causal model never sees what comes after, so a line must
say what is meant before the word; and it has read the whole word only at its last token, whose
vector is taken here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from playground.core.pca import fit_pca
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.language_model import LanguageModel
from playground.labs.embeddings.journey import (
    LEAST_LINES,
    MOST_LINES,
    Journey,
    Occurrence,
    find_word,
    make_journey,
    read_lines,
    require_lines,
)

Float64Array = NDArray[np.float64]

MOST_CHARACTERS = 200  # of the word


class LayersSettings(Settings):
    """Which word is followed, and through which lines."""

    word: str = field(
        "bank",
        label="Word to follow",
        explanation=(
            "A causal model reads from left to right: what gives the sense must come before it."
        ),
        most=MOST_CHARACTERS,
    )
    lines: str = field(
        "We sat down on the river bank\n"
        "The boat drifted towards the bank\n\n"
        "She took her money to the savings bank\n"
        "He asked for a loan at the bank",
        label="Lines that hold it",
        explanation=(
            f"{LEAST_LINES} to {MOST_LINES}; an empty line between lines of another sense."
        ),
        lines=5,
    )

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        require_lines(self.word.strip(), read_lines(self.lines))
        return self


@dataclass(frozen=True, eq=False)
class Layers:
    """A word's way, as far as its lines have been read.

    Parameters
    ----------
    lines, read : int
        How many there are, and how many have been read.
    journey : Journey or None
        Its way, once all of them have been.
    """

    lines: int
    read: int
    journey: Journey | None = None

    @property
    def progress(self) -> Progress:
        """Lines read."""
        return Progress(self.read, self.lines, f"{self.read} of {self.lines} lines read")

    def to_json(self) -> dict[str, Any]:
        """Return where the word stands, and its cosines at each layer, centred and raw."""
        if self.journey is None:
            return {}
        return {
            "lines": [asdict(each) for each in self.journey.occurrences],
            "first_tokens_times_as_long": self.journey.sink,
            **{
                name: view(self.journey, centred=centred).to_json()
                for name, centred in (("centred", True), ("raw", False))
            },
        }


@dataclass(frozen=True, eq=False)
class LayerView:
    """A journey as it is drawn.

    Parameters
    ----------
    centred : bool
        Whether each layer's mean was taken away.
    positions : array of shape (L + 1, N, 2)
        All layers laid out together by PCA, so that the axes stay.
    explained : (float, float)
        The share of the variance along each axis.
    cosines : array of shape (L + 1, N, N)
        Between each two lines, at each layer.
    same, different : array of shape (L + 1,) or None
        The mean cosine of two lines of one sense, and of two senses; None where there are none.
    """

    centred: bool
    positions: Float64Array
    explained: tuple[float, float]
    cosines: Float64Array
    same: Float64Array | None
    different: Float64Array | None

    def means(self) -> list[tuple[str, Float64Array]]:
        """Return the mean cosines that there are, each with its words."""
        both = (("one sense", self.same), ("two senses", self.different))
        return [(words, mean) for words, mean in both if mean is not None]

    def to_json(self) -> dict[str, Any]:
        """Return the places and the cosines, layer by layer."""
        return {
            "explained_variance_ratio": self.explained,
            "mean_cosines": {
                words.replace(" ", "_"): _shortest(mean) for words, mean in self.means()
            },
            "cosines": _shortest(self.cosines),
            "positions": _shortest(self.positions),
        }


def _shortest(numbers: Float64Array) -> Any:
    return (numbers.round(6) + 0.0).tolist()  # float32 states bear no more


def view(journey: Journey, *, centred: bool) -> LayerView:
    """Lay out a journey and compare the lines at each layer.

    Parameters
    ----------
    journey : Journey
        What was followed.
    centred : bool
        Takes each layer's mean away first. All vectors of a layer share a few huge entries, so that
        any two of them point nearly the same way; without what they share, the rest shows
        (Ethayarajh, "How Contextual are Contextualized Word Representations?", 2019).
    """
    vectors = journey.states.astype(np.float64)
    if centred:
        vectors = vectors - journey.means[:, None]
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    directions = vectors / np.where(lengths > 0, lengths, 1.0)
    components = fit_pca(directions.reshape(-1, directions.shape[-1]), 2)
    first, second = components.explained_variance_ratio
    cosines = directions @ directions.transpose(0, 2, 1)
    senses = np.array([each.sense for each in journey.occurrences])
    pairs = np.triu(np.ones((len(senses), len(senses)), bool), k=1)
    alike = senses[:, None] == senses
    return LayerView(
        centred=centred,
        positions=components.project(directions),
        explained=(float(first), float(second)),
        cosines=cosines,
        same=_mean_over(cosines, pairs & alike),
        different=_mean_over(cosines, pairs & ~alike),
    )


def _mean_over(cosines: Float64Array, pairs: NDArray[np.bool_]) -> Float64Array | None:
    if not pairs.any():
        return None
    mean: Float64Array = cosines[:, pairs].mean(axis=1)
    return mean


def run_layers(model: LanguageModel, settings: LayersSettings, run: Run) -> Iterator[Layers]:
    """Read the lines one by one, then keep the vectors of the word.

    Parameters
    ----------
    model : LanguageModel
        Who reads.
    settings : LayersSettings
        The word and its lines.
    run : Run
        Asked before each line whether to stop.

    Raises
    ------
    OptionError
        When a line lacks the word or is too long, or no line says more than one token.
    """
    word, lines = settings.word.strip(), read_lines(settings.lines)
    found = find_word(model.engine, word, lines)
    states: list[tuple[Occurrence, NDArray[np.float32]]] = []
    for occurrence, token_ids in found:
        yield Layers(len(lines), len(states))
        run.check()
        states.append((occurrence, model.engine.hidden_states(token_ids)))
    yield Layers(len(lines), len(lines), make_journey(word, states))
