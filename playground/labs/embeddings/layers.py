"""One word in several sentences, through the layers of the model.

In the table a word has one vector. Layer by layer it takes in what stands before it, so that "bank"
by a river and "bank" with a loan part. A causal model never sees what comes after, so a line must
say what is meant before the word; and it has read the whole word only at its last token, whose
vector is taken here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.core.pca import fit_pca
from playground.errors import OptionError
from playground.models.engines.engine import Engine

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

LEAST_LINES, MOST_LINES = 2, 8
MOST_TOKENS = 256  # of a line
MOST_CHARACTERS = 200  # of the word


@dataclass(frozen=True)
class Occurrence:
    """The word in one line.

    Parameters
    ----------
    number : int
        The line's, from 1, empty lines not counted.
    sense : int
        The block of lines it stands in, from 0; an empty line begins a new one.
    line : str
        The text.
    start, end : int
        Where the word stands in it, in characters.
    place : int
        Of its last token among those that the model reads, from 0.
    pieces : tuple of str
        Its tokens.
    """

    number: int
    sense: int
    line: str
    start: int
    end: int
    place: int
    pieces: tuple[str, ...]

    @property
    def first(self) -> bool:
        """Whether nothing stands before it in its line."""
        return self.start == 0


@dataclass(frozen=True, eq=False)
class Journey:
    """The vectors of one word, layer by layer.

    Parameters
    ----------
    word : str
        As typed.
    occurrences : tuple of Occurrence
        One a line.
    states : array of shape (L + 1, N, C)
        Its vectors: in the table, then after each block; the last is normalised.
    means : array of shape (L + 1, C)
        The mean vector of each layer over all tokens of the lines, the first of each left out.
    sink : float
        How many times as long as the other tokens' vectors those of the first tokens are, at the
        layer where that is most.
    """

    word: str
    occurrences: tuple[Occurrence, ...]
    states: Float32Array
    means: Float64Array
    sink: float


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


def read_lines(text: str) -> tuple[tuple[int, str], ...]:
    r"""Return (sense, line); an empty line begins a new sense.

    Examples
    --------
    >>> read_lines("the river bank\nits bank\n\n\na savings bank")
    ((0, 'the river bank'), (0, 'its bank'), (1, 'a savings bank'))
    """
    blocks = [block for block in re.split(r"\n[^\S\n]*\n", text) if block.strip()]
    return tuple(
        (sense, line.strip())
        for sense, block in enumerate(blocks)
        for line in block.splitlines()
        if line.strip()
    )


def follow(engine: Engine, word: str, text: str) -> Journey:
    """Read every line and keep the vectors of the word.

    Parameters
    ----------
    engine : Engine
        Who reads.
    word : str
        To be found in every line as a whole word, in any case; the last one counts.
    text : str
        One sentence a line, see `read_lines`.

    Raises
    ------
    OptionError
        When there are too few or too many lines, a line lacks the word or is too long, or no line
        says more than one token.
    """
    word, lines = word.strip(), read_lines(text)
    if not 1 <= len(word) <= MOST_CHARACTERS:
        raise OptionError(
            f"The word must have 1 to {MOST_CHARACTERS} characters, got {len(word):,}; write the "
            "one to follow, such as bank."
        )
    if not LEAST_LINES <= len(lines) <= MOST_LINES:
        raise OptionError(
            f"{LEAST_LINES} to {MOST_LINES} lines can be compared, got {len(lines):,}; write one "
            "sentence a line."
        )
    read = [_find(engine, word, number, *each) for number, each in enumerate(lines, start=1)]
    layers = [engine.hidden_states(token_ids) for _, token_ids in read]
    occurrences = tuple(occurrence for occurrence, _ in read)
    states = [each[:, found.place] for found, each in zip(occurrences, layers, strict=True)]
    return Journey(word, occurrences, np.stack(states, axis=1), *_means(layers))


def _find(
    engine: Engine, word: str, number: int, sense: int, line: str
) -> tuple[Occurrence, NDArray[np.int64]]:
    """Return where a line holds the word, and the tokens of the line."""
    tokenizer = engine.tokenizer
    spans = tokenizer.spans(line)
    token_ids = np.array(tokenizer.encode_text_prompt(line), np.int64)
    if len(token_ids) > MOST_TOKENS:
        raise OptionError(
            f"Line {number} has {len(token_ids):,} tokens; up to {MOST_TOKENS} can be read here, "
            "so shorten it."
        )
    matches = list(re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", line, re.IGNORECASE))
    if not matches:
        raise OptionError(
            f"Line {number} does not hold the word “{word}”: “{_shortened(line)}”. Put it in, or "
            "take the line out."
        )
    start, end = matches[-1].span()
    inside = np.flatnonzero((spans.starts < end) & (spans.ends > start))
    lead = len(token_ids) - len(spans)  # what the model is given before any text
    pieces = tuple(tokenizer.piece(int(each)) for each in spans.token_ids[inside])
    return (
        Occurrence(number, sense, line, start, end, lead + int(inside[-1]), pieces),
        token_ids,
    )


def _shortened(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:60]}…"


def _means(layers: list[Float32Array]) -> tuple[Float64Array, float]:
    """Return the mean vector of each layer without the first tokens, and how long those are.

    The first token is where attention goes that has nothing to look for (Xiao et al., "Efficient
    Streaming Language Models with Attention Sinks", 2023). Its vector can grow so long that it
    would be the mean (Sun et al., "Massive Activations in Large Language Models", 2024).
    """
    firsts = np.stack([each[:, 0] for each in layers], axis=1).astype(np.float64)
    others = np.concatenate([each[:, 1:] for each in layers], axis=1).astype(np.float64)
    if not others.shape[1]:
        raise OptionError("The lines hold one token each; write whole sentences around the word.")
    lengths = [np.linalg.norm(each, axis=-1).mean(axis=1) for each in (firsts, others)]
    means: Float64Array = others.mean(axis=1)
    return means, float((lengths[0] / np.maximum(lengths[1], np.finfo(np.float64).tiny)).max())


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
