"""Ban a word: its variants as tokens, and where the probability goes that they had.

A word is no unit of a model. " Paris", "Paris" and "PARIS" are different tokens or runs of tokens,
and a ban that forgets one of them is no ban.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from playground.errors import OptionError
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.next_token import NextToken, probabilities
from playground.models.text.tokenizer import Tokenizer

MAX_WORD = 40


@dataclass(frozen=True)
class Variant:
    """One way to write a word.

    Parameters
    ----------
    text : str
        With its leading space, if any.
    token_ids : tuple of int
        The tokens that write it; more than one when the tokenizer splits it.
    """

    text: str
    token_ids: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """True when it is one token, which can be biased by itself."""
        return len(self.token_ids) == 1


@dataclass(frozen=True)
class Gain:
    """A token whose probability grew."""

    token_id: int
    before: float
    after: float


def find_variants(tokenizer: Tokenizer, word: str) -> tuple[Variant, ...]:
    """Return the spellings of a word: typed, small, capitalised, capitals; bare and after a space.

    Parameters
    ----------
    tokenizer : Tokenizer
        Splits them.
    word : str
        Spaces around it play no part.

    Returns
    -------
    tuple of Variant
        No two have the same tokens.

    Raises
    ------
    OptionError
        When the word is empty or has more than `MAX_WORD` characters.
    """
    bare = word.strip()
    if not 1 <= len(bare) <= MAX_WORD:
        raise OptionError(
            f"The word to ban must have 1 to {MAX_WORD} characters, got {len(bare):,}; type a "
            f"shorter one."
        )
    spellings = dict.fromkeys((bare, bare.lower(), bare.capitalize(), bare.upper()))
    found: dict[tuple[int, ...], Variant] = {}
    for text in (space + spelling for spelling in spellings for space in (" ", "")):
        ids = tuple(tokenizer.encode(text))
        found.setdefault(ids, Variant(text, ids))
    return tuple(found.values())


def ban(settings: SamplingSettings, variants: Sequence[Variant]) -> SamplingSettings:
    """Return settings that forbid all variants, besides what they forbade already."""
    return replace(settings, banned=(*settings.banned, *(each.token_ids for each in variants)))


def bias(
    settings: SamplingSettings, variants: Sequence[Variant], amount: float
) -> SamplingSettings:
    """Return settings that add to the scores of all variants that are one token.

    A piece of a split variant is left alone, because other words share it.

    Parameters
    ----------
    settings : SamplingSettings
        Their other biases stay.
    variants : sequence of Variant
        Of `find_variants`.
    amount : float
        From -100 to 100, added to the logit.
    """
    added = {each.token_ids[0]: amount for each in variants if each.whole}
    return replace(settings, logit_bias={**settings.logit_bias, **added})


def largest_gains(
    next_token: NextToken, before: SamplingSettings, after: SamplingSettings, count: int = 5
) -> tuple[Gain, ...]:
    """Return the tokens whose probability grew most from one setting to another; the model rests.

    Raises
    ------
    OptionError
        When the bans leave no token.
    """
    old, new = probabilities(next_token, before), probabilities(next_token, after)
    growth = new - old
    best = np.argsort(-growth, kind="stable")[:count]
    return tuple(Gain(int(i), float(old[i]), float(new[i])) for i in best if growth[i] > 0)
