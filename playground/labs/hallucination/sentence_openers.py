"""How a sentence begins before it says something: "Interestingly, ", "According to the text, …"."""

from __future__ import annotations

import re

_OPENER = re.compile(
    r"\W*(?:(?:according to|as stated in|based on|in) (?:the|this) (?:text|source|passage|article"
    r"|document|context|author)|in (?:fact|short|summary|addition|conclusion)|as a result"
    r"|for (?:example|instance)|of course|\w{3,}ly)\s*,\s*",
    re.IGNORECASE,
)
_VERB_AFTER = re.compile(
    r"\s+(?:is|was|has|had|were|are|will|can|could|did|does|wrote|won|became|went|came|made|took"
    r"|gave|ran|left|lies|lived|met|fell|grew|built|[a-z]+ed)\b"
)
_PRONOUN = re.compile(
    r"(?:all|any|both|each|either|half|hardly|many|most|neither|nobody|none|nothing|several|some"
    r"|something|somebody|someone|everything|everybody|much|little|few)$",
    re.IGNORECASE,
)


def length_of_opener(sentence: str) -> int:
    """Return how many characters an opener takes that says nothing by itself.

    Examples
    --------
    >>> length_of_opener("Interestingly, she wrote."), length_of_opener("Emily wrote.")
    (15, 0)
    """
    found = _OPENER.match(sentence)
    return found.end() if found else 0


def may_be_no_name(sentence: str, end: int) -> bool:
    """Say whether the one word that begins a sentence may have its capital from that alone.

    A name at the beginning has its verb behind it; whatever else stands there is left open.

    Examples
    --------
    >>> may_be_no_name("Half of them left.", 4), may_be_no_name("Krakow was hers.", 6)
    (True, False)
    """
    word = sentence[:end].strip()
    return bool(_PRONOUN.search(word)) or not _VERB_AFTER.match(sentence, end)
