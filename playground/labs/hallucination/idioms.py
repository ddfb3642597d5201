"""How an answer reads a figure of speech: understood, taken literally, or unclear.

A rubric of words, not a judge: each figure has a list of words that belong to what is meant and one
of words that belong to the things named. It is held to answers that were labelled by reading; how
often the two agree, and where it fails, stands in docs/hallucination.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playground.labs.hallucination.items import Item
from playground.labs.hallucination.words import APOSTROPHES, find_words

UNDERSTOOD, LITERAL, UNCLEAR = "understood", "literal", "unclear"
MEANINGS = {
    UNDERSTOOD: "The answer makes sense to somebody who meant the figure of speech.",
    LITERAL: "The answer speaks of the things that the words name.",
    UNCLEAR: "The answer could be given to anything, or makes no sense.",
}
RULE = (
    "The figure itself, where the answer quotes it, is left out. Then words of what is meant and "
    "words of the things named are counted, each once; the larger number decides, and equal "
    "numbers are unclear. Where the prompt was meant literally, one word more does not make a "
    "figure of it: two are needed."
)
_OWNERS = {"my", "your", "his", "her", "their"}
_SMALL = _OWNERS | {"a", "an", "the", "is", "in", "on", "of"}
_STEM = 4


@dataclass(frozen=True)
class Reading:
    """How an answer reads the words of its prompt.

    Parameters
    ----------
    reading : str
        ``understood``, ``literal`` or ``unclear``; on a prompt that is meant literally,
        ``literal`` is as meant.
    as_meant : bool or None
        Whether that is how the prompt meant it; None where it is unclear.
    figurative, literal : tuple of str
        The words of either list that the answer holds.
    """

    reading: str
    as_meant: bool | None
    figurative: tuple[str, ...]
    literal: tuple[str, ...]

    @property
    def rule(self) -> str:
        """What decided, in a sentence."""
        meant, named = (_quoted(each) for each in (self.figurative, self.literal))
        return (
            f"Read as {self.reading}: of what is meant it holds {meant}, "
            f"of the things named {named}."
        )


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"“{each}”" for each in words) or "no word"


def read_idiom(answer: str, item: Item, twin: Item | None) -> Reading:
    """Tell how an answer reads a figure of speech, or the same words meant literally.

    Parameters
    ----------
    answer : str
        What the model said.
    item : Item
        What it was asked, of the kind ``figurative`` or ``literal``; its group is the figure.
    twin : Item or None
        Its counterpart of the other kind, which has the words of the other reading.

    Examples
    --------
    >>> bat = Item("f", "He is blind as a bat.", ("glasses",), "", "figurative", "l", "a bat")
    >>> plain = Item("l", "A bat flew in.", ("bat", "bats"), "", "literal", "f", "a bat")
    >>> read_idiom("Bats eat moths.", bat, plain).reading
    'literal'
    >>> read_idiom("Glasses help.", bat, plain).rule
    'Read as understood: of what is meant it holds “Glasses”, of the things named no word.'
    """
    text = _without(answer, item.group or "")
    own, other = item.answers, twin.answers if twin else ()
    is_figure = item.kind == "figurative"
    figurative = find_words(text, own if is_figure else other)
    literal = find_words(text, other if is_figure else own)
    lead = len(figurative) - len(literal)
    reading = LITERAL if lead < 0 else UNCLEAR
    if lead >= (1 if is_figure else 2):
        reading = UNDERSTOOD
    as_meant = None if reading == UNCLEAR else (reading == UNDERSTOOD) == is_figure
    return Reading(reading, as_meant, figurative, literal)


def _without(text: str, figure: str) -> str:
    """Take a figure out of a text: endings may differ, and small words may be left out."""
    words = figure.split()
    if not words:
        return text
    parts = [_any_form(word) + r"\W+" for word in words[:-1]]
    optional = [
        f"(?:{part})?" if word in _SMALL else part for word, part in zip(words, parts, strict=False)
    ]
    pattern = rf"\b{''.join(optional)}{_any_form(words[-1])}\b"
    return re.sub(pattern, " ", text.translate(APOSTROPHES), flags=re.IGNORECASE)


def _any_form(word: str) -> str:
    if word in _OWNERS:
        return r"\w+"
    return re.escape(word[:_STEM]) + (r"\w*" if len(word) >= _STEM else "")
