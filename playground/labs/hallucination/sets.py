"""The sets of questions that ship, each with what it is good for."""

from __future__ import annotations

from functools import cache

from playground.data import shipped_probes
from playground.errors import OptionError
from playground.experiments.row_files import LineFault, SetUnreadable
from playground.labs.hallucination.items import KINDS, Item, ProbeSet
from playground.labs.hallucination.set_files import read_own
from playground.number_rules import shown

__all__ = [
    "KINDS",
    "SETS",
    "Item",
    "LineFault",
    "ProbeSet",
    "SetUnreadable",
    "load_set",
    "read_own",
]

# A title and an explanation by name, in the order in which they are offered.
SETS: dict[str, tuple[str, str]] = {
    "capitals": (
        "Capitals",
        "The capitals of 84 of the most populous countries. Well-known ones come right and rarer "
        "ones are made up, so right and wrong answers stand side by side.",
    ),
    "elements": (
        "Chemical elements",
        "Symbols and atomic numbers from the periodic table. Both are short, so length tells "
        "little here.",
    ),
    "arithmetic": (
        "Arithmetic",
        "Sums, differences, products and quotients of one to three digits. Any answer looks like "
        "a number, right or not.",
    ),
    "false_premise": (
        "False premises",
        "A question that takes for granted what never was, beside a true one of the same kind. "
        "Right is an answer that does not play along.",
    ),
    "invented": (
        "Invented names",
        "A name made up for this set beside a real one. Right is an answer that says that it does "
        "not know, since there is nothing to know.",
    ),
    "snowball": (
        "Snowball: prime numbers and ways",
        "Is it prime, and is there a way? Whoever says yes or no first and reasons after tends to "
        "defend what was said (Zhang et al., 2023).",
    ),
    "misconceptions": (
        "Misconceptions",
        "What many people believe, and what sounds made up and is true. A model that repeats what "
        "it has read most often is wrong with great certainty.",
    ),
    "wordings": (
        "Five wordings",
        "The same question in five wordings. What is known should not depend on how one asks.",
    ),
    "idioms": (
        "Idioms",
        "A figure of speech beside a sentence in which the same words are meant as they stand. Is "
        "it understood, or taken literally?",
    ),
}


@cache
def load_set(name: str) -> ProbeSet:
    """Return a set that ships.

    Parameters
    ----------
    name : str
        A key of `SETS`.

    Raises
    ------
    OptionError
        When there is none of that name.

    Examples
    --------
    >>> load_set("capitals").find("capital-ua").answers
    ('Kyiv', 'Kiev')
    """
    if name not in SETS:
        raise OptionError(f"There is no set {shown(name)}; known are {', '.join(SETS)}.")
    title, explanation = SETS[name]
    items = read_own(shipped_probes(name), f"{name}.jsonl").items
    return ProbeSet(name, title, explanation, items)
