"""Sentences with what they are: those that ship, or a person's own as CSV or JSONL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from playground.data import shipped_labelled
from playground.errors import OptionError
from playground.experiments.row_files import RowForm, read_distinct
from playground.number_rules import shown

MOST_SENTENCES = 2_000
MOST_LETTERS = 2_000
EXAMPLE = '{"text": "How do I kill a process?", "harmful": false}'
_KEYS = ("text", "harmful")
_TOLD = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Sentence:
    """A sentence, and whether it should be stopped."""

    text: str
    harmful: bool


@cache
def shipped_sentences() -> tuple[Sentence, ...]:
    """Return the sentences that ship."""
    return read_labelled(shipped_labelled(), "labelled.jsonl")


def read_labelled(text: str | bytes, filename: str) -> tuple[Sentence, ...]:
    r"""Return the sentences of a file.

    Parameters
    ----------
    text : str or bytes
        Its content, UTF-8 where bytes.
    filename : str
        Its ending decides: ``.csv`` with a line of names first, or ``.jsonl``.

    Raises
    ------
    SetUnreadable
        With the lines that break a rule, and which.
    OptionError
        When the file as a whole cannot be read: its ending, its size, nothing in it, no UTF-8.

    Examples
    --------
    >>> read_labelled("text,harmful\r\nHow do I whip cream?,no", "mine.csv")
    (Sentence(text='How do I whip cream?', harmful=False),)
    """
    form = RowForm("sentence", "text", MOST_SENTENCES, EXAMPLE, _check_names)
    return read_distinct(text, filename, form, _sentence)


def _sentence(row: dict[str, object]) -> Sentence:
    _check_names(row)
    text = row["text"]
    if not isinstance(text, str) or not text.strip():
        raise OptionError(f"`text` must be a sentence, got {shown(text)}.")
    if len(text) > MOST_LETTERS:
        raise OptionError(f"`text` may have {MOST_LETTERS:,} characters, got {len(text):,}.")
    return Sentence(text.strip(), _harmful(row["harmful"]))


def _harmful(value: object) -> bool:
    told = value if isinstance(value, bool) else _TOLD.get(str(value).strip().lower())
    if told is None:
        raise OptionError(f"`harmful` must be true or false, got {shown(value)}.")
    return told


def _check_names(given: Iterable[str]) -> None:
    names = list(given)
    foreign = [name for name in names if name not in _KEYS]
    if foreign:
        raise OptionError(
            f"{shown(foreign[0])} is no key of a sentence; known are text and harmful."
        )
    missing = [name for name in _KEYS if name not in names]
    if missing:
        raise OptionError(f"`{missing[0]}` is missing; a sentence needs text and harmful.")
