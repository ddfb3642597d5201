"""The files of words: what is looked for, and what is innocent though a term stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from playground.errors import OptionError
from playground.moderation.inflecting import plural, verb_forms
from playground.moderation.verdict import Action
from playground.sentences import quoted

_HEAD = re.compile(r"\[(\S+) (review|redact|block) (S\d+)\]")


@dataclass(frozen=True)
class Term:
    """One form of a word or phrase that is looked for.

    Attributes
    ----------
    text : str
        In small letters, its words set apart by one space.
    category, llama_guard : str
        What kind of content it is, under OpenAI's name and Llama Guard's code.
    action : Action
        What is to be done.
    no_name : bool
        Whether it is another word where it is written as a name is.
    """

    text: str
    category: str
    llama_guard: str
    action: Action
    no_name: bool = False


@cache
def shipped_terms() -> tuple[Term, ...]:
    """Return every form of every term of the shipped lists."""
    return tuple(read_lists(_read("lists.txt")))


@cache
def shipped_innocent() -> tuple[str, ...]:
    """Return the phrases in which a term is innocent."""
    lines = _read("innocent.txt").splitlines()
    return tuple(each.strip() for each in lines if each.strip() and not each.startswith("#"))


def read_lists(text: str) -> Iterator[Term]:
    """Read lists of terms, each under its head.

    Raises
    ------
    OptionError
        If a line is neither a head nor a term under one.
    """
    head: re.Match[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        term = line.strip()
        if not term or term.startswith("#"):
            continue
        if term.startswith("["):
            head = _HEAD.fullmatch(term)
        if head is None:
            raise OptionError(
                f"Line {number} of the word lists must be a head such as [harassment review S10], "
                f"or stand under one, not {quoted(term)}: mend it."
            )
        if not term.startswith("["):
            for form in _forms(term.rstrip("~="), verb=term.endswith("~")):
                category, action, code = head.groups()
                yield Term(form, category, code, Action(action), term.endswith("="))


def _forms(term: str, *, verb: bool) -> frozenset[str]:
    if verb:
        return verb_forms(term)
    return frozenset({term} if " " in term else {term, plural(term)})


def _read(name: str) -> str:
    folder = files("playground.data").joinpath("moderation").joinpath("words")
    return folder.joinpath(name).read_text(encoding="utf-8")
