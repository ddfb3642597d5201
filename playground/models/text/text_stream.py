"""From tokens to text, one by one, never showing half a character."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer as FastTokenizer


class TextStream:
    """Turn the ids of a reply into text.

    The bytes that the tokens stand for are put in a row and read as UTF-8; what is no UTF-8 becomes
    U+FFFD, as Unicode recommends (chapter 3.9, "substitution of maximal subparts"). A reply goes on
    with the text before it, so that a space at its beginning stays, which a decoder of whole texts
    would take for SentencePiece's own.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        Decodes what does not tell its bytes, such as WordPiece.
    token_bytes : mapping of int to bytes or None
        What each token stands for.
    control_ids : frozenset of int
        Tokens that stand for no text.
    """

    def __init__(
        self,
        tokenizer: FastTokenizer,
        token_bytes: Mapping[int, bytes | None],
        control_ids: frozenset[int],
    ) -> None:
        self._tokenizer = tokenizer
        self._bytes = token_bytes
        self._control_ids = control_ids
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._told: list[int] = []  # of a tokenizer that does not tell bytes

    def push(self, token_id: int) -> str:
        """Take the next id and return the characters it completes."""
        if token_id in self._control_ids:
            return ""
        data = self._bytes[token_id]
        return self._decoded(token_id) if data is None else self._utf8.decode(data)

    def flush(self) -> str:
        """Return what stands for a character that was begun and never ended."""
        return self._utf8.decode(b"", final=True)

    def _decoded(self, token_id: int) -> str:
        before = self._tokenizer.decode(self._told, skip_special_tokens=True)
        self._told.append(token_id)
        whole = self._tokenizer.decode(self._told, skip_special_tokens=True)
        return str(whole[len(before) :])
