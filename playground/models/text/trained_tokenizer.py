"""Tokenizers that are made on the spot: bare bytes, and pairs learned from a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from playground.core.byte_pair import LETTERS_OF_BYTES
from playground.models.text.tokenizer import Tokenizer, require_whole_characters
from playground.number_rules import require_whole

if TYPE_CHECKING:
    from tokenizers import Tokenizer as FastTokenizer

BYTES = len(LETTERS_OF_BYTES)
MAX_VOCABULARY = 8192
# The trainer counts words; a text without any would be one endless word.
_LINE = 2000


def byte_tokenizer() -> Tokenizer:
    """Return a tokenizer that knows the 256 bytes and no pair."""
    return Tokenizer.wrap(_byte_level())


def train_tokenizer(text: str, vocab_size: object) -> Tokenizer:
    """Learn the commonest pairs of a text, one after the other, with the library's own trainer.

    Parameters
    ----------
    text : str
        What to learn from.
    vocab_size : int
        256 bytes and at most so many pairs more; a pair must come twice to be learned.

    Raises
    ------
    OptionError
        When the number is outside its rule, or the text holds half a character.
    """
    from tokenizers import trainers

    size = require_whole("`vocab_size`", vocab_size, BYTES, MAX_VOCABULARY)
    require_whole_characters(text)
    fast = _byte_level()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        initial_alphabet=list(LETTERS_OF_BYTES.values()),
        show_progress=False,
        special_tokens=[],
    )
    fast.train_from_iterator(_lines(text), trainer)
    return Tokenizer.wrap(fast)


def learned_pairs(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """Return the pairs that a tokenizer joins, first learned first."""
    return list(tokenizer.byte_pairs.ranks) if tokenizer.byte_pairs else []


def _byte_level() -> FastTokenizer:
    from tokenizers import Tokenizer as FastTokenizer
    from tokenizers import decoders, models, pre_tokenizers

    letters = {letter: code for code, letter in LETTERS_OF_BYTES.items()}
    fast = FastTokenizer(models.BPE(vocab=letters, merges=[]))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    return fast


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        for start in range(0, len(line), _LINE):
            yield line[start : start + _LINE]
