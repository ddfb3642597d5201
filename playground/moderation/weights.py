"""What each feature of a sentence weighs: text files, a number and a feature a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_ENDING = ".txt"
_START = "start"
_SIDES = ("word", "behind", "before", "around")


@dataclass(frozen=True)
class Weights:
    """What each feature counts; what is not there counts nothing.

    Attributes
    ----------
    start : float
        The sum before anything is counted.
    each : mapping of str to float
        By feature.
    groups : tuple of str
        The groups of terms that count.
    sides : mapping of str to (float, float, float, float)
        The same by word: itself, behind the term, before it, anywhere around.
    pairs, gaps : mapping of (str, str) to float
        The same by a word and the next, and by a word and one a little behind it.
    """

    start: float
    each: Mapping[str, float]
    groups: tuple[str, ...]
    sides: Mapping[str, tuple[float, float, float, float]]
    pairs: Mapping[tuple[str, str], float]
    gaps: Mapping[tuple[str, str], float]


def known_weights() -> tuple[str, ...]:
    """Return the names of the weights that are shipped."""
    names = (each.name for each in _folder().iterdir())
    return tuple(sorted(each.removesuffix(_ENDING) for each in names if each.endswith(_ENDING)))


@cache
def shipped_weights(name: str) -> Weights:
    """Return shipped weights; a line is a number and a feature, what follows a ``#`` a remark."""
    text = _folder().joinpath(f"{name}{_ENDING}").read_text(encoding="utf-8")
    rows = (line.partition("#")[0].split(maxsplit=1) for line in text.splitlines())
    each = {row[1].strip(): float(row[0]) for row in rows if row}
    kinds: dict[str, dict[str, float]] = {}
    for key, weight in each.items():
        kind, _, rest = key.partition(" ")
        kinds.setdefault(kind, {})[rest] = weight
    word, behind, before, around = (kinds.get(kind, {}) for kind in _SIDES)
    sides = {
        known: (
            word.get(known, 0.0),
            behind.get(known, 0.0),
            before.get(known, 0.0),
            around.get(known, 0.0),
        )
        for known in (*word, *behind, *before, *around)
    }
    groups = tuple(sorted({*kinds.get("group", {}), *kinds.get("near", {})}))
    pairs, gaps = (_by_two(kinds.get(kind, {})) for kind in ("pair", "gap"))
    return Weights(each.pop(_START), each, groups, sides, pairs, gaps)


def _by_two(weights: Mapping[str, float]) -> dict[tuple[str, str], float]:
    return {(key.split()[0], key.split()[1]): value for key, value in weights.items()}


def _folder() -> Traversable:
    return files("playground.data").joinpath("moderation").joinpath("weights")
