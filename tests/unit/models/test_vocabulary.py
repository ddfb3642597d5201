"""Words as tokens: how they are looked up, spelled back, and refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.neighbours import CosineTable
from playground.errors import OptionError
from playground.models.acquire.store import InstalledModel
from playground.models.engines.vocabulary import (
    Word,
    read_word,
    spell,
    spellings,
    tokens_of,
    vector_of,
)
from playground.models.text.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tokenizer(default_model: InstalledModel) -> Tokenizer:
    return Tokenizer.load(default_model.path, [])


@pytest.mark.parametrize(
    ("typed", "pieces"),
    [
        ("king", (" king",)),
        ("  king ", (" king",)),
        ('"king"', ("king",)),
        ("“king”", ("king",)),
        ('" king"', (" king",)),
        ("#4197", (" king",)),
        ('"#4197"', ("#", "4", "1", "9", "7")),
        ("New York", (" New", " York")),
        ("serendipity", (" serendip", "ity")),
        ("<|im_start|>", (" <", "|", "im", "_", "start", "|", ">")),
        ('"', (' "',)),
        ("#", (" #",)),
    ],
)
def test_a_word_is_looked_up_as_it_stands_in_a_text(
    tokenizer: Tokenizer, typed: str, pieces: tuple[str, ...]
) -> None:
    word = read_word(tokenizer, typed)
    assert word.pieces == pieces
    assert (word.token_id is None) == (len(pieces) > 1)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "The word is empty"),
        (" \n\t", "The word is empty"),
        ("#49152", "must be from 0 to 49,151, got #49152"),
        ("x" * 201, "up to 200 characters, got 201"),
        ("\N{SNOWMAN}" * 60, "up to 24 tokens"),
        ("king\ud800", "half of one .the lone surrogate U\\+D800."),
    ],
)
def test_what_is_no_word_gets_a_sentence(tokenizer: Tokenizer, typed: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        read_word(tokenizer, typed)


@pytest.mark.parametrize("typed", ["\x00", "\u200f", "\u202eabc", "👩‍👩‍👧", "'s", "ﬁ"])
def test_odd_characters_are_words_like_others(tokenizer: Tokenizer, typed: str) -> None:
    assert read_word(tokenizer, typed).token_ids


@given(st.integers(0, 49_151))
def test_every_token_can_be_typed(tokenizer: Tokenizer, token_id: int) -> None:
    assert read_word(tokenizer, spell(tokenizer, token_id)).token_ids == (token_id,)


@pytest.mark.parametrize("token_id", [-1, 49_152, 10**30])
def test_what_is_no_token_cannot_be_typed(tokenizer: Tokenizer, token_id: int) -> None:
    with pytest.raises(OptionError, match=f"from 0 to 49,151, got #{token_id}"):
        spell(tokenizer, token_id)


def test_other_spellings_are_tokens_that_write_the_same_word(tokenizer: Tokenizer) -> None:
    king = read_word(tokenizer, "king")
    others = spellings(tokenizer, king)
    assert [tokenizer.piece(each) for each in others] == ["king", " King", "King"]
    assert king.token_id not in others
    assert tokens_of(tokenizer, [king]) == {4197}
    assert tokens_of(tokenizer, [king], with_spellings=True) == {4197, *others}
    assert tokens_of(tokenizer, [read_word(tokenizer, "serendipity")]) == set()


def test_a_word_of_several_tokens_has_the_mean_of_their_vectors() -> None:
    table = CosineTable(np.array([[1, 2], [3, 6], [0, 1]], dtype=np.float32))
    assert vector_of(table, Word("x", (1,), ("x",))).tolist() == [3, 6]
    assert vector_of(table, Word("xy", (0, 1), ("x", "y"))).tolist() == [2, 4]
    with pytest.raises(OptionError, match="Token 3 of “z” has no row in the model's table of 3"):
        vector_of(table, Word("z", (0, 3), ("a", "b")))
