"""Sentences compared and searched, with the real encoder."""

from __future__ import annotations

import numpy as np
import pytest

from playground.errors import BrokenCache, OptionError
from playground.labs.embeddings.sentences import (
    MOST_LINES,
    Sentences,
    embed_lines,
    read_lines,
    read_query,
    search,
)
from playground.models.acquire.store import InstalledModel
from playground.models.engines.embedder import Embedder, load_embedder

LINES = (
    "The cat is asleep on the sofa.", "A kitten naps on the couch.", "How do I reset my password?"
)  # fmt: skip


@pytest.fixture(scope="module")
def encoder(encoder_model: InstalledModel) -> Embedder:
    return load_embedder(encoder_model)


@pytest.fixture(scope="module")
def sentences(encoder: Embedder) -> Sentences:
    return embed_lines(encoder, LINES)


def test_like_meanings_lie_close(sentences: Sentences) -> None:
    cosines = sentences.similarities()
    np.testing.assert_allclose(np.diagonal(cosines), 1, atol=1e-6)
    np.testing.assert_allclose(cosines, cosines.T, atol=1e-6)
    best = sentences.most_alike()
    assert best is not None
    assert best[:2] == (0, 1)
    assert best[2] == pytest.approx(cosines[0, 1])
    assert sentences.cut == ()


def test_a_search_ranks_all_lines(encoder: Embedder, sentences: Sentences) -> None:
    found = search(encoder, sentences, "I forgot my login")
    assert found[0].number == 3
    assert sorted(each.number for each in found) == [1, 2, 3]
    expected = sentences.vectors @ encoder.embed(["I forgot my login"])[0]
    assert [each.cosine for each in found] == pytest.approx(np.sort(expected)[::-1].tolist())
    assert all(each.line == LINES[each.number - 1] for each in found)


def test_one_line_can_be_searched_and_not_compared(encoder: Embedder) -> None:
    assert read_lines("\n only one \n\n") == ("only one",)
    with pytest.raises(OptionError, match="At least 2 lines are needed to compare, got 1"):
        read_lines("only one", least=2)
    alone = embed_lines(encoder, ("only one",))
    assert alone.most_alike() is None
    assert len(search(encoder, alone, "one")) == 1


def test_a_line_longer_than_the_encoder_reads_is_named(encoder: Embedder) -> None:
    found = embed_lines(encoder, ("short", "word " * 400))
    assert found.cut == ((2, 402),)
    assert found.most_tokens == 256


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There are no lines yet"),
        (" \n\t\n", "There are no lines yet"),
        ("x\n" * (MOST_LINES + 1), "Up to 64 lines are taken, got 65"),
        ("x" * 10_001, "Line 1 has 10,001 characters; up to 10,000"),
    ],
)
def test_lines_that_cannot_be_taken_get_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        read_lines(text)


@pytest.mark.parametrize("line", ["\x00\x01", "\u200f\u200e", "\u202e"])
def test_a_line_that_the_encoder_cannot_see_is_named(encoder: Embedder, line: str) -> None:
    with pytest.raises(OptionError, match="Line 2 holds nothing that the encoder reads"):
        embed_lines(encoder, ("words", line))
    assert embed_lines(encoder, ("words", f"{line} words")).vectors.shape == (2, 384)


def test_half_a_character_is_refused(encoder: Embedder, sentences: Sentences) -> None:
    with pytest.raises(OptionError, match=r"lone surrogate U\+DFFF"):
        embed_lines(encoder, ("words", "half \udfff of one"))
    with pytest.raises(OptionError, match="lone surrogate"):
        search(encoder, sentences, "\ud800")


@pytest.mark.parametrize(("query", "sentence"), [("", "is empty"), (" \n", "is empty"),
                                                 ("x" * 10_001, "10,001 characters")])  # fmt: skip
def test_a_search_for_nothing_gets_a_sentence(query: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        read_query(query)


def test_a_broken_encoder_gets_a_sentence(
    encoder_model: InstalledModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from dataclasses import replace

    empty = replace(encoder_model, path=tmp_path_factory.mktemp("empty"))
    with pytest.raises(BrokenCache, match="`playground pull all-minilm-l6-v2` mends it"):
        load_embedder(empty)
