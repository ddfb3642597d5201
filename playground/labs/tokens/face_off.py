"""The same text under several tokenizers: who needs how many tokens for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.data import greetings
from playground.models.text.tokenizer import Tokenizer

OWN_TEXT = "your text"
# The greeting that the others are held against: they all say the same.
REFERENCE = "English"


@dataclass(frozen=True, eq=False)
class Contender:
    """A tokenizer that takes part.

    Parameters
    ----------
    name, about : str
        What it is called, and a word on what it is.
    tokenizer : Tokenizer
        The tokenizer.
    """

    name: str
    about: str
    tokenizer: Tokenizer


@dataclass(frozen=True)
class Bout:
    """One text, and the tokens that each contender needs for it.

    Parameters
    ----------
    name, text : str
        The text.
    tokens : tuple of int
        One number a contender.
    kept : tuple of bool
        Of each contender, whether its tokens can be turned back into the very text.
    times_reference : tuple of float or None
        For a greeting: how many times the tokens of the same greeting in English that is; None
        for other texts.
    """

    name: str
    text: str
    tokens: tuple[int, ...]
    kept: tuple[bool, ...]
    times_reference: tuple[float, ...] | None

    @property
    def bytes(self) -> int:
        """Length in UTF-8."""
        return len(self.text.encode())

    @property
    def best(self) -> int | None:
        """The fewest tokens of those that keep the text; None where nobody does."""
        kept = [count for count, kept in zip(self.tokens, self.kept, strict=True) if kept]
        return min(kept, default=None)


def face_off(contenders: Sequence[Contender], own_text: str) -> list[Bout]:
    """Let every contender cut a person's text and the shipped ones.

    Parameters
    ----------
    contenders : sequence of Contender
        One at least.
    own_text : str
        Left out if it is empty.

    Raises
    ------
    OptionError
        When the text holds half a character.
    """
    shipped = greetings()
    own = {OWN_TEXT: own_text} if own_text else {}
    texts = {**own, **shipped["greeting"], **shipped["other"]}
    reference = _cut(contenders, texts[REFERENCE])
    bouts = []
    for name, text in texts.items():
        cuts = _cut(contenders, text)
        same = zip(cuts, reference, strict=True)
        times = tuple(len(ids) / len(base) for ids, base in same)
        bouts.append(
            Bout(
                name=name,
                text=text,
                tokens=tuple(len(ids) for ids in cuts),
                kept=tuple(
                    each.tokenizer.decode(ids) == text
                    for each, ids in zip(contenders, cuts, strict=True)
                ),
                times_reference=times if name in shipped["greeting"] else None,
            )
        )
    return bouts


def _cut(contenders: Sequence[Contender], text: str) -> list[list[int]]:
    return [each.tokenizer.encode(text) for each in contenders]
