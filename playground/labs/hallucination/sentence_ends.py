"""Where a sentence ends: a full stop after an initial or an abbreviation ends none.

"The president was John F. Kennedy." is one sentence, and so is " Dr. Seuss, of St. Louis.".
"""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[.!?])\s+|\n+")
_ABBREVIATIONS = (
    "st|ste|mt|ft|dr|mr|mrs|ms|mme|prof|jr|sr|gen|lt|col|capt|sgt|rev|hon|gov|sen|rep|pres|adm|maj"
    "|vs|approx|ca|etc|inc|ltd|dept|univ|jan|feb|mar|apr|aug|sept|oct|nov|dec|nos|vol|fig|al"
)
# An initial ("John F."), letters with stops ("U.S.", "e.g."), or a known abbreviation.
_SHORT = re.compile(
    rf"(?<![^\W_])(?:(?-i:[A-Z])|(?:[^\W\d_]\.\s?)+[^\W\d_]|(?:{_ABBREVIATIONS}))\.$", re.IGNORECASE
)
_NUMBER_SHORT = re.compile(r"(?<![^\W_])no\.$", re.IGNORECASE)
# After "Washington, D.C." these begin a new sentence; a name would go on with the old one.
_BEGINS = re.compile(
    r"(?:It|Its|The|This|That|These|Those|He|His|She|Her|They|Their|In|There|We|You|I|A|An|However"
    r"|But|And|As|At|On|For|What|Which|Who|When|Where|Why|How|If|Since|While|Although|Some|Many"
    r"|Most|No|Yes|Therefore|Thus|So|Also|Here|Then|To|From|With|Not)\b(?!\.)"
)
_REACH = 24  # characters: longer than any abbreviation


def sentence_breaks(text: str) -> list[tuple[int, int]]:
    """Return where one sentence ends and the next begins, for each place where that is so.

    Examples
    --------
    >>> sentence_breaks("John F. Kennedy. He won.")
    [(16, 17)]
    """
    return [found.span() for found in _END.finditer(text) if _is_end(text, found)]


def first_sentence_length(text: str) -> int:
    """Return how many characters the first sentence has, without the mark that ends it.

    A line that holds no word yet is passed over.

    Examples
    --------
    >>> text = " Washington, D. C. It is a city."
    >>> text[: first_sentence_length(text)]
    ' Washington, D. C'
    >>> text = " J. R. R. Tolkien"
    >>> text[: first_sentence_length(text)] == text
    True
    """
    for start, _ in sentence_breaks(text):
        said = text[:start].rstrip(".!?")
        if any(map(str.isalnum, said)):
            return len(said)
    return len(text)


def _is_end(text: str, found: re.Match[str]) -> bool:
    if "\n" in found[0] or text[found.start() - 1] != ".":
        return True
    before, after = text[max(0, found.start() - _REACH) : found.start()], text[found.end() :]
    if _NUMBER_SHORT.search(before):
        return not after[:1].isdigit()
    return not _SHORT.search(before) or bool(_BEGINS.match(after))
