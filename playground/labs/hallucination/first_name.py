"""The first name that an answer gives, where several names may stand in it.

There is no list of all wrong answers. So a word with a capital counts as an answer where it stands
as one: with a mark, the end or a verb after it, and neither denied nor a word of the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from playground.labs.hallucination.answer_text import (
    Span,
    folded,
    is_denied,
    phrases,
    sentences_of,
    straight,
    words_of,
)

_STARTERS = frozenset(
    """
    a an the i it he she they we you this that there here well sure yes no ok okay of in on at as to
    for from by with and or but if so some one its his her their my our your according great good
    sorry please note answer question however thus therefore also both all any each most not what
    which who when where why how city country king queen emperor president sir dr mr mrs certainly
    absolutely actually historically officially currently today named known located situated capital
    """.split()  # noqa: SIM905 - a list of sixty lines tells less
)
_ENDS_AN_ANSWER = re.compile(
    r"\s*(?:$|[,.;:!?()\[\]\n*\"']|[-\u2013\u2014]\s|\b(?:and|or|but|which|who|that|with|as|in|is|was|are|were"
    r"|has|had|lies|became|wrote|won|[a-z]+ed)\b)"
)
_BESIDE_THE_POINT = re.compile(
    r"\b(?:through|from|near|between|along|after|like|unlike|than|until|since|during|across)\s+"
    r"(?:the\s+)?$",
    re.IGNORECASE,
)
# What lies "south of Paris" or is "anything but Paris" is not Paris.
_NOT_THERE = re.compile(
    r"\b(?:(?:north|south|east|west|outside|instead)\s+of|near|close to|far from|unlike"
    r"|anything but|everything but|all but)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_FORMER_BEFORE = re.compile(
    r"\b(?:formerly|previously|originally|once|used to be)\s+(?:called\s+|known as\s+)?$",
    re.IGNORECASE,
)
# "Rangoon, now Naypyidaw", "Lagos until 1991, since then Abuja", "Paris was it, but now Lyon".
_FORMER_AFTER = re.compile(
    r"(?:\s+(?:was|were|used to be|until)\b[^.;!?\n]{0,60}?)?[\s,(;]+(?:but\s+)?"
    r"(?:now|today|currently|since then)\s+(?:it\s+is\s+|called\s+|known\s+as\s+|is\s+)?(?=[A-Z])"
)
# "Marseille is the second largest city; the capital is Paris".
_ANOTHER_RANK = re.compile(
    r"\s+(?:is|was)\s+(?:the|a|one of the)\s+[^.,;]{0,30}?"
    r"\b(?:largest|biggest|second|third|oldest|former|old)\b[^.,;]{0,40}[,;]\s*(?:and|but|while)?\s*"
    r"(?:the|its)\s"
)
# "Washington State", "Santiago de Compostela": the name goes on, and names something else.
_GOES_ON = re.compile(
    r"\s+(?:(?:de|del|da|do|di)\s+(?P<of>[A-Z]\w*)|(?:State|County|Province|University|Islands?)\b)"
)
_LOOK_BACK = 40  # characters
_PLACE_BEFORE = re.compile(r"\b(?:in|near|at|on|of)\s+(?:the\s+)?$", re.IGNORECASE)
_OTHER_PLACE = re.compile(
    r"\b(?:new|old|north|south|east|west|northern|southern|eastern|western|central)[\s-]+$",
    re.IGNORECASE,
)


def first_name(answer: str, prompt: str, names: Sequence[str]) -> tuple[bool, Span | None]:
    """Return whether the first name that an answer gives is one of those wanted, and the name.

    Parameters
    ----------
    answer : str
        What the model said.
    prompt : str
        Its words are no answer.
    names : sequence of str
        Ways to write the right one; empty finds the first name whatever it is.

    Returns
    -------
    tuple of bool and (Span or None)
        The name that decided; None where none is given.

    Examples
    --------
    >>> first_name("It is Sydney, not Canberra.", "The capital of Australia is", ["Canberra"])
    (False, Span(start=6, end=12, text='Sydney'))
    """
    text = straight(answer)
    hits = [each for each in phrases(text, names) if _is_given(text, each)]
    hits = [each for each in hits if not _OTHER_PLACE.search(text[: each.start])]
    if _has_no_capitals(text, names):
        first = sentences_of(text)[0] if sentences_of(text) else ""
        end = text.find(first) + len(first)
        near = next((each for each in hits if each.end <= end), None)
        return near is not None, near
    others = _other_names(text, prompt, hits)
    hit, other = (next(iter(each), None) for each in (hits, others))
    if other is not None and (hit is None or other.start < hit.start):
        return False, other
    return hit is not None, hit


def goes_on(text: str, span: Span, prompt: str) -> bool:
    """Say whether a name that was found is only the beginning of another one.

    Examples
    --------
    >>> goes_on("Washington State", Span(0, 10, "Washington"), "The capital is")
    True
    """
    found = _GOES_ON.match(text, span.end)
    return found is not None and (found["of"] or "").lower() not in folded(prompt).split()


def _is_given(text: str, span: Span) -> bool:
    """Say whether a name stands there as an answer, and not as what it is not or no longer is."""
    before = text[max(0, span.start - _LOOK_BACK) : span.start]
    return not (
        is_denied(text, span)
        or _NOT_THERE.search(before)
        or _FORMER_BEFORE.search(before)
        or _FORMER_AFTER.match(text, span.end)
        or _ANOTHER_RANK.match(text, span.end)
    )


def _has_no_capitals(text: str, names: Sequence[str]) -> bool:
    """Say whether names cannot be told from other words by their capitals."""
    lower = bool(names) and all(name[:1].islower() for name in names)
    return lower or not any(map(str.isupper, text))


def _other_names(text: str, prompt: str, hits: Sequence[Span]) -> list[Span]:
    return [
        run
        for run in _capital_runs(text, prompt)
        if not any(run.start < hit.end and hit.start < run.end for hit in hits)
        and _ENDS_AN_ANSWER.match(text, run.end)
        and _is_given(text, run)
        and not _BESIDE_THE_POINT.search(text[: run.start])
        and not _is_place_within(text, run, hits)
    ]


def _capital_runs(text: str, prompt: str) -> list[Span]:
    """Return the names of one or several words, but for those that the question holds."""
    asked_words = list(words_of(straight(prompt)))
    asked = {_plain(each) for each in asked_words}
    asked_names = {_plain(each) for each in asked_words[1:] if each.text[0].isupper()}
    runs: list[Span] = []
    for word in words_of(text):
        plain = _plain(word)
        # The A of "Neil A. Armstrong" is no article.
        is_initial = len(word.text) == 1 and text[word.end : word.end + 1] == "."
        passed_over = plain in (asked - asked_names) | _STARTERS and not is_initial
        if not word.text[0].isupper() or passed_over:
            continue
        if runs and _joins(text, runs[-1], word):
            last = runs.pop()
            runs.append(Span(last.start, word.end, text[last.start : word.end]))
        else:
            runs.append(word)
    # "Napoleon Bonaparte" is the Napoleon that was asked about.
    return [run for run in runs if not _words(run.text) & asked_names]


def _joins(text: str, run: Span, word: Span) -> bool:
    """Say whether a word goes on a name: after a space, or after an initial and its full stop."""
    between = text[run.end : word.start]
    ends_with_initial = re.search(r"(?<![^\W_])[^\W\d_]$", run.text) is not None
    return between == " " or (between in {". ", "."} and ends_with_initial)


def _words(text: str) -> set[str]:
    return {_plain(each) for each in words_of(text)}


def _plain(word: Span) -> str:
    """Return a word without case, accents and possessive: "Japan's" is Japan."""
    return folded(word.text).removesuffix("'s").removesuffix("'")


def _is_place_within(text: str, run: Span, hits: Sequence[Span]) -> bool:
    """Say whether a name only narrows down the one wanted: "in Honshu, Japan"."""
    follows = any(re.fullmatch(r",\s+", text[run.end : hit.start]) for hit in hits)
    return follows and bool(_PLACE_BEFORE.search(text[: run.start]))
