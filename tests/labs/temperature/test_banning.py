"""A word's variants, and what banning or biasing them does to the distribution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playground.errors import OptionError
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.banning import MAX_WORD, ban, bias, find_variants, largest_gains
from playground.labs.temperature.next_token import NextToken, probabilities
from playground.models.text.tokenizer import Tokenizer, read_end_token_ids

PLAIN = SamplingSettings(temperature=1, top_k=0, top_p=1, min_p=0, repetition_penalty=1)


@pytest.fixture(scope="module")
def tokenizer(tiny_model_folder: Path) -> Tokenizer:
    return Tokenizer.load(tiny_model_folder, read_end_token_ids(tiny_model_folder))


def next_token(tokenizer: Tokenizer, seed: int = 3) -> NextToken:
    logits = np.random.default_rng(seed).normal(size=tokenizer.vocab_size).astype(np.float32)
    return NextToken((5, 6), logits)


def test_variants_are_written_by_their_tokens_and_none_comes_twice(tokenizer: Tokenizer) -> None:
    variants = find_variants(tokenizer, "  the ")
    assert {" the", "the", " The", "The", " THE", "THE"} == {each.text for each in variants}
    assert len({each.token_ids for each in variants}) == len(variants)
    for each in variants:
        assert tokenizer.decode(each.token_ids) == each.text
        assert each.whole == (len(each.token_ids) == 1)
    assert len(find_variants(tokenizer, "7")) == 2  # digits have no capitals


@pytest.mark.parametrize(("word", "got"), [("", "got 0"), ("   ", "got 0"), ("a" * 41, "got 41")])
def test_a_word_of_no_or_too_many_letters_is_refused(
    tokenizer: Tokenizer, word: str, got: str
) -> None:
    with pytest.raises(OptionError, match=f"1 to {MAX_WORD} characters, {got}"):
        find_variants(tokenizer, word)


def test_a_ban_takes_all_and_shares_it_by_the_odds(tokenizer: Tokenizer) -> None:
    variants = [each for each in find_variants(tokenizer, "a") if each.whole]
    assert variants
    given, banned = next_token(tokenizer), ban(PLAIN, variants)
    old, new = probabilities(given, PLAIN), probabilities(given, banned)
    ids = [each.token_ids[0] for each in variants]
    assert (new[ids] == 0).all()
    left = np.delete(old, ids)
    np.testing.assert_allclose(np.delete(new, ids), left / left.sum(), rtol=1e-5)
    gains = largest_gains(given, PLAIN, banned)
    growth = new - old
    assert [gain.token_id for gain in gains] == list(np.argsort(-growth, kind="stable")[:5])
    assert all(gain.after > gain.before for gain in gains)


def test_a_split_word_is_banned_as_a_run_only(tokenizer: Tokenizer) -> None:
    split = [each for each in find_variants(tokenizer, "lighthouse") if not each.whole]
    assert split
    first = split[0].token_ids
    logits = next_token(tokenizer).logits
    banned = ban(PLAIN, split)
    assert probabilities(NextToken((5,), logits), banned)[first[-1]] > 0
    assert probabilities(NextToken((5, *first[:-1]), logits), banned)[first[-1]] == 0


def test_a_bias_moves_whole_tokens_by_so_much_and_leaves_pieces_alone(tokenizer: Tokenizer) -> None:
    variants = find_variants(tokenizer, "a")
    biased = bias(PLAIN, variants, 2.5)
    assert biased.logit_bias == {each.token_ids[0]: 2.5 for each in variants if each.whole}
    given = next_token(tokenizer)
    old, new = probabilities(given, PLAIN), probabilities(given, biased)
    token_id = next(iter(biased.logit_bias))
    other = next(i for i in range(tokenizer.vocab_size) if i not in biased.logit_bias)
    odds = (new[token_id] / new[other]) / (old[token_id] / old[other])
    assert odds == pytest.approx(np.exp(2.5), rel=1e-4)
    assert bias(PLAIN, [each for each in variants if not each.whole], 2.5).logit_bias == {}
