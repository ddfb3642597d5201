"""Tokenizers that come without a model: from the file of the library, or as GPT-2 was published."""

from __future__ import annotations

import json

from playground.models.text.tokenizer import Tokenizer


def from_library_file(text: str) -> Tokenizer:
    """Return the tokenizer of a tokenizer.json."""
    from tokenizers import Tokenizer as FastTokenizer

    return Tokenizer.wrap(FastTokenizer.from_str(text))


def from_merges(vocabulary: str, merges: str) -> Tokenizer:
    """Return a tokenizer of bytes and pairs in the form of GPT-2.

    Parameters
    ----------
    vocabulary : str
        JSON: the id of each token, its bytes spelled as letters (encoder.json).
    merges : str
        A pair a line, first learned first, below a line with the version (vocab.bpe).
    """
    from tokenizers import Tokenizer as FastTokenizer
    from tokenizers import decoders, models, pre_tokenizers

    lines = (line.split() for line in merges.splitlines()[1:])
    pairs = [(pair[0], pair[1]) for pair in lines if pair]
    fast = FastTokenizer(models.BPE(vocab=json.loads(vocabulary), merges=pairs))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    return Tokenizer.wrap(fast)
