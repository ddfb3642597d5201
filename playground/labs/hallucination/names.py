"""Names in a text: words with a capital, but for those that only begin a sentence."""

from __future__ import annotations

import re

from playground.labs.hallucination.answer_text import Span

_WORD = re.compile(r"(?<!\w)[^\W\d_]\w*")
# A space or a hyphen keeps two words in one name: "Jane Austen", "Jean-Paul".
_JOINS = {" ", "-", "\u00a0"}
# Words that begin a sentence and name nothing.
_OPENERS = frozenset(
    """
    a after all also although always among an and another answer any as at because before both but
    by each even every everyone few finally first for from he hello her here his how however i if in
    indeed instead is it its later many maybe more moreover most my never nevertheless no nobody not
    nothing now of often on once one only or other others our perhaps several she since so some
    sometimes sorry still such sure that the their then there therefore these they this those though
    thus to today under unlike until we well what when where whether which while who whose why with
    within without yes yet you your
    """.split()  # noqa: SIM905 - a list of a hundred lines tells less
)


def read_names(text: str) -> tuple[Span, ...]:
    """Return the names of a text in their order, words that stand together as one.

    A word that begins a sentence and names nothing is taken for a name unless it is a known one;
    scripts without capitals show no names.

    Parameters
    ----------
    text : str
        In English.

    Examples
    --------
    >>> [each.text for each in read_names("The novel is by Jane Austen, of Steventon.")]
    ['Jane Austen', 'Steventon']
    """
    found: list[Span] = []
    for match in _WORD.finditer(text):
        word = match[0]
        if not word[0].isupper() or word.lower() in _OPENERS:
            continue
        start = match.start()
        if found and text[found[-1].end : start] in _JOINS:
            start = found.pop().start
        found.append(Span(start, match.end(), text[start : match.end()]))
    return tuple(found)
