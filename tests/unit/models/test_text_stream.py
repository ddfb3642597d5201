"""Every kind of tokenizer, streamed: no exception, no half character, nothing lost."""

from __future__ import annotations

import re

import numpy as np
import pytest

from playground.models.text.tokenizer import Tokenizer
from tests.support.tiny_llama import CHATML, tiny_tokenizer
from tests.support.tiny_sentencepiece import tiny_sentencepiece
from tests.support.tiny_tokenizers import tiny_tokenizers

TEXTS = (
    "Paris",
    " Paris is the capital",
    "🦑",
    "שלום",
    "مرحبا",
    "東京 is",
    "é",
    "a\n\n  b🏳️‍🌈c",
    "",
)


@pytest.fixture(scope="module", params=["sentencepiece", "byte-level"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    made = tiny_sentencepiece() if request.param == "sentencepiece" else tiny_tokenizer(CHATML)
    return Tokenizer(made, [2])


def test_what_was_encoded_is_streamed_whole(tokenizer: Tokenizer) -> None:
    for text in TEXTS:
        stream, ids = tokenizer.stream(), tokenizer.encode(text)
        pieces = [stream.push(token_id) for token_id in ids]
        assert stream.flush() == ""
        assert "\N{REPLACEMENT CHARACTER}" not in "".join(pieces)
        # SentencePiece's own space stands before a text, and belongs to it where one goes on.
        assert "".join(pieces) in (text, f" {text}")
        assert tokenizer.decode(ids) == text


def test_a_thousand_rolls_of_the_dice_are_streamed(tokenizer: Tokenizer) -> None:
    for seed in range(1_000):
        ids = np.random.default_rng(seed).integers(0, tokenizer.vocab_size, 24).tolist()
        stream = tokenizer.stream()
        pieces = [stream.push(token_id) for token_id in ids]
        known = [tokenizer._bytes[each] for each in ids if not tokenizer.is_control(each)]
        assert None not in known
        at_once = b"".join(each for each in known if each).decode("utf-8", "replace")
        assert "".join(pieces) + stream.flush() == at_once


@pytest.mark.parametrize("kind", tiny_tokenizers())
def test_what_a_thousand_rolls_stream_is_what_is_decoded_at_once(kind: str) -> None:
    tokenizer = Tokenizer(tiny_tokenizers()[kind], [2])
    for seed in range(1_000):
        ids = np.random.default_rng(seed).integers(0, tokenizer.vocab_size, 24).tolist()
        stream = tokenizer.stream()
        streamed = "".join(map(stream.push, ids)) + stream.flush()
        at_once = tokenizer.decode(ids)
        # The library gives up a whole run of byte tokens for one wrong byte; a stream reads on.
        if kind == "sentencepiece" and "\N{REPLACEMENT CHARACTER}" in at_once:
            continue
        assert plain(streamed) == plain(at_once)


def plain(text: str) -> str:
    """Leave out where a library differs: a first space, and the number of signs for wrong bytes."""
    return re.sub("\N{REPLACEMENT CHARACTER}+", "\N{REPLACEMENT CHARACTER}", text).lstrip(" ")


def test_the_first_space_of_a_continued_text_stays() -> None:
    tokenizer = Tokenizer(tiny_sentencepiece(), [2])
    ids = tokenizer.encode("the capital is Paris")
    stream = tokenizer.stream()
    assert stream.push(ids[-1]) == " Paris"


@pytest.mark.parametrize("text", [text for text in TEXTS if text])
def test_tokens_lie_where_their_bytes_do(tokenizer: Tokenizer, text: str) -> None:
    spans = tokenizer.spans(text)
    parts = [spans.bytes_of(place) for place in range(len(spans))]
    assert b"".join(parts) == text.encode()
    for start, end, part in zip(spans.starts, spans.ends, parts, strict=True):
        assert part in text[start:end].encode()
        assert bool(part) == (end > start)


def test_a_prompt_is_not_ended_by_a_post_processor() -> None:
    tokenizer = Tokenizer(tiny_sentencepiece(appends_end=True), [2])
    ids = tokenizer.encode_text_prompt("Paris is")
    assert ids == Tokenizer(tiny_sentencepiece(), [2]).encode_text_prompt("Paris is")
    assert ids[0] == 1
    assert 2 not in ids
