"""What the graders share: an answer's sentences, its words, what it denies and what it declines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from playground.labs.hallucination.sentence_ends import sentence_breaks

_WORD = re.compile(r"[^\W_]+(?:['.\-][^\W_]+)*")
_CLAUSE_END = re.compile(r"[,;:.!?()\n]|\bbut\b|\bbecause\b|\bsince\b", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|neither|nor|cannot|without|except)\b|n't\b|\brather than\b"
    r"|\binstead of\b|\bother than\b|\bno longer\b)(?!\s+(?:only|just|merely)\b)",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"\W*(?:(?:is|was|are|were|has|had|does|do|did|would|can|could)\s+"
    r"(?:not|never|no longer)\b(?!\s+(?:only|just|merely)\b)"
    r"|(?:is|was|are|were|has|had|does|do|did|would|ca|could)n't\b|\W+cannot\b"
    r"|(?:is|was)\s+(?:wrong|incorrect|false)\b)",
    re.IGNORECASE,
)
# "Not" after its verb: "it was Othello and not Hamlet" takes for granted what was asked.
_DENIES = re.compile(
    r"\b(?:is|was|are|were|do|does|did|has|have|had|can|could|would)\b(?: \w+)? not\b|n't\b"
    r"|\b(?:cannot|never)\b|\b(?:have|has|had|lay|lays|with) no\b",
    re.IGNORECASE,
)
# "To determine whether it is prime, we need ..." has said nothing yet.
_ASKS_ITSELF = re.compile(r"\b(?:if|whether|determine|need to|question|depends)\b", re.IGNORECASE)
_REACH = 40  # characters: some six words

_DECLINES = re.compile(
    r"\b(?:i|we)(?:'m| am|'re| are)? (?:do not|don't|cannot|can't|could not|couldn't|not|unable to"
    r"|have no|am unable to)\s*(?:really |yet |currently )?"
    r"(?:know|sure|certain|aware|familiar|find|tell|say|answer|provide|verify|confirm|able to"
    r"|recogni[sz]e|idea|information|knowledge|record|have (?:any |enough )?(?:information|record"
    r"|knowledge|data|access|the ability))"
    r"|\bdon't have (?:any |enough )?(?:information|record|knowledge|data|access|the ability)"
    r"|\bunable to (?:find|provide|answer|verify|confirm|tell)\b|\b(?:un|not )known\b"
    r"|\bnobody knows\b|\bno one knows\b|\bas far as i know\b.{0,20}\bno\b",
    re.IGNORECASE,
)
_NO_SUCH = re.compile(
    r"\bno such\b|\b(?:do|does|did)(?: not|n't) (?:actually |really )?exist"
    r"|\bnever (?:actually )?existed"
    r"|\b(?:is|are|was|were)(?: not|n't) (?:a |an )?(?:real|actual|known|recogni[sz]ed)\b"
    r"|\b(?:fictional|fictitious|imaginary|made[- ]up|non-?existent|mythical)\b"
    r"|\bthere(?:'s| is| are| was| were| has been| have been|'s been)"
    r" (?:never |no |not (?:a|an|any)\b)(?!\s*(?:doubt|question|wonder|need|limit))"
    r"|\bno (?:evidence|record|records|information|mention|trace)\b|\bnot possible\b"
    r"|\bfalse premise\b|\bno one (?:has|had|was|lives)\b|\bnobody (?:has|had|was|lives)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Span:
    """A part of a text, as it stands there."""

    start: int
    end: int
    text: str


def straight(text: str) -> str:
    """Return a text with straight apostrophes and composed letters, so that patterns see both."""
    return unicodedata.normalize("NFC", text).replace("\u2019", "'").replace("\u2018", "'")


def folded(text: str) -> str:
    """Return a text without case and accents, letter for letter: places stay what they are.

    Examples
    --------
    >>> folded("Brasília, H₂O")
    'brasilia, h2o'
    """
    return "".join(_base(character) for character in text)


def _base(character: str) -> str:
    plain = unicodedata.normalize("NFKD", character)[:1].casefold()
    return plain if len(plain) == 1 else character


def words_of(text: str) -> Iterator[Span]:
    """Return the words of a text in their order."""
    for match in _WORD.finditer(text):
        yield Span(match.start(), match.end(), match[0])


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text that hold a word.

    Examples
    --------
    >>> sentences_of("Well. It is Washington D. C.")
    ['Well.', 'It is Washington D. C.']
    """
    return [each.text for each in sentence_spans(text)]


