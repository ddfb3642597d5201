"""The small language in which a policy spells its phrases.

======================  ==========================================================
``kill``                the word, in large or small letters
``kill*``               every word that begins so
``=US``                 the word in exactly these letters
``will|would``          one of these words or groups
``<figure>``            a phrase of the group of that name
``the?``                may be missing
``...`` and ``...5``    at most three, or five, words of any kind
``!<place>``            what follows is not that
======================  ==========================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from math import prod

from playground.moderation.wording import read_words
from playground.sentences import quoted

GROUP = re.compile(r"<([a-z][a-z0-9_]*)>\Z")
GAP = re.compile(r"\.\.\.(\d{0,2})\Z")
PLAIN = re.compile(r"[a-z0-9]+")
"""A word that is read as it stands."""

WIDEST_GAP = 12
USUAL_GAP = 3
LONGEST = 16
MOST_SPELLINGS = 60
"""A phrase of plain words with choices is looked up as each of its spellings, up to so many."""


class Misspelt(ValueError):
    """A phrase that is none; the sentence says why."""


@dataclass(frozen=True)
class Element:
    """One step of a phrase.

    Attributes
    ----------
    symbols : tuple of str
        What may stand here: ``w:word``, ``s:stem``, ``c:Word``, ``g:group``. Empty for a gap.
    optional, forbidden : bool
        Whether it may be missing; whether it must not follow.
    gap : int
        How many words of any kind may stand here.
    """

    symbols: tuple[str, ...] = ()
    optional: bool = False
    forbidden: bool = False
    gap: int = 0


Phrase = tuple[Element, ...]


def parse_phrase(text: str) -> Phrase:
    """Return the steps of a phrase as it is spelt in a policy."""
    elements: list[Element] = []
    for piece in text.split():
        elements.extend(_elements(piece))
    if not any(required(each) for each in elements):
        raise Misspelt(f"the phrase {quoted(text)} has nothing that must be there")
    if len(elements) > LONGEST:
        raise Misspelt(
            f"the phrase {quoted(text)} has {len(elements)} steps; {LONGEST} are the most"
        )
    if elements[0].gap or elements[-1].gap:
        raise Misspelt(
            f"the phrase {quoted(text)} begins or ends with any words: leave '...' out there"
        )
    return tuple(elements)


def plain_words(phrase: Phrase) -> list[tuple[str, ...]]:
    """Return the spellings of a phrase that is nothing but words; none if it is more than that."""
    if all(len(each.symbols) == 1 and each.symbols[0][0] == "w" for each in phrase):
        plain = all(required(each) for each in phrase)
        return [tuple(each.symbols[0] for each in phrase)] if plain else []
    spellings = prod(len(each.symbols) for each in phrase)
    plain = all(required(each) and all(s[0] in "wc" for s in each.symbols) for each in phrase)
    if not plain or spellings > MOST_SPELLINGS:
        return []
    return list(product(*(each.symbols for each in phrase)))


def groups_of(phrase: Phrase) -> set[str]:
    """Return the groups that a phrase names."""
    return {each[2:] for step in phrase for each in step.symbols if each.startswith("g:")}


def required(element: Element) -> bool:
    """Whether a step must be there for the phrase to stand."""
    return not (element.optional or element.forbidden or element.gap)


def _elements(piece: str) -> list[Element]:
    gap = GAP.match(piece)
    if gap:
        width = int(gap.group(1) or USUAL_GAP)
        if not 1 <= width <= WIDEST_GAP:
            raise Misspelt(
                f"{quoted(piece)} skips {width} words; from 1 to {WIDEST_GAP} can be skipped"
            )
        return [Element(gap=width)]
    forbidden = piece.startswith("!")
    optional = piece.endswith("?") and len(piece) > 1
    core = piece[forbidden : len(piece) - optional]
    choices = core.split("|")
    if len(choices) == 1 and not forbidden and not optional:
        return [Element((each,)) for each in _symbols(core)]
    symbols = []
    for choice in choices:
        several = _symbols(choice)
        if len(several) != 1:
            raise Misspelt(
                f"{quoted(choice)} in {quoted(piece)} is not one word: make it a group of terms"
            )
        symbols.extend(several)
    return [Element(tuple(symbols), optional, forbidden)]


def _symbols(choice: str) -> list[str]:
    if PLAIN.fullmatch(choice):
        return [f"w:{choice}"]
    group = GROUP.match(choice)
    if group:
        return [f"g:{group.group(1)}"]
    if "<" in choice or ">" in choice:
        raise Misspelt(f"{quoted(choice)} is no group: write <name> in small letters")
    exact, stem = choice.startswith("="), choice.endswith("*")
    plain = choice.strip("=*")
    # An ending such as 's is a word of its own, yet only behind another.
    ending = plain[:1] in ("'", "\u2019")
    wording = read_words(f"x{plain}" if ending else plain)
    if len(wording.words) <= ending:
        raise Misspelt(f"{quoted(choice)} is no word")
    if ending:
        return [f"w:{each}" for each in wording.words[1:]]
    if exact:
        return [f"c:{each.rstrip('.')}" for each in wording.raw]
    symbols = [f"w:{each}" for each in wording.words]
    if stem:
        if len(wording.words[-1]) < 2:
            raise Misspelt(
                f"{quoted(choice)} would be nearly every word: give it two letters or more"
            )
        symbols[-1] = f"s:{wording.words[-1]}"
    return symbols
