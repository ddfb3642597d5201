"""The first yes or no of an answer, or what stands for it."""

from __future__ import annotations

import re

from playground.labs.hallucination.answer_text import (
    denies_the_question,
    repeats_the_question,
    sentences_of,
    straight,
)

_YES = r"yes|yeah|yep|correct|true|indeed|absolutely|certainly|of course"
_NO = r"no|nope|false|incorrect|untrue|impossible|a myth|a misconception|not (?:true|correct|so)"
# "No doubt" and "no longer than" say no no.
_SAID = re.compile(
    rf"\b(?:(?P<no>{_NO})|(?P<yes>{_YES}))\b(?!\s*(?:doubt|wonder|matter|longer than|one\b))",
    re.IGNORECASE,
)
_COMPOSITE = re.compile(r"\bcomposite\b", re.IGNORECASE)


def first_yes_or_no(answer: str, prompt: str) -> tuple[str | None, str]:
    """Return "yes", "no" or None, and the words that say so.

    The first word for it in the first sentence counts; without one, whether that sentence repeats
    or denies the question.

    Examples
    --------
    >>> first_yes_or_no("No, it is 7 times 11.", "Is 77 a prime number?")
    ('no', 'No')
    >>> first_yes_or_no("77 is a prime number.", "Is 77 a prime number?")
    ('yes', '77 is a prime number.')
    """
    sentences = sentences_of(straight(answer))
    if not sentences:
        return None, ""
    first = sentences[0]
    said = _SAID.search(first)
    if said:
        return ("no" if said["no"] else "yes"), said[0]
    if "prime" in prompt and (composite := _COMPOSITE.search(first)):
        return "no", composite[0]
    denied = denies_the_question(first, prompt)
    if denied:
        return "no", denied
    return ("yes", first) if repeats_the_question(first, prompt) else (None, "")
