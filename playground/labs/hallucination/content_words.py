"""Words that say something by themselves, and which of them another text does not have."""

from __future__ import annotations

from collections.abc import Iterator

from playground.labs.hallucination.answer_text import Span, words_of
from playground.labs.hallucination.normalising import normalise

_SAY_NOTHING = frozenset(
    """
    a about after also among an and any are as at be became become been before being but by can
    could did do does done for from had has have having he her hers him his i if in into is it its
    itself may me might mine more most must my no not of off on one or our ours out over shall she
    should so some such than that the their theirs them then there these they this those though
    through to too under until up upon us very was we were what when where which while who whom
    whose will with within without would yes yet you your yours only both each other same just
    however still never none nor neither cannot
    """.split()  # noqa: SIM905 - a list of a hundred lines tells less
)


def words_without(text: str, other: str) -> Iterator[Span]:
    """Return the words of a text that say something and that another text does not have.

    A plural and a possessive are the word itself; another tense is another word.

    Examples
    --------
    >>> [each.text for each in words_without("The sky is green today.", "The sky is blue today.")]
    ['green']
    >>> list(words_without("Both ships sank.", "Anna's ship sank there."))
    []
    """
    there = {_stem(each.text) for each in words_of(other)}
    for each in words_of(text):
        stem = _stem(each.text)
        if stem and stem not in there and normalise(each.text) not in _SAY_NOTHING:
            yield each


def _stem(word: str) -> str:
    plain = normalise(word.replace("\u2019", "'").removesuffix("'s"))
    if len(plain) < 4 or plain.endswith("ss"):
        return plain
    if plain.endswith("ies"):
        return plain[:-3] + "y"
    if plain.endswith(("ses", "xes", "zes", "ches", "shes")):
        return plain[:-2].removesuffix("e")
    return plain.removesuffix("s").removesuffix("e")