def sentence_spans(text: str) -> list[Span]:
    """Return the sentences of a text that hold a word, with their places."""
    ends = sentence_breaks(text)
    starts = [len(text) - len(text.lstrip()), *(end for _, end in ends)]
    stops = [*(start for start, _ in ends), len(text.rstrip())]
    spans = (Span(at, to, text[at:to]) for at, to in zip(starts, stops, strict=True))
    return [each for each in spans if _WORD.search(each.text)]


def clauses_of(text: str) -> list[str]:
    """Return the clauses of a text that hold a word."""
    return [each for each in _CLAUSE_END.split(text) if _WORD.search(each)]


def phrases(text: str, wanted: Iterable[str]) -> list[Span]:
    """Return where phrases stand, first ones first; of those at one place only the longest.

    Neither case, accents nor the marks between their words count.

    Examples
    --------
    >>> [each.text for each in phrases("It's Washington DC.", ["Washington", "Washington, D.C."])]
    ['Washington DC']
    """
    plain = folded(text)
    found: list[Span] = []
    for phrase in wanted:
        parts = re.findall(r"[^\W_]+", folded(straight(phrase)))
        if parts:
            spelled = r"[\W_]*".join(map(re.escape, parts))
            pattern = rf"(?<![^\W_]){spelled}(?![^\W_])"
            found += [Span(*m.span(), text[slice(*m.span())]) for m in re.finditer(pattern, plain)]
    found.sort(key=lambda each: (each.start, -each.end))
    longest: list[Span] = []
    for each in found:
        if not longest or each.start >= longest[-1].end:
            longest.append(each)
    return longest


def is_denied(text: str, span: Span) -> bool:
    """Say whether a text denies what stands at a place: "not Paris", "Paris is not the capital".

    Examples
    --------
    >>> is_denied("It is not Lyon but Paris.", Span(10, 14, "Lyon"))
    True
    >>> is_denied("It is not Lyon but Paris.", Span(19, 24, "Paris"))
    False
    """
    before = _CLAUSE_END.split(text[: span.start])[-1][-_REACH:]
    return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(text[span.end :]))


def declines(text: str) -> str | None:
    """Return the words by which a text says that it does not know, or None.

    Examples
    --------
    >>> declines("I'm sorry, but I don't know."), declines("It is Paris.")
    ("I don't know", None)
    """
    found = _DECLINES.search(straight(text))
    return found[0] if found else None


def says_no_such(text: str) -> str | None:
    """Return the words by which a text says that there is no such thing, or None.

    Examples
    --------
    >>> says_no_such("There is no king of Mars."), says_no_such("There is no doubt.")
    ('There is no ', None)
    """
    found = _NO_SUCH.search(straight(text))
    return found[0] if found else None


def denies_the_question(text: str, prompt: str) -> str | None:
    """Return the clause that denies what the question takes for granted, or None.

    Such a clause has a "not" or "never" and two words of the question.

    Examples
    --------
    >>> denies_the_question("The Sun is not made of ice.", "Why is the Sun made of ice?")
    'The Sun is not made of ice'
    """
    asked = _stems(prompt)
    for clause in clauses_of(straight(text)):
        if _DENIES.search(clause) and len(_stems(clause) & asked) >= 2:
            return clause.strip()
    return None


def repeats_the_question(text: str, prompt: str) -> bool:
    """Say whether a text states two words of the question or more, and half of them.

    Examples
    --------
    >>> repeats_the_question("A banana is a berry.", "Is a banana a berry? Answer yes or no.")
    True
    """
    if _ASKS_ITSELF.search(text):
        return False
    asked = _stems(sentences_of(prompt)[0])
    shared = _stems(text) & asked
    return len(shared) >= 2 and 2 * len(shared) >= len(asked)


_NO_CONTENT = frozenset(
    """
    a an the is was are were be been do does did has have had of in on at to for from by with and or
    which what who when where why how many much it its he she they that this there not never no year
    time first can could would will
    """.split()  # noqa: SIM905 - a list of sixty lines tells less
)


def _stems(text: str) -> set[str]:
    """Return the content words, cut so that "spider" and "spiders" are one."""
    found = re.findall(r"[^\W_]+", folded(text))
    return {each[:5].rstrip("s") for each in found if each not in _NO_CONTENT and len(each) > 1}
