"""What a loaded tokenizer does before and while it joins pairs, read off its own state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.core.byte_pair import from_letters

if TYPE_CHECKING:
    from tokenizers import Tokenizer as FastTokenizer

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
# What SentencePiece writes for a space.
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"


class TokenBytes(dict[int, bytes | None]):
    """The bytes that each token stands for, by its id; None where its spelling does not tell.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        Byte-level ones tell, and those of SentencePiece.
    """

    def __init__(self, tokenizer: FastTokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._added = {
            token_id: token.content
            for token_id, token in tokenizer.get_added_tokens_decoder().items()
        }
        kinds = _kinds(json.loads(tokenizer.decoder.__getstate__()) if tokenizer.decoder else {})
        self._by_letters = "ByteLevel" in kinds
        self._by_pieces = bool({"ByteFallback", "Metaspace"} & kinds)

    def __missing__(self, token_id: int) -> bytes | None:
        self[token_id] = found = self._read(token_id)
        return found

    def _read(self, token_id: int) -> bytes | None:
        if token_id in self._added:
            return self._added[token_id].encode()
        name = self._tokenizer.id_to_token(token_id)
        return None if name is None else self.of_piece(name)

    def of_piece(self, name: str) -> bytes | None:
        """Return the bytes of a piece as the vocabulary spells it."""
        if self._by_letters:
            return from_letters(name)
        if not self._by_pieces:
            return None
        if match := _BYTE_TOKEN.fullmatch(name):
            return bytes([int(match[1], 16)])
        return name.replace(_SPACE, " ").encode()


def _kinds(state: Mapping[str, Any]) -> set[str]:
    """Return the kinds of a decoder and of those it is made of."""
    parts = state.get("decoders", [])
    return {str(state.get("type"))}.union(*(_kinds(part) for part in parts))


@dataclass(frozen=True)
class Word:
    """A stretch of text that is encoded by itself.

    Parameters
    ----------
    pieces : tuple of str
        What it is made of at first.
    added : bool
        True for a token that is taken out of the text before anything else, whole.
    """

    pieces: tuple[str, ...]
    added: bool = False


class BytePairs:
    """The pairs of a tokenizer and the words between which no pair is joined.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        The loaded tokenizer.
    state : mapping
        Its model, as ``tokenizer.json`` holds it.
    """

    def __init__(self, tokenizer: FastTokenizer, state: Mapping[str, Any]) -> None:
        self._tokenizer = tokenizer
        self._vocabulary: Mapping[str, int] = state["vocab"]
        self._falls_back = bool(state.get("byte_fallback"))
        self._takes_whole = bool(state.get("ignore_merges"))
        pairs = (pair if isinstance(pair, list) else pair.split(" ", 1) for pair in state["merges"])
        self.ranks: Mapping[tuple[str, str], int] = {
            (left, right): rank for rank, (left, right) in enumerate(pairs)
        }
        added = tokenizer.get_added_tokens_decoder().values()
        # Control tokens are read as ordinary characters here, as everywhere in the playground.
        contents = sorted((t.content for t in added if not t.special), key=len, reverse=True)
        self._added = re.compile("|".join(map(re.escape, contents))) if contents else None

    @classmethod
    def of(cls, tokenizer: FastTokenizer) -> BytePairs | None:
        """Return the pairs of a tokenizer; None if it is of another kind."""
        state = json.loads(tokenizer.to_str())["model"]
        return cls(tokenizer, state) if state.get("type") == "BPE" else None

    def words(self, text: str) -> Iterator[Word]:
        """Cut a text into words, as the tokenizer does before it joins pairs."""
        for part, added in self._parts(text):
            if added:
                yield Word((part,), added=True)
                continue
            normalizer, cutter = self._tokenizer.normalizer, self._tokenizer.pre_tokenizer
            part = normalizer.normalize_str(part) if normalizer else part
            words = [w for w, _ in cutter.pre_tokenize_str(part)] if cutter else [part]
            yield from (Word(self._first_pieces(word)) for word in words if word)

    def token_id(self, piece: str) -> int | None:
        """Return the id of a piece; None if it is no token."""
        found: int | None = self._tokenizer.token_to_id(piece)
        return found

    def _parts(self, text: str) -> Iterator[tuple[str, bool]]:
        at = 0
        for match in self._added.finditer(text) if self._added else ():
            yield from [(text[at : match.start()], False)] if match.start() > at else []
            yield match[0], True
            at = match.end()
        if at < len(text):
            yield text[at:], False

    def _first_pieces(self, word: str) -> tuple[str, ...]:
        if self._takes_whole and word in self._vocabulary:
            return (word,)
        return tuple(piece for character in word for piece in self._piece(character))

    def _piece(self, character: str) -> Sequence[str]:
        if self._falls_back and character not in self._vocabulary:
            return [f"<0x{code:02X}>" for code in character.encode()]
        return [character]
