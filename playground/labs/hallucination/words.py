"""Words of a list that a text holds: whole ones, a "*" standing for any ending."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Which of the curly and straight apostrophes stands in a text is chance.
APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'"})


def find_words(text: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return what a text holds of a list, as it stands there; each entry counts once.

    Parameters
    ----------
    text : str
        Case does not count.
    words : iterable of str
        Words or phrases; "calm*" also finds "calming".

    Examples
    --------
    >>> find_words("Stay calm, calmly. It burns!", ["calm*", "burn", "it burns"])
    ('calm', 'It burns')
    """
    plain = text.translate(APOSTROPHES)
    found = (_pattern(each).search(plain) for each in words)
    return tuple(match[0] for match in found if match)


def _pattern(entry: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in entry.translate(APOSTROPHES).split()]
    spelled = r"\s+".join(parts).replace(r"\*", r"\w*")
    return re.compile(rf"(?<!\w){spelled}(?!\w)", re.IGNORECASE)
