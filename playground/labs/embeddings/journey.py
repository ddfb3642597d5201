"""A word in its lines: where it is found, and its vectors, layer by layer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.errors import OptionError
from playground.models.engines.engine import Engine

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

LEAST_LINES, MOST_LINES = 2, 8
MOST_TOKENS = 256  # of a line


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


Read = tuple[Occurrence, NDArray[np.int64]]  # where a line holds the word; its token ids


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
    require_lines(word, lines)
    found = find_word(engine, word, lines)
    return make_journey(word, [(each, engine.hidden_states(ids)) for each, ids in found])


def require_lines(word: str, lines: Sequence[tuple[int, str]]) -> None:
    """Refuse what cannot be compared.

    Raises
    ------
    OptionError
        When the word is empty, or there are too few or too many lines.
    """
    if not word:
        raise OptionError("The word is empty; write the one to follow, such as bank.")
    if not LEAST_LINES <= len(lines) <= MOST_LINES:
        raise OptionError(
            f"{LEAST_LINES} to {MOST_LINES} lines can be compared, got {len(lines):,}; write one "
            "sentence a line."
        )


def find_word(engine: Engine, word: str, lines: Sequence[tuple[int, str]]) -> list[Read]:
    """Return where each line holds the word, with the token ids of the line.

    Raises
    ------
    OptionError
        When a line lacks the word or is too long.
    """
    return [_find(engine, word, number, *each) for number, each in enumerate(lines, start=1)]


def make_journey(word: str, read: Sequence[tuple[Occurrence, Float32Array]]) -> Journey:
    """Keep the vectors of the word out of the hidden states of its lines.

    Raises
    ------
    OptionError
        When no line says more than one token.
    """
    states = [layers[:, found.place] for found, layers in read]
    means = _means([layers for _, layers in read])
    return Journey(word, tuple(found for found, _ in read), np.stack(states, axis=1), *means)


def _find(engine: Engine, word: str, number: int, sense: int, line: str) -> Read:
    """Return where a line holds the word, and the tokens of the line."""
    tokenizer = engine.tokenizer
    spans = tokenizer.spans(line)
    token_ids = np.array(tokenizer.encode_text_prompt(line), np.int64)
    most = min(MOST_TOKENS, engine.context_length)
    if len(token_ids) > most:
        raise OptionError(
            f"Line {number} has {len(token_ids):,} tokens; up to {most} can be read here, so "
            "shorten it."
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
