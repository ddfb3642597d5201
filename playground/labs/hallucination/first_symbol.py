"""The first chemical symbol that an answer gives: a capital, and at most one small letter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playground.labs.hallucination.answer_text import Span, is_denied

_SYMBOL = re.compile(r"(?<![^\W_])[A-Z][a-z]?(?![^\W_]|'\w)")
_ENGLISH_TOO = frozenset(
    ["I", "A", "An", "In", "As", "At", "He", "No", "Be", "So", "Am", "Is", "It", "If", "My", "We"]
)


def first_symbol(answer: str, wanted: Sequence[str] = ()) -> Span | None:
    """Return the first symbol that is not denied, or None.

    Parameters
    ----------
    answer : str
        What the model said.
    wanted : sequence of str
        Symbols that count even where an English word is spelled like them: "He is helium."

    Examples
    --------
    >>> first_symbol("As one sees, it is Ti, which is derived from titans.")
    Span(start=19, end=21, text='Ti')
    """
    for match in _SYMBOL.finditer(answer):
        span = Span(match.start(), match.end(), match[0])
        a_word = re.match(r" [a-z]", answer[span.end :]) and span.text in _ENGLISH_TOO
        if not is_denied(answer, span) and not (a_word and span.text not in wanted):
            return span
    return None
