"""A text as numbers: its characters, what is learned from, and what is held out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from playground.core.functional import IntArray
from playground.errors import OptionError

FEWEST = 1_000
# Characters that are told apart; of a text with more, the rare ones are one.
MOST_KINDS = 200
RARE = "\N{REPLACEMENT CHARACTER}"
_HELD_OUT = 10  # one part in so many


@dataclass(frozen=True, eq=False)
class CharacterText:
    """A text in the numbers of its characters.

    Parameters
    ----------
    kinds : tuple of str
        The characters, by their numbers.
    learned : array of int
        What is learned from: the first nine tenths.
    held_out : array of int
        The last tenth, which no model learns from.
    """

    kinds: tuple[str, ...]
    learned: NDArray[np.int64]
    held_out: NDArray[np.int64]

    def spell(self, ids: IntArray) -> str:
        """Return what numbers spell."""
        return "".join(self.kinds[each] for each in ids)

    def held_out_windows(self, reach: int, every_place: bool) -> IntArray:
        """Return the held-out text as windows of shape (N, reach + 1).

        Parameters
        ----------
        reach : int
            Characters before the last one.
        every_place : bool
            Whether each character of a window is guessed, so that windows need not overlap.
        """
        step = reach if every_place else 1
        return sliding_window_view(self.held_out, reach + 1)[::step]

    def draw_windows(self, dice: np.random.Generator, count: int, reach: int) -> IntArray:
        """Return windows of shape (count, reach + 1) from random places of what is learned from."""
        starts = dice.integers(len(self.learned) - reach, size=count)
        windows: IntArray = self.learned[starts[:, None] + np.arange(reach + 1)]
        return windows


def read_characters(text: str) -> CharacterText:
    """Return a text as numbers.

    Raises
    ------
    OptionError
        When it is too short, or is one character over and over.

    Examples
    --------
    >>> read_characters("abb" * 400).kinds
    ('a', 'b')
    """
    counts = Counter(text)
    if len(text) < FEWEST or len(counts) < 2:
        told = f"{len(text):,} characters, {len(counts)} of them different"
        raise OptionError(
            "`text` must be empty, for the shipped text, or have at least "
            f"{FEWEST:,} characters, not all the same, got {told}. Give a longer one: a model "
            "learns letters from having seen them often."
        )
    kept = {each for each, _ in counts.most_common(MOST_KINDS)}
    rare = {RARE} if len(kept) < len(counts) else set()
    kinds = tuple(sorted(kept | rare))
    numbers = {each: number for number, each in enumerate(kinds)}
    other = numbers.get(RARE, 0)
    ids = np.array([numbers.get(each, other) for each in text])
    cut = len(ids) - len(ids) // _HELD_OUT
    return CharacterText(kinds, ids[:cut], ids[cut:])
