"""Whether an answer is right, by code, with the rule that decided and the words it went by.

The first answer given counts: whoever names three cities and the capital among them has not said
which it is. No such code is never wrong; the rule is shown so that a person can overrule it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playground.errors import OptionError
from playground.labs.hallucination.answer_text import (
    Span,
    declines,
    is_denied,
    phrases,
    straight,
    words_of,
)
from playground.labs.hallucination.first_name import first_name, goes_on
from playground.labs.hallucination.first_number import asks_a_year, first_number
from playground.labs.hallucination.first_symbol import first_symbol
from playground.labs.hallucination.idioms import read_idiom
from playground.labs.hallucination.items import KINDS, Item
from playground.labs.hallucination.number_reading import parse_number
from playground.labs.hallucination.unanswerable import judge_unanswerable
from playground.labs.hallucination.yes_or_no import first_yes_or_no
from playground.number_rules import shown


@dataclass(frozen=True)
class Grade:
    """Whether an answer is right.

    Parameters
    ----------
    right : bool or None
        None where the rule cannot tell.
    rule : str
        What decided, in a sentence.
    matched : str
        The words of the answer that it went by; empty when there are none.
    """

    right: bool | None
    rule: str
    matched: str


def grade(answer: str, item: Item, twin: Item | None = None) -> Grade:
    """Grade an answer by the rule of its item's kind.

    Parameters
    ----------
    answer : str
        What the model said; where the prompt is written on, what came after it.
    item : Item
        What it was asked, with the key.
    twin : Item or None
        Of an idiom, the item that holds the words of its other reading.

    Raises
    ------
    OptionError
        When nobody knows how to grade that kind.

    Examples
    --------
    >>> item = Item("fr", "The capital of France is", ("Paris",), "Paris is its capital.")
    >>> grade(" Paris.", item).right, grade("Paris is not the capital, Lyon is.", item).right
    (True, False)
    >>> sum_ = Item("sum", "500 + 500 =", ("1000",), "500 plus 500 is 1000.", "number")
    >>> grade("500 + 500 is one thousand", sum_)
    Grade(right=True, rule='The first number given equals the key 1000.', matched='one thousand')
    """
    if item.kind in ("figurative", "literal"):
        reading = read_idiom(answer, item, twin)
        words = ", ".join((*reading.figurative, *reading.literal))
        return Grade(reading.as_meant, reading.rule, words)
    if item.kind not in _GRADERS:
        raise OptionError(f"`kind` must be one of {', '.join(KINDS)}, got {shown(item.kind)}.")
    if not next(words_of(answer), None):
        return Grade(False, "The answer holds no word and no number.", "")
    return _GRADERS[item.kind](straight(answer), item)


def _grade_name(answer: str, item: Item) -> Grade:
    right, span = first_name(answer, item.prompt, item.answers)
    if right and span and goes_on(answer, span, item.prompt):
        return Grade(None, f"The name goes on after {span.text}; it may be another.", span.text)
    if _in_other_letters(answer, item.answers):
        return Grade(None, "The answer is in other letters than the key.", answer.strip())
    if right and span:
        return Grade(True, f"The first name given is that of the key {item.answers[0]}.", span.text)
    if span:
        return Grade(False, f"The first name given is another than {item.answers[0]}.", span.text)
    return _without_the_key(answer, phrases(answer, item.answers), item.answers[0])


def _in_other_letters(answer: str, names: Sequence[str]) -> bool:
    """Say whether an answer and the key share no script, so that no spelling can be compared."""
    said, known = _scripts(answer), _scripts(" ".join(names))
    return bool(said and known) and not said & known


def _scripts(text: str) -> set[str]:
    """Return the first words of its letters' Unicode names: "LATIN", "CYRILLIC", "CJK"."""
    return {unicodedata.name(each, "?").split()[0] for each in text if each.isalpha()}


def _without_the_key(answer: str, denied: list[Span], key: str) -> Grade:
    """Say why an answer that does not give the key is wrong."""
    if denied and is_denied(answer, denied[0]):
        return Grade(False, f"The key {key} is named and denied.", denied[0].text)
    refusal = declines(answer)
    if refusal:
        return Grade(False, "The answer says that it does not know.", refusal)
    return Grade(False, f"The key {key} is not given as the first answer.", "")


def _grade_symbol(answer: str, item: Item) -> Grade:
    span = first_symbol(answer, item.answers)
    if span:
        right = span.text in item.answers
        same = "the key" if right else "another than"
        return Grade(right, f"The first symbol given is {same} {item.answers[0]}.", span.text)
    return _without_the_key(answer, phrases(answer, item.answers), item.answers[0])


def _grade_number(answer: str, item: Item) -> Grade:
    keys = [parse_number(each) for each in item.answers]
    found = first_number(answer, item.prompt)
    if found is None:
        return _without_the_key(answer, [], item.answers[0])
    value, span = found
    right = value in keys
    verb = "equals" if right else "is another than"
    what = "year" if asks_a_year(item.prompt) else "number"
    return Grade(right, f"The first {what} given {verb} the key {item.answers[0]}.", span.text)


def _grade_yes_no(answer: str, item: Item) -> Grade:
    said, matched = first_yes_or_no(answer, item.prompt)
    if said is None:
        refusal = declines(answer)
        if refusal:
            return Grade(False, "The answer says that it does not know.", refusal)
        return Grade(None, "The answer says neither yes nor no.", "")
    right = (said,) == item.answers
    return Grade(right, f"The answer says {said}, and the key is {item.answers[0]}.", matched)


def _grade_unanswerable(answer: str, item: Item) -> Grade:
    return Grade(*judge_unanswerable(answer, item.prompt, item.answers))


_GRADERS: dict[str, Callable[[str, Item], Grade]] = {
    "name": _grade_name,
    "symbol": _grade_symbol,
    "number": _grade_number,
    "yes_no": _grade_yes_no,
    "unanswerable": _grade_unanswerable,
}
