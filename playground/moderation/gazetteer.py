"""States, peoples, armed groups, offices and the names of political figures, as groups of terms.

``playground/data/README.md`` names the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from playground.moderation.phrases import PLAIN, Element, Phrase, parse_phrase

COMPUTED = frozenset({"name"})
"""Groups that are no list: ``<name>`` is up to four capitalised words in a row."""


@cache
def gazetteer() -> Mapping[str, list[Phrase]]:
    """Return the shipped groups by name; a policy may name each as ``<group>``."""
    folder = files("playground.data").joinpath("moderation").joinpath("gazetteer")
    return {
        each.name.removesuffix(".txt"): read_terms(each.read_text(encoding="utf-8"))
        for each in sorted(folder.iterdir(), key=lambda each: each.name)
        if each.name.endswith(".txt")
    }


def known_groups() -> frozenset[str]:
    """Return the names of the groups that a policy need not spell."""
    return COMPUTED | gazetteer().keys()


def read_terms(text: str) -> list[Phrase]:
    """Read one phrase a line; what follows a ``#`` is a remark."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [_read_line(line) for line in lines if line]


def _read_line(line: str) -> Phrase:
    """Read a phrase; most of the thousands are nothing but words, which is quicker read."""
    words = line.split()
    if all(PLAIN.fullmatch(each) for each in words):
        return tuple(_element(each) for each in words)
    return parse_phrase(line)


@cache
def _element(word: str) -> Element:
    return Element((f"w:{word}",))
