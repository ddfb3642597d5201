"""Tokens, their places and their merges against the library `tokenizers`."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import pytest
import regex
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from playground.core.byte_pair import apply_merge
from playground.data import shipped_text
from playground.errors import OptionError
from playground.labs.tokens.cutting import tokenize
from playground.labs.tokens.steps import trace_merges
from playground.labs.tokens.template import read_template
from playground.models.acquire.store import InstalledModel
from playground.models.text.tokenizer import Message, Tokenizer
from playground.models.text.trained_tokenizer import byte_tokenizer, train_tokenizer
from tests.support.scripts import SCRIPTS, strings

STRINGS = strings()


def test_there_are_enough_strings_in_enough_scripts() -> None:
    assert len(STRINGS) == 500
    whole = "".join(STRINGS)
    assert sum(any(low <= ord(c) <= high for c in whole) for low, high in SCRIPTS.values()) >= 20


def sentencepiece() -> FastTokenizer:
    """Return a tokenizer of Gemma's kind: spaces marked, unknown characters as bytes."""
    learned = FastTokenizer(models.BPE())
    learned.normalizer = normalizers.Replace(" ", "▁")
    trainer = trainers.BpeTrainer(vocab_size=450, limit_alphabet=80, show_progress=False)
    learned.train_from_iterator(shipped_text().splitlines(), trainer)
    model = json.loads(learned.to_str())["model"]
    pieces = [f"<0x{code:02X}>" for code in range(256)] + list(model["vocab"])
    vocab = {piece: place for place, piece in enumerate(pieces)}
    merges = [tuple(pair) for pair in model["merges"]]
    fast = FastTokenizer(models.BPE(vocab=vocab, merges=merges, byte_fallback=True, fuse_unk=True))
    fast.normalizer = normalizers.Replace(" ", "▁")
    fast.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    fast.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    fast.add_tokens(["\n\n", "</div>"])  # taken out of the text whole
    return fast


def wordpiece() -> FastTokenizer:
    """Return a tokenizer of BERT's kind: lower case, no spaces."""
    fast = FastTokenizer(models.WordPiece(unk_token="[UNK]"))
    fast.normalizer = normalizers.BertNormalizer(lowercase=True)
    fast.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=500, special_tokens=["[UNK]"], show_progress=False
    )
    fast.train_from_iterator(shipped_text().splitlines(), trainer)
    return fast


def twin(tokenizer: Tokenizer) -> FastTokenizer:
    """Return the library's own copy, which reads control tokens as text too."""
    fast = FastTokenizer.from_str(tokenizer._backend.to_str())
    fast.encode_special_tokens = True
    return fast


@pytest.fixture(scope="module")
def pairs(default_model: InstalledModel) -> dict[str, tuple[Tokenizer, FastTokenizer]]:
    """Return our tokenizers, each with a copy of the library's own."""
    ours = {
        "SmolLM2": Tokenizer.load(default_model.path, []),
        "bytes": byte_tokenizer(),
        "trained": train_tokenizer(shipped_text(), 500),
        "SentencePiece": Tokenizer.wrap(sentencepiece()),
        "WordPiece": Tokenizer.wrap(wordpiece()),
    }
    return {kind: (tokenizer, twin(tokenizer)) for kind, tokenizer in ours.items()}


KINDS = ("SmolLM2", "bytes", "trained", "SentencePiece", "WordPiece")
PAIRED = KINDS[:-1]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_offsets_are_the_librarys(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]], kind: str
) -> None:
    ours, theirs = pairs[kind]
    for text in STRINGS:
        expected = theirs.encode(text, add_special_tokens=False)
        spans = tokenize(ours, text).spans
        assert spans.token_ids.tolist() == expected.ids == ours.encode(text), text
        offsets = list(zip(spans.starts.tolist(), spans.ends.tolist(), strict=True))
        assert offsets == expected.offsets, text


@pytest.mark.parametrize("kind", PAIRED)
def test_nothing_is_blank_and_nothing_is_lost(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]], kind: str
) -> None:
    ours, _ = pairs[kind]
    for text in STRINGS:
        tokens = [token for group in tokenize(ours, text).groups() for token in group]
        assert all(token.data for token in tokens), text
        assert b"".join(token.data for token in tokens).decode() == text
        if kind != "SentencePiece" or "▁" not in text:  # which it cannot tell from a space
            assert ours.decode([token.token_id for token in tokens]) == text
        assert [token.place for token in tokens] == list(range(len(tokens)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_is_what_one_sees_as_a_character_and_no_longer_than_it_must(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]], kind: str
) -> None:
    ours, _ = pairs[kind]
    for text in STRINGS:
        for group in tokenize(ours, text).groups():
            seen = text[group[0].start : group[-1].end]
            clusters = {match.start() for match in regex.finditer(r"\X", text)}
            assert group[0].start in clusters, text
            assert kind not in PAIRED or b"".join(t.data for t in group).decode() == seen, text
            for before, token in pairwise(group):
                assert token.start not in clusters or token.start < before.end, text


@pytest.mark.parametrize("kind", PAIRED)
def test_the_merges_end_in_exactly_the_tokenizers_ids(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]], kind: str
) -> None:
    ours, theirs = pairs[kind]
    for text in STRINGS:
        trace = trace_merges(ours, text)
        assert list(trace.token_ids) == theirs.encode(text, add_special_tokens=False).ids, text
        words = [list(word.pieces) for word in trace.words]
        for step in trace.steps:
            place = step.merge.place
            assert words[step.word][place : place + 2] == [step.merge.left, step.merge.right]
            words[step.word] = apply_merge(words[step.word], step.merge)
        assert tuple(map(tuple, words)) == trace.pieces


def test_a_window_of_a_long_text_holds_whole_groups(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]],
) -> None:
    tokenized = tokenize(pairs["bytes"][0], "🙂" * 10)
    (first, second) = tokenized.groups(first=2, count=3)
    assert [token.place for token in first + second] == list(range(8))
    assert tokenized.groups(first=40) == []


def test_a_family_is_one_group(pairs: dict[str, tuple[Tokenizer, FastTokenizer]]) -> None:
    (family, space, flag) = tokenize(pairs["SmolLM2"][0], "👩‍👩‍👧‍👦\n🇩🇪").groups()
    assert len(family) > 7
    assert len(space) == 1
    assert b"".join(token.data for token in flag).decode() == "🇩🇪"


def test_a_tokenizer_without_pairs_gets_a_sentence(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]],
) -> None:
    with pytest.raises(OptionError, match="byte pair encoding, and this tokenizer is of another"):
        trace_merges(pairs["WordPiece"][0], "text")


@pytest.mark.parametrize("encode", ["encode", "encode_text_prompt", "spans"])
def test_half_a_character_is_refused_with_its_place(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]], encode: str
) -> None:
    call: Callable[[str], object] = getattr(pairs["SmolLM2"][0], encode)
    with pytest.raises(OptionError, match=r"lone surrogate U\+D83D\) at place 3; take it out"):
        call("ab\ud83dc")


def test_a_token_over_the_border_of_a_message_counts_as_the_messages(
    pairs: dict[str, tuple[Tokenizer, FastTokenizer]],
) -> None:
    ours, _ = pairs["SmolLM2"]
    template = read_template(ours, [Message("user", "\n yes")])
    written = [each for each in template.stretches if each.part == "content"]
    # The template's line end and the message's are one token.
    assert [each.text for each in written] == ["\n\n yes"]
    assert list(written[0].token_ids) == ours.encode("\n\n yes")
